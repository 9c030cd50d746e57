#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/hint.h"
#include "net/http.h"
#include "net/transfer.h"

/*
 * libcurl's connect timeout comes first, as its error says more; this much
 * later ours ends a transfer that waits for the connection of another one.
 */
#define GRACE_MS 1000

/* Timeouts from here on are shown in minutes: "15 min", but "120 s". */
#define MINUTES_FROM (5 * 60 * INT64_C(1000))

struct gm_http {
	CURLM *multi;
	struct gm_http_options options;
	struct gm_http_transfer *first; /* the newest transfer */
	struct gm_http_transfer *idle;  /* handles for the next requests */
	struct gm_origin *origins;      /* of all requests so far */
};

/*
 * Trust a populated hashed directory if there is one: OpenSSL then reads one
 * file per issuer, while parsing the whole bundle costs 27 ms of CPU in every
 * process.  Otherwise libcurl's own default is used.
 */
static int
choose_trust(struct gm_http *http, struct gm_err *err)
{
	struct gm_trust *trust = &http->options.trust;
	const char *dir = curl_version_info(CURLVERSION_NOW)->capath;

	if (trust->file == NULL && trust->dir == NULL && dir != NULL &&
	    gm_trust_is_hashed(dir)) {
		trust->dir = dir;
		return 0;
	}
	return gm_trust_check(trust, err);
}

struct gm_http *
gm_http_open(const struct gm_http_options *options, struct gm_err *err)
{
	struct gm_http *http = calloc(1, sizeof(*http));

	if (http == NULL) {
		(void)gm_fail(err, GM_EOS, "out of memory");
		return NULL;
	}
	http->options = *options;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(http);
		(void)gm_fail(err, GM_EOS, "libcurl cannot start");
		return NULL;
	}
	http->multi = curl_multi_init();
	if (http->multi == NULL) {
		(void)gm_fail(err, GM_EOS, "out of memory");
		gm_http_close(http);
		return NULL;
	}
	if (choose_trust(http, err) != 0) {
		gm_http_close(http);
		return NULL;
	}
	return http;
}

/* Keep the handle for the next request if it can be reused. */
static void
put_back(struct gm_http *http, struct gm_http_transfer *t)
{
	if (!gm_transfer_clear(t)) {
		gm_transfer_free(t);
		return;
	}
	t->next = http->idle;
	http->idle = t;
}

static struct gm_http_transfer *
take_handle(struct gm_http *http, struct gm_err *err)
{
	struct gm_http_transfer *t = http->idle;

	if (t == NULL)
		return gm_transfer_new(err);
	http->idle = t->next;
	t->next = NULL;
	return t;
}

static bool
is_tls(const struct gm_http_transfer *t)
{
	return strncmp(t->request.url, "https:", 6) == 0;
}

/* Find or add the origin of a transfer; NULL: out of memory. */
static struct gm_origin *
find_origin(struct gm_http *http, const struct gm_http_transfer *t)
{
	char name[GM_URL_ORIGIN];
	struct gm_origin *o;

	gm_transfer_origin(t, name);
	for (o = http->origins; o != NULL; o = o->next)
		if (strcmp(o->name, name) == 0)
			return o;
	o = calloc(1, sizeof(*o));
	if (o == NULL)
		return NULL;
	memcpy(o->name, name, sizeof(o->name));
	o->next = http->origins;
	http->origins = o;
	return o;
}

static bool
must_wait(const struct gm_http_transfer *t)
{
	return t->origin != NULL && gm_origin_is_busy(t->origin);
}

/*
 * Pass the transfer to libcurl, or hold it until its origin has a connection.
 * The first one to an unknown origin leads from here on, before libcurl opens a
 * socket: others that start in the same moment must be held.
 */
