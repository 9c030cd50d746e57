#include <string.h>

#include "provider/errbody.h"
#include "provider/errsense.h"
#include "provider/pydict.h"
#include "json/read.h"

/* Limit in bytes for each text of an error. */
#define TEXT_MAX (64 * 1024)

/*
 * Limit for errors inside errors, as objects or as texts.  A gateway adds two
 * levels at most.  Deeper ones are skipped, which bounds the work on a hostile
 * body.
 */
#define DEPTH_MAX 16

/* Members with the message of an error, the most useful first. */
static const char *const words[] = { "message", "msg", "Message", "error_msg",
	"error_message", "errorMessage", "errorMsg", "status_msg",
	"faultstring", "detail", "error_description", "description", "reason",
	"title" };

/* Members with the error object. */
static const char *const wrappers[] = { "error", "fault", "base_resp" };

/* Members that may have it; read only if there is no message so far. */
static const char *const boxes[] = { "data", "response", "body", "result",
	"cause", "innererror", "inner_error" };

/* Errors in place of the choice of an answer, or inside it. */
static const char *const choices[] = { "choices.0.error",
	"choices.0.message.error", "choices.0.delta.error" };

static void
init(struct gm_errbody *e)
{
	struct gm_buf *all[] = { &e->message, &e->plain, &e->name, &e->type,
		&e->status, &e->reason, &e->quota, &e->delay, &e->project,
		&e->field, &e->raw };
	size_t i;

	*e = (struct gm_errbody){ 0 };
	for (i = 0; i < GM_LEN(all); i++)
		gm_buf_init(all[i], TEXT_MAX);
}

/* True if the URL in "@type" ends in this type. */
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

/* Append a string, or a number as it is written. */
static void
put_value(const struct gm_json *j, int at, struct gm_buf *out)
{
	if (gm_json_type(j, at) == GM_JSON_NUMBER)
		gm_buf_put_span(out, gm_json_raw(j, at));
	else
		gm_json_string(j, at, out);
}

/* True if a value can hold a message. */
static bool
is_worded(const struct gm_json *j, int at)
{
	enum gm_json_type type = gm_json_type(j, at);

	return type == GM_JSON_STRING || type == GM_JSON_OBJECT ||
	       type == GM_JSON_ARRAY;
}

/* Find the member of an object with the message, or NONE. */
static int
find_words(const struct gm_json *j, int at)
{
	size_t i;
	int found;

	for (i = 0; i < GM_LEN(words); i++) {
		found = gm_json_at(j, at, words[i]);
		if (is_worded(j, found))
			return found;
	}
	return GM_JSON_NONE;
}

/*
 * Find a message under any name: the usual ones, "error", an inner object, or the
 * first string, as in {"en":"Not allowed"}.
 */
static int
find_any_words(const struct gm_json *j, int at)
{
	int found = find_words(j, at), error = gm_json_at(j, at, "error"), i;
	size_t k;

	if (found != GM_JSON_NONE || is_worded(j, error))
		return found != GM_JSON_NONE ? found : error;
	for (k = 0; k < GM_LEN(boxes); k++) {
		found = gm_json_at(j, at, boxes[k]);
		if (gm_json_type(j, found) == GM_JSON_OBJECT)
			return found;
	}
	for (i = gm_json_first(j, at); i >= 0; i = gm_json_next(j, at, i))
		if (gm_json_type(j, i) == GM_JSON_STRING)
			return i;
	return GM_JSON_NONE;
}

/* Follow find_any_words() down to a string, a list, or NONE. */
static int
descend(const struct gm_json *j, int at)
{
	int level;

	for (level = 0; level < DEPTH_MAX; level++) {
		if (gm_json_type(j, at) != GM_JSON_OBJECT)
			return at;
		at = find_any_words(j, at);
	}
	return GM_JSON_NONE;
}

/* Append one error of a list: a message, or {"loc":["body","seed"],"msg":...}. */
static void
put_complaint(const struct gm_json *j, int at, struct gm_buf *out)
{
	int place = gm_json_at(j, at, "loc"), i;
	size_t before = out->len;

	for (i = gm_json_first(j, place); i >= 0;
	     i = gm_json_next(j, place, i)) {
		gm_buf_puts(out, out->len > before ? "." : "");
		put_value(j, i, out);
	}
	gm_buf_puts(
	    out, out->len > before && place != GM_JSON_NONE ? ": " : "");
	gm_json_string(j, descend(j, at), out);
}

