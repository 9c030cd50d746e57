#include <string.h>

#include "errbody.h"
#include "jsonr.h"

#define TEXT_MAX (64 * 1024)

static void
init(struct gm_errbody *e)
{
	struct gm_buf *all[] = { &e->message, &e->name, &e->type, &e->status,
		&e->reason, &e->quota, &e->delay, &e->project, &e->field };
	size_t i;

	*e = (struct gm_errbody){ 0 };
	for (i = 0; i < GM_LEN(all); i++)
		gm_buf_init(all[i], TEXT_MAX);
}

/* Details name their type by a URL; its last word decides. */
static bool
is_type(const struct gm_json *j, int detail, const char *type)
{
	struct gm_buf url;
	struct gm_span tail;
	bool same;

	gm_buf_init(&url, 1024);
	gm_json_string(j, gm_json_at(j, detail, "@type"), &url);
	tail = gm_buf_span(&url);
	if (tail.len > strlen(type)) {
		tail.p += tail.len - strlen(type);
		tail.len = strlen(type);
	}
	same = gm_span_is(tail, type);
	gm_buf_release(&url);
	return same;
}

static void
read_quota(const struct gm_json *j, int detail, struct gm_errbody *e)
{
	int list = gm_json_at(j, detail, "violations"), v;

	for (v = gm_json_first(j, list); v >= 0; v = gm_json_next(j, list, v)) {
		gm_json_string(j, gm_json_at(j, v, "quotaId"), &e->quota);
		gm_buf_putc(&e->quota, ' ');
		gm_json_string(j, gm_json_at(j, v, "quotaMetric"), &e->quota);
		gm_buf_putc(&e->quota, ' ');
		if (gm_json_int(j, gm_json_at(j, v, "quotaValue"), -1) == 0)
			e->zero = true;
	}
}

static void
read_detail(const struct gm_json *j, int detail, struct gm_errbody *e)
{
	int violations;

	if (is_type(j, detail, ".ErrorInfo") && e->reason.len == 0) {
		gm_json_string(j, gm_json_at(j, detail, "reason"), &e->reason);
		gm_json_string(j, gm_json_at(j, detail, "metadata.quota_limit"),
		    &e->quota);
		gm_json_string(
		    j, gm_json_at(j, detail, "metadata.consumer"), &e->project);
		if (gm_json_int(j,
			gm_json_at(j, detail, "metadata.quota_limit_value"),
			-1) == 0)
			e->zero = true;
	} else if (is_type(j, detail, ".QuotaFailure")) {
		read_quota(j, detail, e);
	} else if (is_type(j, detail, ".RetryInfo")) {
		gm_json_string(
		    j, gm_json_at(j, detail, "retryDelay"), &e->delay);
	} else if (is_type(j, detail, ".BadRequest") && e->field.len == 0) {
		violations = gm_json_at(j, detail, "fieldViolations.0");
		gm_json_string(
		    j, gm_json_at(j, violations, "description"), &e->field);
	}
}

/* A string, or a number as it stands. */
static void
put_value(const struct gm_json *j, int at, struct gm_buf *out)
{
	if (gm_json_type(j, at) == GM_JSON_NUMBER)
		gm_buf_put_span(out, gm_json_raw(j, at));
	else
		gm_json_string(j, at, out);
}

/* One of a list: words, or {"loc":["body","seed"],"msg":...}. */
static void
put_complaint(const struct gm_json *j, int at, struct gm_buf *out)
{
	int place = gm_json_at(j, at, "loc"), i;
	size_t before = out->len;

	gm_json_string(j, at, out);
	for (i = gm_json_first(j, place); i >= 0;
	     i = gm_json_next(j, place, i)) {
		gm_buf_puts(out, out->len > before ? "." : "");
		put_value(j, i, out);
	}
	gm_buf_puts(
	    out, out->len > before && place != GM_JSON_NONE ? ": " : "");
	gm_json_string(j, gm_json_at(j, at, "msg"), out);
}

/* Words, a list of complaints, or an object that has either as its detail. */
static void
put_message(const struct gm_json *j, int at, struct gm_buf *out)
{
	int i;

	if (gm_json_type(j, at) == GM_JSON_OBJECT)
		at = gm_json_at(j, at, "detail");
	gm_json_string(j, at, out);
	if (gm_json_type(j, at) != GM_JSON_ARRAY)
		return;
	for (i = gm_json_first(j, at); i >= 0; i = gm_json_next(j, at, i)) {
		gm_buf_puts(out, out->len > 0 ? "; " : "");
		put_complaint(j, i, out);
	}
}

/* The last one counts: what stands inside says more than what is around it. */
static void
set_value(const struct gm_json *j, int at, struct gm_buf *out)
{
	enum gm_json_type type = gm_json_type(j, at);

	if (type != GM_JSON_STRING && type != GM_JSON_NUMBER)
		return;
	gm_buf_reset(out);
	put_value(j, at, out);
}

