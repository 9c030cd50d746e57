#ifndef GM_NET_URL_H
#define GM_NET_URL_H

/*
 * The base URL of a service, read strictly: scheme http or https, a host name
 * or address, a port, a plain path.  User names, queries, fragments, escapes
 * and anything that two readers might read differently are refused, as a key
 * is sent to what this says.
 *
 * Source: RFC 3986, a subset.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

/*
 * Append a URL as it may be shown, checked or not: scheme, host, port and path,
 * without user name, password, query and fragment.  Where it is not clear which
 * is which, "..." stands for all that is in doubt.
 */
void gm_url_show(struct gm_buf *out, const char *text);

/* Bytes allowed in a base URL. */
#define GM_URL_MAX 2048

/*
 * 0 if text is a URL that a key may be sent to, else -1, GM_ECONFIG and what
 * is wrong.  Plain http passes only to a loopback host.
 */
int gm_url_check(const char *text, struct gm_err *) GM_MUST_CHECK;

/*
 * Is the host of a checked URL this machine: localhost, 127.0.0.0/8, ::1?
 */
bool gm_url_is_loopback(const char *url);

/* "https://host:443" and a NUL, at its longest. */
#define GM_URL_ORIGIN 288

/*
 * Scheme, host and port of a checked URL, always in the same form: in lower
 * case, and with the port.
 */
void gm_url_origin(const char *url, char out[GM_URL_ORIGIN]);

/*
 * Append base, without '/' at its end, and path, which begins with '/'.  If the
 * first segment of path is a version of the API ("/v1beta") and base already
 * ends in one, any one, only base's is used: "https://a/v1" and
 * "/v1beta/models" make "https://a/v1/models".
 */
void gm_url_join(struct gm_buf *out, const char *base, const char *path);

/* Append text with all but A-Z a-z 0-9 . _ - as %XX. */
void gm_url_escape(struct gm_buf *out, const char *text);

#endif
