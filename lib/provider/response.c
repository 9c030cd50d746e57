#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "net/httpfault.h"
#include "net/retryafter.h"
#include "provider/errbody.h"
#include "provider/reading.h"
#include "provider/response.h"

/* Limit in bytes for the body of an error; the rest is not read. */
#define ERROR_MAX (1024 * 1024)

/* Longest wait that a Retry-After header can ask for. */
#define HOUR_MS INT64_C(3600000)

/* A large event restarts the timeout after each so many bytes. */
#define STEP ((size_t)64 * 1024)

/* The last event of chat completions. */
#define DONE "[DONE]"

static int
set_fault(struct gm_response *r, enum gm_class class, const char *words,
    struct gm_err *err)
{
	r->fault.class = class;
	r->fault.hint_ms = -1;
	(void)snprintf(r->fault.words, sizeof(r->fault.words), "%s", words);
	/* words may be err->msg, so use the copy */
	return gm_fail(err, gm_class(class)->code, "%s", r->fault.words);
}

/* The head for an error inside an answer: the code in the body counts. */
static const struct gm_http_head good = { .status = 200 };

/* Take an error object that came with status 200. */
static int
take_error(struct gm_response *r, struct gm_span text, struct gm_err *err)
{
	gm_provider_classify(r->provider, r->request, &good, text, &r->fault);
	return gm_fail(err, GM_EPROTOCOL, "error in the stream");
}

/*
 * Take an object with a message but no sign of an error: {"message":"..."}.  In
 * the middle of an answer it means that the service failed; otherwise the
 * response is not an answer.
 */
static int
take_words(struct gm_response *r, struct gm_span text, struct gm_err *err)
{
	int rc = take_error(r, text, err);

	if (r->fault.class == GM_CLASS_SERVER ||
	    r->fault.class == GM_CLASS_PROTOCOL)
		r->fault.class =
		    r->answer->seen ? GM_CLASS_SERVER : GM_CLASS_PROTOCOL;
	return rc;
}

/* The text for a document that does not answer the operation. */
static const char *
odd_words(const struct gm_response *r)
{
	switch (r->request->operation) {
	case GM_OP_COUNT:
		return "JSON, but not a number of tokens";
	case GM_OP_MODELS:
		return "JSON, but not a list of models";
	case GM_OP_GENERATE:
		break;
	}
	return "JSON, but not an answer";
}

/*
 * Take a document that is neither an answer nor a known error.  It may be an
 * error in another form, so its words are read, but GM_CLASS_SERVER needs more
 * than words.
 */
static int
take_odd(struct gm_response *r, struct gm_span text, const char *words,
    struct gm_err *err)
{
	gm_provider_classify(r->provider, r->request, &good, text, &r->fault);
	if (r->fault.words[0] == '\0') /* it has no words */
		return set_fault(r, GM_CLASS_PROTOCOL, words, err);
	if (r->fault.class == GM_CLASS_SERVER)
		r->fault.class = GM_CLASS_PROTOCOL;
	return gm_fail(err, GM_EPROTOCOL, "an error in place of an answer");
}

/* Keep the first document that is no answer, in case that no answer follows. */
static int
keep_odd(struct gm_response *r, struct gm_span text, struct gm_err *err)
{
	if (r->odd.len > 0)
		return 0;
	if (text.len > ERROR_MAX)
		text.len = ERROR_MAX;
	gm_buf_put_span(&r->odd, text);
	return gm_buf_check(&r->odd, err);
}

/* True if a response may have this type; a list of models may be an array. */
static bool
may_be(enum gm_json_type type, enum gm_operation operation)
{
	return type == GM_JSON_OBJECT ||
	       (type == GM_JSON_ARRAY && operation == GM_OP_MODELS);
}

/* True if the answer has begun, perhaps with a thought. */
static bool
is_begun(const struct gm_answer *a)
{
	return a->begun || a->finish != GM_FINISH_NONE;
}

/*
 * Let the provider read a document.  It restarts the timeout if the answer has
 * begun: an event with a role or a usage alone does not show that the model
 * works.
 */
