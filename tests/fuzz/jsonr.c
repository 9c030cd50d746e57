/*
 * JSON: the parser accepts what a plain recursive parser accepts.  Then all tokens
 * are reached and within bounds, a look-up finds what a walk finds, strings
 * survive being written, and no prefix of the text is accepted.
 */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "json/read.h"
#include "json/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The plain parser: each function parses something at p and returns its end, or
 * NULL.  A NUL follows the text.
 */
static const char *read_value(const char *p, int depth);

static const char *
read_blanks(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* Digits, at least one; NULL in, NULL out. */
static const char *
read_digits(const char *p)
{
	size_t n = p != NULL ? strspn(p, "0123456789") : 0;

	return n > 0 ? p + n : NULL;
}

static const char *
read_number(const char *p)
{
	p += *p == '-';
	if (*p == '0' && p[1] >= '0' && p[1] <= '9')
		return NULL;
	p = read_digits(p);
	if (p != NULL && *p == '.')
		p = read_digits(p + 1);
	if (p != NULL && (*p == 'e' || *p == 'E'))
		p = read_digits(p + 1 + (p[1] == '+' || p[1] == '-'));
	return p;
}

static const char *
read_scalar(const char *p)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i, n;

	for (i = 0; i < GM_LEN(words); i++) {
		n = strlen(words[i]);
		if (strncmp(p, words[i], n) == 0)
			return p + n;
	}
	return read_number(p);
}

static const char *
read_string(const char *p)
{
	if (*p++ != '"')
		return NULL;
	while (*p != '"') {
		if (*p >= '\0' && *p < ' ')
			return NULL;
		if (*p++ != '\\')
			continue;
		if (*p == '\0' || strchr("\"\\/bfnrtu", *p) == NULL)
			return NULL;
		if (*p++ != 'u')
			continue;
		if (strspn(p, "0123456789abcdefABCDEF") < 4)
			return NULL;
		p += 4;
	}
	return p + 1;
}

static const char *
read_member(const char *p, int depth)
{
	p = read_string(p);
	if (p == NULL)
		return NULL;
	p = read_blanks(p);
	return *p == ':' ? read_value(p + 1, depth) : NULL;
}

static const char *
read_list(const char *p, int depth)
{
	bool is_object = *p == '{';
	char closer = is_object ? '}' : ']';

	if (depth > GM_JSON_DEPTH)
		return NULL;
	p = read_blanks(p + 1);
	if (*p == closer)
		return p + 1;
	for (;;) {
		p = read_blanks(p);
		p = is_object ? read_member(p, depth) : read_value(p, depth);
		if (p == NULL)
			return NULL;
		p = read_blanks(p);
		if (*p == closer)
			return p + 1;
		if (*p++ != ',')
			return NULL;
	}
}

static const char *
read_value(const char *p, int depth)
{
	p = read_blanks(p);
	if (*p == '{' || *p == '[')
		return read_list(p, depth + 1);
	return *p == '"' ? read_string(p) : read_scalar(p);
}

static bool
is_json(struct gm_span text)
{
	const char *end = read_value(text.p, 0);

	return gm_utf8_valid(text) == text.len && end != NULL &&
	       read_blanks(end) == text.p + text.len;
}

/* Take one unit of UTF-16, or a whole character that is not escaped. */
static uint32_t
take_unit(struct gm_span *s)
{
	static const char letters[] = "bfnrt", controls[] = "\b\f\n\r\t";
	char hex[5] = "";
	const char *letter;
	uint32_t c = 0;
	size_t n = 2;

	if (s->p[0] != '\\') {
		n = gm_utf8_decode(*s, &c, NULL);
	} else if (s->p[1] == 'u') {
		memcpy(hex, s->p + 2, 4);
		c = (uint32_t)strtoul(hex, NULL, 16);
		n = 6;
	} else {
		letter = strchr(letters, s->p[1]);
		c = (unsigned char)s->p[1];
		if (letter != NULL)
			c = (unsigned char)controls[letter - letters];
	}
	s->p += n;
	s->len -= n;
	return c;
}

/* Decode a string via UTF-16. */
static void
decode(struct gm_buf *out, struct gm_span s)
{
	uint32_t c, high = 0;

	while (s.len > 0) {
		c = take_unit(&s);
		if (high != 0 && c >= 0xDC00 && c < 0xE000) {
			c = 0x10000 + (high % 0x400) * 0x400 + c % 0x400;
			high = 0;
		}
		if (high != 0)
			gm_utf8_put(out, GM_UTF8_REPLACEMENT);
		high = c >= 0xD800 && c < 0xDC00 ? c : 0;
		if (high == 0)
			gm_utf8_put(out, c != 0 ? c : GM_UTF8_REPLACEMENT);
	}
	if (high != 0)
		gm_utf8_put(out, GM_UTF8_REPLACEMENT);
}

