#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/hint.h"
#include "net/http.h"
#include "net/transfer.h"

/* So much later than libcurl we end what it does not. */
#define GRACE_MS 1000

struct gm_http {
	CURLM *multi;
	struct gm_http_options options;
	struct gm_http_transfer *first;
	struct gm_http_transfer *idle;   /* handles for the next requests */
	struct gm_http_transfer *leader; /* connects, others wait; or NULL */
};

/*
 * A populated hashed directory spares OpenSSL the parsing of the whole bundle
 * in every process; where there is none, libcurl's own default serves.
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

/* Keep the handle for the next request if it is good for one. */
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

/*
 * Over TLS, wait for a connection that is being made, as it may be HTTP/2, which
 * takes this request, too.  libcurl has CURLOPT_PIPEWAIT for it, but 8.14 does
 * not wake who waits when the server speaks HTTP/1.1.
 */
static bool
must_wait(const struct gm_http *http)
{
	return http->leader != NULL && !gm_transfer_is_connected(http->leader);
}

/* Hand it to libcurl, now or when the leader is connected. */
static int
enter(struct gm_http *http, struct gm_http_transfer *t)
{
	bool shares = !http->options.http1 && is_tls(t);

	t->held = shares && must_wait(http);
	if (t->held)
		return 0;
	if (curl_multi_add_handle(http->multi, t->easy) != CURLM_OK)
		return -1;
	if (shares)
		http->leader = t;
	return 0;
}

/* The leader is connected, or gone: let in who has waited for it. */
static int
let_in(struct gm_http *http, struct gm_err *err)
{
	struct gm_http_transfer *t;

	if (must_wait(http))
		return 0;
	for (t = http->first; t != NULL; t = t->next) {
		if (!t->held)
			continue;
		t->held = false;
		t->enter_ms = gm_clock_mono_ms();
		if (curl_multi_add_handle(http->multi, t->easy) != CURLM_OK)
			return gm_fail(err, GM_EOS, "out of memory");
	}
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
	if (http->leader == t)
		http->leader = NULL;
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

/* The end may start another transfer, so this one must be off the list. */
static void
finish(struct gm_http *http, struct gm_http_transfer *t)
{
	gm_transfer_measure(t);
	detach(http, t);
	t->request.end(&t->result, t->request.arg);
	put_back(http, t);
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
		gm_transfer_conclude(t, code);
		gm_hint_find(t, code);
		finish(http, t);
		ended++;
	}
	return ended;
}

/* The clock that runs now: how much silence it allows. */
static int64_t
limit_of(const struct gm_http_transfer *t)
{
	return t->responded ? t->request.timeout_ms : t->request.response_ms;
}

/*
 * When that is over.  libcurl watches over the connecting, we over those that
 * wait for another's connection.
 */
static int64_t
expiry(struct gm_http_transfer *t)
{
	return gm_transfer_is_connected(t)
	           ? t->sign_ms + limit_of(t)
	           : t->enter_ms + t->options->connect_timeout_ms + GRACE_MS;
}

static void
fail_expired(struct gm_http_transfer *t)
{
	bool connected = gm_transfer_is_connected(t);
	int64_t limit =
	    connected ? limit_of(t) : t->options->connect_timeout_ms;

	t->result.fault = connected ? GM_HTTP_SILENCE : GM_HTTP_NETWORK;
	(void)gm_fail(&t->result.err, GM_EUNAVAILABLE, "no %s for %g s",
	    connected ? "data" : "connection", (double)limit / 1000);
}

/* End the transfers that have waited too long. */
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
		next = http->first; /* the end may have changed the list */
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
		return gm_fail(err, GM_EOS, "libcurl cannot go on");
	if (collect(http) > 0)
		return 0;
	if (let_in(http, err) != 0)
		return -1;
	if (curl_multi_poll(http->multi, extra, len, next_wait(http, wait_ms),
		NULL) != CURLM_OK ||
	    curl_multi_perform(http->multi, &running) != CURLM_OK)
		return gm_fail(err, GM_EOS, "libcurl cannot go on");
	(void)collect(http);
	expire(http);
	return 0;
}

void
gm_http_close(struct gm_http *http)
{
	struct gm_http_transfer *t;

	if (http == NULL)
		return;
	while (http->first != NULL)
		gm_http_cancel(http, http->first, NULL);
	while ((t = http->idle) != NULL) {
		http->idle = t->next;
		gm_transfer_free(t);
	}
	curl_multi_cleanup(http->multi);
	curl_global_cleanup();
	free(http);
}
