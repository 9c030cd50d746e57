#include "drive.h"
#include "clock.h"
#include "stop.h"

/* When there is nothing to do but to wait for the network. */
#define FAR_MS INT64_C(3600000)

/* Until the next thing to do. */
static int64_t
time_left(const struct gm_ask *a, int64_t now)
{
	if (a->state != GM_ASK_DUE)
		return FAR_MS;
	return a->due_ms > now ? a->due_ms - now : 0;
}

static int
drive(struct gm_ask *a, struct gm_err *err)
{
	const struct gm_service *s = a->service;
	int64_t now;

	while (a->state != GM_ASK_DONE) {
		now = gm_clock_mono_ms();
		if (gm_stop_signal() != 0) {
			gm_ask_stop(a, GM_CLASS_SIGNAL);
		} else if (gm_stop_is_late()) {
			gm_stop_last_words();
			gm_ask_stop(a, GM_CLASS_DEADLINE);
		} else {
			gm_ask_step(a, now);
			if (a->state != GM_ASK_DONE &&
			    gm_http_run(s->http, time_left(a, now),
				gm_stop_fd(), err) != 0)
				return -1;
		}
	}
	*err = a->err;
	return a->rc;
}

int
gm_drive(const struct gm_service *service, const struct gm_question *question,
    const struct gm_sink *sink, struct gm_outcome *outcome, struct gm_err *err)
{
	struct gm_ask a;
	int rc = -1;

	if (gm_ask_begin(&a, service, question, sink, outcome, err) == 0)
		rc = drive(&a, err);
	gm_ask_release(&a);
	return rc;
}
