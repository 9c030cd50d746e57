#include <sys/random.h>

#include "ask.h"
#include "clock.h"
#include "num.h"
#include "retry.h"
#include "stop.h"

#define URL_MAX 8192
#define BODY_MAX (512 * 1024 * 1024)
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)

static const char *const headers[] = { "Content-Type: application/json",
	"Accept: text/event-stream", NULL };
static const char *const headers_of_get[] = { "Accept: application/json",
	NULL };

static uint32_t
chance(void)
{
	uint32_t bits = 0;

	/* Without it the waits are only less spread. */
	(void)!getrandom(&bits, sizeof(bits), GRND_NONBLOCK);
	return bits;
}

/* Text on its way through to the caller's sink: note the first byte. */
static int
count_text(struct gm_span text, void *arg, struct gm_err *err)
{
	struct gm_ask *a = arg;

	if (a->outcome->text_bytes == 0)
		a->outcome->ttft_ms = gm_clock_mono_ms() - a->begun_ms;
	a->outcome->text_bytes += (int64_t)text.len;
	a->given = a->given || a->sink->final;
	return a->sink->text(text, a->sink->arg, err);
}

static int
pass_thought(struct gm_span text, void *arg, struct gm_err *err)
{
	struct gm_ask *a = arg;

	/* Seen, if not the answer; only those that were asked for are shown. */
	a->given = a->given || (a->sink->final && a->question->thoughts);
	return a->sink->thought(text, a->sink->arg, err);
}

int
gm_ask_begin(struct gm_ask *a, const struct gm_service *service,
    const struct gm_question *question, const struct gm_sink *sink,
    struct gm_outcome *outcome, struct gm_err *err)
{
	const struct gm_provider *p = service->provider;

	*a = (struct gm_ask){ .state = GM_ASK_DUE,
		.service = service,
		.question = question,
		.sink = sink,
		.outcome = outcome };
	a->counting = (struct gm_sink){ count_text, pass_thought, .arg = a };
	a->begun_ms = a->due_ms = gm_clock_mono_ms();
	gm_buf_init(&a->url, URL_MAX);
	gm_buf_init(&a->body, BODY_MAX);
	gm_buf_init(&a->secret, 2 * GM_KEY_MAX);
	p->url(question, service->base_url, &a->url);
	p->body(question, &a->body);
	gm_buf_puts(&a->secret, p->key_header);
	gm_buf_put_span(&a->secret, service->ring->keys[0].text);
	if (gm_buf_check(&a->url, err) != 0 ||
	    gm_buf_check(&a->body, err) != 0 ||
	    gm_buf_check(&a->secret, err) != 0) {
		gm_err_prefix(err, "request: ");
		return -1;
	}
	return 0;
}

static void
finish(struct gm_ask *a, enum gm_class class, int rc)
{
	a->state = GM_ASK_DONE;
	a->rc = rc;
	a->outcome->class = class;
	a->outcome->total_ms = gm_clock_mono_ms() - a->begun_ms;
}

static void
explain(const struct gm_ask *a, const struct gm_fault *f, struct gm_err *err)
{
	const struct gm_subject subject = {
		.model = a->question->model,
		.base_url = a->service->base_url,
		.key = a->service->ring->keys[0].text,
	};

	(void)gm_outcome_fail(a->outcome, f, &subject, err);
}

/* End with the last attempt's fault. */
static void
fail(struct gm_ask *a, const char *before)
{
	const struct gm_fault *f = &a->outcome->fault;

	explain(a, f, &a->err);
	gm_err_prefix(&a->err, "%s", before);
	finish(a, f->class, -1);
}

/* The answer came to its end, but not to a good one. */
static void
fail_answer(struct gm_ask *a, enum gm_class class)
{
	(void)gm_outcome_fail_finish(
	    a->outcome, class, a->question->model, &a->err);
	finish(a, class, -1);
}

