#ifndef GM_PROMPT_RESULTS_H
#define GM_PROMPT_RESULTS_H

/*
 * Writes the results of a batch to the journal or to standard output.  Lines of
 * a journal are written as soon as they are known, as each names its record.
 * Other results are written in the order of the input, unless --unordered.
 * Nothing here waits for a slow reader before the end: results that it has not
 * taken are kept in memory.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "base/span.h"
#include "cli/printer.h"
#include "gm-prompt/journal.h"

/* The caller initialises the printer's order and sets one of the outputs. */
struct gm_results {
	struct gm_printer printer;  /* out: NULL with a journal */
	struct gm_journal *journal; /* borrowed; NULL: printer.out is used */
	bool ordered;               /* also write the journal in order */
};

/*
 * Add the result of a record; each number from 1 once.  A record without a
 * result has an empty line.  hash is the record's, NULL if the journal cannot
 * be resumed (--text).  Returns 0, or -1: GM_EIO (the output), GM_EOS, and with
 * a journal as gm_journal_write().
 */
int gm_results_put(struct gm_results *, int64_t number, const char *hash,
    struct gm_span line, struct gm_err *) GM_MUST_CHECK;

/* Write what can be written without waiting.  Errors as above. */
int gm_results_tick(struct gm_results *, struct gm_err *) GM_MUST_CHECK;

/* Return true if so many results wait that no further record may start. */
bool gm_results_is_full(const struct gm_results *);

/*
 * Write all that is kept after the last result, also lines after a record that
 * never got one.  Waits for a slow reader until GM_STOP_NOW.  Errors as above,
 * GM_ESIGNAL and GM_EUNAVAILABLE (the deadline).
 */
int gm_results_end(struct gm_results *, struct gm_err *) GM_MUST_CHECK;

void gm_results_release(struct gm_results *);

#endif