/* Append a message, a list of errors, or what an object has of these. */
static void
put_message(const struct gm_json *j, int at, struct gm_buf *out)
{
	int i;

	at = descend(j, at);
	gm_json_string(j, at, out);
	if (gm_json_type(j, at) != GM_JSON_ARRAY)
		return;
	for (i = gm_json_first(j, at); i >= 0; i = gm_json_next(j, at, i)) {
		gm_buf_puts(out, out->len > 0 ? "; " : "");
		put_complaint(j, i, out);
	}
}

/* Set a text.  The last call counts: inner errors are more precise. */
static void
set_value(const struct gm_json *j, int at, struct gm_buf *out)
{
	enum gm_json_type type = gm_json_type(j, at);

	if (type != GM_JSON_STRING && type != GM_JSON_NUMBER)
		return;
	gm_buf_reset(out);
	put_value(j, at, out);
}

/* Read the code, also of RFC 9457 ("status") and of Apigee's faults. */
static void
read_code(const struct gm_json *j, int at, struct gm_errbody *e)
{
	static const char *const names[] = { "status", "statusCode",
		"status_code", "code" };
	int value = GM_JSON_NONE;
	size_t i;

	for (i = 0; i < GM_LEN(names); i++) {
		value = gm_json_at(j, at, names[i]);
		e->code = (long)gm_json_int(j, value, e->code);
	}
	set_value(j, gm_json_at(j, at, "detail.errorcode"), &e->name);
	set_value(j, value, &e->name);
}

/* Read the error of the service that OpenRouter called for us. */
static void
read_raw(const struct gm_json *j, int at, struct gm_errbody *e)
{
	at = gm_json_at(j, at, "metadata.raw");
	if (gm_json_type(j, at) == GM_JSON_STRING)
		gm_json_string(j, at, &e->raw);
	else
		put_message(j, at, &e->raw);
}

static void
read_names(const struct gm_json *j, int at, struct gm_errbody *e)
{
	int status = gm_json_at(j, at, "status");

	read_code(j, at, e);
	set_value(j, gm_json_at(j, at, "error_type"), &e->type);
	set_value(j, gm_json_at(j, at, "type"), &e->type);
	if (gm_json_type(j, status) == GM_JSON_STRING)
		set_value(j, status, &e->status);
}

static void
read_object(const struct gm_json *j, int at, struct gm_errbody *e)
{
	int details = gm_json_at(j, at, "details"), d;
	int list = gm_json_at(j, at, "errors"), found = find_words(j, at);

	read_names(j, at, e);
	read_names(j, gm_json_at(j, list, "0"), e);
	if (found == GM_JSON_NONE)
		found = list;
	if (found != GM_JSON_NONE) {
		gm_buf_reset(&e->message);
		put_message(j, found, &e->message);
	}
	read_raw(j, at, e);
	for (d = gm_json_first(j, details); d >= 0;
	     d = gm_json_next(j, details, d))
		read_detail(j, d, e);
}

/* Read {"error":"text"}: the message, or a name if there is a message already. */
static void
read_text_error(const struct gm_json *j, int at, struct gm_errbody *e)
{
	struct gm_buf *out = e->message.len > 0 ? &e->name : &e->message;

	if (out == &e->name && e->name.len > 0)
		return;
	gm_json_string(j, at, out);
}

/* Read an error in any JSON type; its members replace those read so far. */
static void
read_error(const struct gm_json *j, int at, struct gm_errbody *e)
{
	if (gm_json_type(j, at) == GM_JSON_STRING)
		read_text_error(j, at, e);
	else if (gm_json_type(j, at) == GM_JSON_OBJECT)
		read_object(j, at, e);
	else if (gm_json_type(j, at) == GM_JSON_ARRAY)
		put_message(j, at, &e->message);
}

/* Read the errors inside an object; return the object to go on with, or NONE. */
static int
read_inside(const struct gm_json *j, int at, struct gm_errbody *e)
{
	int found = GM_JSON_NONE, inner;
	size_t i;

	for (i = 0; i < GM_LEN(wrappers); i++) {
		inner = gm_json_at(j, at, wrappers[i]);
		read_error(j, inner, e);
		if (gm_json_type(j, inner) == GM_JSON_OBJECT)
			found = inner;
	}
	for (i = 0; i < GM_LEN(boxes) && e->message.len == 0; i++) {
		inner = gm_json_at(j, at, boxes[i]);
		if (gm_json_type(j, inner) != GM_JSON_OBJECT)
			continue;
		read_object(j, inner, e);
		found = inner;
	}
	return found;
}

