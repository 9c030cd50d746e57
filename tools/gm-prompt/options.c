#include <string.h>

#include "base/num.h"
#include "gm-prompt/options.h"

#define LIMIT_MAX INT64_C(1000000000000) /* of --max-requests and the like */

/* The message about an option that only a batch has. */
#define ONLY_BATCH(option) option " needs --lines, --null or --jsonl"

static bool
is_stdin(const char *file)
{
	return strcmp(file, "-") == 0;
}

static int
count_stdin(const struct gm_texts *files)
{
	int n = 0;
	size_t i;

	for (i = 0; i < files->len; i++)
		n += is_stdin(files->items[i]);
	return n;
}

struct gm_prompt_sources
gm_prompt_options_sources(
    const struct gm_prompt_options *o, int argc, char **argv)
{
	int after_dashes = o->common.after_dashes;

	return (struct gm_prompt_sources){
		.system = o->system,
		.prompt = o->prompt,
		.operands = argv,
		.operands_len = argc,
		.literal = after_dashes > 0 ? after_dashes : 0,
		/* A batch needs no prompt, as its records are text. */
		.files = (int)o->files.len + o->batch,
		.files_stdin = count_stdin(&o->files),
		.no_stdin = o->no_stdin || o->batch,
		.require_stdin = o->require_stdin && !o->batch,
	};
}

/* Count the flags that are set. */
static int
count(const bool *flags, size_t len)
{
	int n = 0;
	size_t i;

	for (i = 0; i < len; i++)
		n += flags[i];
	return n;
}

/* Reject options of a batch without a batch, where they have no effect. */
static int
check_batch_alone(const struct gm_prompt_options *o, struct gm_err *err)
{
	const struct gm_refusal rows[] = {
		{ o->mark != NULL, ONLY_BATCH("--replace") },
		{ o->rate.jobs_text != NULL, ONLY_BATCH("--jobs") },
		{ o->rate.sleep_text != NULL, ONLY_BATCH("--sleep-ms") },
		{ o->text, ONLY_BATCH("--text") },
		{ o->unordered, ONLY_BATCH("--unordered") },
		{ o->resume, ONLY_BATCH("--resume") },
		{ o->keep_failed, ONLY_BATCH("--keep-failed") },
		{ o->force, ONLY_BATCH("--force") },
		{ o->max_failures_text != NULL, ONLY_BATCH("--max-failures") },
		{ o->max_requests_text != NULL, ONLY_BATCH("--max-requests") },
		{ o->max_tokens_text != NULL,
		    ONLY_BATCH("--max-total-tokens") },
	};

	return gm_options_refuse(rows, GM_LEN(rows), err);
}

static bool
is_from_stdin(const char *argument)
{
	return argument != NULL && strcmp(argument, "@-") == 0;
}

/* Return true if an operand is "-" and stands before any "--". */
static bool
is_operand_stdin(const struct gm_prompt_options *o, int argc, char **argv)
{
	const int literal =
	    o->common.after_dashes > 0 ? o->common.after_dashes : 0;
	int i;

	for (i = 0; i < argc - literal; i++)
		if (is_stdin(argv[i]))
			return true;
	return false;
}

/* Reject what takes standard input from the records, and missing options. */
static int
check_batch_needs(const struct gm_prompt_options *o, int argc, char **argv,
    struct gm_err *err)
{
	const struct gm_refusal rows[] = {
		{ is_from_stdin(o->prompt) || is_from_stdin(o->system) ||
			count_stdin(&o->files) > 0 ||
			is_operand_stdin(o, argc, argv),
		    "standard input holds the records; it cannot also be the "
		    "prompt, the system instruction or a file" },
		{ o->resume && o->output == NULL,
		    "--resume needs --output FILE" },
		{ o->force && o->output == NULL,
		    "--force needs --output FILE" },
		{ o->keep_failed && !o->resume,
		    "--keep-failed needs --resume" },
	};

	return gm_options_refuse(rows, GM_LEN(rows), err);
}

/* Reject what a batch cannot do. */
static int
check_batch(const struct gm_prompt_options *o, int argc, char **argv,
    struct gm_err *err)
{
	const bool forms[] = { o->lines, o->nul, o->jsonl };
	const struct gm_clash rules[] = {
		{ count(forms, GM_LEN(forms)) > 1,
		    "--lines, --null and --jsonl" },
		{ o->stream, "--stream and a batch" },
		{ o->show_thoughts, "--show-thoughts and a batch" },
		{ o->no_stdin, "--no-stdin and a batch" },
		{ o->text && o->common.json, "--text and --json" },
		{ o->text && o->resume, "--text and --resume" },
		{ o->force && o->resume, "--force and --resume" },
		{ o->unordered && o->text && o->output != NULL,
		    "--unordered, --text and --output" },
		{ o->output != NULL && o->dry_run,
		    "--output and --dry-run of a batch" },
		{ o->output != NULL && o->estimate,
		    "--output and --estimate of a batch" },
	};