static void
check_string(const struct gm_json *j, int at)
{
	struct gm_span raw = gm_json_raw(j, at);
	struct gm_json again = { 0 };
	struct gm_buf text, want, written;
	struct gm_jsonw w;
	struct gm_err err;

	gm_buf_init(&text, j->text.len);
	gm_buf_init(&want, j->text.len);
	gm_buf_init(&written, j->text.len * 6 + 2);
	gm_json_string(j, at, &text);
	assert(text.failed == GM_OK);
	decode(&want, (struct gm_span){ raw.p + 1, raw.len - 2 });
	assert(gm_span_is(gm_buf_span(&want), gm_buf_str(&text)));
	assert(gm_utf8_valid(gm_buf_span(&text)) == text.len);
	assert(memchr(gm_buf_str(&text), '\0', text.len) == NULL);
	assert(gm_json_is(j, at, gm_buf_str(&text)));
	gm_jsonw_init(&w, &written);
	gm_jsonw_span(&w, NULL, gm_buf_span(&text));
	assert(gm_json_parse(&again, gm_buf_span(&written), &err) == 0);
	assert(gm_json_is(&again, GM_JSON_ROOT, gm_buf_str(&text)));
	gm_json_release(&again);
	gm_buf_release(&written);
	gm_buf_release(&want);
	gm_buf_release(&text);
}

/* Compare with the C library, for numbers that are short enough to be exact. */
static void
check_number(const struct gm_json *j, int at)
{
	struct gm_span raw = gm_json_raw(j, at);
	int64_t value = gm_json_int(j, at, 1);
	bool is_whole = value == gm_json_int(j, at, 2);
	char text[40] = "";

	if (raw.len >= sizeof(text))
		return;
	memcpy(text, raw.p, raw.len);
	if (is_whole)
		assert((long double)value == strtold(text, NULL));
	if (strpbrk(text, ".eE") == NULL) {
		errno = 0;
		assert(strtoll(text, NULL, 10) == value || errno == ERANGE ||
		       !is_whole);
		assert(is_whole == (errno == 0));
	}
}

/* A path from parent leads to at, or to a later member of that name. */
static void
check_path(const struct gm_json *j, int parent, int at, size_t index)
{
	bool is_array = gm_json_type(j, parent) == GM_JSON_ARRAY;
	struct gm_buf path;
	int found;

	gm_buf_init(&path, j->text.len + 20);
	if (is_array)
		gm_buf_printf(&path, "%zu", index);
	else
		gm_json_string(j, gm_json_name(j, at), &path);
	if (strchr(gm_buf_str(&path), '.') == NULL) {
		found = gm_json_at(j, parent, gm_buf_str(&path));
		assert(is_array ? found == at : found >= at);
		assert(is_array || gm_json_is(j, gm_json_name(j, found),
				       gm_buf_str(&path)));
	}
	gm_buf_release(&path);
}

/* Return the number of tokens of a value, with all that is in it. */
static size_t
visit(const struct gm_json *j, int at)
{
	struct gm_span raw = gm_json_raw(j, at);
	enum gm_json_type type = gm_json_type(j, at);
	bool is_object = type == GM_JSON_OBJECT;
	size_t tokens = 1, n = 0;
	int i;

	assert(type != GM_JSON_ABSENT && raw.len > 0);
	assert(raw.p >= j->text.p);
	assert(raw.p + raw.len <= j->text.p + j->text.len);
	if (type == GM_JSON_STRING)
		check_string(j, at);
	if (type == GM_JSON_NUMBER)
		check_number(j, at);
	for (i = gm_json_first(j, at); i >= 0; i = gm_json_next(j, at, i)) {
		assert((gm_json_name(j, i) >= 0) == is_object);
		tokens += visit(j, i) + is_object;
		if (is_object)
			check_string(j, gm_json_name(j, i));
		if (n < 20)
			check_path(j, at, i, n);
		n++;
	}
	assert(n == gm_json_len(j, at));
	return tokens;
}

/* No prefix of a value with an end mark is accepted. */
static void
check_beginnings(struct gm_span text)
{
	struct gm_json j = { 0 };
	struct gm_err err;

	text = gm_span_trim(text);
	if (strchr("[{\"", text.p[0]) == NULL || text.len > 200)
		return;
	while (text.len-- > 0) {
		assert(gm_json_parse(&j, text, &err) == -1);
		assert(err.code == GM_EPROTOCOL);
	}
	gm_json_release(&j);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gm_json j = { 0 };
	struct gm_buf text;
	struct gm_span exact = { (const char *)data, size };
	struct gm_err err = { 0 };
	bool accepted;

	gm_buf_init(&text, size);
	gm_buf_put_span(&text, exact); /* with a NUL after it */
	accepted = gm_json_parse(&j, exact, &err) == 0;
	assert(accepted == is_json(gm_buf_span(&text)));
	assert(accepted == (err.code == GM_OK));
	if (accepted) {
		assert(visit(&j, GM_JSON_ROOT) == j.count);
		check_beginnings(exact);
	}
	gm_json_release(&j);
	gm_buf_release(&text);
	return 0;
}
