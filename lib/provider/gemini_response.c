#include <stdio.h>
#include <string.h>

#include "base/term.h"
#include "provider/gemini_response.h"
#include "provider/reading.h"

#define URI_MAX 2000

static const struct gm_reading_finish finishes[] = {
	{ "STOP", GM_FINISH_DONE },
	{ "MAX_TOKENS", GM_FINISH_LIMIT },
	{ "CONTINUATION", GM_FINISH_MORE },
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

/* True if the name of a member of a part is in the list. */
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
 * Return true if a member of a part is content that cannot be shown.  Next to a
 * text only known kinds of content are; unknown members describe the text.  In a
 * part without a text everything counts but known descriptions, so that nothing
 * new is lost silently.
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

/* Give the content of a part that is not text. */
static void
read_members(struct gm_reading *r, int part, int text)
{
	const struct gm_json *j = r->json;
	enum gm_json_type type = gm_json_type(j, text);
	int i;

	if (type != GM_JSON_STRING && type != GM_JSON_ABSENT &&
	    type != GM_JSON_NULL)
		gm_reading_member(r, text);
	for (i = gm_json_first(j, part); i >= 0; i = gm_json_next(j, part, i))
		if (is_content(r, i,
			type == GM_JSON_STRING && !gm_json_is(j, text, "")))
			gm_reading_member(r, i);
}

/* Read a part.  In a thought only text counts: the answer loses nothing. */
static void
read_part(struct gm_reading *r, int part)
{
	const struct gm_json *j = r->json;
	bool thought = gm_json_true(j, gm_reading_at(r, part, "thought"));
	int text = gm_reading_at(r, part, "text");

	if (gm_json_type(j, part) != GM_JSON_OBJECT) {
		gm_reading_other(r, part, NULL);
		return;
	}
	gm_reading_sign(r, gm_reading_at(r, part, "thoughtSignature"));
	gm_reading_text(r, text, thought);
	if (!thought)
		read_members(r, part, text);
	gm_reading_end_part(r, thought);
}

/* Read an array of parts; any other value is one part. */
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

/* Prefix of a retrieval status, which is shown if a page has no title. */
#define STATUS "URL_RETRIEVAL_STATUS_"

/* Find the line of a URI in the list of sources, or NULL. */
static const char *
find_source(const struct gm_buf *sources, struct gm_span uri)
{
	const char *line = gm_buf_str(sources), *end;

	for (; (end = strchr(line, '\n')) != NULL; line = end + 1)
		if (strncmp(line, uri.p, uri.len) == 0 && line[uri.len] == '\t')
			return line;
	return NULL;
}

/* Append "\ttitle\n" to the URI in line; the title may be missing. */
static void
put_title(struct gm_reading *r, int title, struct gm_buf *line)
{
	gm_buf_putc(line, '\t');
	if (gm_reading_decode(r, title))
		gm_term_line(line, gm_buf_span(&r->text), GM_TERM_LINE_MAX);
	gm_buf_putc(line, '\n');
}

/* True if a line has a title, not only a status or nothing. */
static bool
has_title(const char *line)
{
	const char *title = strchr(line, '\t') + 1;

	return title[0] != '\n' && strncmp(title, STATUS, strlen(STATUS)) != 0;
}

/* Replace a line of the list. */
static void
replace(struct gm_buf *list, const char *old, const struct gm_buf *line)
{
	size_t at = (size_t)(old - gm_buf_str(list));
	size_t end = at + (size_t)(strchr(old, '\n') + 1 - old);
	struct gm_buf rest;

	gm_buf_init(&rest, list->max);
	gm_buf_put(&rest, list->data + end, list->len - end);
	if (rest.failed == GM_OK) {
		gm_buf_cut(list, at);
		gm_buf_put_span(list, gm_buf_span(line));
		gm_buf_put_span(list, gm_buf_span(&rest));
	}
	gm_buf_release(&rest);
}

/* Add a source: one line for each URI, with a title if any event has one. */
static void
add_line(struct gm_reading *r, int title, struct gm_buf *line)
{
	struct gm_buf *sources = &r->answer->sources;
	const char *old = find_source(sources, gm_buf_span(line));

	put_title(r, title, line);
	check(r, line);
	if (r->rc != 0)
		return;
	if (old == NULL)
		gm_buf_put_span(sources, gm_buf_span(line));
	else if (!has_title(old) && has_title(gm_buf_str(line)))
		replace(sources, old, line);
	if (sources->failed == GM_EOS) /* GM_EDATA: drop what is too much */
		check(r, sources);
}

static void
add_source(struct gm_reading *r, int uri, int title)
{
	struct gm_buf line;

	if (r->answer->sources.failed != GM_OK || !gm_reading_decode(r, uri))
		return;
	gm_buf_init(&line, 8 * URI_MAX);
	gm_term_line(&line, gm_buf_span(&r->text), URI_MAX);
	if (line.len > 0)
		add_line(r, title, &line);
	check(r, &line);
	gm_buf_release(&line);
}

/* Read a chunk: {"web":{...}}, a retrieved document, a map or an image. */
static void
read_chunk(struct gm_reading *r, int chunk)
{
	const struct gm_json *j = r->json;
	int page, uri;

	for (page = gm_json_first(j, chunk); page >= 0;
	     page = gm_json_next(j, chunk, page)) {
		uri = gm_reading_at(r, page, "uri");
		if (gm_json_type(j, uri) != GM_JSON_STRING)
			uri = gm_reading_at(r, page, "sourceUri");
		add_source(r, uri, gm_reading_at(r, page, "title"));
	}
}

static void
read_sources(struct gm_reading *r, int candidate)
{
	const struct gm_json *j = r->json;
	int list, i;

	list = gm_reading_at(r, candidate, "groundingMetadata.groundingChunks");
	for (i = gm_json_first(j, list); i >= 0; i = gm_json_next(j, list, i))
		read_chunk(r, i);
	list = gm_reading_at(r, candidate, "urlContextMetadata.urlMetadata");
	for (i = gm_json_first(j, list); i >= 0; i = gm_json_next(j, list, i))
		add_source(r, gm_reading_at(r, i, "retrievedUrl"),
		    gm_reading_at(r, i, "urlRetrievalStatus"));
}

/* Pass on a continuation token, after the text of its event: it covers both. */
static void
read_token(struct gm_reading *r, int token)
{
	const struct gm_sink *sink = r->sink;

	if (sink->checkpoint != NULL && gm_reading_decode(r, token))
		r->rc =
		    sink->checkpoint(gm_buf_span(&r->text), sink->arg, r->err);
}

static void
read_candidate(struct gm_reading *r, int candidate)
{
	const struct gm_json *j = r->json;
	struct gm_answer *a = r->answer;
	int reason;

	if (gm_json_int(j, gm_reading_at(r, candidate, "index"), 0) != 0)
		return; /* only one candidate is requested */
	read_parts(r, gm_reading_at(r, candidate, "content"));
	reason = gm_reading_at(r, candidate, "finishReason");
	if (gm_json_type(j, reason) == GM_JSON_STRING && !a->prompt_blocked)
		gm_reading_finish(r, reason, finishes, false);
	if (strcmp(a->reason, "PUP_LIMITED_DISABLED") == 0)
		(void)snprintf(a->explanation, sizeof(a->explanation),
		    "the account is restricted for policy violations");
	gm_reading_line(r, gm_reading_at(r, candidate, "finishMessage"),
	    a->explanation, sizeof(a->explanation));
	read_sources(r, candidate);
	read_token(r, gm_reading_at(r, candidate, "continuationToken"));
}

static void
read_feedback(struct gm_reading *r, int feedback)
{
	struct gm_answer *a = r->answer;
	int reason = gm_reading_at(r, feedback, "blockReason");

	if (gm_json_type(r->json, reason) != GM_JSON_STRING ||
	    gm_json_is(r->json, reason, "") ||
	    gm_json_is(r->json, reason, "BLOCK_REASON_UNSPECIFIED"))
		return; /* only safety ratings */
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

/* True if an item of a list has a name, or if the list is empty. */
static bool
is_named_list(const struct gm_reading *r, int list)
{
	const struct gm_json *j = r->json;
	bool named = gm_json_len(j, list) == 0;
	int i, name;

	for (i = gm_json_first(j, list); i >= 0 && !named;
	     i = gm_json_next(j, list, i)) {
		name = gm_reading_at(r, i, "name");
		named = gm_json_type(j, name) == GM_JSON_STRING &&
		        !gm_json_is(j, name, "");
	}
	return named;
}

/*
 * Return true for a page of models.  An empty page may lack "models", but has no
 * other members then; others, and lists without names, are from another service.
 */
static bool
is_page(const struct gm_reading *r, int at)
{
	int list = gm_reading_at(r, at, "models");
	enum gm_json_type type = gm_json_type(r->json, list);
	size_t others = gm_json_len(r->json, at);

	if (gm_reading_at(r, at, "nextPageToken") != GM_JSON_NONE)
		others--;
	if (type == GM_JSON_ARRAY)
		return is_named_list(r, list);
	return type == GM_JSON_ABSENT && others == 0;
}

static void
read_page(struct gm_reading *r, int at)
{
	if (!is_page(r, at)) {
		r->rc = gm_fail(
		    r->err, GM_EPROTOCOL, "JSON, but not a list of models");
		return;
	}
	gm_reading_give(r, gm_json_raw(r->json, at), false);
	r->answer->finish = GM_FINISH_DONE;
	r->answer->seen = true;
}

/* Read a page, or an array of pages. */
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

/* True for an event of an answer, which may lack candidates. */
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
gm_gemini_read(const struct gm_json *json, int at, enum gm_operation operation,
    struct gm_answer *answer, const struct gm_sink *sink, struct gm_err *err)
{
	struct gm_reading r;

	gm_reading_init(&r, json, answer, sink, err);
	if (operation == GM_OP_COUNT)
		read_count(&r, at);
	else if (operation == GM_OP_MODELS)
		read_pages(&r, at);
	else
		read_answer(&r, at);
	gm_reading_release(&r);
	return r.rc;
}
