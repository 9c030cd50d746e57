#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/url.h"

/* Longest host name and longest label in bytes; RFC 1035, 2.3.4. */
#define HOST_MAX 253
#define LABEL_MAX 63

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LABEL LETTERS DIGITS "-"
#define SEGMENT LABEL "._~:+,="

/* Bytes with advice of their own; no message repeats the URL, a secret. */
static const struct {
	char byte;
	const char *why;
} forbidden[] = {
	{ '@', "contains '@'; omit the user name and password" },
	{ '?', "contains '?'; omit the query" },
	{ '#', "contains '#'; omit the fragment" },
	{ '%', "contains '%'; write the path without escapes" },
	{ '\\', "contains a backslash; write /" },
	{ ' ', "contains a blank; remove it" },
};

struct parts {
	bool tls;
	char host[HOST_MAX + 1]; /* without the brackets of an IPv6 address */
	bool v6;
	struct gm_span port; /* p is NULL without a port */
	struct gm_span path; /* with the '/' at its start, or empty */
};

static bool
consists_of(struct gm_span s, const char *bytes)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] == '\0' || strchr(bytes, s.p[i]) == NULL)
			return false;
	return true;
}

static int
check_bytes(const char *text, struct gm_err *err)
{
	size_t len = strlen(text), i;

	if (len > GM_URL_MAX)
		return gm_fail(err, GM_ECONFIG,
		    "the URL is longer than %d bytes", GM_URL_MAX);
	for (i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return gm_fail(err, GM_ECONFIG,
			    "the URL contains a control character, or one "
			    "outside ASCII; remove it");
	for (i = 0; i < GM_LEN(forbidden); i++)
		if (strchr(text, forbidden[i].byte) != NULL)
			return gm_fail(
			    err, GM_ECONFIG, "the URL %s", forbidden[i].why);
	return 0;
}

/* Take the bytes before the first of stops off *rest. */
static struct gm_span
take_until(const char **rest, const char *stops)
{
	struct gm_span taken = { *rest, strcspn(*rest, stops) };

	*rest += taken.len;
	return taken;
}

static int
split(struct parts *parts, const char *text, struct gm_err *err)
{
	const char *rest = text;
	struct gm_span host;

	*parts = (struct parts){ 0 };
	parts->tls = strncmp(rest, "https://", 8) == 0;
	if (!parts->tls && strncmp(rest, "http://", 7) != 0)
		return gm_fail(err, GM_ECONFIG,
		    "the URL does not begin with https://; write it as in "
		    "https://api.example/v1");
	rest += parts->tls ? 8 : 7;
	parts->v6 = *rest == '[';
	host = take_until(&rest, parts->v6 ? "]/" : ":/");
	if (parts->v6 && *rest == ']') {
		rest++;
		host.p++;
		host.len--;
	}
	if (host.len == 0 || host.len > HOST_MAX)
		return gm_fail(err, GM_ECONFIG,
		    "the URL has no host; write it as in "
		    "https://api.example/v1");
	memcpy(parts->host, host.p, host.len);
	if (*rest == ':') {
		rest++;
		parts->port = take_until(&rest, "/");
	}
	parts->path = gm_span_of(rest);
	return 0;
}

/*
 * Return true if a resolver may take the name for a number: inet_aton(3)
 * accepts 127.1, 0x7f.1 and 2130706433, other parsers do not.
 */
static bool
looks_numeric(const char *host)
{
	const char *dot = strrchr(host, '.');
	struct gm_span last = gm_span_of(dot != NULL ? dot + 1 : host);

	if (last.len >= 2 && last.p[0] == '0' &&
	    strchr("xX", last.p[1]) != NULL)
		return consists_of((struct gm_span){ last.p + 2, last.len - 2 },
		    DIGITS "abcdefABCDEF");
	return last.len > 0 && consists_of(last, DIGITS);
}

static bool
is_name(const char *host)
{
	struct gm_span rest = gm_span_of(host), label;

	while (gm_span_split(&rest, ".", &label))
		if (label.len == 0 || label.len > LABEL_MAX ||
		    !consists_of(label, LABEL) || label.p[0] == '-' ||
		    label.p[label.len - 1] == '-')
			return false;
	return true;
}

/*
 * Reject a dot at the end of a host name.  The DNS allows it, but names in
 * certificates and in no_proxy do not have it.
 */
static int
check_dot(const char *host, struct gm_err *err)
{
	size_t len = strlen(host);
	char name[HOST_MAX + 1];

	if (len < 2 || host[len - 1] != '.')
		return 0;
	(void)snprintf(name, sizeof(name), "%.*s", (int)(len - 1), host);
	if (!is_name(name))
		return 0;
	return gm_fail(
	    err, GM_ECONFIG, "the URL's host ends in a dot; remove the dot");
}

static int
check_host(const struct parts *parts, struct gm_err *err)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (parts->v6 && inet_pton(AF_INET6, parts->host, &v6) != 1)
		return gm_fail(err, GM_ECONFIG,
		    "the URL's host is not an IPv6 address; write it as in "
		    "[::1]");
	if (parts->v6)
		return 0;
	if (check_dot(parts->host, err) != 0)
		return -1;
	if (!is_name(parts->host))
		return gm_fail(err, GM_ECONFIG,
		    "the URL's host is not a host name; write it as in "
		    "api.example");
	if (looks_numeric(parts->host) &&
	    inet_pton(AF_INET, parts->host, &v4) != 1)
		return gm_fail(err, GM_ECONFIG,
		    "the URL's host is not an IPv4 address; write it as in "
		    "127.0.0.1");
	return 0;
}

