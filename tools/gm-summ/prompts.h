#ifndef GM_SUMM_PROMPTS_H
#define GM_SUMM_PROMPTS_H

/*
 * What the model is told: the instructions of each round.
 *
 * A text that does not fit is read in parts.  Their answers are lists of facts,
 * so that no detail is lost on the way; only the last round writes the summary
 * in the style, language and length that the user wants.  The text is data: it
 * stands between marks that it cannot contain, and is not obeyed.
 *
 * What all requests of a round share comes first, as services cache it.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* Changes whenever a text below does: old answers in the cache are no use. */
#define GM_PROMPTS_VERSION "1"

enum gm_style {
	GM_STYLE_BULLETS,
	GM_STYLE_PARAGRAPH,
	GM_STYLE_HEADLINE,
	GM_STYLE_TLDR,
	GM_STYLE_MINUTES
};

/* The name of one, as above.  Returns 0, or -1: GM_EUSAGE, with all names. */
int gm_style_parse(
    enum gm_style *, const char *name, struct gm_err *) GM_MUST_CHECK;

/* The i-th name; NULL at the end. */
const char *gm_style_word(size_t i);

enum gm_round {
	GM_ROUND_FACTS,  /* a part of the text becomes a list of facts */
	GM_ROUND_MERGE,  /* so does a part of such lists */
	GM_ROUND_SUMMARY /* the last one */
};

/* What the last round is to be like; borrowed. */
struct gm_wanted_summary {
	enum gm_style style;
	int64_t words;               /* 0: as many as the style has */
	const char *lang;            /* NULL: that of the text */
	struct gm_span instructions; /* the user's; len 0: none */
};

/* A text for a request, which may be one of several. */
struct gm_prompt_part {
	enum gm_round round;
	bool facts;          /* of the last round: the text is lists of facts */
	size_t index, count; /* part index of count, from 1 */
};

/* The system instruction; the same for all. */
extern const char gm_prompts_system[];

/* Append the instructions that come before the text. */
void gm_prompts_put_head(const struct gm_prompt_part *,
    const struct gm_wanted_summary *, struct gm_buf *);

/*
 * Append a text between its marks, with its name if it has one (len 0: none),
 * and which part it is.
 */
void gm_prompts_put_text(const struct gm_prompt_part *, struct gm_span name,
    struct gm_span text, struct gm_buf *);

#endif