/* Read from the outside to the inside, which replaces the former. */
static void
read_document(const struct gm_json *j, struct gm_errbody *e)
{
	int root = GM_JSON_ROOT, at, level;
	size_t i;

	if (gm_json_type(j, gm_json_at(j, root, "0.msg")) == GM_JSON_STRING) {
		put_message(j, root, &e->message);
		return;
	}
	if (gm_json_type(j, root) == GM_JSON_ARRAY)
		root = gm_json_at(j, root, "0");
	read_object(j, root, e);
	for (i = 0; i < GM_LEN(choices); i++)
		read_error(j, gm_json_at(j, root, choices[i]), e);
	at = root;
	for (level = 0; level < DEPTH_MAX && at != GM_JSON_NONE; level++)
		at = read_inside(j, at, e);
}

static bool
looks_like_json(struct gm_span text)
{
	text = gm_span_trim(text);
	return text.len > 0 && (text.p[0] == '{' || text.p[0] == '[');
}

/*
 * Find the JSON inside a message: all of it, or the rest after a known prefix, as
 * in "Error code: 400 - {'error': ...}".  Without JSON return the message.
 */
static struct gm_span
find_body(struct gm_span message)
{
	struct gm_span rest = gm_errsense_strip(message);

	if (gm_span_starts(rest, "b'") || gm_span_starts(rest, "b\"")) {
		rest.p += 2; /* bytes, as Python prints them */
		rest.len -= 2;
	}
	return looks_like_json(rest) ? gm_span_trim(rest) : message;
}

/*
 * Parse JSON; inside a message also Python's notation, which is converted in
 * *copy, and text after it.
 */
static int
parse(struct gm_json *j, struct gm_span body, bool inside, struct gm_buf *copy,
    struct gm_err *err)
{
	if (gm_json_parse(j, body, err) == 0)
		return 0;
	gm_buf_reset(copy);
	if (!inside || err->code == GM_EOS || !gm_pydict_put(copy, body))
		return -1;
	if (gm_buf_check(copy, err) != 0)
		return -1;
	return gm_json_parse(j, gm_buf_span(copy), err);
}

/* True if a document in a message is an error, not a quoted request. */
static bool
is_inner_error(const struct gm_json *j)
{
	int root = GM_JSON_ROOT;

	if (gm_json_type(j, root) == GM_JSON_ARRAY)
		root = gm_json_at(j, root, "0");
	return gm_errbody_is(j, root) ||
	       gm_json_type(j, gm_json_at(j, root, "msg")) == GM_JSON_STRING;
}

/* Read JSON, and the errors that gateways put as text into a message. */
static void
read_json(struct gm_span body, struct gm_errbody *e)
{
	struct gm_json j = { 0 };
	struct gm_err err;
	struct gm_buf text, copy;
	bool inside;
	int level;

	gm_buf_init(&text, TEXT_MAX);
	gm_buf_init(&copy, 2 * TEXT_MAX);
	for (level = 0; level < DEPTH_MAX && looks_like_json(body); level++) {
		inside = e->message.len > 0;
		if (parse(&j, body, inside, &copy, &err) != 0) {
			/* Out of memory must not pass for an empty error. */
			if (err.code == GM_EOS)
				e->message.failed = GM_EOS;
			break;
		}
		if (inside && !is_inner_error(&j))
			break;
		e->json = true;
		gm_buf_reset(&e->message);
		gm_buf_reset(&e->status);
		read_document(&j, e);
		gm_buf_reset(&text);
		gm_buf_put_span(&text, gm_buf_span(&e->message));
		body = find_body(gm_buf_span(&text));
	}
	gm_buf_inherit(&e->message, &text);
	gm_json_release(&j);
	gm_buf_release(&copy);
	gm_buf_release(&text);
}

/* Length of a <style> or <script> element at the start, without its end tag. */
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

/* Length of a tag at the start, and of the style sheet or script after it. */
static size_t
measure_tag(struct gm_span text)
{
	size_t code = measure_code(text);
	const char *end = memchr(text.p + code, '>', text.len - code);

	return end != NULL ? (size_t)(end + 1 - text.p) : text.len;
}

/* Append the text of a page without its tags. */
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

static void
read_any(struct gm_span body, struct gm_errbody *e)
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
	if (e->message.len > 0 && !e->json && !e->html &&
	    looks_like_json(find_body(body)))
		read_json(find_body(body), e);
}

/*
 * Take only the message of an upstream error: its codes are about that service,
 * and about a key that is not ours.
 */
