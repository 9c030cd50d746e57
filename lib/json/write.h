#ifndef GM_JSON_WRITE_H
#define GM_JSON_WRITE_H

/*
 * Write JSON into a buffer.  This module writes commas and escapes; as failures
 * of the buffer are sticky, one check at the end is enough.
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
 *  Strings: '"', '\\', U+0000-001F, U+007F, U+2028 and U+2029 are escaped,
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

struct gm_jsonw { /* private to write.c */
	struct gm_buf *out;
	unsigned depth;
	bool comma;
	struct {
		size_t start; /* offset in out of comma, name and value */
		char closer;
		bool comma; /* written before it */
	} levels[GM_JSONW_DEPTH];
};

/* out is borrowed until the last call. */
void gm_jsonw_init(struct gm_jsonw *, struct gm_buf *out);

void gm_jsonw_object(struct gm_jsonw *, const char *name);
void gm_jsonw_array(struct gm_jsonw *, const char *name);
void gm_jsonw_end(struct gm_jsonw *); /* of the innermost level */

/*
 * End the innermost level; if it is empty, remove it with its name, so that the
 * caller need not know beforehand whether it has a member.
 */
void gm_jsonw_end_or_drop(struct gm_jsonw *);

/*
 * Begin a string, append a piece to it; gm_jsonw_end() ends it.  Pieces consist
 * of whole characters.
 */
void gm_jsonw_string(struct gm_jsonw *, const char *name);
void gm_jsonw_piece(struct gm_jsonw *, struct gm_span);

void gm_jsonw_span(struct gm_jsonw *, const char *name, struct gm_span);
void gm_jsonw_text(struct gm_jsonw *, const char *name, const char *);
void gm_jsonw_int(struct gm_jsonw *, const char *name, int64_t);
void gm_jsonw_bool(struct gm_jsonw *, const char *name, bool);
void gm_jsonw_null(struct gm_jsonw *, const char *name);

/*
 * Write a text, or null for NULL and ""; a number, or null if it is negative.
 */
void gm_jsonw_text_or_null(struct gm_jsonw *, const char *name, const char *);
void gm_jsonw_int_or_null(struct gm_jsonw *, const char *name, int64_t);

/* Write JSON that was checked before: a number, a parsed value. */
void gm_jsonw_raw(struct gm_jsonw *, const char *name, struct gm_span json);

/* Write a number given as JSON; nothing for NULL. */
void gm_jsonw_number(struct gm_jsonw *, const char *name, const char *number);

/* Write an array of texts; nothing if there are none. */
void gm_jsonw_texts(
    struct gm_jsonw *, const char *name, const char *const *texts, size_t len);

#endif
