#ifndef GM_BASE_HASH_H
#define GM_BASE_HASH_H

/*
 * A short name for a text that must not be shown, such as a key: the first 128
 * bits of its salted SHA-256.  The only module that knows libmd.
 *
 * Source: FIPS 180-4.  No I/O.
 */

#include "base/base.h"
#include "base/span.h"

/* 32 hexadecimal digits and the NUL. */
#define GM_HASH_HEX 33

/* Hash salt followed by text; out gets lower-case digits and a NUL. */
void
gm_hash_hex(char out[GM_HASH_HEX], struct gm_span salt, struct gm_span text);

#endif
