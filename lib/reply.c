#include <stdio.h>
#include <string.h>

#include "reply.h"

/* Bytes of an error's body that are kept; the rest is not read. */
#define ERROR_MAX (1024 * 1024)

static int
set_fault(struct gm_reply *r, enum gm_class class, const char *words,
    struct gm_err *err)
{
	r->fault.class = class;
	r->fault.hint_ms = -1;
	(void)snprintf(r->fault.words, sizeof(r->fault.words), "%s", words);
	/* words may stand in *err */
	return gm_fail(err, gm_class(class)->code, "%s", r->fault.words);
}

/* An error object that came with status 200: the body's own code counts. */
static int
take_error(struct gm_reply *r, struct gm_span text, struct gm_err *err)
{
	r->provider->classify(r->question, 200, text, &r->fault);
	return gm_fail(err, GM_EPROTOCOL, "error in the stream");
}

static int
take_value(struct gm_reply *r, int at, struct gm_err *err)
{
	const struct gm_json *j = &r->json;
	int error = gm_json_at(j, at, "error");

	if (gm_json_type(j, at) != GM_JSON_OBJECT)
		return set_fault(
		    r, GM_CLASS_PROTOCOL, "JSON, but not an answer", err);
	if (gm_json_type(j, error) != GM_JSON_ABSENT &&
	    gm_json_type(j, error) != GM_JSON_NULL)
		return take_error(r, gm_json_raw(j, at), err);
	if (r->provider->read(
		j, at, r->question->call, r->answer, r->sink, err) == 0)
		return 0;
	return err->code == GM_EPROTOCOL
	           ? set_fault(r, GM_CLASS_PROTOCOL, err->msg, err)
	           : -1;
}

static int
parse(struct gm_reply *r, struct gm_span text, struct gm_err *err)
{
	if (gm_json_parse(&r->json, text, err) == 0)
		return 0;
	return err->code == GM_EOS
	           ? -1
	           : set_fault(r, r->at_end ? GM_CLASS_CUT : GM_CLASS_PROTOCOL,
			 err->msg, err);
}

static int
on_event(struct gm_span data, void *arg, struct gm_err *err)
{
	struct gm_reply *r = arg;

	/* Only services of the other dialect send it; it says nothing. */
	if (gm_span_is(gm_span_trim(data), "[DONE]"))
		return 0;
	if (parse(r, data, err) != 0)
		return -1;
	return take_value(r, GM_JSON_ROOT, err);
}

/* Errors come as pretty-printed JSON without "data:", line by line. */
static int
on_stray(struct gm_span line, void *arg, struct gm_err *err)
{
	struct gm_reply *r = arg;

	gm_buf_put_span(&r->stray, line);
	gm_buf_putc(&r->stray, '\n');
	if (r->stray.failed == GM_EDATA)
		return set_fault(r, GM_CLASS_PROTOCOL,
		    "text without end that is neither events nor JSON", err);
	return gm_buf_check(&r->stray, err);
}

void
gm_reply_init(struct gm_reply *r, const struct gm_provider *provider,
    const struct gm_question *question, const struct gm_sink *sink,
    struct gm_answer *answer)
{
	*r = (struct gm_reply){ .provider = provider,
		.question = question,
		.sink = sink,
		.answer = answer,
		.fault = { .hint_ms = -1 } };
	gm_sse_init(&r->sse, GM_REPLY_MAX, on_event, on_stray, r);
	gm_buf_init(&r->body, GM_REPLY_MAX);
	gm_buf_init(&r->stray, ERROR_MAX);
}

static struct gm_span
skip_blank(struct gm_span bytes)
{
	while (bytes.len > 0 && memchr(" \t\r\n", bytes.p[0], 4) != NULL) {
		bytes.p++;
		bytes.len--;
	}
	return bytes;
}

/* Judge by the status and the first byte that is not white space. */
static enum gm_reply_kind
judge(const struct gm_http_head *head, struct gm_span bytes)
{
	if (head->status != 200)
		return GM_REPLY_ERROR;
	if (bytes.len == 0)
		return GM_REPLY_UNKNOWN;
	if (bytes.p[0] == '{' || bytes.p[0] == '[')
		return GM_REPLY_JSON;
	if (bytes.p[0] == '<' || bytes.p[0] == '\x1f')
		return GM_REPLY_FOREIGN;
	return GM_REPLY_STREAM;
}