static void
settle_answer(struct gm_ask *a)
{
	const struct gm_outcome *o = a->outcome;

	switch (o->answer.finish) {
	case GM_FINISH_LIMIT:
		fail_answer(a, GM_CLASS_TOKEN_LIMIT);
		return;
	case GM_FINISH_BLOCKED:
		fail_answer(a, GM_CLASS_BLOCKED);
		return;
	case GM_FINISH_REQUEST:
		fail_answer(a, GM_CLASS_BAD_REQUEST);
		return;
	case GM_FINISH_DONE:
	case GM_FINISH_OTHER:
	case GM_FINISH_NONE:
		break;
	}
	if (a->question->call == GM_CALL_GENERATE && o->text_bytes == 0)
		fail_answer(a, GM_CLASS_EMPTY);
	else if (o->answer.finish != GM_FINISH_DONE)
		fail_answer(a, GM_CLASS_UNFINISHED);
	else
		finish(a, GM_CLASS_OK, 0);
}

/* Is there time for a wait before the deadline? */
static bool
fits_deadline(const struct gm_ask *a, int64_t ms)
{
	return a->service->deadline_ms == 0 ||
	       gm_clock_mono_ms() + ms < a->service->deadline_ms;
}

static void
sleep_for(struct gm_ask *a, int64_t ms, enum gm_level level)
{
	gm_note(a->service->note, level, "%s: waiting %.1f s",
	    gm_class(a->outcome->fault.class)->name, (double)ms / 1000);
	a->state = GM_ASK_DUE;
	a->due_ms = gm_clock_mono_ms() + ms;
	a->outcome->wait_ms += ms;
}

static void
wait_for_quota(struct gm_ask *a)
{
	const struct gm_fault *f = &a->outcome->fault;
	int64_t now = gm_clock_wall_ms();
	int64_t ms = gm_retry_cooling_ms(f->class, f->hint_ms, a->cooled_ms,
	    gm_clock_pacific_midnight(now) - now);

	a->cooled_ms = ms;
	if (ms <= a->service->max_wait_ms && fits_deadline(a, ms)) {
		sleep_for(a, gm_retry_jitter_ms(ms, chance()), GM_LEVEL_NOTE);
		return;
	}
	a->outcome->retry_at_ms = now + ms;
	fail(a, "");
}

static void
wait_for_better(struct gm_ask *a)
{
	const struct gm_fault *f = &a->outcome->fault;
	int64_t ms;

	if (a->failures >= a->service->retries) {
		fail(a, "");
		return;
	}
	a->failures++;
	ms = gm_retry_backoff_ms(a->failures, chance());
	if (f->hint_ms > ms)
		ms = f->hint_ms;
	if (ms > a->service->max_wait_ms)
		ms = a->service->max_wait_ms;
	if (fits_deadline(a, ms))
		sleep_for(a, ms, GM_LEVEL_DETAIL);
	else
		fail(a, "no time left for another try: ");
}

/* After a failed attempt: again, or the end. */
static void
settle_fault(struct gm_ask *a)
{
	enum gm_action action = gm_class(a->outcome->fault.class)->action;

	if (a->given || action == GM_ACTION_STOP) {
		fail(a, "");
		return;
	}
	a->sink->restart(a->sink->arg);
	a->outcome->text_bytes = 0;
	if (action == GM_ACTION_WAIT)
		wait_for_quota(a);
	else
		wait_for_better(a);
}

static void
record(struct gm_ask *a, const struct gm_fault *f, int64_t ms)
{
	const struct gm_attempt attempt = {
		.provider = a->service->provider->name,
		.model = a->question->model,
		.http = f->http,
		.class = f->class,
		.ms = ms,
	};
	struct gm_err err;

	gm_outcome_add(a->outcome, &attempt);
	if (f->class == GM_CLASS_OK)
		return;
	explain(a, f, &err);
	gm_note(a->service->note, GM_LEVEL_DETAIL, "attempt %zu: %s",
	    gm_outcome_attempts(a->outcome), err.msg);
}

static void
take_retry_after(struct gm_fault *f, const char *value)
{
	int64_t ms;

	if (f->class == GM_CLASS_OK || f->hint_ms >= 0 || value[0] == '\0')
		return;
	ms = gm_num_retry_after(value, gm_clock_wall_ms(), HOUR_MS);
	if (ms >= 0)
		f->hint_ms = ms;
}

static void
add_up(struct gm_outcome *o, const struct gm_http_result *result)
{
	o->connect_ms += result->connect_ms;
	o->bytes_in += result->bytes_in;
	o->bytes_out += result->bytes_out;
}