static int
check_port(struct gm_span port, struct gm_err *err)
{
	unsigned value = 0;
	size_t i;

	if (port.p == NULL)
		return 0;
	for (i = 0; i < port.len && i < 5 && port.p[0] != '0'; i++)
		value = value * 10 + (unsigned)(port.p[i] - '0');
	if (!consists_of(port, DIGITS) || i < port.len || value < 1 ||
	    value > 65535)
		return gm_fail(err, GM_ECONFIG,
		    "the URL's port is not a number from 1 to 65535; write it "
		    "as in http://localhost:8080");
	return 0;
}

/* Allow only segments that all servers and proxies read alike. */
static int
check_path(struct gm_span path, struct gm_err *err)
{
	struct gm_span rest = path, segment;

	if (path.len == 0)
		return 0;
	if (path.p[0] != '/')
		return gm_fail(err, GM_ECONFIG,
		    "the URL has no ':' or '/' after ']'; add it");
	rest.p++;
	rest.len--;
	while (gm_span_split(&rest, "/", &segment)) {
		if (!consists_of(segment, SEGMENT))
			return gm_fail(err, GM_ECONFIG,
			    "the URL's path has more than letters, digits and "
			    "-._~:+,=; remove the other characters");
		if ((segment.len == 0 && rest.p != NULL) ||
		    gm_span_is(segment, ".") || gm_span_is(segment, ".."))
			return gm_fail(err, GM_ECONFIG,
			    "the URL's path contains '//', '.' or '..'; "
			    "remove it");
	}
	return 0;
}

static bool
is_loopback(const struct parts *parts)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (parts->v6)
		return inet_pton(AF_INET6, parts->host, &v6) == 1 &&
		       IN6_IS_ADDR_LOOPBACK(&v6);
	if (inet_pton(AF_INET, parts->host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return strcasecmp(parts->host, "localhost") == 0;
}

/* Parse and check all parts, but allow plain http to any host. */
static int
parse(struct parts *parts, const char *text, struct gm_err *err)
{
	if (check_bytes(text, err) != 0 || split(parts, text, err) != 0 ||
	    check_host(parts, err) != 0 || check_port(parts->port, err) != 0)
		return -1;
	return check_path(parts->path, err);
}

/* True for 0.0.0.0 and ::, where servers listen on all addresses. */
static bool
is_unspecified(const struct parts *parts)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (parts->v6)
		return inet_pton(AF_INET6, parts->host, &v6) == 1 &&
		       IN6_IS_ADDR_UNSPECIFIED(&v6);
	return inet_pton(AF_INET, parts->host, &v4) == 1 && v4.s_addr == 0;
}

