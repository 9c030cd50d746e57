#include "cli/record.h"
#include "base/clock.h"
#include "json/write.h"

#define MASKED_MAX (64 * 1024)

static void
put_masked(struct gm_jsonw *w, const char *name, struct gm_span text,
    const struct gm_secrets *secrets)
{
	struct gm_buf masked;

	gm_buf_init(&masked, MASKED_MAX);
	gm_secret_mask(secrets, &masked, text);
	gm_jsonw_span(w, name, gm_buf_span(&masked));
	gm_buf_inherit(w->out, &masked);
	gm_buf_release(&masked);
}

/* Write a text, or null if the service did not send it. */
static void
put_known(struct gm_jsonw *w, const char *name, const char *text,
    const struct gm_secrets *secrets)
{
	if (text[0] == '\0')
		gm_jsonw_null(w, name);
	else
		put_masked(w, name, gm_span_of(text), secrets);
}

static void
put_usage(struct gm_jsonw *w, const struct gm_usage *u)
{
	gm_jsonw_object(w, "usage");
	gm_jsonw_int_or_null(w, "prompt", u->prompt);
	gm_jsonw_int_or_null(w, "cached", u->cached);
	gm_jsonw_int_or_null(w, "output", u->output);
	gm_jsonw_int_or_null(w, "thoughts", u->thoughts);
	gm_jsonw_int_or_null(w, "total", u->total);
	gm_jsonw_end(w);
}

static void
put_measures(struct gm_jsonw *w, const struct gm_result *o)
{
	gm_jsonw_object(w, "timing");
	gm_jsonw_int(w, "total_ms", o->total_ms);
	gm_jsonw_int(w, "ttft_ms", o->ttft_ms);
	gm_jsonw_int(w, "wait_ms", o->wait_ms);
	gm_jsonw_int(w, "connect_ms", o->connect_ms);
	gm_jsonw_end(w);
	gm_jsonw_object(w, "bytes");
	gm_jsonw_int(w, "sent", o->bytes_sent);
	gm_jsonw_int(w, "received", o->bytes_received);
	gm_jsonw_end(w);
}

/* Write null if the request had no key, as for a server on this machine. */
static void
put_index(struct gm_jsonw *w, const struct gm_attempt *a)
{
	bool keyed = a != NULL && a->key.len > 0;

	gm_jsonw_int_or_null(
	    w, "key_index", keyed ? (int64_t)a->key_index : -1);
}

/* Write the masked key: an index alone may belong to another list of keys. */
static void
put_key(struct gm_jsonw *w, struct gm_span key)
{
	struct gm_buf shown;

	if (key.len == 0) {
		gm_jsonw_null(w, "key");
		return;
	}
	gm_buf_init(&shown, MASKED_MAX);
	gm_secret_show(&shown, key);
	gm_jsonw_span(w, "key", gm_buf_span(&shown));
	gm_buf_inherit(w->out, &shown);
	gm_buf_release(&shown);
}

static void
put_attempts(struct gm_jsonw *w, const struct gm_record *r)
{
	const struct gm_result *o = r->result;
	const struct gm_attempt *a;
	size_t i;

	gm_jsonw_array(w, "attempts");
	for (i = 0; i < gm_result_attempts(o); i++) {
		a = gm_result_attempt(o, i);
		gm_jsonw_object(w, NULL);
		gm_jsonw_text(w, "provider", a->provider);
		put_masked(w, "model", gm_span_of(a->model), r->secrets);
		put_index(w, a);
		put_key(w, a->key);
		gm_jsonw_int_or_null(w, "http", a->http > 0 ? a->http : -1);
		gm_jsonw_text(w, "class", gm_class(a->class)->name);
		gm_jsonw_int(w, "ms", a->ms);
		gm_jsonw_end(w);
	}
	gm_jsonw_end(w);
	gm_jsonw_bool(w, "fallback", o->fallback);
}

