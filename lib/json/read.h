#ifndef GM_JSON_READ_H
#define GM_JSON_READ_H

/*
 * Read JSON.  A document is first checked against the whole grammar, and only
 * then parsed by jsmn into the tokens that the functions below walk.
 *
 * An int, the index of its token, identifies a value.  GM_JSON_NONE means that
 * there is no such value; every function accepts it, so that look-ups need no
 * checks in between.  The text is borrowed for the life of the document.
 *
 * Source: RFC 8259.  Duplicate names: the last one wins.  Depth at most
 * GM_JSON_DEPTH, tokens at most GM_JSON_TOKENS, text below 2 GiB.  The check of
 * check.h comes first because jsmn accepts much that is not JSON and takes
 * quadratic time for deep nesting.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "json/check.h" /* GM_JSON_DEPTH, GM_JSON_TOKENS */

#define GM_JSON_NONE (-1)
#define GM_JSON_ROOT 0

enum gm_json_type {
	GM_JSON_ABSENT,
	GM_JSON_OBJECT,
	GM_JSON_ARRAY,
	GM_JSON_STRING,
	GM_JSON_NUMBER,
	GM_JSON_BOOL,
	GM_JSON_NULL
};

struct gm_json {
	struct gm_span text;
	void *tokens; /* jsmn's, private to read.c */
	size_t count;
	size_t cap;
};

/*
 * Parse text: one value, with white space around it.  The struct may be zero,
 * or used before: its memory is reused.  Returns 0, or -1: GM_EPROTOCOL (not
 * JSON; see gm_jsoncheck()) or GM_EOS.
 */
int gm_json_parse(
    struct gm_json *, struct gm_span text, struct gm_err *) GM_MUST_CHECK;
void gm_json_release(struct gm_json *);

enum gm_json_type gm_json_type(const struct gm_json *, int at);

/* The number of elements of an array or members of an object; else 0. */
size_t gm_json_len(const struct gm_json *, int at);

/*
 * Find the value at a path, relative to at: names and array indices joined by
 * '.', as in "candidates.0.content".  Member names are decoded for comparison.
 */
int gm_json_at(const struct gm_json *, int at, const char *path);

/*
 * Walk the elements of an array or the values of an object:
 * for (i = gm_json_first(j, at); i >= 0; i = gm_json_next(j, at, i)).
 */
int gm_json_first(const struct gm_json *, int at);
int gm_json_next(const struct gm_json *, int parent, int at);

/* The name (a string) of a value in an object; else GM_JSON_NONE. */
int gm_json_name(const struct gm_json *, int at);

/* The bytes of a value in the text; a string includes its quotes. */
struct gm_span gm_json_raw(const struct gm_json *, int at);

/*
 * Append a decoded string; lone surrogates and U+0000 become U+FFFD.  Appends
 * nothing if the value is not a string.
 */
void gm_json_string(const struct gm_json *, int at, struct gm_buf *out);

/* Append a decoded string that continues another; see gm_jsonval_join(). */
void gm_json_join(
    const struct gm_json *, int at, uint32_t *half, struct gm_buf *out);

/* True if the value is a string that, decoded, equals text. */
bool gm_json_is(const struct gm_json *, int at, const char *text);

/*
 * A whole number, also written as 5.0, 5e0, or a string of digits, as Google
 * does for 64-bit integers.  Returns fallback if it is no such number, or does
 * not fit.
 */
int64_t gm_json_int(const struct gm_json *, int at, int64_t fallback);

/* True if the value is the literal true. */
bool gm_json_true(const struct gm_json *, int at);

#endif
