#ifndef GM_PROMPT_OPTIONS_H
#define GM_PROMPT_OPTIONS_H

/*
 * The options of gm-prompt: their rows, and the rules for combining them.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "call/services.h"
#include "cli/cli.h"
#include "cli/params.h"
#include "cli/prompt.h"
#include "cli/rate.h"

struct gm_prompt_options {
	struct gm_common common;
	struct gm_params params;
	struct gm_texts stop, files;
	const char *prompt, *system, *output;
	bool stream, no_stream, no_stdin, require_stdin;
	bool show_thoughts, search, url_context;
	bool count, dry_run, estimate, extract, raw;

	/* Of a batch. */
	struct gm_rate rate;
	bool lines, nul, jsonl; /* the form of the records */
	bool batch;             /* one of these three was given */
	const char *mark;       /* --replace; NULL: "{}" */
	bool text, unordered;
	bool resume, keep_failed, force;
	const char *max_failures_text, *max_requests_text, *max_tokens_text;
	int64_t max_failures, max_requests, max_total_tokens; /* 0: none */
};

/* The rows, for struct gm_tool. */
void gm_prompt_rows(void *options, struct gm_options *);

/*
 * Reject options that cannot be combined, are useless alone, or have a wrong
 * value.  Fills the limits and batch.  Returns 0, or -1: GM_EUSAGE.
 */
int gm_prompt_options_check(struct gm_prompt_options *, int argc, char **argv,
    struct gm_err *) GM_MUST_CHECK;

/* Return where the prompt and the system instruction come from. */
struct gm_prompt_sources gm_prompt_options_sources(
    const struct gm_prompt_options *, int argc, char **argv);

/*
 * Fill a request, without its text, from the options, and leave out services
 * that do not support it.  The request borrows from the options; the services
 * are open.  Returns 0, or -1: GM_EUSAGE, GM_ECONFIG, GM_EOS.
 */
int gm_prompt_options_apply(struct gm_prompt_options *, struct gm_services *,
    struct gm_request *, struct gm_err *) GM_MUST_CHECK;

#endif
