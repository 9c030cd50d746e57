#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/process.h"
#include "base/term.h"
#include "net/transfer.h"

#define HEADER_COST 32 /* bytes, see GM_HTTP_HEAD_MAX */
#define TOO_LARGE 100  /* CURLE_TOO_LARGE, which libcurl 7 lacks */

static bool
is_flood(const struct gm_http_transfer *t)
{
	return t->head_size > GM_HTTP_HEAD_MAX;
}

/* Restart the timeout after an event, or after the head of an error. */
static void
restart_timeout(struct gm_http_transfer *t)
{
	t->responded = true;
	t->timer_ms = gm_clock_mono_ms();
}

/* An error needs no thinking: from its head on timeout_ms applies. */
static void
end_head(struct gm_http_transfer *t)
{
	long status = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 300)
		restart_timeout(t);
}

/*
 * Start a new head, perhaps after that of a 1xx response, whose headers must
 * not count for the final one.
 */
static void
begin_head(struct gm_http_transfer *t)
{
	t->result.head = (struct gm_http_head){ 0 };
	gm_buf_reset(&t->headers);
	t->head_open = true;
}

static size_t
on_header(char *p, size_t size, size_t count, void *arg)
{
	struct gm_http_transfer *t = arg;
	struct gm_http_result *r = &t->result;
	struct gm_span line = { p, size * count };

	t->head_size += line.len + HEADER_COST;
	if (is_flood(t))
		return CURL_WRITEFUNC_ERROR;
	if (gm_span_starts(line, "HTTP/")) {
		begin_head(t);
		return line.len;
	}
	if (gm_span_trim(line).len == 0) {
		t->head_open = false;
		end_head(t);
	}
	gm_buf_put_span(&t->headers, line);
	if (gm_buf_check(&t->headers, &r->err) != 0) {
		r->fault = GM_HTTP_ABORTED;
		return CURL_WRITEFUNC_ERROR;
	}
	r->head.headers = gm_buf_span(&t->headers);
	return line.len;
}

static size_t
on_body(char *p, size_t size, size_t count, void *arg)
{
	struct gm_http_transfer *t = arg;
	struct gm_http_result *r = &t->result;
	struct gm_span bytes = { p, size * count };
	enum gm_http_pulse pulse;

	r->bytes_received += (int64_t)bytes.len;
	(void)curl_easy_getinfo(
	    t->easy, CURLINFO_RESPONSE_CODE, &r->head.status);
	pulse = t->request.sink(&r->head, bytes, t->request.arg, &r->err);
	if (pulse == GM_HTTP_STOP)
		r->fault = GM_HTTP_ABORTED;
	t->enough = pulse == GM_HTTP_ENOUGH;
	if (pulse == GM_HTTP_STOP || t->enough)
		return CURL_WRITEFUNC_ERROR;
	/* Read the clock now: the sink may have waited for a slow reader. */
	if (pulse == GM_HTTP_ALIVE)
		restart_timeout(t);
	return bytes.len;
}

/*
 * Fail if the body is shorter than announced, as a file that was cut meanwhile:
 * the server would wait for the rest.
 */
static size_t
on_read(char *p, size_t size, size_t count, void *arg)
{
	struct gm_http_transfer *t = arg;
	struct gm_http_result *r = &t->result;
	const struct gm_body *body = &t->request.body;
	size_t room = size * count;
	int64_t n;

	if (body->len >= 0 && (int64_t)room > body->len - t->body_read)
		room = (size_t)(body->len - t->body_read);
	n = room > 0 ? body->read(body->arg, p, room, &r->err) : 0;
	if (n > 0)
		t->body_read += n;
	if (n == 0 && t->body_read < body->len)
		n = gm_fail(&r->err, GM_EDATA,
		    "the body became shorter while it was sent");
	if (n >= 0)
		return (size_t)n;
	r->fault = GM_HTTP_ABORTED;
	return CURL_READFUNC_ABORT;
}

