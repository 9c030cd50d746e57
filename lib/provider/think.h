#ifndef GM_PROVIDER_THINK_H
#define GM_PROVIDER_THINK_H

/*
 * Separation of thoughts that a model writes into its text from the answer.
 *
 * Sources: chat templates of published models: "<think>" ... "</think>" (Qwen,
 * DeepSeek, with close relatives), "[THINK]" ... "[/THINK]" (Magistral),
 * "<|channel>thought" ... "<channel|>" (Gemma 4), and more, in one table in
 * think.c; and the channels of gpt-oss, "<|channel|>analysis<|message|>" ...
 * "<|end|>" "<|start|>assistant<|channel|>final<|message|>" ..., of which only
 * the channel "final" is the answer.  The case of letters does not matter.
 *
 * An opening tag counts only at the beginning of the text, after white space.
 * Without a closing tag everything after it is a thought: the model never reached
 * the answer.  Some templates put the opening tag into the prompt, so that the text
 * has only the closing tag: everything before it is a thought, which may be empty.
 * A closing tag is text inside a sentence, in quotes, in a fenced code block that is
 * closed, or after an opening tag that is not itself quoted.  White space after a
 * closing tag is dropped.
 *
 * Text goes in as it comes, cut anywhere between characters, and out through a
 * callback as soon as its kind is known.  Text without an opening tag, which may be
 * a thought, is held: at most GM_THINK_MAX bytes; a longer one is text.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* Limit for held text, in bytes. */
#define GM_THINK_MAX (4 * 1024 * 1024)

/* Take a piece of the text, or of a thought.  Returns 0, or -1 with *err. */
typedef int
gm_think_fn(struct gm_span, bool thought, void *arg, struct gm_err *);

/* All zero: everything is text. */
struct gm_think {
	bool leaked; /* a thought without an opening tag was given as text */
	/* Private to think.c. */
	int state;
	size_t pair; /* index of the pair of tags around this thought */
	bool hold, opened, thought;
	struct gm_buf held;
	size_t scan;          /* offset in held where the search goes on */
	size_t judged;        /* offset in held up to which fences were read */
	bool midline, fenced; /* at judged: inside a line, in a code block */
	bool doubted;         /* a closing tag is in an open code block: */
	size_t doubt_pair, doubt_at; /* its pair, its offset in held */
	size_t fences;               /* after that tag, or from the beginning */
	bool reopened; /* the first of these has a language: it opens */
};

/*
 * Start a text.  hold: hold all of it until a closing tag or the end.  Otherwise
 * text without an opening tag is given at once, and leaked is set if a closing tag
 * comes later.
 */
void gm_think_init(struct gm_think *, bool hold);

/* Take a piece.  Returns 0, or -1: GM_EOS, or the callback's error. */
int gm_think_take(struct gm_think *, struct gm_span piece, gm_think_fn *fn,
    void *arg, struct gm_err *) GM_MUST_CHECK;

/*
 * Stop waiting for a closing tag, as the server separates thoughts itself.  If one
 * comes after text, leaked is set.
 */
int gm_think_separated(struct gm_think *, gm_think_fn *fn, void *arg,
    struct gm_err *) GM_MUST_CHECK;

/* True if text without an opening tag is held, as it may be a thought. */
bool gm_think_holds_text(const struct gm_think *);

/*
 * End the text: held text is given as text, or as a thought after an opening tag.
 * Later pieces are text.
 */
int gm_think_end(struct gm_think *, gm_think_fn *fn, void *arg,
    struct gm_err *) GM_MUST_CHECK;

/* True if a model of this name is known to think without an opening tag. */
bool gm_think_is_expected(const char *model);

void gm_think_release(struct gm_think *);

#endif
