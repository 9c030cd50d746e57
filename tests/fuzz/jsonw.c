/*
 * JSON is written as the bytes of the input say, parsed, and compared with these
 * bytes: everything is there, in order, without control characters.
 */

#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "json/read.h"
#include "json/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes that are left to act on; zeros after the end. */
struct script {
	const uint8_t *p;
	size_t len;
};

enum act {
	ACT_NULL,
	ACT_BOOL,
	ACT_INT,
	ACT_RAW,
	ACT_TEXT,
	ACT_LONG_TEXT,
	ACT_ARRAY,
	ACT_OBJECT,
	ACTS
};

static unsigned
next(struct script *s)
{
	if (s->len == 0)
		return 0;
	s->len--;
	return *s->p++;
}

static enum act
next_act(struct script *s, unsigned depth)
{
	enum act act = (enum act)(next(s) % ACTS);

	return act >= ACT_ARRAY && depth == GM_JSONW_DEPTH ? ACT_NULL : act;
}

static int64_t
next_int(struct script *s)
{
	uint64_t value = 0;
	int i;

	for (i = 0; i < 8; i++)
		value = value << 8 | next(s);
	return (int64_t)value;
}

/* A text of fewer than max bytes. */
static struct gm_span
next_text(struct script *s, size_t max)
{
	struct gm_span text = { (const char *)s->p, next(s) % max };

	text.p = (const char *)s->p;
	if (text.len > s->len)
		text.len = s->len;
	s->p += text.len;
	s->len -= text.len;
	return text;
}

/* A name is a C string in buf, without a NUL. */
static const char *
next_name(struct script *s, char buf[16])
{
	struct gm_span text = next_text(s, 16);

	memset(buf, 0, 16);
	if (text.len > 0)
		memcpy(buf, text.p, text.len);
	return buf;
}

static void write_value(
    struct gm_jsonw *, const char *name, struct script *, unsigned depth);

static void
write_list(struct gm_jsonw *w, struct script *s, bool is_object, unsigned depth)
{
	unsigned n = next(s) % 8;
	char buf[16];

	for (; n > 0; n--)
		write_value(w, is_object ? next_name(s, buf) : NULL, s, depth);
	gm_jsonw_end(w);
}

static void
write_value(
    struct gm_jsonw *w, const char *name, struct script *s, unsigned depth)
{
	switch (next_act(s, depth)) {
	case ACT_BOOL:
		gm_jsonw_bool(w, name, next(s) % 2 == 0);
		break;
	case ACT_INT:
		gm_jsonw_int(w, name, next_int(s));
		break;
	case ACT_RAW:
		gm_jsonw_raw(w, name, gm_span_of("{ \"raw\": -1.50 }"));
		break;
	case ACT_TEXT:
		gm_jsonw_span(w, name, next_text(s, 16));
		break;
	case ACT_LONG_TEXT:
		gm_jsonw_span(w, name, next_text(s, 256));
		break;
	case ACT_ARRAY:
		gm_jsonw_array(w, name);
		write_list(w, s, false, depth + 1);
		break;
	case ACT_OBJECT:
		gm_jsonw_object(w, name);
		write_list(w, s, true, depth + 1);
		break;
	case ACT_NULL:
	case ACTS:
		gm_jsonw_null(w, name);
		break;
	}
}

/* A text that is repaired, with U+FFFD for NUL, equals the parsed one. */
static void
check_text(const struct gm_json *j, int at, struct gm_span text)
{
	struct gm_buf whole, want;
	size_t i;

	gm_buf_init(&whole, text.len * 3);
	gm_buf_init(&want, text.len * 9);
	(void)gm_utf8_repair(&whole, text);
	for (i = 0; i < whole.len; i++)
		if (whole.data[i] == '\0')
			gm_utf8_put(&want, GM_UTF8_REPLACEMENT);
		else
			gm_buf_putc(&want, whole.data[i]);
	assert(gm_json_is(j, at, gm_buf_str(&want)));
	gm_buf_release(&whole);
	gm_buf_release(&want);
}

static void
check_value(const struct gm_json *, int at, struct script *, unsigned depth);

static void
check_list(const struct gm_json *j, int at, struct script *s, unsigned depth)
{
	bool is_object = gm_json_type(j, at) == GM_JSON_OBJECT;
	unsigned n = next(s) % 8;
	char buf[16];
	int i = gm_json_first(j, at);

	assert(gm_json_len(j, at) == n);
	for (; n > 0; n--) {
		if (is_object)
			check_text(j, gm_json_name(j, i),
			    gm_span_of(next_name(s, buf)));
		check_value(j, i, s, depth);
		i = gm_json_next(j, at, i);
	}
	assert(i == GM_JSON_NONE);
}

static void
check_value(const struct gm_json *j, int at, struct script *s, unsigned depth)
{
	int64_t value;

	switch (next_act(s, depth)) {
	case ACT_BOOL:
		assert(gm_json_type(j, at) == GM_JSON_BOOL);
		value = next(s) % 2;
		assert(gm_json_true(j, at) == (value == 0));
		break;
	case ACT_INT:
		value = next_int(s);
		assert(gm_json_int(j, at, ~value) == value);
		break;
	case ACT_RAW:
		assert(gm_span_is(
		    gm_json_raw(j, gm_json_at(j, at, "raw")), "-1.50"));
		break;
	case ACT_TEXT:
		check_text(j, at, next_text(s, 16));
		break;
	case ACT_LONG_TEXT:
		check_text(j, at, next_text(s, 256));
		break;
	case ACT_ARRAY:
		assert(gm_json_type(j, at) == GM_JSON_ARRAY);
		check_list(j, at, s, depth + 1);
		break;
	case ACT_OBJECT:
		assert(gm_json_type(j, at) == GM_JSON_OBJECT);
		check_list(j, at, s, depth + 1);
		break;
	case ACT_NULL:
	case ACTS:
		assert(gm_json_type(j, at) == GM_JSON_NULL);
		break;
	}
}

static void
check_plain(struct gm_span s)
{
	size_t i;

	assert(gm_utf8_valid(s) == s.len);
	for (i = 0; i < s.len; i++)
		assert((unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7F);
	assert(!gm_span_has(s, "\xE2\x80\xA8"));
	assert(!gm_span_has(s, "\xE2\x80\xA9"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = { data, size }, again = script;
	struct gm_json j = { 0 };
	struct gm_jsonw w;
	struct gm_buf out;
	struct gm_err err;

	gm_buf_init(&out, size * 64 + 1000);
	gm_jsonw_init(&w, &out);
	write_value(&w, NULL, &script, 0);
	assert(gm_buf_check(&out, &err) == 0);
	check_plain(gm_buf_span(&out));
	assert(gm_json_parse(&j, gm_buf_span(&out), &err) == 0);
	check_value(&j, GM_JSON_ROOT, &again, 0);
	assert(script.len == again.len);
	gm_json_release(&j);
	gm_buf_release(&out);
	return 0;
}
