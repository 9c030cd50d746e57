#include <stdlib.h>

#include "base/clock.h"
#include "base/stop.h"
#include "call/drive.h"

/* When there is nothing to do but to wait for the network. */
#define FAR_MS INT64_C(3600000)

/* What there is to do. */
struct work {
	struct gm_ask *asks;
	size_t len;
	size_t open;    /* not done */
	size_t flying;  /* sent */
	int64_t due_ms; /* when the next one is to be sent; or far away */
};

static void
count(struct work *w, int64_t now)
{
	const struct gm_ask *a;

	w->open = w->flying = 0;
	w->due_ms = now + FAR_MS;
	for (a = w->asks; a < w->asks + w->len; a++) {
		w->open += a->state != GM_ASK_DONE;
		w->flying += a->state == GM_ASK_SENDING;
		if (a->state == GM_ASK_DUE && a->due_ms < w->due_ms)
			w->due_ms = a->due_ms;
	}
}

static void
stop_all(struct work *w, enum gm_class class)
{
	struct gm_ask *a;

	for (a = w->asks; a < w->asks + w->len; a++)
		if (a->state != GM_ASK_DONE)
			gm_ask_stop(a, class);
}

/* Send what is due, as many as may be on their way. */
static void
send_due(struct work *w, int64_t now)
{
	struct gm_ask *a;

	for (a = w->asks; a < w->asks + w->len; a++) {
		if (a->state != GM_ASK_DUE || w->flying >= GM_DRIVE_MAX)
			continue;
		gm_ask_step(a, now);
		w->flying += a->state == GM_ASK_SENDING;
	}
	count(w, now);
}

/* How long there is nothing to send. */
static int64_t
time_left(const struct work *w, int64_t now)
{
	if (w->flying >= GM_DRIVE_MAX)
		return FAR_MS;
	return w->due_ms > now ? w->due_ms - now : 0;
}

int
gm_drive_all(struct gm_ask *asks, size_t len, struct gm_err *err)
{
	struct work w = { .asks = asks, .len = len };
	int64_t now;

	for (count(&w, 0); w.open > 0; count(&w, now)) {
		now = gm_clock_mono_ms();
		if (gm_stop_stage() == GM_STOP_NOW && gm_stop_signal() != 0) {
			stop_all(&w, GM_CLASS_SIGNAL);
		} else if (gm_stop_is_late()) {
			gm_stop_last_words();
			stop_all(&w, GM_CLASS_DEADLINE);
		} else {
			send_due(&w, now);
			if (w.open > 0 &&
			    gm_http_run(asks->service->http, time_left(&w, now),
				gm_stop_fd(GM_STOP_NOW), err) != 0)
				return -1;
		}
	}
	return 0;
}

/* The stack may be as small as 64 KiB, and libcurl and OpenSSL need theirs. */
int
gm_drive(const struct gm_service *service, const struct gm_question *question,
    const struct gm_sink *sink, struct gm_outcome *outcome, struct gm_err *err)
{
	struct gm_ask *a = calloc(1, sizeof(*a));
	int rc;

	if (a == NULL) { /* whoever looks at the outcome finds its subject */
		outcome->model = question->model;
		outcome->provider = service->provider->name;
		return gm_fail(err, GM_EOS, "out of memory");
	}
	rc = gm_ask_begin(a, service, question, sink, outcome, err);
	if (rc == 0)
		rc = gm_drive_all(a, 1, err);
	if (rc == 0 && a->rc != 0) {
		*err = a->err;
		rc = -1;
	}
	gm_ask_release(a);
	free(a);
	return rc;
}