	if (gm_options_exclude(rules, GM_LEN(rules), err) != 0)
		return -1;
	return check_batch_needs(o, argc, argv, err);
}

static int
set_limit(
    int64_t *limit, const char *name, const char *text, struct gm_err *err)
{
	if (text == NULL || gm_num_whole(limit, text, 1, LIMIT_MAX, err) == 0)
		return 0;
	gm_err_prefix(err, "%s: ", name);
	return -1;
}

static int
set_limits(struct gm_prompt_options *o, struct gm_err *err)
{
	if (set_limit(&o->max_failures, "--max-failures", o->max_failures_text,
		err) != 0 ||
	    set_limit(&o->max_requests, "--max-requests", o->max_requests_text,
		err) != 0)
		return -1;
	return set_limit(&o->max_total_tokens, "--max-total-tokens",
	    o->max_tokens_text, err);
}

/* Reject options that cannot be combined, in a batch or without one. */
static int
check_clashes(const struct gm_prompt_options *o, int argc, struct gm_err *err)
{
	const struct gm_common *c = &o->common;
	const struct gm_clash rules[] = {
		{ o->estimate && o->count, "--estimate and --count" },
		{ o->estimate && o->dry_run, "--estimate and --dry-run" },
		{ o->prompt != NULL && argc > 0, "--prompt and operands" },
		{ o->stream && o->no_stream, "--stream and --no-stream" },
		{ o->stream && c->json, "--stream and --json" },
		{ o->stream && o->extract, "--stream and --extract" },
		{ o->stream && o->count, "--stream and --count" },
		{ o->extract && o->count, "--extract and --count" },
		{ o->no_stdin && o->require_stdin,
		    "--no-stdin and --require-stdin" },
		{ c->ipv4 && c->ipv6, "--ipv4 and --ipv6" },
	};

	return gm_options_exclude(rules, GM_LEN(rules), err);
}

int
gm_prompt_options_check(
    struct gm_prompt_options *o, int argc, char **argv, struct gm_err *err)
{
	struct gm_prompt_sources from;

	o->batch = o->lines || o->nul || o->jsonl;
	if (o->output != NULL && strcmp(o->output, "-") == 0)
		o->output = NULL; /* standard output */
	if (check_clashes(o, argc, err) != 0 ||
	    (o->batch ? check_batch(o, argc, argv, err)
		      : check_batch_alone(o, err)) != 0 ||
	    gm_rate_apply(&o->rate, err) != 0 || set_limits(o, err) != 0)
		return -1;
	from = gm_prompt_options_sources(o, argc, argv);
	return gm_prompt_check(&from, err);
}

int
gm_prompt_options_apply(struct gm_prompt_options *o, struct gm_services *s,
    struct gm_request *request, struct gm_err *err)
{
	*request = (struct gm_request){
		.operation = o->count ? GM_OP_COUNT : GM_OP_GENERATE,
		.thoughts = o->show_thoughts,
		.stop = o->stop.items,
		.stop_len = o->stop.len,
		.search = o->search,
		.url_context = o->url_context,
		.cautious = true,
	};
	if (gm_params_apply(&o->params, request, err) != 0)
		return -1;
	return gm_services_fit(s, request, err);
}

static void
add_prompt_rows(struct gm_prompt_options *o, struct gm_options *table)
{
	const struct gm_opt rows[] = {
		{ 'q', "prompt", "TEXT|@FILE", "prompt, instead of operands",
		    .may_be_empty = true, .kind = GM_ARG_AT_FILE,
		    .text = &o->prompt },
		{ 's', "system", "TEXT|@FILE", "system instruction",
		    .common = true, .may_be_empty = true,
		    .kind = GM_ARG_AT_FILE, .text = &o->system },
		{ 'f', "file", "FILE", "add a text file; - is standard input",
		    .common = true, .kind = GM_ARG_FILE, .texts = &o->files },
		{ 'n', "no-stdin", NULL, "do not read standard input",
		    .common = true, .flag = &o->no_stdin },
		{ 0, "require-stdin", NULL, "fail if standard input is empty",
		    .flag = &o->require_stdin },
		{ 0 },
	};

	gm_options_add(table, GM_GROUP_PROMPT, rows);
}