static int
enter(struct gm_http *http, struct gm_http_transfer *t)
{
	t->held = must_wait(t);
	if (t->held)
		return 0;
	t->enter_ms = gm_clock_mono_ms();
	if (curl_multi_add_handle(http->multi, t->easy) != CURLM_OK)
		return -1;
	if (t->origin != NULL && t->origin->protocol == GM_ORIGIN_UNKNOWN)
		(void)gm_origin_lead(t->origin, t);
	return 0;
}

/* Find the oldest held transfer that need not wait any longer: the last. */
static struct gm_http_transfer *
find_held(const struct gm_http *http)
{
	struct gm_http_transfer *t, *oldest = NULL;

	for (t = http->first; t != NULL; t = t->next)
		if (t->held && !must_wait(t))
			oldest = t;
	return oldest;
}

/*
 * Enter the held transfers that need not wait.  If a leader has failed before
 * its origin's protocol was known, only one enters: it leads, and the rest
 * wait.
 */
static int
let_in(struct gm_http *http, struct gm_err *err)
{
	struct gm_http_transfer *t;

	while ((t = find_held(http)) != NULL)
		if (enter(http, t) != 0)
			return gm_fail(err, GM_EOS, "out of memory");
	return 0;
}

struct gm_http_transfer *
gm_http_start(struct gm_http *http, const struct gm_http_request *request,
    struct gm_err *err)
{
	struct gm_http_transfer *t = take_handle(http, err);

	if (t == NULL)
		return NULL;
	if (gm_transfer_set(t, request, &http->options, err) != 0) {
		gm_transfer_free(t);
		return NULL;
	}
	if (is_tls(t) && !http->options.http1)
		t->origin = find_origin(http, t);
	/* Without memory for an origin the transfer just does not share. */
	if (enter(http, t) != 0) {
		(void)gm_fail(err, GM_EOS, "out of memory");
		gm_transfer_free(t);
		return NULL;
	}
	t->next = http->first;
	http->first = t;
	return t;
}

static void
detach(struct gm_http *http, struct gm_http_transfer *t)
{
	struct gm_http_transfer **p = &http->first;

	assert(t != NULL);
	while (*p != t) {
		assert(*p != NULL);
		p = &(*p)->next;
	}
	*p = t->next;
	if (t->origin != NULL)
		gm_origin_leave(t->origin, t);
	(void)curl_multi_remove_handle(http->multi, t->easy);
}

void
gm_http_cancel(struct gm_http *http, struct gm_http_transfer *t,
    struct gm_http_result *result)
{
	gm_transfer_measure(t);
	if (result != NULL)
		*result = t->result;
	detach(http, t);
	put_back(http, t);
}

/*
 * Detach first, as the end may start or cancel transfers.  The handle is only
 * reused after it: the result that the end reads is in it.
 */
static void
finish(struct gm_http *http, struct gm_http_transfer *t)
{
	gm_transfer_measure(t);
	detach(http, t);
	t->request.end(&t->result, t->request.arg);
	put_back(http, t);
}

/*
 * Hold a transfer again for which libcurl wanted a second connection while one
 * is being opened.  That happens when the server has closed the shared one
 * (nginx does after keepalive_requests): on_socket() in transfer.c refused the
 * socket.
 */
static int
hold_again(struct gm_http *http, struct gm_http_transfer *t)
{
	(void)curl_multi_remove_handle(http->multi, t->easy);
	if (gm_transfer_renew(t, &t->result.err) != 0)
		return -1;
	t->held = true;
	return 0;
}