/* Rewind; libcurl never seeks to another offset than 0. */
static int
on_seek(void *arg, curl_off_t offset, int origin)
{
	struct gm_http_transfer *t = arg;
	const struct gm_body *body = &t->request.body;

	if (offset != 0 || origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	t->body_read = 0;
	if (body->rewind(body->arg, &t->result.err) == 0)
		return CURL_SEEKFUNC_OK;
	t->result.fault = GM_HTTP_ABORTED;
	return CURL_SEEKFUNC_FAIL;
}

static int
on_progress(void *arg, curl_off_t down_total, curl_off_t down,
    curl_off_t up_total, curl_off_t up)
{
	struct gm_http_transfer *t = arg;

	(void)down_total;
	(void)down;
	(void)up_total;
	if (up != t->uploaded && !t->responded) {
		t->uploaded = up;
		t->timer_ms = gm_clock_mono_ms();
	}
	return 0;
}

static bool
is_here(const struct sockaddr *address)
{
	const struct sockaddr_in6 *v6 = (const void *)address;
	const struct sockaddr_in *v4 = (const void *)address;

	if (address->sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
	return address->sa_family == AF_INET &&
	       ntohl(v4->sin_addr.s_addr) >> 24 == 127;
}

/*
 * Open a socket for libcurl, and note what its errors do not show: the address,
 * and whether this machine lacks descriptors.  Refuse it if another transfer of
 * this origin is connecting, so that both share that connection.
 */
static curl_socket_t
on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct gm_http_transfer *t = arg;
	const struct sockaddr_in *v4 = (const void *)&to->addr;
	int fd;

	(void)purpose;
	t->crowded = t->origin != NULL && !gm_origin_lead(t->origin, t);
	if (t->crowded)
		return CURL_SOCKET_BAD;
	fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
	if (fd == -1 && (errno == EMFILE || errno == ENFILE ||
			    errno == ENOMEM || errno == ENOBUFS))
		t->shortage = errno;
	t->peer_port = ntohs(v4->sin_port); /* IPv6 has it there, too */
	t->away = t->away || !is_here(&to->addr);
	return fd;
}

/* Note a sent head: it shows the protocol, and others may use the origin. */
static void
note_request(struct gm_http_transfer *t, struct gm_span head)
{
	const struct gm_trace before = t->trace;

	gm_trace_request(&t->trace, head);
	t->timer_ms = gm_clock_mono_ms();
	if (t->origin == NULL)
		return;
	if (t->trace.http2 > before.http2)
		gm_origin_sent(t->origin, t, GM_ORIGIN_HTTP2);
	else if (t->trace.http1 > before.http1)
		gm_origin_sent(t->origin, t, GM_ORIGIN_HTTP1);
}

static int
on_trace(CURL *easy, curl_infotype type, char *p, size_t size, void *arg)
{
	struct gm_http_transfer *t = arg;
	struct gm_span bytes = { p, size };

	(void)easy;
	if (type == CURLINFO_SSL_DATA_IN || type == CURLINFO_SSL_DATA_OUT)
		gm_trace_tls(&t->trace, type == CURLINFO_SSL_DATA_IN, bytes);
	if (type == CURLINFO_HEADER_OUT)
		note_request(t, bytes);
	return 0;
}

static int
add_header(struct curl_slist **list, const char *line)
{
	struct curl_slist *more = curl_slist_append(*list, line);

	if (more == NULL)
		return -1;
	*list = more;
	return 0;
}

static int
set_headers(struct gm_http_transfer *t)
{
	const char *const *line;

	/*
	 * Without this libcurl sends Expect: 100-continue with a large body and
	 * waits a second for servers that do not know it.
	 */
	if (add_header(&t->lines, "Expect:") != 0)
		return -1;
	for (line = t->request.headers; *line != NULL; line++)
		if (add_header(&t->lines, *line) != 0)
			return -1;
	if (t->request.secret != NULL &&
	    add_header(&t->lines, t->request.secret) != 0)
		return -1;
	return curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->lines) ==
	               CURLE_OK
	           ? 0
	           : -1;
}

/*
 * Copy scheme, host and port of a request's URL.  gm_url_origin() takes base
 * URLs only, and would reject the query and the ":" in the path of a request.
 */
