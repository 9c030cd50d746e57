#ifndef GM_BASE_BASE_H
#define GM_BASE_BASE_H

/*
 * Attributes, the length of an array, and assumptions about the platform, for
 * every module.
 */

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#define GM_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define GM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define GM_MUST_CHECK __attribute__((warn_unused_result))

_Static_assert(CHAR_BIT == 8, "bytes have 8 bits");
_Static_assert(sizeof(int) >= 4, "int holds jsmn's offsets");
_Static_assert(sizeof(size_t) >= 4, "sizes reach beyond 64 MiB");

#endif
