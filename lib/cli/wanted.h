#ifndef GM_CLI_WANTED_H
#define GM_CLI_WANTED_H

/*
 * Translate the shared options into those of call/keyset.h and call/services.h.
 */

#include "base/base.h"
#include "base/err.h"
#include "call/keyset.h"
#include "call/services.h"
#include "cli/cli.h"

/* Options of keys, after gm_cli_configure(); they borrow from the tool. */
struct gm_keyset_options gm_wanted_keys(const struct gm_tool *);

/*
 * Options of services: those of keys, the provider, and its fallbacks.
 * Returns 0, or -1: GM_EUSAGE, GM_ECONFIG.
 */
int gm_wanted_services(const struct gm_tool *, const struct gm_cli_operands *,
    struct gm_services_options *, struct gm_err *) GM_MUST_CHECK;

#endif