static void
cut_origin(const char *url, char out[GM_URL_MAX + 1])
{
	const char *host = strstr(url, "://");
	size_t len;

	out[0] = '\0';
	if (host == NULL)
		return;
	host += strlen("://");
	len = (size_t)(host - url) + strcspn(host, "/?#");
	if (len > GM_URL_MAX)
		return;
	memcpy(out, url, len);
	out[len] = '\0';
}

static bool
is_to_loopback(const char *url)
{
	char origin[GM_URL_MAX + 1];

	cut_origin(url, origin);
	return gm_url_is_loopback(origin);
}

void
gm_transfer_origin(const struct gm_http_transfer *t, char out[GM_URL_ORIGIN])
{
	char origin[GM_URL_MAX + 1];

	cut_origin(t->request.url, origin);
	gm_url_origin(origin, out);
}

/* "443" of https://host; "" without a valid URL.  whole is scratch space. */
static const char *
port_of(const char *url, char whole[GM_URL_ORIGIN])
{
	char origin[GM_URL_MAX + 1];
	const char *colon;

	cut_origin(url, origin);
	gm_url_origin(origin, whole);
	colon = strrchr(whole, ':');
	return colon != NULL ? colon + 1 : "";
}

static long
resolve_mode(enum gm_http_family family)
{
	if (family == GM_HTTP_V4)
		return CURL_IPRESOLVE_V4;
	return family == GM_HTTP_V6 ? CURL_IPRESOLVE_V6
	                            : CURL_IPRESOLVE_WHATEVER;
}

#define SET(option, value) \
	(failed |= curl_easy_setopt(t->easy, option, value) != CURLE_OK)

static int
set_connection(struct gm_http_transfer *t, const struct gm_http_options *o)
{
	bool failed = false;

	SET(CURLOPT_URL, t->request.url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	/* A redirect, ~/.netrc or a proxy must not get or replace the key. */
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_HTTP_VERSION,
	    (long)(o->http1 ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
	SET(CURLOPT_IPRESOLVE, resolve_mode(o->family));
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)o->connect_timeout_ms);
	/* Do not join the resolver's thread at the end, which may hang. */
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_USERAGENT, o->agent);
	if (is_to_loopback(t->request.url))
		SET(CURLOPT_PROXY, "");
	/*
	 * NULL turns libcurl's default off; TLS to a proxy is verified alike.
	 */
	if (o->trust.file != NULL || o->trust.dir != NULL) {
		SET(CURLOPT_CAINFO, o->trust.file);
		SET(CURLOPT_CAPATH, o->trust.dir);
		SET(CURLOPT_PROXY_CAINFO, o->trust.file);
		SET(CURLOPT_PROXY_CAPATH, o->trust.dir);
	}
	return failed ? -1 : 0;
}

static int
set_callbacks(struct gm_http_transfer *t)
{
	bool failed = false;

	/*
	 * libcurl 7 fails here for a reused handle, whose buffer still exists,
	 * and uses that: no error.
	 */
	(void)curl_easy_setopt(t->easy, CURLOPT_BUFFERSIZE, 128L * 1024);
	SET(CURLOPT_PRIVATE, t);
	SET(CURLOPT_ERRORBUFFER, t->words);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, t);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, t);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
	SET(CURLOPT_OPENSOCKETDATA, t);
	/*
	 * Progress shows uploaded bytes, the trace TLS alerts and sent heads.
	 */
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, t);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_DEBUGFUNCTION, on_trace);
	SET(CURLOPT_DEBUGDATA, t);
	SET(CURLOPT_VERBOSE, 1L);
	if (t->request.body.read != NULL) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)t->request.body.len);
		SET(CURLOPT_READFUNCTION, on_read);
		SET(CURLOPT_READDATA, t);
		SET(CURLOPT_SEEKFUNCTION, on_seek);
		SET(CURLOPT_SEEKDATA, t);
	}
	return failed ? -1 : 0;
}

#undef SET

/* Wipe the headers; libcurl reads them until its handle is reset or freed. */
static void
wipe_lines(struct gm_http_transfer *t)
{
	struct curl_slist *line;

	for (line = t->lines; line != NULL; line = line->next)
		explicit_bzero(line->data, strlen(line->data));
	curl_slist_free_all(t->lines);
	t->lines = NULL;
}

