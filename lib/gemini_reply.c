#include <stdio.h>
#include <string.h>

#include "gemini_reply.h"
#include "reading.h"
#include "term.h"

#define URI_MAX 2000

static const struct gm_reading_finish finishes[] = {
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
	{ "MODEL_ARMOR", GM_FINISH_BLOCKED },
	{ "ESCALATION", GM_FINISH_BLOCKED },
	{ "PUP_LIMITED_DISABLED", GM_FINISH_BLOCKED },
	{ "LANGUAGE", GM_FINISH_REQUEST },
	{ "MISSING_THOUGHT_SIGNATURE", GM_FINISH_REQUEST },
	{ NULL, GM_FINISH_OTHER },
};

static const char *const counts[] = { "promptTokenCount",
	"cachedContentTokenCount", "candidatesTokenCount", "thoughtsTokenCount",
	"totalTokenCount" };

static void
check(struct gm_reading *r, const struct gm_buf *b)
{
	if (r->rc == 0)
		r->rc = gm_buf_check(b, r->err);
}

/* Is the name of a part's member one of these? */
static bool
is_named(const struct gm_reading *r, int value, const char *const *names)
{
	int name = gm_json_name(r->json, value);

	for (; *names != NULL; names++)
		if (gm_json_is(r->json, name, *names))
			return true;
	return false;
}

/*
 * A member of a part: is it content that cannot be shown? Beside a text only
 * known kinds of content are, as what comes with a text says something of it.
 */
static bool
is_content(const struct gm_reading *r, int value, bool text)
{
	static const char *const kinds[] = { "inlineData", "fileData",
		"functionCall", "functionResponse", "executableCode",
		"codeExecutionResult", "toolCall", "toolResponse", "video",
		NULL };
	static const char *const beside[] = { "text", "thought",
		"thoughtSignature", "partMetadata", "videoMetadata",
		"audioMetadata", "documentMetadata", "spreadsheetMetadata",
		"mediaResolution", "mediaProcessing", NULL };

	if (gm_json_type(r->json, value) == GM_JSON_NULL)
		return false;
	return text ? is_named(r, value, kinds) : !is_named(r, value, beside);
}

/* A thought or a signature is no part that is missed; all else but text is. */
static void
read_part(struct gm_reading *r, int part)
{
	const struct gm_json *j = r->json;
	bool thought = gm_json_true(j, gm_reading_at(r, part, "thought"));
	int text = gm_reading_at(r, part, "text"), i;
	enum gm_json_type type = gm_json_type(j, text);

	if (gm_json_type(j, part) != GM_JSON_OBJECT) {
		gm_reading_omit(r, part, NULL);
		return;
	}
	gm_reading_text(r, text, thought);
	if (thought)
		return;
	if (type != GM_JSON_STRING && type != GM_JSON_ABSENT &&
	    type != GM_JSON_NULL)
		gm_reading_omit_member(r, text);
	for (i = gm_json_first(j, part); i >= 0; i = gm_json_next(j, part, i))
		if (is_content(r, i,
			type == GM_JSON_STRING && !gm_json_is(j, text, "")))
			gm_reading_omit_member(r, i);
}

/* An array of parts; something else in its place is one part. */
static void
read_parts(struct gm_reading *r, int content)
{
	const struct gm_json *j = r->json;
	int parts = gm_reading_at(r, content, "parts"), part;
	enum gm_json_type type = gm_json_type(j, parts);

	if (gm_json_type(j, content) != GM_JSON_OBJECT) {
		parts = content;
		type = gm_json_type(j, content);
	}
	if (type == GM_JSON_ABSENT || type == GM_JSON_NULL)
		return;
	if (type != GM_JSON_ARRAY) {
		read_part(r, parts);
		return;
	}
	for (part = gm_json_first(j, parts); part >= 0 && r->rc == 0;
	     part = gm_json_next(j, parts, part))
		read_part(r, part);
}

static bool
is_listed(const struct gm_buf *lines, const char *line)
{
	const char *all = gm_buf_str(lines), *p = all;

	while ((p = strstr(p, line)) != NULL && p > all && p[-1] != '\n')
		p++;
	return p != NULL;
}

static void
put_source(struct gm_reading *r, int uri, int title, struct gm_buf *line)
{
	if (!gm_reading_decode(r, uri))
		return;
	gm_term_line(line, gm_buf_span(&r->text), URI_MAX);
	if (line->len == 0)
		return;
	gm_buf_putc(line, '\t');
	if (gm_reading_decode(r, title))
		gm_term_line(line, gm_buf_span(&r->text), GM_TERM_LINE_MAX);
	gm_buf_putc(line, '\n');
}

/* A line of the list of sources, unless it is there already. */
static void
add_source(struct gm_reading *r, int uri, int title)
{
	struct gm_buf *sources = &r->answer->sources, line;

	if (sources->failed != GM_OK)
		return;
	gm_buf_init(&line, 8 * URI_MAX);
	put_source(r, uri, title, &line);
	check(r, &line);
	if (line.len > 0 && !is_listed(sources, gm_buf_str(&line)))
		gm_buf_put_span(sources, gm_buf_span(&line));
	if (sources->failed == GM_EOS) /* too many are only left out */
		check(r, sources);
	gm_buf_release(&line);
}

static void
read_sources(struct gm_reading *r, int candidate)
{
	const struct gm_json *j = r->json;
	int list, i, page;

	list = gm_reading_at(r, candidate, "groundingMetadata.groundingChunks");
	for (i = gm_json_first(j, list); i >= 0; i = gm_json_next(j, list, i)) {
		page = gm_json_first(j, i); /* web, retrievedContext or maps */
		add_source(r, gm_reading_at(r, page, "uri"),
		    gm_reading_at(r, page, "title"));
	}
	list = gm_reading_at(r, candidate, "urlContextMetadata.urlMetadata");
	for (i = gm_json_first(j, list); i >= 0; i = gm_json_next(j, list, i))
		add_source(r, gm_reading_at(r, i, "retrievedUrl"),
		    gm_reading_at(r, i, "urlRetrievalStatus"));
}