int
gm_url_check(const char *text, struct gm_err *err)
{
	struct parts parts;

	if (parse(&parts, text, err) != 0)
		return -1;
	if (parts.tls || is_loopback(&parts))
		return 0;
	if (is_unspecified(&parts))
		return gm_fail(err, GM_ECONFIG,
		    "the URL's host is an address to listen on, not to connect "
		    "to; for a server on this machine use %s",
		    parts.v6 ? "[::1]" : "127.0.0.1");
	return gm_fail(err, GM_ECONFIG,
	    "plain http would send the API key unencrypted; use https, or an "
	    "SSH tunnel to 127.0.0.1");
}

bool
gm_url_is_loopback(const char *url)
{
	struct gm_err ignored;
	struct parts parts;

	return parse(&parts, url, &ignored) == 0 && is_loopback(&parts);
}

void
gm_url_origin(const char *url, char out[GM_URL_ORIGIN])
{
	struct gm_err ignored;
	struct parts parts;
	struct gm_span port;
	char *p;

	out[0] = '\0';
	if (parse(&parts, url, &ignored) != 0)
		return;
	port = parts.port;
	if (port.p == NULL)
		port = gm_span_of(parts.tls ? "443" : "80");
	(void)snprintf(out, GM_URL_ORIGIN, "%s://%s%s%s:%.*s",
	    parts.tls ? "https" : "http", parts.v6 ? "[" : "", parts.host,
	    parts.v6 ? "]" : "", (int)port.len, port.p);
	for (p = out; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
}

/* True for "v1", "v1beta2", "v1.1": v, a digit, then letters, digits, dots. */
static bool
is_version(struct gm_span segment)
{
	return segment.len >= 2 && segment.p[0] == 'v' &&
	       strchr(DIGITS, segment.p[1]) != NULL &&
	       consists_of(segment, LETTERS DIGITS ".");
}

/* The part after the last '/' of a path, or all of it. */
static struct gm_span
last_segment(struct gm_span path)
{
	size_t len = 0;

	while (len < path.len && path.p[path.len - 1 - len] != '/')
		len++;
	return (struct gm_span){ path.p + path.len - len, len };
}

/*
 * Find host, port and path after "://"; empty if that might show a secret.  A
 * password may contain '?' and '/', a query '@', and a port that is not a
 * number may be a password without its '@'.
 */
static struct gm_span
find_shown(const char *text)
{
	const char *at = strrchr(text, '@');
	struct gm_span shown = { text, strcspn(text, "?#") }, host,
		       port = { 0 };
	const char *colon;

	if (at != NULL && at > text + shown.len)
		return port;
	if (at != NULL) {
		shown.len -= (size_t)(at + 1 - text);
		shown.p = at + 1;
	}
	host = (struct gm_span){ shown.p, strcspn(shown.p, "/?#") };
	colon = memchr(host.p, ':', host.len);
	if (host.p[0] != '[' && colon != NULL)
		port = (struct gm_span){ colon + 1,
			(size_t)(host.p + host.len - colon - 1) };
	return consists_of(port, DIGITS) ? shown : (struct gm_span){ 0 };
}

void
gm_url_show(struct gm_buf *out, const char *text)
{
	size_t scheme = strspn(text, LETTERS);
	struct gm_span shown = { 0 };

	if (strncmp(text + scheme, "://", 3) == 0) {
		gm_buf_put(out, text, scheme + 3);
		shown = find_shown(text + scheme + 3);
	}
	if (shown.len > 0)
		gm_buf_put_span(out, shown);
	else
		gm_buf_puts(out, "...");
}

void
gm_url_join(struct gm_buf *out, const char *base, const char *path)
{
	const char *host = strstr(base, "://");
	struct gm_span whole = gm_span_of(base), own, first;
	size_t authority;

	host = host != NULL ? host + 3 : base;
	authority = (size_t)(host - base) + strcspn(host, "/");
	while (whole.len > authority && whole.p[whole.len - 1] == '/')
		whole.len--;
	gm_buf_put_span(out, whole);
	own = last_segment(
	    (struct gm_span){ whole.p + authority, whole.len - authority });
	first = (struct gm_span){ path + 1, strcspn(path + 1, "/") };
	if (is_version(own) && is_version(first))
		path += 1 + first.len;
	gm_buf_puts(out, path);
}

void
gm_url_escape(struct gm_buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr(LETTERS DIGITS "._-", *text) != NULL)
			gm_buf_putc(out, *text);
		else
			gm_buf_printf(out, "%%%02X", (unsigned char)*text);
	}
}
