#ifndef GM_NET_URL_H
#define GM_NET_URL_H

/*
 * The base URL of a service, parsed strictly: scheme http or https, a host name
 * or address, a port, a plain path.  User names, queries, fragments, escapes
 * and everything that two parsers might read differently are errors, as a key
 * is sent to this URL.
 *
 * Source: RFC 3986, a subset.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

/*
 * Append a URL, valid or not, in a form that is safe to show: scheme, host,
 * port and path, without user name, password, query and fragment.  A part that
 * might be one of these is replaced by "...".
 */
void gm_url_show(struct gm_buf *out, const char *text);

/* Longest base URL in bytes. */
#define GM_URL_MAX 2048

/*
 * Check that a key may be sent to this URL.  Plain http is allowed only to a
 * loopback host.  Returns 0, or -1 with GM_ECONFIG and the reason.
 */
int gm_url_check(const char *text, struct gm_err *) GM_MUST_CHECK;

/*
 * Return true if the host of a valid URL is loopback: localhost, 127.0.0.0/8,
 * ::1.
 */
bool gm_url_is_loopback(const char *url);

/* Size of the longest "https://host:443", with the NUL. */
#define GM_URL_ORIGIN 288

/*
 * Scheme, host and port of a valid URL in one form: lower case, with the port.
 * "" for an invalid one.
 */
void gm_url_origin(const char *url, char out[GM_URL_ORIGIN]);

/*
 * Append base, without '/' at its end, and path, which begins with '/'.  If the
 * first segment of path is an API version ("/v1beta") and base ends in one, of
 * any kind, only base's is used: "https://a/v1" and "/v1beta/models" make
 * "https://a/v1/models".
 */
void gm_url_join(struct gm_buf *out, const char *base, const char *path);

/* Append text; bytes other than A-Z a-z 0-9 . _ - become %XX. */
void gm_url_escape(struct gm_buf *out, const char *text);

#endif