static int
read_answer(struct gm_response *r, int at, struct gm_err *err)
{
	struct gm_answer *a = r->answer;
	bool seen = a->seen;
	int rc;

	a->seen = false;
	rc = r->provider->read(
	    &r->json, at, r->request->operation, a, r->sink, err);
	if (a->seen && is_begun(a))
		r->progress++;
	a->seen = a->seen || seen;
	return rc;
}

static int
take_value(struct gm_response *r, int at, struct gm_err *err)
{
	const struct gm_json *j = &r->json;

	if (!may_be(gm_json_type(j, at), r->request->operation))
		return set_fault(
		    r, GM_CLASS_PROTOCOL, "JSON, but not an answer", err);
	if (gm_errbody_is_vague(j, at))
		return take_words(r, gm_json_raw(j, at), err);
	if (gm_errbody_is(j, at))
		return take_error(r, gm_json_raw(j, at), err);
	if (read_answer(r, at, err) != 0)
		return err->code == GM_EPROTOCOL
		           ? take_odd(r, gm_json_raw(j, at), err->msg, err)
		           : -1;
	return r->answer->seen ? 0 : keep_odd(r, gm_json_raw(j, at), err);
}

/* True if the answer has a finish reason and no text after it. */
static bool
is_settled(const struct gm_response *r)
{
	return r->answer->finish != GM_FINISH_NONE && !r->answer->late;
}

/* True if a string that is not empty follows the name of a member. */
static bool
begins_text(struct gm_span rest)
{
	rest = gm_span_ltrim(rest);
	if (!gm_span_starts(rest, ":"))
		return false;
	rest.p++;
	rest.len--;
	rest = gm_span_ltrim(rest);
	return rest.len > 1 && rest.p[0] == '"' && rest.p[1] != '"';
}

/* True if the beginning of a document has text of the answer. */
static bool
holds_text(struct gm_span json)
{
	static const char *const members[] = { "\"text\"", "\"content\"" };
	struct gm_span rest;
	const char *p;
	size_t i;

	for (i = 0; i < GM_LEN(members); i++) {
		rest = json;
		while ((p = gm_span_find(rest, members[i])) != NULL) {
			p += strlen(members[i]);
			rest.len -= (size_t)(p - rest.p);
			rest.p = p;
			if (begins_text(rest))
				return true;
		}
	}
	return false;
}

/* Result of parse() for an incomplete document that the answer can miss. */
#define NOTHING 1

static int
parse(struct gm_response *r, struct gm_span text, struct gm_err *err)
{
	if (gm_json_parse(&r->json, text, err) == 0)
		return 0;
	if (err->code == GM_EOS)
		return -1;
	if (r->broken || (r->at_end && is_settled(r))) {
		r->lost = r->lost || holds_text(text);
		return NOTHING;
	}
	return set_fault(r, r->at_end ? GM_CLASS_TRUNCATED : GM_CLASS_PROTOCOL,
	    err->msg, err);
}

/*
 * Return true once "[DONE]" has come.  It ends the stream at once, whatever
 * follows in the same event or line: otherwise the result would depend on where
 * the network cuts the bytes.
 */
static bool
is_over(struct gm_response *r)
{
	r->done = r->done || gm_sse_begins(&r->sse, DONE);
	return r->done;
}

static int
on_event(struct gm_span data, void *arg, struct gm_err *err)
{
	struct gm_response *r = arg;
	int rc;

	if (is_over(r))
		return 0;
	rc = parse(r, data, err);
	if (rc != 0)
		return rc == NOTHING ? 0 : -1;
	return take_value(r, GM_JSON_ROOT, err);
}

/*
 * True for a line "error: {...}", as llama.cpp sent until 2025; cut to "{...}".
 */
static bool
is_error_line(struct gm_span *line)
{
	static const char name[] = "error:";
	struct gm_span rest = *line;

	if (!gm_span_starts(rest, name))
		return false;
	rest.p += strlen(name);
	rest.len -= strlen(name);
	*line = gm_span_trim(rest);
	return gm_span_starts(*line, "{");
}