static void
put_sources(struct gm_jsonw *w, const struct gm_record *r)
{
	struct gm_span rest = gm_buf_span(&r->result->answer.sources);
	struct gm_span line, uri;

	gm_jsonw_array(w, "sources");
	while (gm_span_split(&rest, "\n", &line) &&
	       gm_span_split(&line, "\t", &uri) && uri.len > 0) {
		gm_jsonw_object(w, NULL);
		put_masked(w, "uri", uri, r->secrets);
		put_masked(w, "title", line, r->secrets);
		gm_jsonw_end(w);
	}
	gm_jsonw_end(w);
}

/* Write the parts that are not text. */
static void
put_omitted(struct gm_jsonw *w, const struct gm_record *r)
{
	const struct gm_buf *list = &r->result->answer.omitted;
	const void *all = list->data;
	const struct gm_omitted *o = all;
	size_t i;

	gm_jsonw_array(w, "parts_omitted");
	for (i = 0; i < list->len / sizeof(*o); i++) {
		gm_jsonw_object(w, NULL);
		put_masked(w, "type", gm_span_of(o[i].type), r->secrets);
		put_known(w, "mime_type", o[i].mime, r->secrets);
		gm_jsonw_int(w, "bytes", o[i].bytes);
		gm_jsonw_end(w);
	}
	gm_jsonw_end(w);
}

static void
put_error(struct gm_jsonw *w, const struct gm_record *r)
{
	char at[GM_CLOCK_TEXT] = "";

	if (r->err == NULL) {
		gm_jsonw_null(w, "error");
		return;
	}
	gm_jsonw_object(w, "error");
	gm_jsonw_text(
	    w, "class", gm_class(gm_result_class(r->result, r->err))->name);
	put_masked(w, "message", gm_span_of(r->err->msg), r->secrets);
	put_known(w, "service_message",
	    r->result != NULL ? gm_result_service_text(r->result) : "",
	    r->secrets);
	if (r->result != NULL && r->result->retry_at_ms != 0)
		gm_clock_format(at, r->result->retry_at_ms);
	gm_jsonw_text_or_null(w, "retry_at", at);
	gm_jsonw_end(w);
}

static void
put_result(struct gm_jsonw *w, const struct gm_record *r)
{
	const struct gm_answer *a = &r->result->answer;

	put_known(w, "model_version", a->model_version, r->secrets);
	put_index(w, gm_result_last(r->result));
	put_known(w, "finish_reason", a->reason, r->secrets);
	put_usage(w, &a->usage);
	put_measures(w, r->result);
	put_omitted(w, r);
	put_attempts(w, r);
	put_sources(w, r);
}

/* Write the identity of a record of a batch. */
static void
put_identity(struct gm_jsonw *w, const struct gm_record *r)
{
	if (r->number == 0)
		return;
	gm_jsonw_int(w, "record", r->number);
	if (r->id.len > 0)
		gm_jsonw_raw(w, "id", r->id);
	if (r->hash != NULL)
		gm_jsonw_text(w, "hash", r->hash);
}

void
gm_record_write(const struct gm_record *r, struct gm_buf *out)
{
	struct gm_result none;
	struct gm_record whole = *r;
	struct gm_jsonw w;

	gm_result_init(&none);
	if (whole.result == NULL)
		whole.result = &none;
	gm_jsonw_init(&w, out);
	gm_jsonw_object(&w, NULL);
	put_identity(&w, r);
	gm_jsonw_bool(&w, "ok", r->err == NULL);
	gm_jsonw_span(&w, "text", r->text);
	gm_jsonw_text(&w, "provider",
	    whole.result->provider != NULL ? whole.result->provider
					   : r->provider);
	if (whole.result->model != NULL)
		put_masked(
		    &w, "model", gm_span_of(whole.result->model), r->secrets);
	else if (r->request != NULL && r->request->model != NULL)
		put_masked(
		    &w, "model", gm_span_of(r->request->model), r->secrets);
	else
		gm_jsonw_null(&w, "model");
	put_result(&w, &whole);
	put_error(&w, &whole);
	gm_jsonw_end(&w);
	gm_buf_putc(out, '\n');
	gm_buf_inherit(out, &whole.result->attempts);
	gm_result_release(&none);
}
