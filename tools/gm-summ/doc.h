#ifndef GM_SUMM_DOC_H
#define GM_SUMM_DOC_H

/*
 * The plan of a summary: which requests it takes, in which rounds.
 *
 * A text that fits into one request is summarised at once.  Another one is cut
 * into sections, each of which becomes a list of facts; these lists, in order,
 * are the text of the next round, until it fits.  So nothing of a text is left
 * out: its sections cover it exactly, and each needs its answer.
 *
 *	gm_doc_open()
 *	while (gm_doc_scan() == 1) ;		cuts a piece of the text at a time
 *	while ((s = gm_doc_next()) != NULL)
 *		gm_doc_compose(s), send, then gm_doc_answer() or gm_doc_fail()
 *	                                        until it has ended
 *
 * An answer may be the last one of its round; then there is a new text to scan.
 * Nothing is sent here.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "gm-summ/chunk.h"
#include "gm-summ/prompts.h"
#include "gm-summ/text.h"

/* A run of bytes of one text. */
struct gm_stretch {
	size_t text;
	off_t at;
	size_t len;
	uint64_t sum; /* of the bytes, to notice a change of the file */
};

/* What one request has. */
struct gm_section {
	struct gm_section *next;
	struct gm_prompt_part part;   /* for the prompt, and for messages */
	struct gm_stretch *stretches; /* one, or small texts together */
	size_t len;
	int64_t tokens; /* estimated */
	char *answer;   /* owned; NULL: not yet */
	size_t answer_len;
	bool sent, retried;
};

enum gm_doc_phase {
	GM_DOC_SCANNING, /* gm_doc_scan() has something to do */
	GM_DOC_ASKING,   /* sections are to be sent, or on their way */
	GM_DOC_ENDED     /* summary or failure is there */
};

struct gm_doc {
	size_t number; /* of the operand, from 1: the caller's */
	enum gm_doc_phase phase;
	char *summary; /* owned; NULL: it has failed */
	size_t summary_len;
	struct gm_err failure;

	/* Of the whole; filled by the caller but for parts and rounds. */
	size_t parts, rounds; /* sections of the first round; rounds */
	size_t cached;        /* answers that were not paid for */
	size_t missing;       /* of several texts: those that were not read */
	int64_t requests, tokens_in, tokens_out, begun_ms;
	struct timespec changed; /* the first text, when it was opened */

	/* private */
	int64_t limit; /* tokens of a section */
	const struct gm_wanted_summary *wanted;
	const struct gm_text_options *options;
	struct gm_text *texts;
	size_t texts_len;
	bool named;      /* several texts: their names go along */
	size_t scanning; /* this text, */
	off_t scanned;   /* up to here */
	bool chunking, cutting;
	struct gm_chunker chunker;
	struct gm_buf window; /* what is being scanned */
	struct gm_section *first, *last, *due;
	size_t sections, answers;
	off_t size; /* of the round's texts */
};

/*
 * Open all texts of a summary; NULL as a path: standard input.  The paths are
 * borrowed until it is closed.  limit: tokens allowed in a section.  Of several
 * texts, those that cannot be read, or are no text, are reported and missing.
 * Returns 0, or -1 as gm_text_open(), and the document has ended with that as
 * its failure; to be closed in any case.
 */
int gm_doc_open(struct gm_doc *, const char *const *paths, size_t len,
    int64_t limit, const struct gm_wanted_summary *,
    const struct gm_text_options *, struct gm_err *) GM_MUST_CHECK;

/*
 * Scan a piece of the text.  Returns 1: there is more to scan, 0: no more, or
 * -1: the document has ended; *err is GM_ENOINPUT, GM_EDATA, GM_EOS.
 */
int gm_doc_scan(struct gm_doc *, struct gm_err *) GM_MUST_CHECK;

/* The next section to be sent, which then counts as sent; NULL: none now. */
struct gm_section *gm_doc_next(struct gm_doc *);

/*
 * Append the prompt of a section.  Before *shared, its length up to there, is
 * what does not name the part.  Returns 0, or -1 and the document has ended:
 * GM_ENOINPUT (the file was changed), GM_EDATA, GM_EOS.
 */
int gm_doc_compose(struct gm_doc *, const struct gm_section *, struct gm_buf *,
    struct gm_err *) GM_MUST_CHECK;

/* The same without the part's number, as the cache knows it. */
int gm_doc_identity(struct gm_doc *, const struct gm_section *, struct gm_buf *,
    struct gm_err *) GM_MUST_CHECK;

/* The answer to a section.  Returns 0, or -1 and the document has ended. */
int gm_doc_answer(struct gm_doc *, struct gm_section *, struct gm_span,
    struct gm_err *) GM_MUST_CHECK;

/* The service found a section too large.  0: it is cut further, or -1. */
int gm_doc_split(
    struct gm_doc *, struct gm_section *, struct gm_err *) GM_MUST_CHECK;

/*
 * A section has no answer; it will be sent once more, unless that was done
 * before or is of no use: then the document has failed, with a message that
 * names the part.
 */
void gm_doc_fail(
    struct gm_doc *, struct gm_section *, bool again, const struct gm_err *);

void gm_doc_close(struct gm_doc *);

#endif
