#ifndef GM_SUMM_CHUNK_H
#define GM_SUMM_CHUNK_H

/*
 * Cuts a text of any length into chunks, each of which fits into a request.
 *
 * The chunks cover the text exactly.  The borders depend only on the text and
 * the limit, not on the pieces in which the text is added.  A text that fits is
 * one chunk.  Other texts are cut at the best border between half of the
 * allowed size and all of it: before a heading, after a blank line, before a
 * line (best if it is not indented and the line before ends a sentence),
 * between sentences, between words, after a punctuation mark, between
 * characters; see gm-summ/border.h.  A UTF-8 character is never cut.
 *
 * Of several borders of the same kind, the one whose next 64 bytes have the
 * smallest hash is taken (content-defined chunking).  So if the text is edited,
 * most borders stay where they are, and the cache knows the other chunks.
 *
 * If E is the estimate of the whole text plus its margin, there are at most
 * 1.5 * ceil(E / limit) + 1 chunks.  There are two exceptions.  A chunk has at
 * most 16 bytes for each token allowed; only long runs of line ends exceed
 * that.  And a run of more than 1,000 bytes of [A-Za-z0-9+/=] may be estimated
 * as code in a chunk, but not in the whole text.
 *
 * Memory: twice one chunk and one added piece.  No I/O, no locale.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "provider/tokens.h"

/* The smallest limit that holds for any text. */
#define GM_CHUNKER_LEAST 16

struct gm_chunk {
	int64_t offset;      /* in the source, in bytes */
	struct gm_span text; /* never empty; may be only white space */
	int64_t tokens;      /* estimated, without margin */
};

/* A border where the chunk may end.  Private. */
struct gm_chunk_end {
	size_t at;      /* offset in the chunker's text */
	int rank;       /* the higher, the better; 0: no border yet */
	uint64_t hash;  /* of the bytes after it */
	int64_t tokens; /* estimate from the start of the chunk */
	int64_t size;   /* tokens, or more if the bytes count for more */
};

/* Private. */
struct gm_chunker {
	int64_t max;              /* largest size of a chunk, without margin */
	int64_t excess;           /* sum of sizes above fair_size() so far */
	int64_t offset;           /* of start, in the source */
	struct gm_buf text;       /* the chunk and text after it */
	size_t start;             /* start of the chunk in text */
	size_t at;                /* end of the scanned part in text */
	struct gm_tokens tokens;  /* from start to at */
	struct gm_chunk_end best; /* from start to at */
	int title;                /* lines of the heading not yet scanned */
	bool line;                /* a line begins at "at" */
	bool after_blank;         /* the line before it is blank */
	bool after_title;         /* only blank lines since the last heading */
	bool ended;               /* no more text will be added */
};

/*
 * Start.  A chunk has at most limit tokens, even if their true number exceeds
 * the estimate by all of GM_TOKENS_MARGIN_PERCENT.
 */
void gm_chunker_init(struct gm_chunker *, int64_t limit);

/*
 * Append a piece of the text, after all chunks so far were taken.  Returns 0,
 * or -1: GM_EOS.
 */
int gm_chunker_add(
    struct gm_chunker *, struct gm_span, struct gm_err *) GM_MUST_CHECK;

/* State that the text is complete. */
void gm_chunker_end(struct gm_chunker *);

/*
 * Take the next chunk, whose text is valid until the next call of a function
 * here.  False: more text is needed or, after the end, there are no more
 * chunks.
 */
bool gm_chunker_next(struct gm_chunker *, struct gm_chunk *);

void gm_chunker_release(struct gm_chunker *);

#endif
