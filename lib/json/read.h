#ifndef GM_JSON_READ_H
#define GM_JSON_READ_H

/*
 * Read JSON.  A document is checked against the whole grammar first, and only
 * then handed to jsmn, whose tokens the look-ups below walk.
 *
 * A value is named by an int, its place in the document; GM_JSON_NONE stands
 * for "not there" and is accepted by every look-up, so that paths need no
 * checks in between.  The text is borrowed for the life of the document.
 *
 * Source: RFC 8259.  Duplicate names: the last one wins.  Depth at most
 * GM_JSON_DEPTH, tokens at most GM_JSON_TOKENS, text below 2 GiB.  jsmn alone
 * accepts much that is not JSON and is quadratic on nesting, hence the check
 * of jsoncheck.h and its caps before it.  No I/O.
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
	void *tokens; /* jsmn's, private to jsonr.c */
	size_t count;
	size_t cap;
};

/*
 * Parse text, one value and nothing else but white space.  The struct may be
 * zero or used before; its memory is used again.  Returns 0, or -1:
 * GM_EPROTOCOL (not JSON; the message says what and at which byte, and never
 * repeats the text) or GM_EOS.
 */
int gm_json_parse(
    struct gm_json *, struct gm_span text, struct gm_err *) GM_MUST_CHECK;
void gm_json_release(struct gm_json *);

enum gm_json_type gm_json_type(const struct gm_json *, int at);

/* Elements of an array, members of an object, 0 for all else. */
size_t gm_json_len(const struct gm_json *, int at);

/*
 * The value under a path from at: names and array indices joined by '.', as in
 * "candidates.0.content".  Names are compared with the decoded member names.
 */
int gm_json_at(const struct gm_json *, int at, const char *path);

/*
 * Walk the elements of an array or the values of an object:
 * for (i = gm_json_first(j, at); i >= 0; i = gm_json_next(j, at, i)).
 */
int gm_json_first(const struct gm_json *, int at);
int gm_json_next(const struct gm_json *, int parent, int at);

/* Of a value in an object: where its name stands (a string), else NONE. */
int gm_json_name(const struct gm_json *, int at);

/* The bytes of the value as they stand in the text; a string's with quotes. */
struct gm_span gm_json_raw(const struct gm_json *, int at);

/*
 * Append a string, decoded: lone surrogates and U+0000 become U+FFFD.  Appends
 * nothing if the value is not a string.
 */
void gm_json_string(const struct gm_json *, int at, struct gm_buf *out);

/* The same of a string that goes on from another one, see gm_jsonval_join(). */
void gm_json_join(
    const struct gm_json *, int at, uint32_t *half, struct gm_buf *out);

/* Is it a string, and equal to text once decoded? */
bool gm_json_is(const struct gm_json *, int at, const char *text);

/*
 * A whole number; also one written as a string of digits, as Google does with
 * 64 bits, or as 5.0 or 5e0.  fallback if there is none, or it does not fit.
 */
int64_t gm_json_int(const struct gm_json *, int at, int64_t fallback);

/* True only for the literal true. */
bool gm_json_true(const struct gm_json *, int at);

#endif
