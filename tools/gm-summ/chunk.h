#ifndef GM_SUMM_CHUNK_H
#define GM_SUMM_CHUNK_H

/*
 * Cuts a text of any length into chunks, each of which fits into a request.
 *
 * The chunks cover the text exactly.  The borders depend on the text and the
 * limit alone, not on the pieces in which the text comes.  A text that fits is
 * one chunk.  Other texts are cut at the best border between half of the
 * allowed size and all of it: before a heading, after a blank line, before a
 * line (best if it is not indented and the one before ends a sentence), between
 * sentences, words, after a punctuation mark, between characters; see
 * gm-summ/border.h.  UTF-8 is never cut within a character.
 *
 * Of borders of the same kind, the one is taken whose next 64 bytes have the
 * smallest hash, so that most borders stay where they are if the text is
 * edited.
 *
 * If E is the estimate of the whole text plus its margin, there are at most
 * 1.5 * ceil(E / limit) + 1 chunks.  Two exceptions: a chunk has at most 16
 * bytes for each token allowed, which only long runs of line ends exceed; and a
 * run of [A-Za-z0-9+/=] of more than 1,000 bytes may be estimated as code in
 * part, but not as a whole.
 *
 * Memory is for one chunk and a piece of the text, twice.  No I/O, no locale.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "provider/tokens.h"

/* The least limit that is kept whatever the text is. */
#define GM_CHUNKER_LEAST 16

struct gm_chunk {
	int64_t offset;      /* in the source, in bytes */
	struct gm_span text; /* never empty; may be white space alone */
	int64_t tokens;      /* estimated, without margin */
};

/* Where a chunk may end; all is private. */
struct gm_chunk_end {
	size_t at; /* in the chunker's text */
	int rank;  /* of its kind; 0: there is no border yet */
	uint64_t hash;
	int64_t tokens; /* estimate from the beginning of the chunk */
	int64_t size;
};

/* Private. */
struct gm_chunker {
	int64_t max;        /* tokens of a chunk, by the estimate */
	int64_t spare;      /* by how much chunks were larger than must be */
	int64_t offset;     /* of start, in the source */
	struct gm_buf text; /* of the chunk, and what follows it */
	size_t start;       /* where the chunk begins in text */
	size_t at;          /* the chunk is scanned up to here */
	struct gm_tokens tokens;  /* from start to at */
	struct gm_chunk_end best; /* from start to at */
	int title;                /* lines of a heading yet to come */
	bool line;                /* a line begins at at */
	bool after_blank;         /* the line before it is blank */
	bool after_title; /* nothing but blanks since the last heading */
	bool ended;       /* no more text follows */
};

/*
 * A chunk has at most limit tokens, even if their true number is above the
 * estimate by all of GM_TOKENS_MARGIN_PERCENT.
 */
void gm_chunker_init(struct gm_chunker *, int64_t limit);

/* Append a piece of the text, after all chunks so far were taken. */
int gm_chunker_add(
    struct gm_chunker *, struct gm_span, struct gm_err *) GM_MUST_CHECK;

/* The text is complete. */
void gm_chunker_end(struct gm_chunker *);

/*
 * The next chunk; false: more text is needed, or after the end, there is none.
 * Its text is valid until the next call of a function here.
 */
bool gm_chunker_next(struct gm_chunker *, struct gm_chunk *);

void gm_chunker_release(struct gm_chunker *);

#endif
