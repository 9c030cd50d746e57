#ifndef GM_NET_TRANSFER_H
#define GM_NET_TRANSFER_H

/*
 * One libcurl handle: its set-up for a request, its callbacks, and the fault
 * after its end.  Private to http.c, which advances the handles, and hint.c.
 */

#include <curl/curl.h>

#include "base/buf.h"
#include "net/exchange.h"
#include "net/origin.h"
#include "net/trace.h"
#include "net/url.h"

#if LIBCURL_VERSION_NUM < 0x075700
#error "libcurl 7.87 or newer is needed: older ones wait for a slow resolver"
#endif

struct gm_http_transfer {
	struct gm_http_transfer *next; /* in a list of http.c */
	CURL *easy;
	struct gm_origin *origin; /* of http.c; NULL without TLS */
	bool held;                /* by http.c: not yet passed to libcurl */
	struct gm_http_request request;
	struct gm_http_result result;
	struct curl_slist *lines; /* headers of the request */
	int64_t start_ms;         /* monotonic, as are the next two */
	int64_t enter_ms;         /* when passed to libcurl */
	int64_t timer_ms;    /* when the timeout that applies last restarted */
	bool responded;      /* the first event came: timeout_ms applies */
	int64_t body_read;   /* bytes of the request's body so far */
	curl_off_t uploaded; /* bytes sent when timer_ms was last set */
	const struct gm_http_options *options; /* http.c's */
	int peer_port;    /* of the last address tried; 0: none */
	bool away;        /* an address tried is not loopback */
	bool crowded;     /* refused a socket while another one connects */
	int shortage;     /* EMFILE, ENOMEM or the like on this machine; or 0 */
	bool enough;      /* the sink has returned GM_HTTP_ENOUGH */
	bool head_open;   /* between a status line and the last header */
	size_t head_size; /* of all headers so far, see GM_HTTP_HEAD_MAX */
	struct gm_buf headers; /* of the latest head */
	struct gm_trace trace;
	char words[CURL_ERROR_SIZE]; /* libcurl's error text */
};

/* Make a handle without a request.  Returns NULL with GM_EOS. */
struct gm_http_transfer *gm_transfer_new(struct gm_err *) GM_MUST_CHECK;

/*
 * Set it up for a request, ready for a multi handle.  A trust without file and
 * directory leaves libcurl's default.  Borrows the options until it is cleared
 * or freed.  Returns 0, or -1 with GM_EOS.
 */
int gm_transfer_set(struct gm_http_transfer *, const struct gm_http_request *,
    const struct gm_http_options *, struct gm_err *) GM_MUST_CHECK;

/*
 * Set it up again for its request, none of which the server has seen.  Returns
 * 0, or -1 with GM_EOS or the error of the body's rewind, and the fault in the
 * result.
 */
int gm_transfer_renew(struct gm_http_transfer *, struct gm_err *) GM_MUST_CHECK;

/*
 * Clear it for the next request, and wipe the copies of the headers.  Returns
 * false if the handle cannot be reused: libcurl keeps data about a failure in
 * it.
 */
bool gm_transfer_clear(struct gm_http_transfer *) GM_MUST_CHECK;

/* Fill the result from libcurl's code, unless the sink ended the transfer. */
void gm_transfer_conclude(struct gm_http_transfer *, CURLcode);

/* The status, 3xx or 4xx, with which a proxy rejected CONNECT; or 0. */
long gm_transfer_proxy_refusal(struct gm_http_transfer *);

/* Scheme, host and port of the request, in the form of gm_url_origin(). */
void
gm_transfer_origin(const struct gm_http_transfer *, char out[GM_URL_ORIGIN]);

/* True once the connection was ready for the request, TLS included. */
bool gm_transfer_is_connected(const struct gm_http_transfer *);

/* Fill status, times and bytes of the result, with or without a fault. */
void gm_transfer_measure(struct gm_http_transfer *);

/* Free, and wipe as gm_transfer_clear() does. */
void gm_transfer_free(struct gm_http_transfer *);

/*
 * True if there was no connection to the proxy.  libcurl's text then has the
 * name of the proxy, which may be a password (see gm_transfer_conclude()).
 */
bool gm_transfer_lacks_proxy(const struct gm_http_transfer *, CURLcode);

#endif
