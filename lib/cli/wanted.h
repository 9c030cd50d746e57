#ifndef GM_CLI_WANTED_H
#define GM_CLI_WANTED_H

/*
 * What the shared options say of keys and services, as call/ takes it.
 */

#include "base/base.h"
#include "base/err.h"
#include "call/keyset.h"
#include "call/services.h"
#include "cli/cli.h"

/* What is known of keys, after gm_cli_configure(); borrows from the tool. */
struct gm_keyset_options gm_wanted_keys(const struct gm_tool *);

/*
 * The same with the services: the one that is asked, and those behind it.
 * Returns 0, or -1: GM_EUSAGE, GM_ECONFIG.
 */
int gm_wanted_services(const struct gm_tool *, const struct gm_cli_operands *,
    struct gm_services_options *, struct gm_err *) GM_MUST_CHECK;

#endif
