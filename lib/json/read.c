#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS
#include <jsmn.h>

#include "json/read.h"
#include "json/value.h"

/* Make room for count tokens; the old ones are lost. */
static int
reserve(struct gm_json *j, size_t count, struct gm_err *err)
{
	if (count <= j->cap)
		return 0;
	free(j->tokens);
	j->cap = 0;
	j->tokens = malloc(count * sizeof(jsmntok_t));
	if (j->tokens == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	j->cap = count;
	return 0;
}

/*
 * Tokens are in the order of the text, so those within a value come directly
 * after it.  jsmn needs the index of the parent only while it parses;
 * afterwards the field holds the index of the first token after the value, so
 * that walks skip all that is within it.
 */
#define after parent

static void
link_tokens(jsmntok_t *tokens, size_t count)
{
	size_t i, next;

	for (i = count; i-- > 0; tokens[i].after = (int)next)
		for (next = i + 1;
		     next < count && tokens[next].start < tokens[i].end;)
			next = (size_t)tokens[next].after;
}

/*
 * In strict mode jsmn rejects a number or literal at the top: make its token.
 */
static void
tokenize(const struct gm_json *j, size_t count)
{
	struct gm_span root = gm_span_trim(j->text);
	jsmntok_t *tokens = j->tokens;
	jsmn_parser parser;
	int made;

	if (strchr("{[\"", root.p[0]) == NULL) {
		tokens[0] = (jsmntok_t){ .type = JSMN_PRIMITIVE,
			.start = (int)(root.p - j->text.p),
			.end = (int)(root.p - j->text.p) + (int)root.len,
			.after = 1 };
		return;
	}
	jsmn_init(&parser);
	made = jsmn_parse(
	    &parser, j->text.p, j->text.len, tokens, (unsigned)count);
	assert(made == (int)count);
	link_tokens(tokens, count);
}

int
gm_json_parse(struct gm_json *j, struct gm_span text, struct gm_err *err)
{
	size_t count;

	j->count = 0;
	j->text = text;
	if (gm_jsoncheck(text, &count, err) != 0 || reserve(j, count, err) != 0)
		return -1;
	tokenize(j, count);
	j->count = count;
	return 0;
}

void
gm_json_release(struct gm_json *j)
{
	free(j->tokens);
	*j = (struct gm_json){ 0 };
}

/* NULL if there is no such value. */
static const jsmntok_t *
token(const struct gm_json *j, int at)
{
	const jsmntok_t *tokens = j->tokens;

	return at >= 0 && (size_t)at < j->count ? tokens + at : NULL;
}

/* The bytes of a token; a string has no quotes. */
static struct gm_span
bytes_of(const struct gm_json *j, const jsmntok_t *t)
{
	return (struct gm_span){ j->text.p + t->start,
		(size_t)(t->end - t->start) };
}

/* The bytes of a string, not decoded; empty if it is no string. */
static struct gm_span
string_at(const struct gm_json *j, int at)
{
	if (gm_json_type(j, at) != GM_JSON_STRING)
		return (struct gm_span){ NULL, 0 };
	return bytes_of(j, token(j, at));
}

enum gm_json_type
gm_json_type(const struct gm_json *j, int at)
{
	const jsmntok_t *t = token(j, at);

	if (t == NULL)
		return GM_JSON_ABSENT;
	if (t->type == JSMN_OBJECT)
		return GM_JSON_OBJECT;
	if (t->type == JSMN_ARRAY)
		return GM_JSON_ARRAY;
	if (t->type == JSMN_STRING)
		return GM_JSON_STRING;
	switch (j->text.p[t->start]) {
	case 't':
	case 'f':
		return GM_JSON_BOOL;
	case 'n':
		return GM_JSON_NULL;
	default:
		return GM_JSON_NUMBER;
	}
}

size_t
gm_json_len(const struct gm_json *j, int at)
{
	const jsmntok_t *t = token(j, at);

	/* jsmn counts the value of a name as its element; a string has none. */
	return t == NULL || t->type == JSMN_STRING ? 0 : (size_t)t->size;
}

/* The element of an array with the index in digits. */
static int
element(const struct gm_json *j, int array, struct gm_span digits)
{
	size_t index = 0, i;
	int at;

	for (i = 0; i < digits.len; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9' ||
		    index > GM_JSON_TOKENS)
			return GM_JSON_NONE;
		index = index * 10 + (size_t)(digits.p[i] - '0');
	}
	if (digits.len == 0 || index >= gm_json_len(j, array))
		return GM_JSON_NONE;
	at = gm_json_first(j, array);
	for (i = 0; i < index; i++)
		at = gm_json_next(j, array, at);
	return at;
}

