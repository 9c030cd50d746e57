#include <string.h>

#include "provider/chat_response.h"
#include "provider/reading.h"
#include "json/write.h"

static const struct gm_reading_finish finishes[] = {
	{ "stop", GM_FINISH_DONE },
	{ "stop_sequence", GM_FINISH_DONE },
	{ "eos", GM_FINISH_DONE },
	{ "eos_token", GM_FINISH_DONE },
	{ "end", GM_FINISH_DONE },
	{ "end_turn", GM_FINISH_DONE },
	{ "complete", GM_FINISH_DONE },
	{ "length", GM_FINISH_LIMIT },
	{ "model_length", GM_FINISH_LIMIT },
	{ "max_tokens", GM_FINISH_LIMIT },
	{ "content_filter", GM_FINISH_BLOCKED },
	{ "safety", GM_FINISH_BLOCKED },
	{ "error", GM_FINISH_FAILED },
	{ "insufficient_system_resource", GM_FINISH_FAILED },
	{ NULL, GM_FINISH_OTHER },
};

/* Read a thought.  A server that sends thoughts has none in the text. */
static void
read_thought(struct gm_reading *r, int at)
{
	if (r->rc == 0 && gm_json_type(r->json, at) == GM_JSON_STRING &&
	    !gm_json_is(r->json, at, ""))
		r->rc = gm_reading_separated(r);
	gm_reading_text(r, at, true);
}

static void
read_text(struct gm_reading *r, int at)
{
	gm_reading_text(r, at, false);
}

/* Find the first of these members that is a string or an array, or NONE. */
static int
find_texts(struct gm_reading *r, int at, const char *const *names, size_t len)
{
	size_t i;
	int found;

	for (i = 0; i < len; i++) {
		found = gm_reading_at(r, at, names[i]);
		if (gm_json_type(r->json, found) == GM_JSON_STRING ||
		    gm_json_type(r->json, found) == GM_JSON_ARRAY)
			return found;
	}
	return GM_JSON_NONE;
}

/* True if a chunk is a thought, by its type or by "thought". */
static bool
is_thinking(struct gm_reading *r, int at)
{
	static const char *const kinds[] = { "thinking", "redacted_thinking",
		"thought", "reasoning", "redacted_reasoning",
		"reasoning_content", "reasoning_text", "summary_text",
		"reasoning.text", "reasoning.summary", "reasoning.encrypted" };
	int kind = gm_reading_at(r, at, "type");
	size_t i;

	for (i = 0; i < GM_LEN(kinds); i++)
		if (gm_json_is(r->json, kind, kinds[i]))
			return true;
	return gm_json_true(r->json, gm_reading_at(r, at, "thought"));
}

/*
 * Read the text of a thought: a string, or an array of strings and of objects with
 * one.  A redacted thought has none, which costs the answer nothing.
 */
static void
read_thinking(struct gm_reading *r, int at)
{
	static const char *const names[] = { "thinking", "reasoning",
		"reasoning_content", "thought", "text", "content", "summary" };
	const struct gm_json *j = r->json;
	int texts = find_texts(r, at, names, GM_LEN(names)), i;

	if (r->rc == 0)
		r->rc = gm_reading_separated(r);
	read_thought(r, texts);
	if (gm_json_type(j, texts) != GM_JSON_ARRAY)
		return;
	for (i = gm_json_first(j, texts); i >= 0;
	     i = gm_json_next(j, texts, i)) {
		read_thought(r, i);
		read_thought(r, find_texts(r, i, names, GM_LEN(names)));
	}
}

/* Give a chunk without text as a part, listed by its type. */
static void
give_chunk(struct gm_reading *r, int at)
{
	char type[40] = "";

	if (gm_json_len(r->json, at) == 0)
		return; /* {} */
	gm_reading_line(r, gm_reading_at(r, at, "type"), type, sizeof(type));
	gm_reading_other(r, at, type[0] != '\0' ? type : NULL);
}

/* Read a chunk of content: a string or an object. */
static void
read_chunk(struct gm_reading *r, int at)
{
	const struct gm_json *j = r->json;
	int kind = gm_reading_at(r, at, "type");
	int text = gm_reading_at(r, at, "text");

	if (gm_json_type(j, text) == GM_JSON_ABSENT)
		text = gm_reading_at(r, at, "refusal");
	if (gm_json_type(j, at) == GM_JSON_STRING)
		read_text(r, at);
	else if (gm_json_type(j, at) != GM_JSON_OBJECT)
		gm_reading_other(r, at, NULL);
	else if (is_thinking(r, at))
		read_thinking(r, at);
	else if (gm_json_type(j, text) == GM_JSON_STRING)
		read_text(r, text);
	else if (!gm_json_is(j, kind, "text") ||
		 (gm_json_type(j, text) != GM_JSON_ABSENT &&
		     gm_json_type(j, text) != GM_JSON_NULL))
		give_chunk(r, at);
}

