#ifndef GM_SUMM_ENTRY_H
#define GM_SUMM_ENTRY_H

/*
 * The file format of a cached answer, and the key that it is found by.  No I/O.
 *
 * A file begins with a checksum of the rest and of the key, so that neither a
 * damaged file nor one with a wrong name is taken for an answer:
 *
 *	CHECKSUM LF INPUT_TOKENS " " OUTPUT_TOKENS LF MODEL NUL TEXT
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/span.h"

/*
 * The identity of a request: everything that shapes its answer, and nothing
 * else (no "part 3 of 7").  All is borrowed; NULL counts as empty.
 */
struct gm_entry_request {
	const char *origin;  /* of the service: "https://host:443" */
	const char *model;   /* as requested */
	const char *prompts; /* version of the prompts */
	const char *params;  /* parameters of generation, always in one form */
	struct gm_span system;
	const struct gm_span *parts; /* the prompt */
	size_t parts_len;
};

/*
 * Make the key: 128 bits of SHA-256 in hexadecimal digits.  Requests that
 * differ in a field, or in the border of two parts, have different keys.
 */
void gm_entry_key(char key[GM_HASH_HEX], const struct gm_entry_request *);

struct gm_entry {
	struct gm_span text;
	const char *model; /* that answered; not NULL */
	int64_t input_tokens, output_tokens;
};

/* Append the bytes of the file. */
void gm_entry_write(
    struct gm_buf *, const char key[GM_HASH_HEX], const struct gm_entry *);

/* Most bytes that gm_entry_write() adds to text and model. */
#define GM_ENTRY_EXTRA ((size_t)76)

/*
 * Parse the bytes of a file, which are followed by a NUL; *entry points into
 * them.  Return false if they were not written under this key, or the text is
 * empty.
 */
bool gm_entry_parse(struct gm_entry *, const char key[GM_HASH_HEX],
    struct gm_span bytes) GM_MUST_CHECK;

#endif