static void
read_candidate(struct gm_reading *r, int candidate)
{
	const struct gm_json *j = r->json;
	struct gm_answer *a = r->answer;
	int reason;

	if (gm_json_int(j, gm_reading_at(r, candidate, "index"), 0) != 0)
		return; /* only one candidate is asked for */
	read_parts(r, gm_reading_at(r, candidate, "content"));
	reason = gm_reading_at(r, candidate, "finishReason");
	if (gm_json_type(j, reason) == GM_JSON_STRING && !a->prompt_blocked)
		gm_reading_finish(r, reason, finishes);
	if (strcmp(a->reason, "PUP_LIMITED_DISABLED") == 0)
		(void)snprintf(a->explanation, sizeof(a->explanation),
		    "the account is limited for violations of the policy");
	gm_reading_line(r, gm_reading_at(r, candidate, "finishMessage"),
	    a->explanation, sizeof(a->explanation));
	read_sources(r, candidate);
}

static void
read_feedback(struct gm_reading *r, int feedback)
{
	struct gm_answer *a = r->answer;
	int reason = gm_reading_at(r, feedback, "blockReason");

	if (gm_json_type(r->json, reason) != GM_JSON_STRING ||
	    gm_json_is(r->json, reason, "") ||
	    gm_json_is(r->json, reason, "BLOCK_REASON_UNSPECIFIED"))
		return; /* ratings alone block nothing */
	gm_reading_line(r, reason, a->reason, sizeof(a->reason));
	gm_reading_line(r, gm_reading_at(r, feedback, "blockReasonMessage"),
	    a->explanation, sizeof(a->explanation));
	a->finish = GM_FINISH_BLOCKED;
	a->prompt_blocked = true;
}

static void
read_count(struct gm_reading *r, int at)
{
	struct gm_answer *a = r->answer;

	a->usage.prompt =
	    gm_json_int(r->json, gm_reading_at(r, at, "totalTokens"), -1);
	if (a->usage.prompt >= 0)
		a->finish = GM_FINISH_DONE;
	a->seen = a->usage.prompt >= 0;
}

/*
 * An empty list may lack its member, but then it has nothing else either: what
 * has is the reply of another service.
 */
static bool
is_page(const struct gm_reading *r, int at)
{
	enum gm_json_type type =
	    gm_json_type(r->json, gm_reading_at(r, at, "models"));
	size_t others = gm_json_len(r->json, at);

	if (gm_reading_at(r, at, "nextPageToken") != GM_JSON_NONE)
		others--;
	return type == GM_JSON_ARRAY || (type == GM_JSON_ABSENT && others == 0);
}

static void
read_page(struct gm_reading *r, int at)
{
	if (!is_page(r, at)) {
		r->rc = gm_fail(
		    r->err, GM_EPROTOCOL, "JSON, but not a list of models");
		return;
	}
	r->rc = r->sink->text(gm_json_raw(r->json, at), r->sink->arg, r->err);
	r->answer->finish = GM_FINISH_DONE;
	r->answer->seen = true;
}

/* A page, or an array of pages. */
static void
read_pages(struct gm_reading *r, int at)
{
	int i;

	if (gm_json_type(r->json, at) == GM_JSON_OBJECT) {
		read_page(r, at);
		return;
	}
	for (i = gm_json_first(r->json, at); i >= 0 && r->rc == 0;
	     i = gm_json_next(r->json, at, i)) {
		if (gm_json_type(r->json, i) == GM_JSON_OBJECT)
			read_page(r, i);
		else
			r->rc = gm_fail(
			    r->err, GM_EPROTOCOL, "JSON, but not an answer");
	}
}

/* An event may have no candidate, but one of its other members. */
static bool
is_answer(const struct gm_reading *r, int at)
{
	static const char *const names[] = { "candidates", "promptFeedback",
		"usageMetadata" };
	size_t i;

	for (i = 0; i < GM_LEN(names); i++)
		if (gm_json_type(r->json, gm_reading_at(r, at, names[i])) !=
		    GM_JSON_ABSENT)
			return true;
	return false;
}

static void
read_answer(struct gm_reading *r, int at)
{
	struct gm_answer *a = r->answer;
	int list = gm_reading_at(r, at, "candidates"), i;

	a->seen = a->seen || is_answer(r, at);
	gm_reading_line(r, gm_reading_at(r, at, "modelVersion"),
	    a->model_version, sizeof(a->model_version));
	gm_reading_line(r, gm_reading_at(r, at, "modelStatus.modelStage"),
	    a->stage, sizeof(a->stage));
	gm_reading_usage(r, gm_reading_at(r, at, "usageMetadata"), counts);
	read_feedback(r, gm_reading_at(r, at, "promptFeedback"));
	for (i = gm_json_first(r->json, list); i >= 0 && r->rc == 0;
	     i = gm_json_next(r->json, list, i))
		read_candidate(r, i);
}

int
gm_gemini_read(const struct gm_json *json, int at, enum gm_call call,
    struct gm_answer *answer, const struct gm_sink *sink, struct gm_err *err)
{
	struct gm_reading r;

	gm_reading_init(&r, json, answer, sink, err);
	if (call == GM_CALL_COUNT)
		read_count(&r, at);
	else if (call == GM_CALL_MODELS)
		read_pages(&r, at);
	else
		read_answer(&r, at);
	gm_reading_release(&r);
	return r.rc;
}