/* Read the content: a string, or an array of chunks, as from Magistral. */
static void
read_content(struct gm_reading *r, int at)
{
	const struct gm_json *j = r->json;
	enum gm_json_type type = gm_json_type(j, at);
	int i;

	if (type == GM_JSON_ABSENT || type == GM_JSON_NULL)
		return;
	if (type != GM_JSON_ARRAY) {
		read_chunk(r, at);
		return;
	}
	for (i = gm_json_first(j, at); i >= 0; i = gm_json_next(j, at, i))
		read_chunk(r, i);
}

/* Give the other content of a message; each item of a list is a part. */
static void
read_others(struct gm_reading *r, int message)
{
	static const char *const names[] = { "tool_calls", "function_call",
		"audio", "images", "image", "video" };
	const struct gm_json *j = r->json;
	int other, item;
	size_t i;

	for (i = 0; i < GM_LEN(names); i++) {
		other = gm_reading_at(r, message, names[i]);
		if (gm_json_type(j, other) == GM_JSON_ARRAY)
			for (item = gm_json_first(j, other); item >= 0;
			     item = gm_json_next(j, other, item))
				gm_reading_other(r, item, names[i]);
		else if (gm_json_type(j, other) != GM_JSON_ABSENT &&
			 gm_json_type(j, other) != GM_JSON_NULL)
			gm_reading_other(r, other, names[i]);
	}
}

/* Read a message.  Some servers send a thought under several names: take one. */
static void
read_message(struct gm_reading *r, int at)
{
	static const char *const names[] = { "reasoning_content", "reasoning",
		"thinking" };
	int thought = GM_JSON_NONE;
	size_t i;

	for (i = 0; i < GM_LEN(names) &&
		    gm_json_type(r->json, thought) != GM_JSON_STRING;
	     i++)
		thought = gm_reading_at(r, at, names[i]);
	read_thought(r, thought);
	read_content(r, gm_reading_at(r, at, "content"));
	read_text(r, gm_reading_at(r, at, "refusal"));
	read_others(r, at);
}

static void
read_finish(struct gm_reading *r, int at)
{
	gm_reading_finish(r, at, finishes, true);
	if (r->rc == 0 && r->answer->finish != GM_FINISH_NONE)
		r->rc = gm_reading_close(r->answer, r->sink, r->err);
}

static void
read_choice(struct gm_reading *r, int choice)
{
	const struct gm_json *j = r->json;
	int message = gm_reading_at(r, choice, "delta");

	if (gm_json_int(j, gm_reading_at(r, choice, "index"), 0) != 0)
		return; /* only one choice is requested */
	if (gm_json_len(j, message) == 0)
		message = gm_reading_at(r, choice, "message");
	read_message(r, message);
	read_finish(r, gm_reading_at(r, choice, "finish_reason"));
}

/* Read the usage; completion_tokens include those of thoughts. */
static void
read_usage(struct gm_reading *r, int usage)
{
	static const char *const counts[] = { "prompt_tokens",
		"prompt_tokens_details.cached_tokens", "completion_tokens",
		"completion_tokens_details.reasoning_tokens", "total_tokens" };
	struct gm_usage *u = &r->answer->usage;

	if (gm_json_type(r->json, usage) != GM_JSON_OBJECT)
		return;
	*u = (struct gm_usage){ -1, -1, -1, -1, -1 };
	gm_reading_usage(r, usage, counts);
	if (u->thoughts >= 0 && u->thoughts <= u->output)
		u->output -= u->thoughts;
}

/*
 * Return true for a document of another service.  An event may lack choices, but
 * then it holds timings, names or nothing.
 */
static bool
is_foreign(const struct gm_reading *r, int at)
{
	static const char *const words[] = { "detail", "message", "candidates",
		"data" };
	size_t i;

	for (i = 0; i < GM_LEN(words); i++)
		if (gm_reading_at(r, at, words[i]) != GM_JSON_NONE &&
		    gm_reading_at(r, at, "choices") == GM_JSON_NONE)
			return true;
	return false;
}

static void
read_answer(struct gm_reading *r, int at)
{
	struct gm_answer *a = r->answer;
	int list = gm_reading_at(r, at, "choices"), i;

	if (is_foreign(r, at)) {
		r->rc =
		    gm_fail(r->err, GM_EPROTOCOL, "JSON, but not an answer");
		return;
	}
	a->seen = a->seen || gm_json_type(r->json, list) == GM_JSON_ARRAY;
	gm_reading_line(r, gm_reading_at(r, at, "model"), a->model_version,
	    sizeof(a->model_version));
	read_usage(r, gm_reading_at(r, at, "usage"));
	for (i = gm_json_first(r->json, list); i >= 0 && r->rc == 0;
	     i = gm_json_next(r->json, list, i))
		read_choice(r, i);
}