/* Collect lines without "data:": errors come so, as pretty-printed JSON. */
static int
on_stray(struct gm_span line, void *arg, struct gm_err *err)
{
	struct gm_span error = line;
	struct gm_response *r = arg;
	int rc;

	if (is_over(r))
		return 0;
	if (is_error_line(&error)) {
		rc = parse(r, error, err);
		if (rc == 0)
			return take_error(r, error, err);
		return rc == NOTHING ? 0 : -1;
	}
	if (r->stray.len == 0) /* an error needs no thinking: timeout_ms */
		r->progress++;
	gm_buf_put_span(&r->stray, line);
	gm_buf_putc(&r->stray, '\n');
	if (r->stray.failed == GM_EDATA)
		return set_fault(r, GM_CLASS_PROTOCOL,
		    "neither events nor JSON, over 1 MiB", err);
	return gm_buf_check(&r->stray, err);
}

void
gm_response_init(struct gm_response *r, const struct gm_provider *provider,
    const struct gm_request *request, const struct gm_sink *sink,
    struct gm_answer *answer)
{
	*r = (struct gm_response){ .provider = provider,
		.request = request,
		.sink = sink,
		.answer = answer,
		.fault = { .hint_ms = -1 } };
	if (provider->thinks_in_text && request->token.len == 0)
		gm_think_init(&answer->think,
		    !sink->final || gm_think_is_expected(request->model));
	gm_sse_init(&r->sse, GM_RESPONSE_MAX, on_event, on_stray, r);
	gm_buf_init(&r->body, GM_RESPONSE_MAX);
	gm_buf_init(&r->stray, ERROR_MAX);
	gm_buf_init(&r->odd, ERROR_MAX);
}

/* Find the kind from the status and the first byte after white space. */
static enum gm_response_kind
kind_of(const struct gm_http_head *head, struct gm_span bytes)
{
	if (head->status != 200)
		return GM_RESPONSE_ERROR;
	if (bytes.len == 0)
		return GM_RESPONSE_UNKNOWN;
	if (bytes.p[0] == '{' || bytes.p[0] == '[')
		return GM_RESPONSE_JSON;
	/* HTML, or gzip from a server that compresses in any case. */
	if (bytes.p[0] == '<' || bytes.p[0] == '\x1f')
		return GM_RESPONSE_FOREIGN;
	return GM_RESPONSE_STREAM;
}

static int
feed(struct gm_response *r, struct gm_span bytes, struct gm_err *err)
{
	if (gm_sse_feed(&r->sse, bytes, err) == 0)
		return 0;
	if (r->fault.class == GM_CLASS_OK && err->code == GM_EPROTOCOL)
		return set_fault(r, GM_CLASS_PROTOCOL, err->msg, err);
	return -1;
}

static int
keep(struct gm_response *r, struct gm_span bytes, struct gm_err *err)
{
	gm_buf_put_span(&r->body, bytes);
	if (r->body.failed == GM_EDATA)
		return set_fault(r, GM_CLASS_PROTOCOL, "over 64 MiB", err);
	return gm_buf_check(&r->body, err);
}

/* Keep the beginning of an error; at the limit classify it and stop. */
static int
keep_error(struct gm_response *r, const struct gm_http_head *head,
    struct gm_span bytes, struct gm_err *err)
{
	if (bytes.len > ERROR_MAX - r->body.len)
		bytes.len = ERROR_MAX - r->body.len;
	gm_buf_put_span(&r->body, bytes);
	if (r->body.len < ERROR_MAX)
		return gm_buf_check(&r->body, err);
	gm_provider_classify(
	    r->provider, r->request, head, gm_buf_span(&r->body), &r->fault);
	return gm_fail(err, GM_EPROTOCOL, "an error larger than 1 MiB");
}

static int
take(struct gm_response *r, const struct gm_http_head *head,
    struct gm_span bytes, struct gm_err *err)
{
	if (r->kind == GM_RESPONSE_UNKNOWN) {
		if (head->status == 200)
			bytes = gm_span_ltrim(bytes);
		r->kind = kind_of(head, bytes);
	}
	switch (r->kind) {
	case GM_RESPONSE_STREAM:
		return feed(r, bytes, err);
	case GM_RESPONSE_JSON:
		return keep(r, bytes, err);
	case GM_RESPONSE_ERROR:
		return keep_error(r, head, bytes, err);
	case GM_RESPONSE_FOREIGN:
		return set_fault(r, GM_CLASS_PROTOCOL,
		    bytes.p[0] == '<'
			? "a web page, perhaps of a captive portal"
			: "compressed data",
		    err);
	case GM_RESPONSE_UNKNOWN:
		break; /* only white space so far */
	}
	return 0;
}

