#ifndef GM_NET_EXCHANGE_H
#define GM_NET_EXCHANGE_H

/*
 * HTTP requests and responses as plain types, for modules that build requests
 * and read responses without libcurl.  The connections are in http.h.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "base/span.h"
#include "net/trust.h"

/*
 * Limit in bytes for all headers of a response, those of 1xx responses and
 * trailers included.  Each header counts its own bytes and 32 more, as in
 * RFC 9113, 6.5.2.  The limits of libcurl depend on its version; the lowest for
 * a whole head is 128 KiB.
 */
#define GM_HTTP_HEAD_MAX (128 * 1024)

enum gm_http_family {
	GM_HTTP_ANY,
	GM_HTTP_V4,
	GM_HTTP_V6
};

/* Borrowed until gm_http_close(). */
struct gm_http_options {
	struct gm_trust trust; /* certificates to trust, and no others */
	const char *agent;     /* User-Agent */
	int64_t connect_timeout_ms;
	enum gm_http_family family;
	bool http1; /* HTTP/1.1 only */
	/* The proxy that libcurl uses for https, if any, and its variable. */
	const char *proxy, *proxy_variable;
};

enum gm_http_fault {
	GM_HTTP_DONE,      /* no fault: a whole response, of any status */
	GM_HTTP_NETWORK,   /* no address, no connection, or a reset */
	GM_HTTP_NO_SERVER, /* a loopback address where nothing listens */
	GM_HTTP_TIMEOUT,   /* no data for response_ms or timeout_ms */
	GM_HTTP_TRUNCATED, /* ended after the status line, before the end */
	GM_HTTP_TLS,       /* not trusted, or no common cipher: permanent */
	GM_HTTP_TRUST,     /* no certificates to trust: permanent */
	GM_HTTP_PROXY,     /* rejected by the proxy: permanent */
	GM_HTTP_GARBAGE,   /* not HTTP, or a violation of it */
	GM_HTTP_ABORTED,   /* stopped by the sink or the body, with err */
	GM_HTTP_LOCAL      /* this machine lacks memory or descriptors */
};

/* Advice about a fault, as far as libcurl's codes show it. */
enum gm_http_hint {
	GM_HTTP_NO_HINT,
	GM_HTTP_ISSUER,       /* unknown issuer of a certificate */
	GM_HTTP_CLOCK,        /* certificate not yet valid, or expired */
	GM_HTTP_OTHER_HOST,   /* certificate of another host */
	GM_HTTP_CERTIFICATES, /* unusable file of trusted certificates */
	GM_HTTP_PROXY_DOWN,   /* no connection to the proxy */
	GM_HTTP_PROXY_LOGIN,  /* the proxy wants user name and password */
	GM_HTTP_PROXY_RULES,  /* the proxy does not allow this host */
	GM_HTTP_TRY_HTTP1     /* HTTP/2 broke off */
};

/* The head of a response, once all its headers have arrived. */
struct gm_http_head {
	long status;
	/*
	 * Lines "Name: value\r\n", at most GM_HTTP_HEAD_MAX bytes, without
	 * those of 1xx responses; borrowed until the end.  See
	 * gm_http_header().
	 */
	struct gm_span headers;
	bool proxied; /* an error that came through a proxy; set at the end */
};

struct gm_http_result {
	enum gm_http_fault fault;
	struct gm_http_head head; /* status 0: no headers arrived */
	struct gm_err err;        /* set unless fault is GM_HTTP_DONE */
	enum gm_http_hint hint;   /* advice about the fault */
	const char *variable;     /* to set or check; borrowed; or NULL */
	int64_t connect_ms;       /* to connect, TLS included; 0: reused */
	int64_t total_ms;
	int64_t bytes_received, bytes_sent; /* of the bodies */
};

enum gm_http_pulse {
	GM_HTTP_STOP = -1, /* *err is filled: end the transfer */
	GM_HTTP_ALIVE,     /* an event is complete: restart the timer */
	GM_HTTP_IDLE,      /* no event is complete: the timer goes on */
	GM_HTTP_ENOUGH     /* the response is complete: end the transfer */
};

/* Take the next bytes of the body. */
typedef enum gm_http_pulse gm_http_sink(const struct gm_http_head *,
    struct gm_span bytes, void *arg, struct gm_err *);

/* Take the result; called once for each transfer that was not cancelled. */
typedef void gm_http_end(const struct gm_http_result *, void *arg);

/*
 * The body of a request, read while it is sent, so that it need not be in
 * memory as a whole.  All zero: no body, a GET.
 */
struct gm_body {
	int64_t len; /* bytes to read at most; -1: unknown */
	/*
	 * Copy the next bytes, at most size, to p.  Returns their number, 0 at
	 * the end, or -1 with *err, which ends the transfer.  Must not block
	 * longer than reading a file does, as all transfers wait meanwhile.
	 */
	int64_t (*read)(void *arg, char *p, size_t size, struct gm_err *);
	/*
	 * Start again at the first byte: a reused connection had ended before
	 * the server read the request.  Returns 0, or -1 with *err, which ends
	 * the transfer.
	 */
	int (*rewind)(void *arg, struct gm_err *);
	void *arg;
};

/* A body in memory. */
struct gm_body_span {
	struct gm_span all; /* borrowed */
	size_t at;          /* private */
};

/* Make a body, which borrows the struct.  An empty span is no body. */
struct gm_body gm_body_of(struct gm_body_span *, struct gm_span);

/* Borrowed until end() returns or the transfer is cancelled. */
struct gm_http_request {
	const char *url;            /* see gm_url_check() */
	const char *secret;         /* "name: value", never logged; or NULL */
	const char *const *headers; /* "name: value", NULL at the end */
	struct gm_body body;        /* none: GET, else POST */
	/*
	 * Timeouts; neither limits the length of a response.  response_ms runs
	 * from the last byte of the request to the first GM_HTTP_ALIVE, or to
	 * the headers of an error; timeout_ms from one GM_HTTP_ALIVE to the
	 * next.
	 */
	int64_t response_ms, timeout_ms;
	gm_http_sink *sink;
	gm_http_end *end;
	void *arg;
};

/*
 * Find the value of a header, without blanks around it; the last one if there
 * are several.  p is NULL if there is none.
 */
struct gm_span gm_http_header(const struct gm_http_head *, const char *name);

#endif
