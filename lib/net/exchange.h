#ifndef GM_NET_EXCHANGE_H
#define GM_NET_EXCHANGE_H

/*
 * What goes into an HTTP exchange and what comes out of it: the types of http.h,
 * which has the connections, for those that make requests and read responses.
 * Needs no libcurl.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "base/span.h"
#include "net/trust.h"

/*
 * Most bytes of headers in all of a response, 1xx responses and trailers
 * included.  Each counts 32 bytes more than it has, as in RFC 9113, 6.5.2.
 * libcurl's own limits depend on its version; the lowest for a whole head is
 * 128 KiB.
 */
#define GM_HTTP_HEAD_MAX (128 * 1024)

enum gm_http_family {
	GM_HTTP_ANY,
	GM_HTTP_V4,
	GM_HTTP_V6
};

/* Borrowed until gm_http_close(). */
struct gm_http_options {
	struct gm_trust trust; /* what it names is trusted alone */
	const char *agent;     /* User-Agent */
	int64_t connect_timeout_ms;
	enum gm_http_family family;
	bool http1; /* HTTP/1.1 only */
	/* What libcurl takes as proxy for https; both NULL: none is set. */
	const char *proxy, *proxy_variable;
};

enum gm_http_fault {
	GM_HTTP_DONE,    /* a whole response came, whatever its status */
	GM_HTTP_NETWORK, /* name, connection, reset, no connection in time */
	GM_HTTP_NOBODY,  /* nothing listens there, on this machine */
	GM_HTTP_TIMEOUT, /* sent, but no data for response_ms or timeout_ms */
	GM_HTTP_CUT,     /* broken off after the first header line */
	GM_HTTP_TLS,     /* not trusted, or no common ground: will not pass */
	GM_HTTP_TRUST,   /* no certificates to trust: will not pass */
	GM_HTTP_PROXY,   /* the proxy refuses: will not pass */
	GM_HTTP_GARBAGE, /* not HTTP, or against its rules */
	GM_HTTP_REFUSED, /* the sink or the body said no; err says why */
	GM_HTTP_LOCAL    /* no memory, no descriptors: our machine */
};

/* What may help after a fault, as far as libcurl's codes tell. */
enum gm_http_hint {
	GM_HTTP_NO_HINT,
	GM_HTTP_ISSUER,       /* the issuer of a certificate is not known */
	GM_HTTP_CLOCK,        /* it is not valid yet, or no longer */
	GM_HTTP_OTHER_HOST,   /* it is another host's */
	GM_HTTP_CERTIFICATES, /* the file of trusted ones cannot be used */
	GM_HTTP_PROXY_DOWN,   /* the proxy cannot be reached */
	GM_HTTP_PROXY_LOGIN,  /* it wants a user name and a password */
	GM_HTTP_PROXY_RULES,  /* it does not let us through */
	GM_HTTP_TRY_HTTP1     /* the two disagree about HTTP/2 */
};

/* What is known of a response once its headers have come. */
struct gm_http_head {
	long status;
	/*
	 * "Name: value\r\n" each, at most GM_HTTP_HEAD_MAX bytes, without
	 * those of 1xx responses; borrowed until the end.  See gm_http_header().
	 */
	struct gm_span headers;
	bool proxied; /* an error came through a proxy; known at the end */
};

struct gm_http_result {
	enum gm_http_fault fault;
	struct gm_http_head head; /* status 0: no headers came */
	struct gm_err err;        /* set unless fault is GM_HTTP_DONE */
	enum gm_http_hint hint;   /* of a fault */
	const char *variable; /* that the hint is about; borrowed; or NULL */
	int64_t connect_ms;   /* until connected, TLS included; 0: reused */
	int64_t total_ms;
	int64_t bytes_received, bytes_sent; /* of the bodies */
};

enum gm_http_pulse {
	GM_HTTP_STOP = -1, /* *err is filled: end the transfer */
	GM_HTTP_ALIVE,     /* the bytes completed an event */
	GM_HTTP_IDLE,      /* they did not: the clock goes on */
	GM_HTTP_ENOUGH     /* all is there: end it, whatever would come */
};

/* The next bytes of the body. */
typedef enum gm_http_pulse gm_http_sink(const struct gm_http_head *,
    struct gm_span bytes, void *arg, struct gm_err *);

/* The end, called once for each transfer that was not cancelled. */
typedef void gm_http_end(const struct gm_http_result *, void *arg);

/*
 * The body of a request: a source that is read while it is sent, so that it
 * never has to be in memory as a whole.  All zero: no body, a GET.
 */
struct gm_body {
	int64_t len; /* bytes, no more are read; -1: not known */
	/*
	 * Put the next bytes, at most size of them, to p.  Returns their
	 * number, 0 at the end, or -1 with *err, which ends the transfer.
	 * Waits for nothing slower than a file, as all transfers wait with it.
	 */
	int64_t (*read)(void *arg, char *p, size_t size, struct gm_err *);
	/*
	 * Begin anew: a kept connection had ended before the server looked at
	 * the request.  Returns 0, or -1 with *err, which ends the transfer.
	 */
	int (*rewind)(void *arg, struct gm_err *);
	void *arg;
};

/* A body that lies in memory. */
struct gm_body_span {
	struct gm_span all; /* borrowed */
	size_t at;          /* private */
};

/* Set it up; the body borrows the struct.  An empty span is no body. */
struct gm_body gm_body_of(struct gm_body_span *, struct gm_span);

/* All is borrowed until the end has been called, or the transfer cancelled. */
struct gm_http_request {
	const char *url;            /* checked, see url.h */
	const char *secret;         /* "name: value", never logged; or NULL */
	const char *const *headers; /* "name: value", NULL at the end */
	struct gm_body body;        /* none: GET, else POST */
	/*
	 * Two clocks, neither of which limits the length of a response.  The
	 * first runs from when the last byte of the request was sent until the
	 * sink first says GM_HTTP_ALIVE, or the headers of an error have come;
	 * the second from each GM_HTTP_ALIVE to the next one.
	 */
	int64_t response_ms, timeout_ms;
	gm_http_sink *sink;
	gm_http_end *end;
	void *arg;
};

/*
 * The value of a header, without blanks around it; of several with that name
 * the last one's.  p is NULL if there is none.
 */
struct gm_span gm_http_header(const struct gm_http_head *, const char *name);

#endif
