#ifndef GM_NET_TRANSFER_H
#define GM_NET_TRANSFER_H

/*
 * One libcurl handle: set up from a request, its callbacks, and what its end
 * means.  Private to http.c, which moves the handles, and hint.c.
 */

#include <curl/curl.h>

#include "base/buf.h"
#include "net/exchange.h"
#include "net/origin.h"
#include "net/trace.h"
#include "net/url.h"

#if LIBCURL_VERSION_NUM < 0x075700
#error "libcurl 7.87 or newer is needed: older ones wait for a silent resolver"
#endif

struct gm_http_transfer {
	struct gm_http_transfer *next; /* http.c's list */
	CURL *easy;
	struct gm_origin *origin; /* over TLS; http.c's; or NULL */
	bool held;                /* http.c's: libcurl does not have it yet */
	struct gm_http_request request;
	struct gm_http_result result;
	struct curl_slist *lines; /* headers of the request */
	int64_t start_ms;         /* monotonic, as are: */
	int64_t enter_ms;         /* when it no longer waited for others */
	int64_t sign_ms;   /* when the clock that runs was last set to 0 */
	bool responded;    /* the first event has come: the second clock runs */
	int64_t body_read; /* bytes of the request's body so far */
	curl_off_t uploaded;
	const struct gm_http_options *options; /* http.c's */
	int peer_port;    /* of the last address that was tried; 0: none was */
	bool away;        /* an address that was tried is not this machine's */
	bool crowded;     /* it wanted a connection while another made one */
	int shortage;     /* errno's number for what this machine lacks; or 0 */
	bool enough;      /* the sink has all that it wants */
	bool head_open;   /* a status line has come, its last header not */
	size_t head_size; /* of all headers so far, see GM_HTTP_HEAD_MAX */
	struct gm_buf headers; /* of the last head */
	struct gm_trace trace;
	char words[CURL_ERROR_SIZE];
};

/* Make a handle that has been set up for nothing.  Returns NULL with GM_EOS. */
struct gm_http_transfer *gm_transfer_new(struct gm_err *) GM_MUST_CHECK;

/*
 * Set it up for a request, ready to be added to a multi handle.  A trust that
 * names nothing leaves libcurl's default.  The options are borrowed until it is
 * cleared or freed.  Returns 0, or -1 with GM_EOS.
 */
int gm_transfer_set(struct gm_http_transfer *, const struct gm_http_request *,
    const struct gm_http_options *, struct gm_err *) GM_MUST_CHECK;

/*
 * Set it up anew for the same request, of which the server has looked at
 * nothing.  Returns 0, or -1 with GM_EOS or what the body's rewind failed with;
 * the result has the fault then.
 */
int gm_transfer_renew(struct gm_http_transfer *, struct gm_err *) GM_MUST_CHECK;

/*
 * Clear it for the next request; wipes the copies of the headers that libcurl
 * kept.  Returns false if the handle is not fit for another one, as what libcurl
 * found out about a failure stays in it.
 */
bool gm_transfer_clear(struct gm_http_transfer *) GM_MUST_CHECK;

/* Fill the result from libcurl's health. */
void gm_transfer_conclude(struct gm_http_transfer *, CURLcode);

/* The status, 3xx or 4xx, with which a proxy refused a tunnel; or 0. */
long gm_transfer_proxy_refusal(struct gm_http_transfer *);

/* Scheme, host and port of the request, as gm_url_origin() has them. */
void
gm_transfer_origin(const struct gm_http_transfer *, char out[GM_URL_ORIGIN]);

/* Was there a connection that could take the request, TLS included? */
bool gm_transfer_is_connected(const struct gm_http_transfer *);

/* Fill what was measured, whatever the health. */
void gm_transfer_measure(struct gm_http_transfer *);

/* Free; wipes as gm_transfer_clear() does. */
void gm_transfer_free(struct gm_http_transfer *);

/*
 * Could the proxy not be reached?  libcurl's words then repeat its name,
 * which may be a secret.
 */
bool gm_transfer_lacks_proxy(const struct gm_http_transfer *, CURLcode);

#endif
