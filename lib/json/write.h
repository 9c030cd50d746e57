#ifndef GM_JSON_WRITE_H
#define GM_JSON_WRITE_H

/*
 * Write JSON into a buffer: commas and escapes are looked after here, and the
 * buffer's sticky failure makes checks in between needless.
 *
 *	gm_jsonw_init(&w, &buf);
 *	gm_jsonw_object(&w, NULL);
 *	gm_jsonw_text(&w, "model", name);
 *	gm_jsonw_array(&w, "stop");
 *	gm_jsonw_text(&w, NULL, "END");
 *	gm_jsonw_end(&w);
 *	gm_jsonw_end(&w);
 *
 * Each call takes the member's name, or NULL inside an array and at the top.
 * Strings: '"', '\\', U+0000-001F, U+007F, U+2028 and U+2029 are escaped,
 * ill-formed UTF-8 becomes U+FFFD.  These are bugs and assert: more than
 * GM_JSONW_DEPTH open levels, an end without a begin, a name where none belongs
 * or none where one does, a piece outside of a string, a value inside of one,
 * and a second value at the top.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define GM_JSONW_DEPTH 32

struct gm_jsonw { /* private to jsonw.c but for its size */
	struct gm_buf *out;
	unsigned depth;
	bool comma;
	struct {
		size_t start; /* of the comma, name and value, in out */
		char closer;
		bool comma; /* before it */
	} levels[GM_JSONW_DEPTH];
};

/* out is borrowed until the last call. */
void gm_jsonw_init(struct gm_jsonw *, struct gm_buf *out);

void gm_jsonw_object(struct gm_jsonw *, const char *name);
void gm_jsonw_array(struct gm_jsonw *, const char *name);
void gm_jsonw_end(struct gm_jsonw *); /* of the innermost that is open */

/*
 * End the innermost that is open, or take it back, with its name, if nothing is
 * in it: the caller need not know beforehand whether there will be a member.
 */
void gm_jsonw_end_or_drop(struct gm_jsonw *);

/*
 * A string in pieces, which gm_jsonw_end() ends.  No piece begins or ends
 * within a character.
 */
void gm_jsonw_string(struct gm_jsonw *, const char *name);
void gm_jsonw_piece(struct gm_jsonw *, struct gm_span);

void gm_jsonw_span(struct gm_jsonw *, const char *name, struct gm_span);
void gm_jsonw_text(struct gm_jsonw *, const char *name, const char *);
void gm_jsonw_int(struct gm_jsonw *, const char *name, int64_t);
void gm_jsonw_bool(struct gm_jsonw *, const char *name, bool);
void gm_jsonw_null(struct gm_jsonw *, const char *name);

/* What may be missing: null for a text that is NULL or "", a number below 0. */
void gm_jsonw_text_or_null(struct gm_jsonw *, const char *name, const char *);
void gm_jsonw_int_or_null(struct gm_jsonw *, const char *name, int64_t);

/* JSON that is known to be good: a checked number, a parsed value. */
void gm_jsonw_raw(struct gm_jsonw *, const char *name, struct gm_span json);

/* A number in JSON's form, where there is one; NULL writes nothing. */
void gm_jsonw_number(struct gm_jsonw *, const char *name, const char *number);

/* An array of texts; without any nothing is written. */
void gm_jsonw_texts(
    struct gm_jsonw *, const char *name, const char *const *texts, size_t len);

#endif
