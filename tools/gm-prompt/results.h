#ifndef GM_PROMPT_RESULTS_H
#define GM_PROMPT_RESULTS_H

/*
 * The way of a batch's results to where they go.  Lines for a journal are
 * written as they come, as each says which record it belongs to; others in the
 * order of the input, unless they may go as they come.  Nothing here waits for
 * a reader before the end: what it does not take yet is kept.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "base/span.h"
#include "cli/printer.h"
#include "gm-prompt/journal.h"

/* Zero with the printer ready and one of the others set is ready. */
struct gm_results {
	struct gm_printer printer;  /* out NULL: there is a journal */
	struct gm_journal *journal; /* NULL: there is an output; borrowed */
	bool ordered;               /* of a journal: its lines, too */
};

/*
 * The result of a record, each number once, from 1; a record without one has an
 * empty line.  hash is the record's, NULL if the journal is not to be resumed.
 * Returns 0, or -1: GM_EIO (the output), GM_EOS, and from a journal what
 * gm_journal_write() has.
 */
int gm_results_put(struct gm_results *, int64_t number, const char *hash,
    struct gm_span line, struct gm_err *) GM_MUST_CHECK;

/* Write what can be written without waiting.  Errors as above. */
int gm_results_tick(struct gm_results *, struct gm_err *) GM_MUST_CHECK;

/* Are so many results kept that nothing new should begin? */
bool gm_results_is_full(const struct gm_results *);

/*
 * No more come: write all that is kept, also what waits for a record without a
 * result.  Waits for a reader until GM_STOP_NOW.  Errors as above, GM_ESIGNAL
 * and GM_EUNAVAILABLE (the deadline).
 */
int gm_results_end(struct gm_results *, struct gm_err *) GM_MUST_CHECK;

void gm_results_release(struct gm_results *);

#endif