void
gm_transfer_free(struct gm_http_transfer *t)
{
	curl_easy_cleanup(t->easy);
	wipe_lines(t);
	gm_buf_release(&t->headers);
	free(t);
}

struct gm_http_transfer *
gm_transfer_new(struct gm_err *err)
{
	struct gm_http_transfer *t = calloc(1, sizeof(*t));

	if (t != NULL)
		t->easy = curl_easy_init();
	if (t == NULL || t->easy == NULL) {
		free(t);
		(void)gm_fail(err, GM_EOS, "out of memory");
		return NULL;
	}
	gm_buf_init(&t->headers, GM_HTTP_HEAD_MAX);
	return t;
}

int
gm_transfer_set(struct gm_http_transfer *t,
    const struct gm_http_request *request,
    const struct gm_http_options *options, struct gm_err *err)
{
	t->request = *request;
	t->options = options;
	t->start_ms = t->enter_ms = t->timer_ms = gm_clock_mono_ms();
	if (set_connection(t, options) != 0 || set_callbacks(t) != 0 ||
	    set_headers(t) != 0)
		return gm_fail(err, GM_EOS, "out of memory");
	return 0;
}

int
gm_transfer_renew(struct gm_http_transfer *t, struct gm_err *err)
{
	struct gm_http_transfer fresh = { .next = t->next,
		.origin = t->origin,
		.options = t->options,
		.result = { .fault = GM_HTTP_LOCAL },
		.headers = t->headers };
	const struct gm_http_request request = t->request;
	const int64_t start_ms = t->start_ms;

	/*
	 * A new easy handle: the old one keeps the error of the refused socket.
	 * The fault is set before each step that can fail.
	 */
	t->result.fault = GM_HTTP_ABORTED;
	if (t->body_read > 0 && request.body.rewind(request.body.arg, err) != 0)
		return -1;
	t->result.fault = GM_HTTP_LOCAL;
	fresh.easy = curl_easy_init();
	if (fresh.easy == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	curl_easy_cleanup(t->easy);
	wipe_lines(t);
	gm_buf_reset(&fresh.headers);
	*t = fresh;
	if (gm_transfer_set(t, &request, fresh.options, err) != 0)
		return -1;
	t->result.fault = GM_HTTP_DONE;
	t->start_ms = start_ms;
	return 0;
}

bool
gm_transfer_clear(struct gm_http_transfer *t)
{
	CURL *easy = t->easy;
	struct gm_buf headers = t->headers;
	long os = 0;

	/* libcurl 7 keeps CURLINFO_OS_ERRNO through curl_easy_reset(). */
	(void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os);
	if (t->result.fault != GM_HTTP_DONE || os != 0)
		return false;
	curl_easy_reset(easy);
	wipe_lines(t);
	gm_buf_reset(&headers);
	*t = (struct gm_http_transfer){ .easy = easy, .headers = headers };
	return true;
}

/*
 * Return true if libcurl gave up on bytes that violate HTTP.  It has no code of
 * its own for that; but then the system reports no error, and the connection
 * has not ended.
 */
static bool
is_nonsense(struct gm_http_transfer *t, CURLcode code, long status)
{
	long os = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os);
	if (os != 0 || t->trace.ended)
		return false;
	/* This code also means a GOAWAY or an early end, before any bytes. */
	if (code == CURLE_HTTP2)
		return t->head_open || t->result.bytes_received > 0;
	if (t->trace.http2 == 0)
		return code == CURLE_RECV_ERROR && status >= 200;
	/*
	 * libcurl 7 passes the headers of HTTP/2 on when all have arrived, so
	 * their absence says nothing.  A request that was sent twice had been
	 * refused unread before, so its end is a network error.
	 */
	return (code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR) &&
	       t->trace.http2 == 1 &&
	       curl_version_info(CURLVERSION_NOW)->version_num < 0x080000;
}

long
gm_transfer_proxy_refusal(struct gm_http_transfer *t)
{
	long status = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	return status >= 300 && status < 500 ? status : 0;
}

