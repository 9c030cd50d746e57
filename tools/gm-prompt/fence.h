#ifndef GM_PROMPT_FENCE_H
#define GM_PROMPT_FENCE_H

/*
 * The first fenced code block of a Markdown text.
 *
 * Source: CommonMark 0.31, 4.5: fences of three or more '`' or '~', indented
 * by up to three spaces, closed by at least as many of the same; a block that
 * is not closed runs to the end.  Indentation of the fence is taken off the
 * lines.  Blocks inside lists and quotes count where the fence begins a line
 * after that indentation only.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/* Append the block's content; false if there is no block. */
bool gm_fence_first(struct gm_span text, struct gm_buf *out);

#endif
