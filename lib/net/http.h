#ifndef GM_NET_HTTP_H
#define GM_NET_HTTP_H

/*
 * HTTP requests over one curl_multi handle: any number at once, connections and
 * handles used again.  Over HTTP/2 they share one connection, as far as the
 * server allows; over HTTP/1.1 each has its own while it lasts.
 *
 * Redirects are never followed, TLS is always verified, compression is never
 * asked for, and a proxy is used as the usual variables say, but never for
 * loopback.  Every handle may be given up at once, also while a name is being
 * resolved.
 *
 * Source: libcurl-multi(3); RFC 9110.
 */

#include "base/base.h"
#include "base/err.h"
#include "net/exchange.h"

struct gm_http;          /* the connections */
struct gm_http_transfer; /* one request on its way */

/* Returns NULL with GM_EOS or GM_ECONFIG (certificates that the user has named and that
 * cannot be used). */
struct gm_http *
gm_http_open(const struct gm_http_options *, struct gm_err *) GM_MUST_CHECK;

/* Returns the transfer, valid until its end; NULL with GM_EOS. */
struct gm_http_transfer *gm_http_start(struct gm_http *,
    const struct gm_http_request *, struct gm_err *) GM_MUST_CHECK;

/*
 * Drop a transfer, and close its connection or, in HTTP/2, its stream; its end
 * is not called.  *result, unless NULL, gets what is known so far: head, times
 * and bytes.
 */
void gm_http_cancel(
    struct gm_http *, struct gm_http_transfer *, struct gm_http_result *result);

/*
 * Move all transfers on, waiting at most wait_ms for something to do; returns
 * early when a transfer ends, or when one of fds becomes readable (-1: none).
 * Serves as the clock of whoever only waits, too.
 */
#define GM_HTTP_FDS 3
int gm_http_run(struct gm_http *, int64_t wait_ms, const int fds[GM_HTTP_FDS],
    struct gm_err *) GM_MUST_CHECK;

/* Cancels what is still on its way; harmless with NULL. */
void gm_http_close(struct gm_http *);

#endif