enum gm_http_pulse
gm_response_take(const struct gm_http_head *head, struct gm_span bytes,
    void *arg, struct gm_err *err)
{
	struct gm_response *r = arg;
	size_t progress = r->progress, steps = gm_sse_pending(&r->sse) / STEP;

	if (!is_over(r) && take(r, head, bytes, err) != 0)
		return GM_HTTP_STOP;
	if (is_over(r))
		return GM_HTTP_ENOUGH;
	if (r->kind == GM_RESPONSE_STREAM)
		return r->progress > progress ||
		               gm_sse_pending(&r->sse) / STEP > steps
		           ? GM_HTTP_ALIVE
		           : GM_HTTP_IDLE;
	/* Blanks before and between documents are pings. */
	return r->kind != GM_RESPONSE_ERROR && gm_span_trim(bytes).len == 0
	           ? GM_HTTP_IDLE
	           : GM_HTTP_ALIVE;
}

/* True if the JSON is one document: not an array of answers or an error. */
static bool
is_single(const struct gm_response *r)
{
	const struct gm_json *j = &r->json;

	return gm_json_type(j, GM_JSON_ROOT) != GM_JSON_ARRAY ||
	       (r->request->operation == GM_OP_MODELS &&
		   !gm_errbody_is(j, gm_json_first(j, GM_JSON_ROOT)));
}

/* Take one document, or an array of them, in place of a stream. */
static int
take_documents(struct gm_response *r, struct gm_span text, struct gm_err *err)
{
	const struct gm_json *j = &r->json;
	int i = parse(r, text, err);

	if (i != 0)
		return i == NOTHING ? 0 : -1;
	if (gm_json_len(j, GM_JSON_ROOT) == 0 && keep_odd(r, text, err) != 0)
		return -1;
	if (is_single(r))
		return take_value(r, GM_JSON_ROOT, err);
	for (i = gm_json_first(j, GM_JSON_ROOT); i >= 0;
	     i = gm_json_next(j, GM_JSON_ROOT, i))
		if (take_value(r, i, err) != 0)
			return -1;
	return 0;
}

/* Take the collected lines: an error, perhaps incomplete. */
static int
take_stray(struct gm_response *r, struct gm_err *err)
{
	struct gm_span text = gm_span_trim(gm_buf_span(&r->stray));

	if (text.len == 0 || (text.p[0] != '{' && text.p[0] != '['))
		return 0;
	return take_documents(r, text, err);
}

/* End a stream; from here on bad JSON is JSON that was cut off. */
static int
end_stream(struct gm_response *r, struct gm_err *err)
{
	r->at_end = true;
	if (gm_sse_end(&r->sse, err) != 0)
		return -1;
	return take_stray(r, err);
}

static int
take_end(
    struct gm_response *r, const struct gm_http_head *head, struct gm_err *err)
{
	switch (r->kind) {
	case GM_RESPONSE_STREAM:
		return end_stream(r, err);
	case GM_RESPONSE_JSON:
		return take_documents(r, gm_buf_span(&r->body), err);
	case GM_RESPONSE_ERROR:
	case GM_RESPONSE_FOREIGN:
	case GM_RESPONSE_UNKNOWN:
		break;
	}
	if (head->status != 200 && !r->broken)
		gm_provider_classify(r->provider, r->request, head,
		    gm_buf_span(&r->body), &r->fault);
	return 0;
}

/* True if the response is complete and has text, but no finish reason. */
static bool
is_unfinished(const struct gm_response *r)
{
	return r->request->operation == GM_OP_GENERATE && r->answer->text &&
	       (r->done || (r->kind == GM_RESPONSE_JSON && !r->broken));
}

