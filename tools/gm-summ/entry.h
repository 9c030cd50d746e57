#ifndef GM_SUMM_ENTRY_H
#define GM_SUMM_ENTRY_H

/*
 * An answer as it is kept in a file, and the key that it is found by.  No I/O.
 *
 * A file is a checksum of all that follows and of the key, so that neither a
 * damaged file nor one under another name is taken for an answer:
 *
 *	CHECKSUM LF INPUT_TOKENS " " OUTPUT_TOKENS LF MODEL NUL TEXT
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/span.h"

/*
 * What a request is known by.  All is borrowed; what is NULL or empty counts
 * as empty.  What must not make a difference, such as "part 3 of 7", the caller
 * leaves out.
 */
struct gm_entry_request {
	const char *origin;  /* of the service: "https://host:443" */
	const char *model;   /* as requested */
	const char *prompts; /* version of the prompts */
	const char *params; /* all that shapes the answer, always spelt alike */
	struct gm_span system;
	const struct gm_span *parts; /* of the prompt */
	size_t parts_len;
};

/*
 * 128 bits of SHA-256 in hexadecimal digits.  Requests that differ in a field,
 * or in where a part ends, have different keys.
 */
void gm_entry_key(char key[GM_HASH_HEX], const struct gm_entry_request *);

struct gm_entry {
	struct gm_span text;
	const char *model; /* that has answered; not NULL */
	int64_t input_tokens, output_tokens;
};

/* Append the bytes of the file. */
void gm_entry_write(
    struct gm_buf *, const char key[GM_HASH_HEX], const struct gm_entry *);

/* How many bytes gm_entry_write() adds to text and model, at most. */
#define GM_ENTRY_EXTRA ((size_t)76)

/*
 * Read the file's bytes, which are followed by a NUL and must stay as long as
 * *entry is used.  False: they are not what was written under this key, or the
 * text is empty.
 */
bool gm_entry_parse(struct gm_entry *, const char key[GM_HASH_HEX],
    struct gm_span bytes) GM_MUST_CHECK;

#endif
