#ifndef GM_BASE_UTF8_H
#define GM_BASE_UTF8_H

/*
 * UTF-8: check, decode, encode, repair, and cut between characters.
 *
 * Source: Unicode 15, table 3-7 (well-formed byte sequences); ill-formed parts
 * are replaced as in "U+FFFD substitution of maximal subparts".  No I/O.
 */

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define GM_UTF8_REPLACEMENT 0xFFFDu

/*
 * Decode the first character of a span that is not empty.  Returns its length
 * in bytes and sets *point.  Returns 0 for an ill-formed sequence and sets
 * *skip (if not NULL) to the number of bytes that one U+FFFD replaces.
 */
size_t gm_utf8_decode(struct gm_span, uint32_t *point, size_t *skip);

/* The number of well-formed bytes at the start. */
size_t gm_utf8_valid(struct gm_span);

/*
 * Write one code point, without a NUL, and return its length in bytes.
 * Surrogates and values over U+10FFFF become U+FFFD.
 */
size_t gm_utf8_encode(char out[4], uint32_t point);

/* Append one code point as gm_utf8_encode() writes it. */
void gm_utf8_put(struct gm_buf *, uint32_t point);

/* Append text with U+FFFD for each ill-formed part; return their number. */
size_t gm_utf8_repair(struct gm_buf *, struct gm_span text);

/*
 * The name, for iconv(1), of the encoding of a text in UTF-16 or UTF-32; NULL
 * if it looks like neither.  Decides by the byte order mark, or else by the
 * position of NULs in the first 64 bytes.
 */
const char *gm_utf8_foreign(struct gm_span text);

/* The number of bytes at the start that are white space or of zero width. */
size_t gm_utf8_blanks(struct gm_span text);

/* The length in bytes of the first max code points of well-formed text. */
size_t gm_utf8_cut(struct gm_span, size_t max);

#endif