static size_t
collect(struct gm_http *http)
{
	struct gm_http_transfer *t;
	CURLMsg *msg;
	CURLcode code;
	size_t ended = 0;
	int left;

	while ((msg = curl_multi_info_read(http->multi, &left)) != NULL) {
		code = msg->data.result;
		(void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
		if (!t->crowded || code != CURLE_COULDNT_CONNECT) {
			gm_transfer_conclude(t, code);
			gm_hint_find(t, code);
		} else if (hold_again(http, t) == 0) {
			continue;
		}
		finish(http, t);
		ended++;
	}
	return ended;
}

/* The timeout that applies now. */
static int64_t
limit_of(const struct gm_http_transfer *t)
{
	return t->responded ? t->request.timeout_ms : t->request.response_ms;
}

/*
 * When the transfer times out.  libcurl has a timeout for connecting, but not
 * for transfers that are held or wait for a stream of another's connection.
 */
static int64_t
expiry(struct gm_http_transfer *t)
{
	return gm_transfer_is_connected(t)
	           ? t->timer_ms + limit_of(t)
	           : t->enter_ms + t->options->connect_timeout_ms + GRACE_MS;
}

static void
fail_expired(struct gm_http_transfer *t)
{
	bool connected = gm_transfer_is_connected(t);
	int64_t limit =
	    connected ? limit_of(t) : t->options->connect_timeout_ms;
	bool minutes = limit >= MINUTES_FROM && limit % 60000 == 0;

	t->result.fault = connected ? GM_HTTP_TIMEOUT : GM_HTTP_NETWORK;
	(void)gm_fail(&t->result.err, GM_EUNAVAILABLE, "no %s for %g %s",
	    !connected     ? "connection"
	    : t->responded ? "data"
			   : "response",
	    (double)limit / (minutes ? 60000 : 1000), minutes ? "min" : "s");
}

/* End the transfers that have timed out. */
static void
expire(struct gm_http *http)
{
	struct gm_http_transfer *t, *next;
	int64_t now = gm_clock_mono_ms();

	for (t = http->first; t != NULL; t = next) {
		next = t->next;
		if (now < expiry(t))
			continue;
		fail_expired(t);
		finish(http, t);
		next = http->first; /* as the end may change the list */
	}
}

static int
next_wait(const struct gm_http *http, int64_t wait_ms)
{
	struct gm_http_transfer *t;
	int64_t now = gm_clock_mono_ms(), left;

	for (t = http->first; t != NULL; t = t->next) {
		left = expiry(t) - now;
		if (left < wait_ms)
			wait_ms = left;
	}
	if (wait_ms < 0)
		return 0;
	return wait_ms < 3600000 ? (int)wait_ms : 3600000;
}

int
gm_http_run(struct gm_http *http, int64_t wait_ms, const int fds[GM_HTTP_FDS],
    struct gm_err *err)
{
	struct curl_waitfd extra[GM_HTTP_FDS];
	unsigned len = 0;
	int running, i;

	for (i = 0; i < GM_HTTP_FDS; i++)
		if (fds[i] >= 0)
			extra[len++] = (struct curl_waitfd){ .fd = fds[i],
				.events = CURL_WAIT_POLLIN };

	if (let_in(http, err) != 0)
		return -1;
	if (curl_multi_perform(http->multi, &running) != CURLM_OK)
		return gm_fail(err, GM_EOS, "libcurl cannot continue");
	if (collect(http) > 0)
		return 0;
	/* A request just sent may have shown the protocol of an origin. */
	if (let_in(http, err) != 0)
		return -1;
	if (curl_multi_poll(http->multi, extra, len, next_wait(http, wait_ms),
		NULL) != CURLM_OK ||
	    curl_multi_perform(http->multi, &running) != CURLM_OK)
		return gm_fail(err, GM_EOS, "libcurl cannot continue");
	(void)collect(http);
	expire(http);
	return 0;
}

void
gm_http_close(struct gm_http *http)
{
	struct gm_http_transfer *t;
	struct gm_origin *o;

	if (http == NULL)
		return;
	/* Easy handles go before the multi handle, as libcurl-multi(3) asks. */
	while (http->first != NULL)
		gm_http_cancel(http, http->first, NULL);
	while ((t = http->idle) != NULL) {
		http->idle = t->next;
		gm_transfer_free(t);
	}
	while ((o = http->origins) != NULL) {
		http->origins = o->next;
		free(o);
	}
	curl_multi_cleanup(http->multi);
	curl_global_cleanup();
	free(http);
}