/* Find the fault of a transfer that broke after it was connected. */
static enum gm_http_fault
broken_fault(struct gm_http_transfer *t, CURLcode code)
{
	long status = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (gm_transfer_proxy_refusal(t) != 0)
		return GM_HTTP_PROXY;
	if (is_nonsense(t, code, status))
		return GM_HTTP_GARBAGE;
	return status >= 200 ? GM_HTTP_TRUNCATED : GM_HTTP_NETWORK;
}

/*
 * Return true if the last address tried was the proxy's.  libcurl does not
 * report that, so the port decides; a proxy on the service's own port is taken
 * for the service.
 */
static bool
is_to_proxy(const struct gm_http_transfer *t)
{
	char whole[GM_URL_ORIGIN];
	const char *port = port_of(t->request.url, whole);

	return t->options->proxy != NULL && t->peer_port != 0 &&
	       strtol(port, NULL, 10) != t->peer_port;
}

bool
gm_transfer_is_connected(const struct gm_http_transfer *t)
{
	curl_off_t connected = 0;

	(void)curl_easy_getinfo(
	    t->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
	return connected > 0;
}

/*
 * Find the fault without a connection.  A refused connection on loopback is
 * permanent, as no server listens there; elsewhere it may pass.  EADDRNOTAVAIL,
 * ENETUNREACH and EAFNOSUPPORT come from ::1 on machines without IPv6, after
 * 127.0.0.1 has refused.
 */
static enum gm_http_fault
unconnected_fault(struct gm_http_transfer *t)
{
	long os = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os);
	if (t->away || t->peer_port == 0 ||
	    (os != ECONNREFUSED && os != EADDRNOTAVAIL && os != ENETUNREACH &&
		os != EAFNOSUPPORT))
		return GM_HTTP_NETWORK;
	return is_to_proxy(t) ? GM_HTTP_PROXY : GM_HTTP_NO_SERVER;
}

/*
 * Return true if this machine lacks descriptors or memory: libcurl then reports
 * that it found no host, certificate or connection.  gm_process_shortage()
 * tests now, which holds for the moment of failure unless libcurl has closed
 * some.
 */
static bool
is_short(struct gm_http_transfer *t, CURLcode code)
{
	if (code == CURLE_OPERATION_TIMEDOUT || gm_transfer_is_connected(t))
		return false;
	if (t->shortage == 0)
		t->shortage = gm_process_shortage();
	return t->shortage != 0;
}

/* True if a header was too large; libcurl 7 reports "out of memory" then. */
static bool
is_too_large(struct gm_http_transfer *t, CURLcode code)
{
	long sent = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
	return (int)code == TOO_LARGE ||
	       (code == CURLE_OUT_OF_MEMORY && sent > 0);
}

static enum gm_http_fault
fault_of(struct gm_http_transfer *t, CURLcode code)
{
	/* Both come first, as libcurl's code is misleading after them. */
	if (is_flood(t) || is_too_large(t, code))
		return GM_HTTP_GARBAGE;
	if (code != CURLE_OK && is_short(t, code))
		return GM_HTTP_LOCAL;
	switch ((int)code) {
	case CURLE_OK:
		return GM_HTTP_DONE;
	case CURLE_COULDNT_CONNECT:
		return unconnected_fault(t);
	case CURLE_SSL_CACERT_BADFILE:
		return GM_HTTP_TRUST;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_ENGINE_INITFAILED:
		return GM_HTTP_TLS;
	case CURLE_SSL_CONNECT_ERROR:
		/* A handshake that just broke off may succeed next time. */
		return t->trace.refused ? GM_HTTP_TLS : GM_HTTP_NETWORK;
	case CURLE_PROXY:
		return GM_HTTP_PROXY;
	case CURLE_OPERATION_TIMEDOUT: /* connect_timeout_ms, the only one */
		return GM_HTTP_NETWORK;
	case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9 */
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
		return GM_HTTP_GARBAGE;
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
		return GM_HTTP_LOCAL;
	default:
		return broken_fault(t, code);
	}
}

