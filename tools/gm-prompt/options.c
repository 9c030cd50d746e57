#include <string.h>

#include "gm-prompt/options.h"

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
	int behind = o->common.behind;

	return (struct gm_prompt_sources){
		.system = o->system,
		.prompt = o->prompt,
		.operands = argv,
		.operands_len = argc,
		.literal = behind > 0 ? behind : 0,
		.files = (int)o->files.len,
		.files_stdin = count_stdin(&o->files),
		.no_stdin = o->no_stdin,
		.require_stdin = o->require_stdin,
	};
}

int
gm_prompt_options_check(
    struct gm_prompt_options *o, int argc, char **argv, struct gm_err *err)
{
	const struct gm_common *c = &o->common;
	const struct gm_clash rules[] = {
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
	struct gm_prompt_sources from;

	if (o->output != NULL && strcmp(o->output, "-") == 0)
		o->output = NULL; /* standard output */
	if (gm_options_exclude(rules, GM_LEN(rules), err) != 0)
		return -1;
	from = gm_prompt_options_sources(o, argc, argv);
	return gm_prompt_check(&from, err);
}

int
gm_prompt_options_apply(struct gm_prompt_options *o, struct gm_services *s,
    struct gm_question *question, struct gm_err *err)
{
	*question = (struct gm_question){
		.operation = o->count ? GM_OP_COUNT : GM_OP_GENERATE,
		.thoughts = o->show_thoughts,
		.stop = o->stop.items,
		.stop_len = o->stop.len,
		.search = o->search,
		.url_context = o->url_context,
		.cautious = true,
	};
	if (gm_params_apply(&o->params, question, err) != 0)
		return -1;
	return gm_services_fit(s, question, err);
}

void
gm_prompt_rows(void *options, struct gm_options *table)
{
	struct gm_prompt_options *o = options;
	struct gm_params *p = &o->params;
	const struct gm_opt rows[] = {
		{ 'q', "prompt", "TEXT|@FILE",
		    "the prompt, in place of operands", .may_be_empty = true,
		    .text = &o->prompt },
		{ 's', "system", "TEXT|@FILE", "system instruction",
		    .may_be_empty = true, .text = &o->system },
		{ 'f', "file", "FILE", "send a text file, too; - is stdin",
		    .texts = &o->files },
		{ 't', "temperature", "N", "0 (steady) to 2 (lively)",
		    .text = &p->temperature },
		{ 0, "top-p", "N", "nucleus sampling, 0 to 1",
		    .text = &p->top_p },
		{ 0, "top-k", "N", "sample from the N likeliest tokens",
		    .text = &p->top_k },
		{ 0, "max-tokens", "N", "limit of answer and thinking",
		    .text = &p->max_tokens },
		{ 0, "stop", "TEXT", "end the answer at TEXT (up to 5 times)",
		    .texts = &o->stop },
		{ 0, "seed", "N", "repeat an answer, as far as possible",
		    .text = &p->seed },
		{ 0, "thinking", "HOW",
		    "minimal, low, medium, high, xhigh, off or tokens",
		    .text = &p->thinking },
		{ 0, "show-thoughts", NULL, "summaries of thoughts, on stderr",
		    .flag = &o->show_thoughts },
		{ 0, "safety", "HOW", "filter: none, low, medium or high",
		    .text = &p->safety },
		{ 0, "search", NULL, "let the model search the web",
		    .flag = &o->search },
		{ 0, "url-context", NULL, "let it read the URLs in the prompt",
		    .flag = &o->url_context },
		{ 'S', "stream", NULL, "give the answer out as it comes",
		    .flag = &o->stream },
		{ 0, "no-stream", NULL, "hold it until it is whole",
		    .flag = &o->no_stream },
		{ 'o', "output", "FILE", "write to FILE, when it is whole",
		    .text = &o->output },
		{ 'x', "extract", NULL, "only the first fenced block",
		    .flag = &o->extract },
		{ 0, "raw", NULL, "keep control characters on a terminal",
		    .flag = &o->raw },
		{ 'n', "no-stdin", NULL, "leave standard input alone",
		    .flag = &o->no_stdin },
		{ 0, "require-stdin", NULL, "refuse empty standard input",
		    .flag = &o->require_stdin },
		{ 0, "count", NULL, "count the prompt's tokens, ask nothing",
		    .flag = &o->count },
		{ 0, "dry-run", NULL, "print the request, send nothing",
		    .flag = &o->dry_run },
		{ 0 },
	};

	gm_options_add(table, rows);
}