static void
read_error(const struct gm_json *j, int at, struct gm_errbody *e)
{
	int details = gm_json_at(j, at, "details"), d;

	if (gm_json_type(j, at) == GM_JSON_STRING) {
		gm_json_string(j, at, &e->message);
		return;
	}
	e->code = (long)gm_json_int(j, gm_json_at(j, at, "code"), e->code);
	set_value(j, gm_json_at(j, at, "code"), &e->name);
	set_value(j, gm_json_at(j, at, "type"), &e->type);
	put_message(j, gm_json_at(j, at, "message"), &e->message);
	gm_json_string(j, gm_json_at(j, at, "status"), &e->status);
	for (d = gm_json_first(j, details); d >= 0;
	     d = gm_json_next(j, details, d))
		read_detail(j, d, e);
}

/* {"error":...}; without it, {"message":...} and {"detail":...}. */
static void
read_document(const struct gm_json *j, struct gm_errbody *e)
{
	int root = GM_JSON_ROOT, at;

	if (gm_json_type(j, gm_json_at(j, root, "0.msg")) == GM_JSON_STRING) {
		put_message(j, root, &e->message);
		return;
	}
	if (gm_json_type(j, root) == GM_JSON_ARRAY)
		root = gm_json_at(j, root, "0");
	at = gm_json_at(j, root, "error");
	read_error(j, at != GM_JSON_NONE ? at : root, e);
	if (at == GM_JSON_NONE && e->message.len == 0)
		put_message(j, gm_json_at(j, root, "detail"), &e->message);
}

static bool
looks_like_json(struct gm_span text)
{
	text = gm_span_trim(text);
	return text.len > 0 && (text.p[0] == '{' || text.p[0] == '[');
}

/* Proxies put the inner error, as text, into the message of the outer. */
static void
read_json(struct gm_span body, struct gm_errbody *e)
{
	struct gm_json j = { 0 };
	struct gm_err err;
	struct gm_buf text;
	int level;

	gm_buf_init(&text, TEXT_MAX);
	for (level = 0; level < 3 && looks_like_json(body); level++) {
		if (gm_json_parse(&j, body, &err) != 0) {
			/* Without memory nothing is known of its sense. */
			if (err.code == GM_EOS)
				e->message.failed = GM_EOS;
			break;
		}
		e->json = true;
		gm_buf_reset(&e->message);
		gm_buf_reset(&e->status);
		read_document(&j, e);
		gm_buf_reset(&text);
		gm_buf_put_span(&text, gm_buf_span(&e->message));
		body = gm_buf_span(&text);
	}
	gm_buf_inherit(&e->message, &text);
	gm_json_release(&j);
	gm_buf_release(&text);
}

/* Bytes of a style sheet or a script at the start of text, up to its end. */
static size_t
measure_code(struct gm_span text)
{
	static const char *const tags[][2] = { { "<style", "</style" },
		{ "<script", "</script" } };
	struct gm_span head;
	const char *end;
	size_t i;

	for (i = 0; i < GM_LEN(tags); i++) {
		head = text;
		if (head.len > strlen(tags[i][0]))
			head.len = strlen(tags[i][0]);
		if (gm_span_find(head, tags[i][0]) == NULL)
			continue;
		end = gm_span_find(text, tags[i][1]);
		return end != NULL ? (size_t)(end - text.p) : text.len;
	}
	return 0;
}

/* Bytes of a tag at the start of text, and of the code that it begins. */
static size_t
measure_tag(struct gm_span text)
{
	size_t code = measure_code(text);
	const char *end = memchr(text.p + code, '>', text.len - code);

	return end != NULL ? (size_t)(end + 1 - text.p) : text.len;
}

/* The words of a page without its tags. */
static void
put_words(struct gm_buf *out, struct gm_span page)
{
	size_t n;

	for (; page.len > 0; page.p += n, page.len -= n) {
		n = page.p[0] == '<' ? measure_tag(page) : 1;
		gm_buf_putc(out, page.p[0] == '<' ? ' ' : page.p[0]);
	}
}

static void
read_text(struct gm_span body, struct gm_errbody *e)
{
	body = gm_span_trim(body);
	e->cut = body.len > TEXT_MAX / 2;
	if (e->cut)
		body.len = TEXT_MAX / 2;
	e->html = body.len > 0 && body.p[0] == '<';
	if (e->html)
		put_words(&e->message, body);
	else
		gm_buf_put_span(&e->message, body);
}

void
gm_errbody_read(struct gm_errbody *e, struct gm_span body)
{
	init(e);
	if (gm_span_starts(body, "\xEF\xBB\xBF")) {
		body.p += 3;
		body.len -= 3;
	}
	if (looks_like_json(body))
		read_json(body, e);
	else
		read_text(body, e);
}

void
gm_errbody_release(struct gm_errbody *e)
{
	gm_buf_release(&e->message);
	gm_buf_release(&e->name);
	gm_buf_release(&e->type);
	gm_buf_release(&e->status);
	gm_buf_release(&e->reason);
	gm_buf_release(&e->quota);
	gm_buf_release(&e->delay);
	gm_buf_release(&e->project);
	gm_buf_release(&e->field);
}