static enum gm_code
fault_code(enum gm_http_fault fault)
{
	if (fault == GM_HTTP_GARBAGE || fault == GM_HTTP_TRUNCATED)
		return GM_EPROTOCOL;
	if (fault == GM_HTTP_TRUST)
		return GM_ECONFIG;
	return fault == GM_HTTP_LOCAL ? GM_EOS : GM_EUNAVAILABLE;
}

/* True if libcurl's text names a host without an address, not the service. */
static bool
lacks_other_host(const struct gm_http_transfer *t)
{
	char whole[GM_URL_ORIGIN], name[GM_URL_ORIGIN];
	size_t port = strlen(port_of(t->request.url, whole));
	const char *host = strstr(whole, "://");

	if (host == NULL)
		return false;
	host += 3;
	(void)snprintf(name, sizeof(name), "%.*s",
	    (int)(strlen(host) - (port > 0 ? port + 1 : 0)), host);
	return !gm_span_has(gm_span_of(t->words), name);
}

bool
gm_transfer_lacks_proxy(const struct gm_http_transfer *t, CURLcode code)
{
	if (t->options->proxy == NULL)
		return false;
	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_PROXY:
		return true;
	case CURLE_COULDNT_RESOLVE_HOST: /* also for a SOCKS proxy */
		return lacks_other_host(t);
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
		return is_to_proxy(t) && !gm_transfer_is_connected(t);
	default:
		return false;
	}
}

void
gm_transfer_conclude(struct gm_http_transfer *t, CURLcode code)
{
	struct gm_http_result *r = &t->result;
	const char *words = t->words;
	struct gm_buf line;

	/*
	 * The sink ended it: err has its reason, or the response is complete.
	 */
	if (r->fault == GM_HTTP_ABORTED || t->enough)
		return;
	r->fault = fault_of(t, code);
	if (r->fault == GM_HTTP_DONE)
		return;
	if (r->fault == GM_HTTP_LOCAL && t->shortage != 0) {
		errno = t->shortage;
		(void)gm_fail_errno(&r->err, GM_EOS, "connection");
		return;
	}
	/* A proxy variable with a password alone makes it the host's name. */
	if (words[0] == '\0' || gm_transfer_lacks_proxy(t, code))
		words = curl_easy_strerror(code);
	if (is_flood(t) || is_too_large(t, code))
		words = "the headers are too large";
	gm_buf_init(&line, GM_ERR_MAX);
	gm_term_line(&line, gm_span_of(words), GM_TERM_LINE_MAX);
	(void)gm_buf_fail(&line, fault_code(r->fault), &r->err);
	gm_buf_release(&line);
}

/*
 * Return true if the transfer used a proxy.  Older libcurls do not report it: a
 * new tunnel shows its CONNECT, a reused one the proxy's port.
 */
static bool
is_proxied(struct gm_http_transfer *t)
{
#if LIBCURL_VERSION_NUM >= 0x080700
	long used = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_USED_PROXY, &used);
	return used != 0;
#else
	CURLU *url = curl_url();
	long connect = 0, port = 0;
	char *own = NULL;
	bool other = false;

	(void)curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &connect);
	(void)curl_easy_getinfo(t->easy, CURLINFO_PRIMARY_PORT, &port);
	if (url != NULL &&
	    curl_url_set(url, CURLUPART_URL, t->request.url, 0) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_PORT, &own, CURLU_DEFAULT_PORT) ==
		CURLUE_OK)
		other = port != 0 && strtol(own, NULL, 10) != port;
	curl_free(own);
	curl_url_cleanup(url);
	return connect != 0 || other;
#endif
}

void
gm_transfer_measure(struct gm_http_transfer *t)
{
	struct gm_http_result *r = &t->result;
	curl_off_t connected = 0, sent = 0;
	long connects = 0;

	(void)curl_easy_getinfo(
	    t->easy, CURLINFO_RESPONSE_CODE, &r->head.status);
	r->head.proxied = r->head.status >= 400 && is_proxied(t);
	(void)curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connects);
	(void)curl_easy_getinfo(
	    t->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
	(void)curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	r->connect_ms = connects > 0 ? (int64_t)connected / 1000 : 0;
	r->bytes_sent = (int64_t)sent;
	r->total_ms = gm_clock_mono_ms() - t->start_ms;
}