static void
take_raw(struct gm_errbody *e)
{
	struct gm_errbody inner;

	if (gm_span_trim(gm_buf_span(&e->raw)).len == 0)
		return;
	e->upstream = true;
	read_any(gm_buf_span(&e->raw), &inner);
	if (inner.message.len > 0) {
		gm_buf_reset(&e->message);
		gm_buf_put_span(&e->message, gm_buf_span(&inner.message));
	}
	gm_buf_inherit(&e->message, &inner.message);
	gm_errbody_release(&inner);
}

void
gm_errbody_read(struct gm_errbody *e, struct gm_span body)
{
	read_any(body, e);
	take_raw(e);
	gm_errsense_unquote(&e->plain, gm_buf_span(&e->message));
	gm_buf_inherit(&e->message, &e->plain);
}

/* True if a code means an error. */
static bool
is_bad_code(const struct gm_json *j, int at)
{
	int64_t code = gm_json_int(j, at, -1);

	if (gm_json_type(j, at) == GM_JSON_STRING && code == -1)
		return !gm_json_is(j, at, "") && !gm_json_is(j, at, "success");
	return code >= 300;
}

/* True if a value is neither missing, empty, 0, false nor null. */
static bool
is_given(const struct gm_json *j, int at)
{
	switch (gm_json_type(j, at)) {
	case GM_JSON_OBJECT:
		return true;
	case GM_JSON_STRING:
		return !gm_json_is(j, at, "");
	case GM_JSON_ARRAY:
		return gm_json_len(j, at) > 0;
	case GM_JSON_NUMBER:
		return gm_json_int(j, at, 1) != 0;
	case GM_JSON_BOOL:
		return gm_json_true(j, at);
	case GM_JSON_ABSENT:
	case GM_JSON_NULL:
		break;
	}
	return false;
}

/* True if it has a member that only answers have. */
static bool
is_answer(const struct gm_json *j, int at)
{
	static const char *const names[] = { "choices", "candidates", "data",
		"models", "usage", "usageMetadata", "totalTokens",
		"promptFeedback" };
	size_t i;

	for (i = 0; i < GM_LEN(names); i++)
		if (gm_json_at(j, at, names[i]) != GM_JSON_NONE)
			return true;
	return false;
}

/* True if a member marks it as an error. */
static bool
is_marked(const struct gm_json *j, int at)
{
	static const char *const names[] = { "error", "errors", "fault",
		"error_type", "error_msg", "error_message", "errorMessage" };
	static const char *const marks[] = { "object", "type" };
	static const char *const codes[] = { "code", "status", "statusCode",
		"status_code" };
	size_t i;

	for (i = 0; i < GM_LEN(names); i++)
		if (is_given(j, gm_json_at(j, at, names[i])))
			return true;
	for (i = 0; i < GM_LEN(choices); i++)
		if (is_given(j, gm_json_at(j, at, choices[i])))
			return true;
	for (i = 0; i < GM_LEN(marks); i++)
		if (gm_json_is(j, gm_json_at(j, at, marks[i]), "error"))
			return true;
	if (is_bad_code(j, gm_json_at(j, at, "base_resp.status_code")))
		return true;
	if (!is_given(j, find_words(j, at)) || is_answer(j, at))
		return false;
	for (i = 0; i < GM_LEN(codes); i++)
		if (is_bad_code(j, gm_json_at(j, at, codes[i])))
			return true;
	return false;
}

/* True if it has a message, and nothing of an answer. */
static bool
is_words(const struct gm_json *j, int at)
{
	return !is_answer(j, at) &&
	       (is_given(j, gm_json_at(j, at, "detail")) ||
		   (gm_json_type(j, gm_json_at(j, at, "message")) ==
			   GM_JSON_STRING &&
		       is_given(j, gm_json_at(j, at, "message"))));
}

bool
gm_errbody_is(const struct gm_json *j, int at)
{
	return is_marked(j, at) || is_words(j, at);
}

bool
gm_errbody_is_vague(const struct gm_json *j, int at)
{
	return !is_marked(j, at) && is_words(j, at);
}

void
gm_errbody_release(struct gm_errbody *e)
{
	gm_buf_release(&e->message);
	gm_buf_release(&e->plain);
	gm_buf_release(&e->name);
	gm_buf_release(&e->type);
	gm_buf_release(&e->status);
	gm_buf_release(&e->reason);
	gm_buf_release(&e->quota);
	gm_buf_release(&e->delay);
	gm_buf_release(&e->project);
	gm_buf_release(&e->field);
	gm_buf_release(&e->raw);
}
