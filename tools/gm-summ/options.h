#ifndef GM_SUMM_OPTIONS_H
#define GM_SUMM_OPTIONS_H

/*
 * The options of gm-summ: their rows, and the rules for combining them.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "cli/cli.h"
#include "cli/rate.h"
#include "gm-summ/prompts.h"

struct gm_summ_options {
	struct gm_common common;
	struct gm_rate rate;
	const char *style_text, *words_text, *chunk_text;
	const char *lang, *instructions, *output, *suffix, *files_from;
	bool no_stdin, combine, force, estimate;
	bool no_cache, cache_clear, cache_stats;

	/* Filled by the check. */
	enum gm_style style;
	int64_t words;        /* 0: the default of the style */
	int64_t chunk_tokens; /* 0: the context window of the model */
};

/* The rows, for struct gm_tool. */
void gm_summ_rows(void *options, struct gm_options *);

/*
 * Reject options that cannot be combined or have a wrong value, and fill the
 * fields above.  Returns 0, or -1: GM_EUSAGE.
 */
int gm_summ_options_check(struct gm_summ_options *, int argc, char **argv,
    struct gm_err *) GM_MUST_CHECK;

#endif
