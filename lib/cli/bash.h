#ifndef GM_CLI_BASH_H
#define GM_CLI_BASH_H

/*
 * The completion script for bash 4.4 or newer, with or without the package
 * bash-completion.  No I/O.
 *
 * Source: bash(1), "Programmable Completion".
 */

#include "base/buf.h"
#include "cli/completion.h"

void gm_bash_write(const struct gm_completion *, struct gm_buf *);

#endif