static int
feed(struct gm_reply *r, struct gm_span bytes, struct gm_err *err)
{
	if (gm_sse_feed(&r->sse, bytes, err) == 0)
		return 0;
	if (r->fault.class == GM_CLASS_OK && err->code == GM_EPROTOCOL)
		return set_fault(r, GM_CLASS_PROTOCOL, err->msg, err);
	return -1;
}

static int
keep(struct gm_reply *r, struct gm_span bytes, struct gm_err *err)
{
	gm_buf_put_span(&r->body, bytes);
	if (r->body.failed == GM_EDATA)
		return set_fault(
		    r, GM_CLASS_PROTOCOL, "larger than 64 MiB", err);
	return gm_buf_check(&r->body, err);
}

/* An error's beginning is enough; what goes on and on is not waited for. */
static int
keep_error(
    struct gm_reply *r, long status, struct gm_span bytes, struct gm_err *err)
{
	if (bytes.len > ERROR_MAX - r->body.len)
		bytes.len = ERROR_MAX - r->body.len;
	gm_buf_put_span(&r->body, bytes);
	if (r->body.len < ERROR_MAX)
		return gm_buf_check(&r->body, err);
	r->provider->classify(
	    r->question, status, gm_buf_span(&r->body), &r->fault);
	return gm_fail(err, GM_EPROTOCOL, "an error larger than 1 MiB");
}

static int
take(struct gm_reply *r, const struct gm_http_head *head, struct gm_span bytes,
    struct gm_err *err)
{
	if (r->kind == GM_REPLY_UNKNOWN) {
		if (head->status == 200)
			bytes = skip_blank(bytes);
		r->kind = judge(head, bytes);
	}
	switch (r->kind) {
	case GM_REPLY_STREAM:
		return feed(r, bytes, err);
	case GM_REPLY_JSON:
		return keep(r, bytes, err);
	case GM_REPLY_ERROR:
		return keep_error(r, head->status, bytes, err);
	case GM_REPLY_FOREIGN:
		return set_fault(r, GM_CLASS_PROTOCOL,
		    bytes.p[0] == '<'
			? "a web page instead of an answer: a captive portal, "
			  "or a wrong base URL"
			: "compressed, although that was not asked for",
		    err);
	case GM_REPLY_UNKNOWN:
		break; /* nothing but white space so far */
	}
	return 0;
}

enum gm_http_pulse
gm_reply_take(const struct gm_http_head *head, struct gm_span bytes, void *arg,
    struct gm_err *err)
{
	struct gm_reply *r = arg;
	size_t before = gm_sse_bytes(&r->sse);

	if (take(r, head, bytes, err) != 0)
		return GM_HTTP_STOP;
	if (r->kind == GM_REPLY_UNKNOWN || /* blank so far */
	    (r->kind == GM_REPLY_STREAM && gm_sse_bytes(&r->sse) == before))
		return GM_HTTP_IDLE;
	return GM_HTTP_ALIVE;
}

/* One document, or an array of them, as an answer to a streaming request. */
static int
take_documents(struct gm_reply *r, struct gm_span text, struct gm_err *err)
{
	const struct gm_json *j = &r->json;
	int i;

	if (parse(r, text, err) != 0)
		return -1;
	if (gm_json_type(j, GM_JSON_ROOT) != GM_JSON_ARRAY)
		return take_value(r, GM_JSON_ROOT, err);
	for (i = gm_json_first(j, GM_JSON_ROOT); i >= 0;
	     i = gm_json_next(j, GM_JSON_ROOT, i))
		if (take_value(r, i, err) != 0)
			return -1;
	return 0;
}

/* Lines that were no events: an error, or the start of one that was cut. */
static int
take_stray(struct gm_reply *r, struct gm_err *err)
{
	struct gm_span text = gm_span_trim(gm_buf_span(&r->stray));

	if (text.len == 0 || (text.p[0] != '{' && text.p[0] != '['))
		return 0;
	return take_documents(r, text, err);
}