static void
write_limit(const struct gm_reading *r, struct gm_jsonw *w, int model)
{
	static const char *const names[] = { "max_context_length",
		"max_model_len", "meta.n_ctx", "meta.n_ctx_train" };
	int64_t limit = -1;
	size_t i;

	for (i = 0; i < GM_LEN(names) && limit < 0; i++)
		limit =
		    gm_json_int(r->json, gm_reading_at(r, model, names[i]), -1);
	if (limit >= 0)
		gm_jsonw_int(w, "inputTokenLimit", limit);
}

static void
write_methods(const struct gm_reading *r, struct gm_jsonw *w, int list)
{
	const struct gm_json *j = r->json;
	int i;

	if (gm_json_type(j, list) != GM_JSON_OBJECT)
		return; /* unknown, which differs from none */
	gm_jsonw_array(w, "supportedGenerationMethods");
	for (i = gm_json_first(j, list); i >= 0; i = gm_json_next(j, list, i))
		if (gm_json_true(j, i))
			gm_jsonw_raw(
			    w, NULL, gm_json_raw(j, gm_json_name(j, i)));
	gm_jsonw_end(w);
}

/* Write a model under its id or an alias; false if that is not a name. */
static bool
write_model(const struct gm_reading *r, struct gm_jsonw *w, int model, int name)
{
	const struct gm_json *j = r->json;
	int display = gm_reading_at(r, model, "name");
	struct gm_span id = gm_json_raw(j, gm_reading_at(r, model, "id"));
	struct gm_span shown = gm_json_raw(j, display);

	if (gm_json_type(j, name) != GM_JSON_STRING || gm_json_is(j, name, ""))
		return false;
	gm_jsonw_object(w, NULL);
	gm_jsonw_raw(w, "id", gm_json_raw(j, name));
	if (gm_json_type(j, display) == GM_JSON_STRING &&
	    (shown.len != id.len || memcmp(shown.p, id.p, id.len) != 0))
		gm_jsonw_raw(w, "displayName", shown);
	write_limit(r, w, model);
	write_methods(r, w, gm_reading_at(r, model, "capabilities"));
	gm_jsonw_end(w);
	return true;
}

/* Write all models; false if the list has items, but none with a name. */
static bool
write_models(const struct gm_reading *r, struct gm_jsonw *w, int list)
{
	const struct gm_json *j = r->json;
	int model, aliases, i;
	bool named = gm_json_len(j, list) == 0;

	for (model = gm_json_first(j, list); model >= 0;
	     model = gm_json_next(j, list, model)) {
		named =
		    write_model(r, w, model, gm_reading_at(r, model, "id")) ||
		    named;
		aliases = gm_reading_at(r, model, "aliases");
		for (i = gm_json_first(j, aliases); i >= 0;
		     i = gm_json_next(j, aliases, i))
			named = write_model(r, w, model, i) || named;
	}
	return named;
}

/* Read a list of models; Ollama sends null if it has none. */
static void
read_list(struct gm_reading *r, int at)
{
	int list = gm_reading_at(r, at, "data");
	struct gm_jsonw w;
	bool good;

	if (gm_json_type(r->json, at) == GM_JSON_ARRAY)
		list = at;
	gm_jsonw_init(&w, &r->text);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_array(&w, "models");
	good = (gm_json_type(r->json, list) == GM_JSON_ARRAY ||
		   gm_json_type(r->json, list) == GM_JSON_NULL) &&
	       write_models(r, &w, list);
	gm_jsonw_end(&w);
	gm_jsonw_end(&w);
	if (!good) {
		r->rc = gm_fail(
		    r->err, GM_EPROTOCOL, "JSON, but not a list of models");
		return;
	}
	if (r->text.failed == GM_EDATA) { /* each alias repeats its model */
		r->rc = gm_fail(
		    r->err, GM_EPROTOCOL, "the list of models is too long");
		return;
	}
	r->rc = gm_buf_check(&r->text, r->err);
	gm_reading_give(r, gm_buf_span(&r->text), false);
	r->answer->finish = GM_FINISH_DONE;
	r->answer->seen = true;
}

int
gm_chat_read(const struct gm_json *json, int at, enum gm_operation operation,
    struct gm_answer *answer, const struct gm_sink *sink, struct gm_err *err)
{
	struct gm_reading r;

	gm_reading_init(&r, json, answer, sink, err);
	if (operation == GM_OP_MODELS)
		read_list(&r, at);
	else
		read_answer(&r, at);
	gm_reading_release(&r);
	return r.rc;
}
