#ifndef GM_NET_PROXY_H
#define GM_NET_PROXY_H

/*
 * Check of the proxy that a variable names, before anything is sent: libcurl
 * ignores an URL that it cannot parse, or reports another fault.
 */

#include "base/base.h"
#include "base/err.h"
#include "net/exchange.h"

/*
 * Check the proxy, if one is set and libcurl uses it for this URL.  Sends
 * nothing and resolves no name.  libcurl must have been started, as
 * gm_http_open() does.  Returns 0, or -1: GM_ECONFIG, naming the variable but
 * not its value, which may hold a password; GM_EOS.
 */
int gm_proxy_check(const struct gm_http_options *, const char *url,
    struct gm_err *) GM_MUST_CHECK;

#endif
