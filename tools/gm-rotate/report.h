#ifndef GM_ROTATE_REPORT_H
#define GM_ROTATE_REPORT_H

/*
 * What other programs of the suite report, a JSON object on each line, taken
 * into the table: the lines of gm-keycheck --json, the objects of gm-prompt
 * --json with their attempts, and the metrics of --log-file.
 *
 * A report names a key by its index and, some do, as it is shown; one that
 * names another key than ours is skipped with a note, as is one that makes no
 * sense.  So are a fault of a quota without its model, and one of a key or a
 * project where the key is not shown: by its index it may be of another ring.
 * Marks begin at the time of the report, now if it has none.  What is no key's
 * fault is no news here.  No I/O, no clock.
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
	const char *provider; /* reports about others are skipped */
	size_t line;          /* of the last line, from 1 */
	struct gm_json json;
	bool no_memory; /* for a text of this line */
};

/*
 * Take the next line, without its newline; one that is blank says nothing.
 * Returns 0, or -1: GM_EDATA (no JSON object; "line 3: ...", and nothing has
 * changed), GM_EOS.
 */
int gm_keyreport_line(struct gm_keyreport *, struct gm_span line,
    int64_t now_ms, struct gm_err *) GM_MUST_CHECK;

void gm_keyreport_release(struct gm_keyreport *);

#endif