static void
on_end(const struct gm_http_result *result, void *arg)
{
	struct gm_ask *a = arg;
	struct gm_fault *f = &a->reply.fault;

	a->transfer = NULL;
	gm_reply_end(&a->reply, result);
	take_retry_after(f, result->head.retry_after);
	a->outcome->fault = *f;
	add_up(a->outcome, result);
	record(a, f, result->total_ms);
	gm_reply_release(&a->reply);
	if (result->fault == GM_HTTP_REFUSED && f->class == GM_CLASS_LOCAL) {
		a->err = result->err; /* the sink's own: nothing to retry */
		finish(a, GM_CLASS_LOCAL, -1);
	} else if (f->class != GM_CLASS_OK) {
		settle_fault(a);
	} else {
		settle_answer(a);
	}
}

static enum gm_http_pulse
on_bytes(const struct gm_http_head *head, struct gm_span bytes, void *arg,
    struct gm_err *err)
{
	struct gm_ask *a = arg;
	enum gm_http_pulse pulse;
	struct gm_err failure;

	pulse = gm_reply_take(head, bytes, &a->reply, err);
	/* Also what came before something that makes no sense. */
	if (a->sink->flush(a->sink->arg, &failure) != 0) {
		*err = failure;
		a->reply.fault.class = GM_CLASS_OK; /* ours, not the reply's */
		return GM_HTTP_STOP;
	}
	return pulse;
}

void
gm_ask_describe(const struct gm_ask *a, enum gm_level level)
{
	const struct gm_note *note = a->service->note;
	const char *const *line = a->body.len > 0 ? headers : headers_of_get;

	gm_note(note, level, "%s %s", a->body.len > 0 ? "POST" : "GET",
	    gm_buf_str(&a->url));
	gm_note(note, level, "%s", gm_buf_str(&a->secret)); /* masked there */
	for (; *line != NULL; line++)
		gm_note(note, level, "%s", *line);
}

void
gm_ask_step(struct gm_ask *a, int64_t now_ms)
{
	const struct gm_service *s = a->service;
	const struct gm_http_request request = {
		.url = gm_buf_str(&a->url),
		.secret = gm_buf_str(&a->secret),
		.headers = a->body.len > 0 ? headers : headers_of_get,
		.body = { a->body.len > 0 ? a->body.data : NULL, a->body.len },
		.timeout_ms = s->timeout_ms,
		.sink = on_bytes,
		.end = on_end,
		.arg = a,
	};

	if (a->state != GM_ASK_DUE || now_ms < a->due_ms)
		return;
	gm_answer_release(&a->outcome->answer);
	gm_answer_init(&a->outcome->answer);
	gm_reply_init(&a->reply, s->provider, a->question, &a->counting,
	    &a->outcome->answer);
	gm_ask_describe(a, GM_LEVEL_TRACE);
	a->sent_ms = now_ms;
	a->transfer = gm_http_start(s->http, &request, &a->err);
	a->state = GM_ASK_SENDING;
	if (a->transfer == NULL)
		finish(a, GM_CLASS_LOCAL, -1);
}

void
gm_ask_stop(struct gm_ask *a, enum gm_class class)
{
	struct gm_outcome *o = a->outcome;
	struct gm_fault now = { .class = class, .hint_ms = -1 };

	if (a->transfer != NULL) {
		gm_http_cancel(a->service->http, a->transfer);
		a->transfer = NULL;
		record(a, &now, gm_clock_mono_ms() - a->sent_ms);
	}
	if (class == GM_CLASS_SIGNAL)
		(void)gm_stop_fail(&a->err);
	else if (o->fault.class != GM_CLASS_OK)
		fail(a, "the deadline is over: ");
	else
		(void)gm_fail(&a->err, GM_EUNAVAILABLE, "%s: %s (%s)",
		    a->question->model, gm_class(class)->phrase,
		    gm_class(class)->name);
	if (class == GM_CLASS_DEADLINE)
		a->err.code = GM_EUNAVAILABLE;
	finish(a, class, -1);
}

void
gm_ask_release(struct gm_ask *a)
{
	if (a->transfer != NULL)
		gm_http_cancel(a->service->http, a->transfer);
	gm_reply_release(&a->reply);
	gm_buf_release(&a->url);
	gm_buf_release(&a->body);
	gm_buf_release(&a->secret);
}
