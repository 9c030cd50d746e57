#ifndef GM_ROTATE_REPORT_H
#define GM_ROTATE_REPORT_H

/*
 * Reports of the other tools, applied to the table: JSON lines of gm-keycheck
 * --json, of gm-prompt --json with their attempts, and of --log-file.
 *
 * A report names a key by its index, and some also have the masked key.  These
 * are skipped, with a note:
 * - a report about another provider, or another key with this index;
 * - one without an index, or with an unknown class;
 * - a quota fault without a model, as a quota is that of a model;
 * - a fault of a key or a project without the masked key, as by its index alone
 *   it may be a key of another list.
 *
 * A mark begins at the time of the report, or now if it has none.  Faults that
 * mark no key (network, request) are ignored.  No I/O and no clock.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "base/note.h"
#include "base/span.h"
#include "keys/rules.h"
#include "keys/table.h"
#include "json/read.h"

struct gm_keyreport {
	const struct gm_keyrule *rule; /* borrowed, as are the next three */
	struct gm_keytable *table;
	const struct gm_note *note;
	const char *provider; /* skip reports about others */
	size_t line;          /* number of the last line, from 1 */
	struct gm_json json;
	bool no_memory; /* a text of this line could not be read */
};

/*
 * Apply the next line, without its newline; a blank one is ignored.  Returns 0,
 * or -1: GM_EDATA (not a JSON object: "line 3: ...", and nothing has changed),
 * GM_EOS.
 */

int gm_keyreport_line(struct gm_keyreport *, struct gm_span line,
    int64_t now_ms, struct gm_err *) GM_MUST_CHECK;

void gm_keyreport_release(struct gm_keyreport *);

#endif