static void
add_generation_rows(struct gm_prompt_options *o, struct gm_options *table)
{
	struct gm_params *p = &o->params;
	const struct gm_opt rows[] = {
		{ 't', "temperature", "N", "randomness, from 0 to 2",
		    .common = true, .text = &p->temperature },
		{ 0, "top-p", "N", "nucleus sampling, from 0 to 1",
		    .text = &p->top_p },
		{ 0, "top-k", "N", "sample from the N likeliest tokens",
		    .text = &p->top_k },
		{ 0, "max-tokens", "N", "limit of answer and thinking",
		    .common = true, .text = &p->max_tokens },
		{ 0, "stop", "TEXT", "end the answer at TEXT (up to 5 times)",
		    .texts = &o->stop },
		{ 0, "seed", "N", "make answers repeatable, if possible",
		    .text = &p->seed },
		{ 0, "thinking", "HOW",
		    "minimal, low, medium, high, xhigh, off or tokens",
		    .kind = GM_ARG_WORD, .word = gm_params_thinking_word,
		    .text = &p->thinking },
		{ 0, "safety", "HOW", "filter: none, low, medium or high",
		    .kind = GM_ARG_WORD, .word = gm_params_safety_word,
		    .text = &p->safety },
		{ 0, "search", NULL, "let the model search the web",
		    .common = true, .flag = &o->search },
		{ 0, "url-context", NULL,
		    "let the model read URLs in the prompt",
		    .flag = &o->url_context },
		{ 0 },
	};

	gm_options_add(table, GM_GROUP_GENERATION, rows);
}

static void
add_output_rows(struct gm_prompt_options *o, struct gm_options *table)
{
	const struct gm_opt rows[] = {
		{ 'o', "output", "FILE", "write the answer to FILE",
		    .common = true, .kind = GM_ARG_FILE, .text = &o->output },
		{ 'x', "extract", NULL,
		    "print only the first fenced code block", .common = true,
		    .flag = &o->extract },
		{ 'S', "stream", NULL, "print the answer as it arrives",
		    .flag = &o->stream },
		{ 0, "no-stream", NULL, "print the answer when it is complete",
		    .flag = &o->no_stream },
		{ 0, "show-thoughts", NULL,
		    "print summaries of thoughts on stderr",
		    .flag = &o->show_thoughts },
		{ 0, "raw", NULL, "keep control characters on a terminal",
		    .flag = &o->raw },
		{ 0, "count", NULL, "count tokens by the service; no answer",
		    .flag = &o->count },
		{ 0, "estimate", NULL, "estimate tokens and time; send nothing",
		    .flag = &o->estimate },
		{ 0, "dry-run", NULL, "print the request; send nothing",
		    .common = true, .flag = &o->dry_run },
		{ 0 },
	};

	gm_options_add(table, GM_GROUP_OUTPUT, rows);
}

static void
add_batch_rows(struct gm_prompt_options *o, struct gm_options *table)
{
	const struct gm_opt rows[] = {
		{ 'l', "lines", NULL, "each line of standard input is a record",
		    .common = true, .flag = &o->lines },
		{ '0', "null", NULL, "records end in NUL, as of find -print0",
		    .common = true, .flag = &o->nul },
		{ 'a', "jsonl", NULL, "each line is a JSON object",
		    .common = true, .flag = &o->jsonl },
		{ 'I', "replace", "TEXT", "replace TEXT by the record, not {}",
		    .text = &o->mark },
		{ 0, "text", NULL, "print only answers, no JSON lines",
		    .flag = &o->text },
		{ 0, "unordered", NULL, "print results as they arrive",
		    .flag = &o->unordered },
		{ 0, "resume", NULL,
		    "skip records that have an answer in FILE of -o",
		    .common = true, .flag = &o->resume },
		{ 0, "keep-failed", NULL,
		    "with --resume: keep old lines of failed records",
		    .flag = &o->keep_failed },
		{ 0, "force", NULL, "overwrite FILE of -o", .flag = &o->force },
		{ 0 },
	};

	gm_options_add(table, GM_GROUP_BATCHES, rows);
}

static void
add_limit_rows(struct gm_prompt_options *o, struct gm_options *table)
{
	const struct gm_opt rows[] = {
		{ 0, "max-failures", "N", "stop when N records have failed",
		    .text = &o->max_failures_text },
		{ 0, "max-requests", "N", "stop after N requests",
		    .text = &o->max_requests_text },
		{ 0, "max-total-tokens", "N", "stop after N tokens, in and out",
		    .text = &o->max_tokens_text },
		{ 0 },
	};

	gm_rate_rows(&o->rate, table);
	gm_options_add(table, GM_GROUP_LIMITS, rows);
}

void
gm_prompt_rows(void *options, struct gm_options *table)
{
	struct gm_prompt_options *o = options;

	add_prompt_rows(o, table);
	add_generation_rows(o, table);
	add_output_rows(o, table);
	add_batch_rows(o, table);
	add_limit_rows(o, table);
}
