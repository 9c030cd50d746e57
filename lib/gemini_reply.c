#include <stdio.h>
#include <string.h>

#include "gemini_reply.h"
#include "term.h"

#define TEXT_MAX (64 * 1024 * 1024)
#define URI_MAX 2000

static const struct {
	const char *reason;
	enum gm_finish finish;
} finishes[] = {
	{ "STOP", GM_FINISH_DONE },
	{ "MAX_TOKENS", GM_FINISH_LIMIT },
	{ "SAFETY", GM_FINISH_BLOCKED },
	{ "RECITATION", GM_FINISH_BLOCKED },
	{ "BLOCKLIST", GM_FINISH_BLOCKED },
	{ "PROHIBITED_CONTENT", GM_FINISH_BLOCKED },
	{ "SPII", GM_FINISH_BLOCKED },
	{ "IMAGE_SAFETY", GM_FINISH_BLOCKED },
	{ "IMAGE_PROHIBITED_CONTENT", GM_FINISH_BLOCKED },
	{ "IMAGE_RECITATION", GM_FINISH_BLOCKED },
	{ "LANGUAGE", GM_FINISH_REQUEST },
	{ "MISSING_THOUGHT_SIGNATURE", GM_FINISH_REQUEST },
};

/* One document on its way into the answer. */
struct reading {
	const struct gm_json *json;
	struct gm_answer *answer;
	const struct gm_sink *sink;
	struct gm_buf text, line; /* for one string at a time */
	struct gm_err *err;
	int rc; /* -1 once something has failed, with *err */
};

static int
find(const struct reading *r, int at, const char *path)
{
	return gm_json_at(r->json, at, path);
}

static void
check(struct reading *r, const struct gm_buf *b)
{
	if (r->rc == 0)
		r->rc = gm_buf_check(b, r->err);
}

/* Decode a string into r->text; false if it is none. */
static bool
decode(struct reading *r, int at)
{
	if (gm_json_type(r->json, at) != GM_JSON_STRING)
		return false;
	gm_buf_reset(&r->text);
	gm_json_string(r->json, at, &r->text);
	check(r, &r->text);
	return r->rc == 0;
}

/* Make room for the mark of a cut, which tells the masks that there was one. */
static void
shorten(struct gm_buf *line, size_t size)
{
	size_t len = size - sizeof("...");

	if (line->len < size)
		return;
	while (len > 0 && ((unsigned char)line->data[len] & 0xC0) == 0x80)
		len--;
	gm_buf_cut(line, len);
	gm_buf_puts(line, "...");
}

/* Copy a string that names something: one clean line, cut to fit. */
static void
copy_line(struct reading *r, int at, char *out, size_t size)
{
	if (!decode(r, at))
		return;
	gm_buf_reset(&r->line);
	gm_term_line(&r->line, gm_buf_span(&r->text), GM_TERM_LINE_MAX);
	check(r, &r->line);
	shorten(&r->line, size);
	(void)snprintf(out, size, "%s", gm_buf_str(&r->line));
}

/* A signature, or a kind of part that was not asked for, has no text. */
static void
read_part(struct reading *r, int part)
{
	bool thought = gm_json_true(r->json, find(r, part, "thought"));
	const struct gm_sink *sink = r->sink;

	if (decode(r, find(r, part, "text")) && r->text.len > 0)
		r->rc = (thought ? sink->thought : sink->text)(
		    gm_buf_span(&r->text), sink->arg, r->err);
}

static enum gm_finish
finish_of(const char *reason)
{
	size_t i;

	for (i = 0; i < GM_LEN(finishes); i++)
		if (strcmp(reason, finishes[i].reason) == 0)
			return finishes[i].finish;
	return GM_FINISH_OTHER;
}

static bool
is_listed(const struct gm_buf *lines, const char *line)
{
	const char *all = gm_buf_str(lines), *p = all;

	while ((p = strstr(p, line)) != NULL && p > all && p[-1] != '\n')
		p++;
	return p != NULL;
}

/* A line of the list of sources, unless it is there already. */
static void
add_source(struct reading *r, int uri, int title)
{
	struct gm_buf *sources = &r->answer->sources;

	if (sources->failed != GM_OK || !decode(r, uri))
		return;
	gm_buf_reset(&r->line);
	gm_term_line(&r->line, gm_buf_span(&r->text), URI_MAX);
	if (r->line.len == 0)
		return;
	gm_buf_putc(&r->line, '\t');
	if (decode(r, title))
		gm_term_line(&r->line, gm_buf_span(&r->text), GM_TERM_LINE_MAX);
	gm_buf_putc(&r->line, '\n');
	check(r, &r->line);
	if (!is_listed(sources, gm_buf_str(&r->line)))
		gm_buf_put_span(sources, gm_buf_span(&r->line));
	if (sources->failed == GM_EOS) /* too many are only left out */
		check(r, sources);
}

