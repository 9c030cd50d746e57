#ifndef GM_NET_PROXY_H
#define GM_NET_PROXY_H

/*
 * The proxy that a variable names, checked before anything is sent: libcurl
 * ignores what it cannot read of one, or reports it as another fault.
 */

#include "base/base.h"
#include "base/err.h"
#include "net/exchange.h"

/*
 * Can the proxy be used, if one is set and libcurl uses it for this URL?
 * Nothing is sent, and no name is resolved.  libcurl must have been started, as
 * gm_http_open() does.  Returns 0, or -1: GM_ECONFIG, naming the variable but
 * not its value, which may hold a password; GM_EOS.
 */
int gm_proxy_check(const struct gm_http_options *, const char *url,
    struct gm_err *) GM_MUST_CHECK;

#endif
