#ifndef GM_SUMM_PROMPTS_H
#define GM_SUMM_PROMPTS_H

/*
 * The prompts: instructions for the model in each round.
 *
 * A text that does not fit into one request is sent in parts.  The answer to a
 * part is a list of facts, so that no detail is lost before the last round.
 * Only the last round writes the summary in the style, language and length that
 * the user wants.  The text is data: it stands between tags that it cannot
 * contain, and the model is told not to follow instructions in it.
 *
 * The instructions, which all requests of a round share, come before the text:
 * services cache the common start of prompts.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* Change it with any prompt: it makes old answers in the cache invalid. */
#define GM_PROMPTS_VERSION "1"

enum gm_style {
	GM_STYLE_BULLETS,
	GM_STYLE_PARAGRAPH,
	GM_STYLE_HEADLINE,
	GM_STYLE_TLDR,
	GM_STYLE_MINUTES
};

/*
 * Parse a style by its name.  Returns 0, or -1: GM_EUSAGE, listing all names.
 */
int gm_style_parse(
    enum gm_style *, const char *name, struct gm_err *) GM_MUST_CHECK;

/* Return the i-th name; NULL after the last one. */
const char *gm_style_word(size_t i);

enum gm_round {
	GM_ROUND_FACTS,  /* a part of the text becomes a list of facts */
	GM_ROUND_MERGE,  /* several lists of facts become a shorter one */
	GM_ROUND_SUMMARY /* the last round writes the summary */
};

/* The form of the summary that the user wants; borrowed. */
struct gm_wanted_summary {
	enum gm_style style;
	int64_t words;               /* 0: the default of the style */
	const char *lang;            /* NULL: the language of the text */
	struct gm_span instructions; /* the user's; len 0: none */
};

/* The part of a text that a request contains. */
struct gm_prompt_part {
	enum gm_round round;
	bool facts; /* in the last round: the text is a list of facts */
	size_t index, count; /* "part index of count", from 1 */
};

/* The system instruction of all requests. */
extern const char gm_prompts_system[];

/* Append the instructions that come before the text. */
void gm_prompts_put_head(const struct gm_prompt_part *,
    const struct gm_wanted_summary *, struct gm_buf *);

/*
 * Append a text between its tags, with its name (len 0: none), after a line
 * with the number of the part.
 */
void gm_prompts_put_text(const struct gm_prompt_part *, struct gm_span name,
    struct gm_span text, struct gm_buf *);

#endif