/* Set the fault of a body that ended without a finish reason. */
static void
set_unfinished(struct gm_response *r)
{
	bool answer = r->request->operation == GM_OP_GENERATE;
	struct gm_err ignored;

	if (is_unfinished(r))
		r->answer->finish = GM_FINISH_OTHER;
	else if (r->stray.len > 0 && r->json.count == 0)
		(void)set_fault(
		    r, GM_CLASS_PROTOCOL, "neither events nor JSON", &ignored);
	else if (r->odd.len > 0 && !r->answer->seen)
		(void)take_odd(r, gm_buf_span(&r->odd), odd_words(r), &ignored);
	else
		(void)set_fault(r, GM_CLASS_TRUNCATED,
		    answer ? "no finish reason" : "no data", &ignored);
}

/* True if the answer is complete although the transfer broke off. */
static bool
is_whole(const struct gm_response *r, enum gm_http_fault fault)
{
	if (r->lost)
		return false;
	return r->answer->finish != GM_FINISH_NONE
	           ? !r->answer->late || fault == GM_HTTP_TIMEOUT
	           : is_unfinished(r);
}

/*
 * End a transfer without a fault so far.  A broken one is still read to its
 * end: an error often comes right before, and the answer may be complete.
 */
static void
end_transfer(struct gm_response *r, const struct gm_http_result *result)
{
	struct gm_err err = { .code = GM_OK };

	if (result->fault == GM_HTTP_ABORTED) {
		(void)set_fault(r, GM_CLASS_LOCAL, result->err.msg, &err);
		return;
	}
	r->broken = !gm_httpfault_has_class(result);
	if (!r->broken && result->head.status != 200)
		r->kind = GM_RESPONSE_ERROR;
	if (take_end(r, &result->head, &err) != 0 &&
	    r->fault.class == GM_CLASS_OK)
		(void)set_fault(r, GM_CLASS_LOCAL, err.msg, &err);
	if (r->fault.class == GM_CLASS_OK && r->broken &&
	    !is_whole(r, result->fault)) {
		(void)set_fault(r, gm_httpfault_class(result->fault),
		    result->err.msg, &err);
		gm_httpfault_advise(result, &r->fault);
	}
}

/* Complete the fault from the head: status, Retry-After, proxy. */
static void
take_head(struct gm_fault *f, const struct gm_http_head *head)
{
	if (f->http == 0)
		f->http = head->status;
	if (f->class == GM_CLASS_OK)
		return;
	if (f->hint_ms < 0)
		f->hint_ms =
		    gm_retryafter_ms(gm_http_header(head, "retry-after"),
			gm_clock_wall_ms(), HOUR_MS);
	/* Only with a proxy can the page be the proxy's. */
	if (head->proxied && f->class == GM_CLASS_FRONT_END)
		f->class = GM_CLASS_PROXY;
}

void
gm_response_end(struct gm_response *r, const struct gm_http_result *result)
{
	struct gm_err ignored;
	char words[sizeof(r->answer->reason) + sizeof("finish reason ")];

	if (r->fault.class == GM_CLASS_OK)
		end_transfer(r, result);
	if (r->fault.class == GM_CLASS_OK && r->lost)
		(void)set_fault(r, GM_CLASS_TRUNCATED,
		    "an event with text is incomplete", &ignored);
	if (r->fault.class == GM_CLASS_OK &&
	    r->answer->finish == GM_FINISH_NONE)
		set_unfinished(r);
	if (r->fault.class == GM_CLASS_OK &&
	    r->answer->finish != GM_FINISH_MORE &&
	    gm_reading_close(r->answer, r->sink, &ignored) != 0)
		(void)set_fault(r, GM_CLASS_LOCAL, ignored.msg, &ignored);
	if (r->fault.class == GM_CLASS_OK &&
	    r->answer->finish == GM_FINISH_FAILED) {
		(void)snprintf(words, sizeof(words), "finish reason %s",
		    r->answer->reason);
		(void)set_fault(r, GM_CLASS_SERVER, words, &ignored);
	}
	take_head(&r->fault, &result->head);
}

void
gm_response_release(struct gm_response *r)
{
	gm_sse_release(&r->sse);
	gm_buf_release(&r->body);
	gm_buf_release(&r->stray);
	gm_buf_release(&r->odd);
	gm_json_release(&r->json);
}