/* The value of the last member with this name; a value follows its name. */
static int
member(const struct gm_json *j, int object, struct gm_span wanted)
{
	const jsmntok_t *tokens = j->tokens;
	int name, found = GM_JSON_NONE;

	for (name = object + 1; name < tokens[object].after;
	     name = tokens[name + 1].after)
		if (gm_jsonval_is(bytes_of(j, &tokens[name]), wanted))
			found = name + 1;
	return found;
}

int
gm_json_at(const struct gm_json *j, int at, const char *path)
{
	struct gm_span rest = gm_span_of(path), part;

	while (at >= 0 && gm_span_split(&rest, ".", &part))
		at = gm_json_type(j, at) == GM_JSON_OBJECT
		         ? member(j, at, part)
		         : element(j, at, part);
	return at;
}

int
gm_json_first(const struct gm_json *j, int at)
{
	if (gm_json_len(j, at) == 0)
		return GM_JSON_NONE;
	return gm_json_type(j, at) == GM_JSON_OBJECT ? at + 2 : at + 1;
}

int
gm_json_next(const struct gm_json *j, int parent, int at)
{
	const jsmntok_t *all = token(j, parent), *t = token(j, at);

	if (all == NULL || t == NULL || t->after >= all->after)
		return GM_JSON_NONE;
	return all->type == JSMN_OBJECT ? t->after + 1 : t->after;
}

/* A name in an object is the token before its value, and has size 1. */
int
gm_json_name(const struct gm_json *j, int at)
{
	const jsmntok_t *t = at > 0 ? token(j, at - 1) : NULL;

	if (t == NULL || t->type != JSMN_STRING || t->size == 0)
		return GM_JSON_NONE;
	return at - 1;
}

struct gm_span
gm_json_raw(const struct gm_json *j, int at)
{
	const jsmntok_t *t = token(j, at);
	struct gm_span bytes;

	if (t == NULL)
		return (struct gm_span){ NULL, 0 };
	bytes = bytes_of(j, t);
	if (t->type == JSMN_STRING)
		bytes = (struct gm_span){ bytes.p - 1, bytes.len + 2 };
	return bytes;
}

void
gm_json_string(const struct gm_json *j, int at, struct gm_buf *out)
{
	gm_jsonval_string(string_at(j, at), out);
}

void
gm_json_join(
    const struct gm_json *j, int at, uint32_t *half, struct gm_buf *out)
{
	gm_jsonval_join(string_at(j, at), half, out);
}

bool
gm_json_is(const struct gm_json *j, int at, const char *text)
{
	return gm_json_type(j, at) == GM_JSON_STRING &&
	       gm_jsonval_is(string_at(j, at), gm_span_of(text));
}

int64_t
gm_json_int(const struct gm_json *j, int at, int64_t fallback)
{
	enum gm_json_type type = gm_json_type(j, at);
	int64_t value;

	if (type == GM_JSON_NUMBER &&
	    gm_jsonval_whole(gm_json_raw(j, at), &value))
		return value;
	if (type == GM_JSON_STRING &&
	    gm_jsonval_digits(string_at(j, at), &value))
		return value;
	return fallback;
}

bool
gm_json_true(const struct gm_json *j, int at)
{
	return gm_json_type(j, at) == GM_JSON_BOOL &&
	       gm_json_raw(j, at).len == sizeof("true") - 1;
}
