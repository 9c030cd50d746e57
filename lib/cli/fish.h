#ifndef GM_CLI_FISH_H
#define GM_CLI_FISH_H

/*
 * The completion script for fish 3.6 or newer.  No I/O.
 *
 * Source: complete(1) of fish.
 */

#include "base/buf.h"
#include "cli/completion.h"

void gm_fish_write(const struct gm_completion *, struct gm_buf *);

#endif