/* What stands last and is no JSON was cut off with the stream. */
static int
end_stream(struct gm_reply *r, struct gm_err *err)
{
	r->at_end = true;
	if (gm_sse_end(&r->sse, err) != 0)
		return -1;
	return take_stray(r, err);
}

static int
take_end(
    struct gm_reply *r, const struct gm_http_head *head, struct gm_err *err)
{
	switch (r->kind) {
	case GM_REPLY_STREAM:
		return end_stream(r, err);
	case GM_REPLY_JSON:
		return take_documents(r, gm_buf_span(&r->body), err);
	case GM_REPLY_ERROR:
	case GM_REPLY_FOREIGN:
	case GM_REPLY_UNKNOWN:
		break;
	}
	if (head->status != 200)
		r->provider->classify(r->question, head->status,
		    gm_buf_span(&r->body), &r->fault);
	return 0;
}

static enum gm_class
class_of_transfer(enum gm_http_fault fault)
{
	switch (fault) {
	case GM_HTTP_DONE:
		break;
	case GM_HTTP_REFUSED: /* by our own sink */
		return GM_CLASS_LOCAL;
	case GM_HTTP_NETWORK:
		return GM_CLASS_NETWORK;
	case GM_HTTP_SILENCE:
		return GM_CLASS_SILENCE;
	case GM_HTTP_CUT:
		return GM_CLASS_CUT;
	case GM_HTTP_TLS:
		return GM_CLASS_TLS;
	case GM_HTTP_PROXY:
		return GM_CLASS_PROXY;
	case GM_HTTP_GARBAGE:
		return GM_CLASS_PROTOCOL;
	case GM_HTTP_LOCAL:
		return GM_CLASS_LOCAL;
	}
	return GM_CLASS_OK;
}

/*
 * A service that refuses a large request may close before it was read: its
 * status then says more than the broken connection.  What we refused ourselves
 * we have not seen.
 */
static bool
has_verdict(const struct gm_http_result *result)
{
	return result->fault == GM_HTTP_DONE ||
	       (result->fault != GM_HTTP_REFUSED && result->head.status >= 400);
}

/* Errors often come right before the connection breaks, and say why. */
static bool
has_error(struct gm_reply *r, const struct gm_http_result *result)
{
	struct gm_span text = gm_span_trim(gm_buf_span(&r->stray));
	struct gm_err ignored;

	return r->kind == GM_REPLY_STREAM && text.len > 0 &&
	       result->fault != GM_HTTP_REFUSED &&
	       gm_json_parse(&r->json, text, &ignored) == 0 &&
	       gm_json_at(&r->json, GM_JSON_ROOT, "error") != GM_JSON_NONE;
}

/* The body is over, but not the answer. */
static void
set_unfinished(struct gm_reply *r)
{
	struct gm_err ignored;

	if (r->stray.len > 0 && r->json.count == 0)
		(void)set_fault(
		    r, GM_CLASS_PROTOCOL, "neither events nor JSON", &ignored);
	else
		(void)set_fault(r, GM_CLASS_CUT, "no finish reason", &ignored);
}

void
gm_reply_end(struct gm_reply *r, const struct gm_http_result *result)
{
	struct gm_err err = { .code = GM_OK };

	if (r->fault.class == GM_CLASS_OK && has_verdict(result)) {
		if (result->head.status != 200)
			r->kind = GM_REPLY_ERROR;
		if (take_end(r, &result->head, &err) != 0 &&
		    r->fault.class == GM_CLASS_OK)
			(void)set_fault(r, GM_CLASS_LOCAL, err.msg, &err);
		if (r->fault.class == GM_CLASS_OK &&
		    r->answer->finish == GM_FINISH_NONE)
			set_unfinished(r);
	} else if (r->fault.class == GM_CLASS_OK && has_error(r, result)) {
		(void)take_value(r, GM_JSON_ROOT, &err);
	} else if (r->fault.class == GM_CLASS_OK) {
		(void)set_fault(
		    r, class_of_transfer(result->fault), result->err.msg, &err);
	}
	if (r->fault.http == 0)
		r->fault.http = result->head.status;
}

void
gm_reply_release(struct gm_reply *r)
{
	gm_sse_release(&r->sse);
	gm_buf_release(&r->body);
	gm_buf_release(&r->stray);
	gm_json_release(&r->json);
}
