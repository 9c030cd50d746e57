#ifndef GM_CLI_ZSH_H
#define GM_CLI_ZSH_H

/*
 * The completion script for zsh: a file for $fpath, or to be sourced after
 * compinit.  No I/O.
 *
 * Source: zshcompsys(1), "_arguments".
 */

#include "base/buf.h"
#include "cli/completion.h"

void gm_zsh_write(const struct gm_completion *, struct gm_buf *);

#endif
