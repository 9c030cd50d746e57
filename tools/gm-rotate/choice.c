#include <stdio.h>

#include "base/clock.h"
#include "base/secret.h"
#include "call/result.h"
#include "gm-rotate/choice.h"
#include "json/write.h"

#define SHOWN_MAX 16

struct gm_span
gm_keychoice_key(const struct gm_keychoice *c)
{
	return c->ring->keys[c->pick.index].text;
}

/* Fill *err, and class and time of the result, if no key can be used. */
static int
fail(const struct gm_keychoice *c, struct gm_result *o, struct gm_err *err)
{
	bool other = c->vendor != GM_VENDOR_GEMINI;
	char advice[80];
	const struct gm_subject subject = { .model = c->model,
		.base_url = c->base_url,
		.key = gm_keychoice_key(c),
		.key_index = c->pick.index,
		.now_ms = c->now_ms,
		.advice = advice };

	/* The command must be for the same provider. */
	(void)snprintf(advice, sizeof(advice),
	    "gm-rotate%s%s --reset clears the mark",
	    other ? " --provider " : "",
	    other ? gm_vendor(c->vendor)->name : "");
	return gm_result_fail_keys(o, &c->pick, &subject, err);
}

int
gm_keychoice_check(const struct gm_keychoice *c, struct gm_err *err)
{
	struct gm_result result;
	int rc;

	if (c->pick.kind == GM_PICK_KEY)
		return 0;
	gm_result_init(&result);
	rc = fail(c, &result, err);
	gm_result_release(&result);
	return rc;
}

/* Put the members of an object without a key: the error, as in all JSON. */
static void
put_failure(const struct gm_keychoice *c, struct gm_jsonw *w)
{
	struct gm_result result;
	char at[GM_CLOCK_TEXT] = "";
	struct gm_err err;

	gm_result_init(&result);
	(void)fail(c, &result, &err);
	gm_jsonw_null(w, "index");
	gm_jsonw_null(w, "key");
	gm_jsonw_object(w, "error");
	gm_jsonw_text(w, "class", gm_class(result.class)->name);
	gm_jsonw_text(w, "message", err.msg);
	gm_jsonw_text_or_null(
	    w, "service_message", gm_result_service_text(&result));
	if (result.retry_at_ms != 0)
		gm_clock_format(at, result.retry_at_ms);
	gm_jsonw_text_or_null(w, "retry_at", at);
	gm_jsonw_end(w);
	gm_result_release(&result);
}

static void
put_key(const struct gm_keychoice *c, struct gm_jsonw *w)
{
	struct gm_buf shown;

	gm_buf_init(&shown, SHOWN_MAX);
	gm_secret_show(&shown, gm_keychoice_key(c));
	gm_jsonw_int(w, "index", (int64_t)c->pick.index);
	gm_jsonw_text(w, "key", gm_buf_str(&shown));
	gm_jsonw_null(w, "error");
	gm_buf_inherit(w->out, &shown);
	gm_buf_release(&shown);
}

static void
put_object(const struct gm_keychoice *c, struct gm_buf *out)
{
	struct gm_jsonw w;
	bool ok = c->pick.kind == GM_PICK_KEY;

	gm_jsonw_init(&w, out);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_bool(&w, "ok", ok);
	gm_jsonw_text(&w, "model", c->model);
	if (ok)
		put_key(c, &w);
	else
		put_failure(c, &w);
	gm_jsonw_end(&w);
}

int
gm_keychoice_write(const struct gm_keychoice *c, enum gm_keychoice_form form,
    struct gm_buf *out, struct gm_err *err)
{
	if (form == GM_KEYCHOICE_JSON)
		put_object(c, out);
	else if (c->pick.kind != GM_PICK_KEY)
		return gm_keychoice_check(c, err);
	else if (form == GM_KEYCHOICE_KEY)
		gm_buf_put_span(out, gm_keychoice_key(c));
	else
		gm_buf_printf(out, "%zu", c->pick.index);
	gm_buf_putc(out, '\n');
	return gm_buf_check(out, err) != 0 ? -1 : gm_keychoice_check(c, err);
}
