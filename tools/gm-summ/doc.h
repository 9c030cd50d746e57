#ifndef GM_SUMM_DOC_H
#define GM_SUMM_DOC_H

/*
 * The plan of a summary: its requests, in one or more rounds.
 *
 * A text that fits into one request is summarised at once.  A longer text is
 * cut into sections, and each becomes a list of facts.  These lists, in order,
 * are the text of the next round, until it fits.  Nothing of a text is left
 * out: the sections cover it exactly, and a summary needs the answers to all of
 * them.
 *
 *	gm_doc_open()
 *	while (gm_doc_scan() == 1) ;	cuts a piece of the text at a time
 *	while ((s = gm_doc_next()) != NULL)
 *		gm_doc_compose(s), send, then gm_doc_answer() or gm_doc_fail()
 *
 * After the last answer of a round the phase is GM_DOC_SCANNING again, with the
 * text of the next round, or GM_DOC_ENDED.  This module sends nothing.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "gm-summ/chunk.h"
#include "gm-summ/prompts.h"
#include "gm-summ/text.h"

/* A range of bytes of one text. */
struct gm_stretch {
	size_t text;
	off_t at;
	size_t len;
	uint64_t sum; /* checksum, to detect a change of the file */
};

/* The content of one request. */
struct gm_section {
	struct gm_section *next;
	struct gm_prompt_part part;   /* for the prompt and for messages */
	struct gm_stretch *stretches; /* one, or several small texts */
	size_t len;                   /* of stretches */
	int64_t tokens;               /* estimated */
	char *answer;                 /* owned; NULL: not yet */
	size_t answer_len;
	bool sent, retried;
};

enum gm_doc_phase {
	GM_DOC_SCANNING, /* gm_doc_scan() is to be called */
	GM_DOC_SENDING,  /* sections are to be sent, or in flight */
	GM_DOC_ENDED     /* there is a summary or a failure */
};

struct gm_doc {
	size_t number; /* of the operand, from 1; set by the caller */
	enum gm_doc_phase phase;
	char *summary; /* owned; NULL: the summary has failed */
	size_t summary_len;
	struct gm_err failure;

	size_t parts;   /* sections of the first round */
	size_t rounds;  /* so far */
	size_t missing; /* of several texts: how many could not be read */

	/* Counted by the caller. */
	size_t cached; /* answers found in the cache */
	int64_t requests, tokens_in, tokens_out, begun_ms;
	struct timespec
	    changed; /* mtime of the first text when it was opened */

	/* Private. */
	int64_t limit; /* tokens of a section */
	const struct gm_wanted_summary *wanted;
	const struct gm_text_options *options;
	struct gm_text *texts;
	size_t texts_len;
	bool named;      /* several texts: prompts contain their names */
	size_t scanning; /* index of the text being scanned */
	off_t scanned;   /* up to this offset */
	bool chunking;   /* the chunker is open */
	bool cutting;    /* a section that was too large is cut */
	struct gm_chunker chunker;
	struct gm_buf window; /* the piece being scanned */
	struct gm_section *first, *last;
	struct gm_section *due; /* none before it is to be sent */
	size_t sections, answers;
	off_t size; /* bytes of the round's texts */
};

/*
 * Open all texts of a summary; the path NULL means standard input.  The paths
 * are borrowed until the document is closed.  limit: tokens allowed in a
 * section.  Of several texts, each that cannot be read or is not text is
 * reported and counted as missing.  Returns 0, or -1 as gm_text_open(): the
 * document has ended with that failure.  To be closed in any case.
 */
int gm_doc_open(struct gm_doc *, const char *const *paths, size_t len,
    int64_t limit, const struct gm_wanted_summary *,
    const struct gm_text_options *, struct gm_err *) GM_MUST_CHECK;

/*
 * Scan a piece of the text.  Returns 1 if there is more to scan, 0 if not, or
 * -1 if the document has ended: GM_ENOINPUT, GM_EDATA, GM_EOS.
 */
int gm_doc_scan(struct gm_doc *, struct gm_err *) GM_MUST_CHECK;

/* Return the next section and count it as sent; NULL: none now. */
struct gm_section *gm_doc_next(struct gm_doc *);

/*
 * Append the prompt of a section.  Returns 0, or -1 if the document has ended:
 * GM_ENOINPUT (the file was changed), GM_EDATA, GM_EOS.
 */
int gm_doc_compose(struct gm_doc *, const struct gm_section *, struct gm_buf *,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Append the prompt without the number of the part, as it identifies the answer
 * in the cache: a part stays the same if others are added before it.
 */
int gm_doc_identity(struct gm_doc *, const struct gm_section *, struct gm_buf *,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Store the answer to a section.  The last answer of a round starts the next
 * round or is the summary.  Returns 0, or -1 if the document has ended.
 */
int gm_doc_answer(struct gm_doc *, struct gm_section *, struct gm_span,
    struct gm_err *) GM_MUST_CHECK;

/*
 * The service rejected a section as too large: cut it.  Returns 0, or -1 if the
 * document has ended.
 */
int gm_doc_split(
    struct gm_doc *, struct gm_section *, struct gm_err *) GM_MUST_CHECK;

/*
 * A section got no answer.  If again is set, send it once more, but only once.
 * Otherwise the document fails, with a message that names the part.
 */
void gm_doc_fail(
    struct gm_doc *, struct gm_section *, bool again, const struct gm_err *);

void gm_doc_close(struct gm_doc *);

#endif