static void
read_sources(struct reading *r, int candidate)
{
	const struct gm_json *j = r->json;
	int list, i, page;

	list = find(r, candidate, "groundingMetadata.groundingChunks");
	for (i = gm_json_first(j, list); i >= 0; i = gm_json_next(j, list, i)) {
		page = gm_json_first(j, i); /* web, retrievedContext or maps */
		add_source(r, find(r, page, "uri"), find(r, page, "title"));
	}
	list = find(r, candidate, "urlContextMetadata.urlMetadata");
	for (i = gm_json_first(j, list); i >= 0; i = gm_json_next(j, list, i))
		add_source(r, find(r, i, "retrievedUrl"),
		    find(r, i, "urlRetrievalStatus"));
}

static void
read_candidate(struct reading *r, int candidate)
{
	const struct gm_json *j = r->json;
	struct gm_answer *a = r->answer;
	int parts = find(r, candidate, "content.parts"), part, reason;

	if (gm_json_int(j, find(r, candidate, "index"), 0) != 0)
		return; /* only one candidate is asked for */
	for (part = gm_json_first(j, parts); part >= 0 && r->rc == 0;
	     part = gm_json_next(j, parts, part))
		read_part(r, part);
	reason = find(r, candidate, "finishReason");
	if (gm_json_type(j, reason) == GM_JSON_STRING && !a->prompt_blocked) {
		copy_line(r, reason, a->reason, sizeof(a->reason));
		a->finish = finish_of(a->reason);
	}
	copy_line(r, find(r, candidate, "finishMessage"), a->explanation,
	    sizeof(a->explanation));
	read_sources(r, candidate);
}

static void
read_usage(struct reading *r, int usage)
{
	struct gm_usage *u = &r->answer->usage;
	const struct {
		const char *name;
		int64_t *count;
	} counts[] = {
		{ "promptTokenCount", &u->prompt },
		{ "cachedContentTokenCount", &u->cached },
		{ "candidatesTokenCount", &u->output },
		{ "thoughtsTokenCount", &u->thoughts },
		{ "totalTokenCount", &u->total },
	};
	size_t i;

	for (i = 0; i < GM_LEN(counts); i++)
		*counts[i].count = gm_json_int(
		    r->json, find(r, usage, counts[i].name), *counts[i].count);
}

static void
read_feedback(struct reading *r, int feedback)
{
	struct gm_answer *a = r->answer;
	int reason = find(r, feedback, "blockReason");

	if (gm_json_type(r->json, reason) != GM_JSON_STRING)
		return; /* ratings alone block nothing */
	copy_line(r, reason, a->reason, sizeof(a->reason));
	copy_line(r, find(r, feedback, "blockReasonMessage"), a->explanation,
	    sizeof(a->explanation));
	a->finish = GM_FINISH_BLOCKED;
	a->prompt_blocked = true;
}

static void
read_count(struct reading *r, int at)
{
	struct gm_answer *a = r->answer;

	a->usage.prompt = gm_json_int(r->json, find(r, at, "totalTokens"), -1);
	if (a->usage.prompt >= 0)
		a->finish = GM_FINISH_DONE;
}

/*
 * An empty list may lack its member, but then it has nothing else either: what
 * has is the reply of another service.
 */
static bool
is_page(const struct reading *r, int at)
{
	enum gm_json_type type = gm_json_type(r->json, find(r, at, "models"));
	size_t others = gm_json_len(r->json, at);

	if (find(r, at, "nextPageToken") != GM_JSON_NONE)
		others--;
	return type == GM_JSON_ARRAY || (type == GM_JSON_ABSENT && others == 0);
}

static void
read_page(struct reading *r, int at)
{
	if (!is_page(r, at)) {
		r->rc = gm_fail(
		    r->err, GM_EPROTOCOL, "JSON, but not a list of models");
		return;
	}
	r->rc = r->sink->text(gm_json_raw(r->json, at), r->sink->arg, r->err);
	r->answer->finish = GM_FINISH_DONE;
}

static void
read_answer(struct reading *r, int at)
{
	struct gm_answer *a = r->answer;
	int list = find(r, at, "candidates"), i;

	copy_line(r, find(r, at, "modelVersion"), a->model_version,
	    sizeof(a->model_version));
	copy_line(r, find(r, at, "modelStatus.modelStage"), a->stage,
	    sizeof(a->stage));
	read_usage(r, find(r, at, "usageMetadata"));
	read_feedback(r, find(r, at, "promptFeedback"));
	for (i = gm_json_first(r->json, list); i >= 0 && r->rc == 0;
	     i = gm_json_next(r->json, list, i))
		read_candidate(r, i);
}

int
gm_gemini_read(const struct gm_json *json, int at, enum gm_call call,
    struct gm_answer *answer, const struct gm_sink *sink, struct gm_err *err)
{
	struct reading r = {
		.json = json, .answer = answer, .sink = sink, .err = err
	};

	gm_buf_init(&r.text, TEXT_MAX);
	gm_buf_init(&r.line, 8 * URI_MAX);
	if (call == GM_CALL_COUNT)
		read_count(&r, at);
	else if (call == GM_CALL_MODELS)
		read_page(&r, at);
	else
		read_answer(&r, at);
	gm_buf_release(&r.text);
	gm_buf_release(&r.line);
	return r.rc;
}
