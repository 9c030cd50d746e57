#ifndef GM_BASE_UTF8_H
#define GM_BASE_UTF8_H

/*
 * UTF-8: check, decode, encode, repair, and cut only between characters.
 *
 * Source: Unicode 15, table 3-7 (well-formed byte sequences); ill-formed parts
 * are replaced as in "U+FFFD substitution of maximal subparts".  No I/O.
 */

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define GM_UTF8_REPLACEMENT 0xFFFDu

/*
 * Decode the first character of a non-empty span.  Returns the bytes it takes
 * and sets *point; returns 0 for an ill-formed sequence and sets *skip (when
 * not NULL) to the bytes that one U+FFFD stands for.
 */
size_t gm_utf8_decode(struct gm_span, uint32_t *point, size_t *skip);

/* Bytes at the start that are well-formed. */
size_t gm_utf8_valid(struct gm_span);

/*
 * Write one code point, without a NUL, and return its bytes; surrogates and
 * values over U+10FFFF give U+FFFD.
 */
size_t gm_utf8_encode(char out[4], uint32_t point);

/* The same, appended. */
void gm_utf8_put(struct gm_buf *, uint32_t point);

/* Append text with each ill-formed part as U+FFFD; returns how many. */
size_t gm_utf8_repair(struct gm_buf *, struct gm_span text);

/*
 * The name that iconv(1) has for the encoding of a text that is not UTF-8 but
 * UTF-16 or UTF-32, judged by its byte order mark or, without one, by where its
 * first 64 bytes are NUL; NULL: neither, as far as that shows.
 */
const char *gm_utf8_foreign(struct gm_span text);

/* Bytes at the start that are white space, or characters without width. */
size_t gm_utf8_blanks(struct gm_span text);

/* Bytes of the first max characters (code points) of well-formed text. */
size_t gm_utf8_cut(struct gm_span, size_t max);

#endif
