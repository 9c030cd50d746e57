#ifndef GM_NET_HTTP_H
#define GM_NET_HTTP_H

/*
 * HTTP requests over one curl_multi handle: any number at once, with reuse of
 * connections and handles.  Over HTTP/2 they share one connection, as far as
 * the server allows; over HTTP/1.1 each has its own until it ends.
 *
 * Redirects are never followed, TLS is always verified, and compression is
 * never requested.  A proxy is used as the usual variables say, but never for
 * loopback.  A transfer can be cancelled at any time without delay, also while
 * a name is being resolved.
 *
 * Source: libcurl-multi(3); RFC 9110.
 */

#include "base/base.h"
#include "base/err.h"
#include "net/exchange.h"

struct gm_http;          /* the connections */
struct gm_http_transfer; /* one request on its way */

/*
 * Returns NULL with GM_EOS, or GM_ECONFIG for unusable certificates that the
 * user has set.
 */
struct gm_http *
gm_http_open(const struct gm_http_options *, struct gm_err *) GM_MUST_CHECK;

/* Returns the transfer, valid until its end; NULL with GM_EOS. */
struct gm_http_transfer *gm_http_start(struct gm_http *,
    const struct gm_http_request *, struct gm_err *) GM_MUST_CHECK;

/*
 * Drop a transfer, and close its connection or, in HTTP/2, its stream; its end
 * is not called.  *result, unless NULL, gets the head, times and bytes so far.
 */
void gm_http_cancel(
    struct gm_http *, struct gm_http_transfer *, struct gm_http_result *result);

/*
 * Advance all transfers, waiting at most wait_ms for something to do.  Returns
 * early when a transfer ends or one of fds becomes readable (-1: none).
 * Without transfers it just waits.
 */
#define GM_HTTP_FDS 3
int gm_http_run(struct gm_http *, int64_t wait_ms, const int fds[GM_HTTP_FDS],
    struct gm_err *) GM_MUST_CHECK;

/* Cancel all transfers and free; harmless with NULL. */
void gm_http_close(struct gm_http *);

#endif
