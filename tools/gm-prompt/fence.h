#ifndef GM_PROMPT_FENCE_H
#define GM_PROMPT_FENCE_H

/*
 * The first fenced code block of a Markdown text.
 *
 * Source: CommonMark 0.31, 4.5.  A fence is three or more '`' or '~', indented
 * by up to three spaces.  At least as many of the same character close it; a
 * block that is not closed runs to the end of the text.  The indentation of the
 * fence is removed from each line.  A block inside a list or a quote counts
 * only if at most three spaces stand before its fence.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/* Append the content of the block.  Return false if there is no block. */
bool gm_fence_first(struct gm_span text, struct gm_buf *out);

#endif
