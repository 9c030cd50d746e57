#ifndef GM_PROVIDER_THINK_H
#define GM_PROVIDER_THINK_H

/*
 * Separates thoughts that a model writes into its text from the answer.
 *
 * Sources: chat templates of published models: "<think>" ... "</think>" (Qwen,
 * DeepSeek, with close relatives), "[THINK]" ... "[/THINK]" (Magistral),
 * "<|channel>thought" ... "<channel|>" (Gemma 4), and more, in one table in
 * think.c; and the channels of gpt-oss, "<|channel|>analysis<|message|>" ...
 * "<|end|>" "<|start|>assistant<|channel|>final<|message|>" ..., of which only
 * the channel "final" is the answer.  The case of letters does not matter.
 *
 * An opening tag counts only at the beginning of the text, white space aside.
 * Without a closing one all is a thought: the answer never left it.
 * Some templates put it into the prompt, so that the text has only the closing
 * tag: then all before it is a thought, also nothing. A closing tag inside a
 * sentence, in quotes, in a fenced code block that is closed, or after an opening
 * one that is not quoted itself is text. White space after a closing tag is
 * dropped.
 *
 * Text goes in as it comes, cut anywhere between characters, and out through a
 * callback as soon as it is known what it is. Text without an opening tag that
 * may be a thought is held, at most GM_THINK_MAX bytes; more than that was text.
 * No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define GM_THINK_MAX (4 * 1024 * 1024)

/* Takes a piece of the text, or of a thought. Returns 0, or -1 with *err. */
typedef int
gm_think_fn(struct gm_span, bool thought, void *arg, struct gm_err *);

/* All zero: everything is text, and nothing is held. */
struct gm_think {
	bool leaked; /* a thought without an opening tag went out as text */
	/* Private to think.c. */
	int state;
	size_t pair; /* index of the pair of tags around this thought */
	bool hold, opened, thought;
	struct gm_buf held;
	size_t scan;          /* bytes of held that were searched */
	size_t judged;        /* bytes of held whose lines were looked at */
	bool midline, fenced; /* there: inside a line, in a code block */
	bool doubted;         /* a closing tag stood in a code block: */
	size_t doubt_pair, doubt_at;
	size_t fences; /* after it, or from the beginning */
	bool reopened; /* the first of them does not close that block */
};

/*
 * hold: keep all text back until a closing tag has come, or the end. Without
 * it text without an opening tag goes out at once; if a closing tag comes
 * later, leaked is set.
 */
void gm_think_init(struct gm_think *, bool hold);

/* Returns 0, or -1: GM_EOS, or the callback's error. */
int gm_think_take(struct gm_think *, struct gm_span piece, gm_think_fn *fn,
    void *arg, struct gm_err *) GM_MUST_CHECK;

/*
 * The server separates thoughts itself: do not wait for a closing tag. If one
 * comes all the same behind text, leaked is set.
 */
int gm_think_separated(struct gm_think *, gm_think_fn *fn, void *arg,
    struct gm_err *) GM_MUST_CHECK;

/* Is text held that may be a thought, though it has no opening tag? */
bool gm_think_holds_text(const struct gm_think *);

/*
 * The answer has ended; all that comes later is text. What is held is text,
 * but what follows an opening tag is a thought.
 */
int gm_think_end(struct gm_think *, gm_think_fn *fn, void *arg,
    struct gm_err *) GM_MUST_CHECK;

/* Does a model of this name always think, in a template's open tag? */
bool gm_think_is_expected(const char *model);

void gm_think_release(struct gm_think *);

#endif
