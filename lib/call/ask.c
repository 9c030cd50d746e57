#include <assert.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/utf8.h"
#include "call/ask.h"
#include "call/relay.h"
#include "provider/reading.h"

/* White space that an answer begins with: more of it goes out at once. */
#define BLANKS_MAX (64 * 1024)

static int
give_text(struct gm_ask *a, struct gm_span text, struct gm_err *err)
{
	if (text.len == 0)
		return 0;
	if (a->outcome->text_bytes == 0)
		a->outcome->ttft_ms = a->text_ms - a->begun_ms;
	a->outcome->text_bytes += (int64_t)text.len;
	a->given = a->given || a->sink->final;
	return a->sink->text(text, a->sink->arg, err);
}

/*
 * Text on its way through to the caller's sink: note the first byte. White
 * space alone is no answer, so it is held until something follows it.
 */
static int
count_text(struct gm_span text, void *arg, struct gm_err *err)
{
	struct gm_ask *a = arg;

	if (a->text_ms == 0)
		a->text_ms = gm_clock_mono_ms();
	a->answered = a->answered || gm_utf8_blanks(text) < text.len;
	if (!a->answered && a->blanks.len + text.len <= BLANKS_MAX) {
		gm_buf_put_span(&a->blanks, text);
		return gm_buf_check(&a->blanks, err);
	}
	if (give_text(a, gm_buf_span(&a->blanks), err) != 0)
		return -1;
	gm_buf_reset(&a->blanks);
	return give_text(a, text, err);
}

static int
pass_thought(struct gm_span text, void *arg, struct gm_err *err)
{
	struct gm_ask *a = arg;

	/* Seen, if not the answer; only those that were asked for are shown. */
	a->given = a->given || (a->sink->final && a->question.thoughts);
	return a->sink->thought(text, a->sink->arg, err);
}

int
gm_ask_begin(struct gm_ask *a, const struct gm_service *service,
    const struct gm_question *question, const struct gm_sink *sink,
    struct gm_outcome *outcome, struct gm_err *err)
{
	*a = (struct gm_ask){ .state = GM_ASK_DUE,
		.service = service,
		.question = *question,
		.sink = sink,
		.outcome = outcome };
	a->counting = (struct gm_sink){ .text = count_text,
		.thought = pass_thought,
		.final = sink->final,
		.arg = a };
	gm_buf_init(&a->blanks, BLANKS_MAX);
	gm_hops_init(&a->hops, &a->counting, &outcome->answer);
	a->begun_ms = a->due_ms = gm_clock_mono_ms();
	outcome->model = question->model;
	outcome->provider = service->provider->name;
	outcome->fallback = service->fallback;
	gm_relay_caution(a);
	return gm_request_make(&a->request, service->provider, &a->question,
	    service->base_url, err);
}

static void
record(struct gm_ask *a, const struct gm_fault *f, int64_t ms)
{
	const struct gm_attempt attempt = {
		.provider = a->service->provider->name,
		.model = a->question.model,
		.key_index = a->key,
		.key = a->service->keys->rule.ring->keys[a->key].text,
		.http = f->http,
		.class = f->class,
		.ms = ms,
	};

	gm_outcome_add(a->outcome, &attempt);
	a->outcome->model = attempt.model;
	if (f->class == GM_CLASS_OK)
		return;
	gm_relay_explain(a, f, &a->last);
	gm_note(a->service->note, GM_LEVEL_DETAIL, "attempt %zu: %s",
	    gm_outcome_attempts(a->outcome), a->last.msg);
}

static void
add_up(struct gm_outcome *o, const struct gm_http_result *result)
{
	o->connect_ms += result->connect_ms;
	o->bytes_received += result->bytes_received;
	o->bytes_sent += result->bytes_sent;
}

/* The answer came to its end, but not to a good one. */
static void
fail_answer(struct gm_ask *a, enum gm_class class)
{
	(void)gm_outcome_fail_finish(
	    a->outcome, class, a->question.model, &a->err);
	gm_relay_finish(a, class, -1);
}

/* No response follows: give all text that has come. */
static int
end_answer(struct gm_ask *a)
{
	struct gm_answer *answer = &a->outcome->answer;

	if (answer->finish == GM_FINISH_MORE &&
	    gm_reading_close(answer, &a->hops.sink, &a->err) != 0)
		return -1;
	gm_hops_add_up(&a->hops);
	return gm_hops_end(&a->hops, &a->err);
}

/* It has come whole, good or not. */
static void
take_answer(struct gm_ask *a)
{
	const struct gm_outcome *o = a->outcome;
	const struct gm_keywish wish = gm_course_wish(a);

	if (a->question.operation == GM_OP_GENERATE)
		gm_keys_success(a->service->keys, a->question.model, &wish,
		    a->key, a->sent_wall_ms);
	else
		gm_keys_reached(a->service->keys, gm_course_model(a), &wish,
		    a->key, a->sent_wall_ms);
	if (o->answer.finish == GM_FINISH_MORE && gm_hops_next(&a->hops)) {
		gm_course_continue(a);
		return;
	}
	if (end_answer(a) != 0) {
		gm_relay_finish(a, GM_CLASS_LOCAL, -1);
		return;
	}
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
	case GM_FINISH_MORE: /* asked anew it would come no further */
		fail_answer(a, GM_CLASS_UNFINISHED);
		return;
	case GM_FINISH_DONE:
	case GM_FINISH_OTHER:
	case GM_FINISH_FAILED:
	case GM_FINISH_NONE:
		break;
	}
	if (a->question.operation == GM_OP_GENERATE && !a->answered &&
	    o->answer.omitted_len == 0)
		gm_course_empty(a);
	else if (o->answer.finish != GM_FINISH_DONE)
		fail_answer(a, GM_CLASS_UNFINISHED);
	else if (o->answer.omitted_len > 0)
		fail_answer(a, GM_CLASS_PARTIAL);
	else if (o->answer.think.leaked)
		fail_answer(a, GM_CLASS_THOUGHTS);
	else
		gm_relay_finish(a, GM_CLASS_OK, 0);
}

/* An answer that goes on other than it was printed cannot be completed. */
static void
judge_hop(struct gm_ask *a)
{
	struct gm_fault *f = &a->reply.fault;
	bool over = f->class == GM_CLASS_OK &&
	            a->outcome->answer.finish != GM_FINISH_MORE;

	if (!a->hops.differs && !(over && gm_hops_is_short(&a->hops)))
		return;
	a->hops.differs = true;
	*f = (struct gm_fault){ .class = a->hops.broke ? GM_CLASS_TRUNCATED
		                                       : GM_CLASS_UNFINISHED,
		.http = f->http,
		.hint_ms = -1,
		.words = "the rest does not match the text that was printed" };
}

/* The transfer is over, and the reply with it. */
static void
settle(struct gm_ask *a, const struct gm_http_result *result)
{
	struct gm_fault *f = &a->reply.fault;

	judge_hop(a);
	a->outcome->fault = *f;
	add_up(a->outcome, result);
	record(a, f, result->total_ms);
	gm_reply_release(&a->reply);
	if (result->fault == GM_HTTP_REFUSED && f->class == GM_CLASS_LOCAL) {
		a->err = result->err; /* the sink's own: nothing to retry */
		gm_relay_finish(a, GM_CLASS_LOCAL, -1);
	} else if (f->class != GM_CLASS_OK) {
		gm_course_fault(a);
	} else {
		take_answer(a);
	}
}

static void
on_end(const struct gm_http_result *result, void *arg)
{
	struct gm_ask *a = arg;

	a->transfer = NULL;
	gm_reply_end(&a->reply, result);
	settle(a, result);
}

static enum gm_http_pulse
on_bytes(const struct gm_http_head *head, struct gm_span bytes, void *arg,
    struct gm_err *err)
{
	struct gm_ask *a = arg;
	enum gm_http_pulse pulse;
	struct gm_err failure;

	pulse = gm_reply_take(head, bytes, &a->reply, err);
	if (a->text_ms == 0 &&
	    (gm_think_holds_text(&a->outcome->answer.think) ||
		a->hops.text.seen > 0))
		a->text_ms = gm_clock_mono_ms();
	/* Also what came before something that makes no sense. */
	if (a->sink->flush(a->sink->arg, &failure) != 0) {
		*err = failure;
		a->reply.fault.class = GM_CLASS_OK; /* ours, not the reply's */
		return GM_HTTP_STOP;
	}
	return pulse;
}

int
gm_ask_describe(struct gm_ask *a, enum gm_level level, struct gm_err *err)
{
	const struct gm_service *s = a->service;
	const struct gm_keywish wish = gm_course_wish(a);
	struct gm_pick pick;

	gm_keys_peek(s->keys, gm_course_model(a), &wish, &pick);
	if (gm_request_sign(&a->request, s->provider,
		s->keys->rule.ring->keys[pick.index].text, err) != 0)
		return -1;
	gm_request_describe(&a->request, s->note, level);
	return 0;
}

/* The body holds the token that continues an answer. */
static int
renew_request(struct gm_ask *a)
{
	const struct gm_service *s = a->service;

	if (!a->hops.moved)
		return 0;
	a->question.token = gm_buf_span(&a->hops.token);
	return gm_request_make(
	    &a->request, s->provider, &a->question, s->base_url, &a->err);
}

static void
send(struct gm_ask *a)
{
	const struct gm_service *s = a->service;
	struct gm_http_request request = {
		.response_ms = s->response_ms,
		.timeout_ms = s->timeout_ms,
		.sink = on_bytes,
		.end = on_end,
		.arg = a,
	};

	if (renew_request(a) != 0) {
		gm_relay_fail_local(a);
		return;
	}
	/* Only models think: what costs nothing is answered at once. */
	if (a->question.operation != GM_OP_GENERATE &&
	    request.response_ms > request.timeout_ms)
		request.response_ms = request.timeout_ms;
	/* No tool refers to files so far, and text goes with any key. */
	assert(
	    a->question.project == NULL ||
	    gm_request_fits(&a->request, gm_keyrule_project(&s->keys->rule,
					     &s->keys->state->table, a->key)));
	gm_request_fill(&a->request, &request);
	gm_hops_begin(&a->hops);
	gm_reply_init(&a->reply, s->provider, &a->question, &a->hops.sink,
	    &a->outcome->answer);
	gm_request_describe(&a->request, s->note, GM_LEVEL_TRACE);
	a->text_ms = 0;
	a->sent_wall_ms = gm_clock_wall_ms();
	a->state = GM_ASK_SENDING;
	a->transfer = gm_http_start(s->http, &request, &a->err);
	if (a->transfer == NULL)
		gm_relay_finish(a, GM_CLASS_LOCAL, -1);
}

void
gm_ask_step(struct gm_ask *a, int64_t now_ms)
{
	if (a->state != GM_ASK_DUE || now_ms < a->due_ms)
		return;
	/* A key may have been chosen a while ago, to wait for its slot. */
	if (!a->chosen || !gm_course_is_usable(a))
		gm_course_choose(a);
	if (a->state == GM_ASK_DUE && a->chosen && now_ms >= a->due_ms)
		send(a);
}

/* The deadline is over; what came before it must be told all the same. */
static void
end_late(struct gm_ask *a, const struct gm_err *last)
{
	const struct gm_class_row *late = gm_class(GM_CLASS_DEADLINE);
	struct gm_outcome *o = a->outcome;
	const char *provider = o->provider, *model = o->model;

	if (last->code != GM_OK)
		(void)gm_fail(
		    &a->err, late->code, "%s: %s", late->phrase, last->msg);
	else
		(void)gm_fail(&a->err, late->code, "%s: %s (%s)",
		    a->question.model, late->phrase, late->name);
	gm_relay_end(a, GM_CLASS_DEADLINE);
	a->err.code = late->code;
	o->provider = provider;
	o->model = model;
	o->fault.http = 0;
}

/* An answer that is whole counts, though the line stays open. */
static bool
take_late(struct gm_ask *a, struct gm_http_result *result)
{
	result->fault = GM_HTTP_SILENCE;
	gm_reply_end(&a->reply, result);
	if (a->reply.fault.class != GM_CLASS_OK)
		return false;
	settle(a, result);
	return true;
}

/* End the transfer; returns true if that settles the request. */
static bool
cancel(struct gm_ask *a, enum gm_class class)
{
	const struct gm_fault now = { .class = class, .hint_ms = -1 };
	struct gm_http_result result;

	gm_http_cancel(a->service->http, a->transfer, &result);
	a->transfer = NULL;
	if (class == GM_CLASS_DEADLINE && take_late(a, &result))
		return a->state == GM_ASK_DONE;
	add_up(a->outcome, &result);
	record(a, &now, result.total_ms);
	return false;
}

void
gm_ask_stop(struct gm_ask *a, enum gm_class class)
{
	const struct gm_keywish wish = gm_course_wish(a);
	struct gm_err last = a->last;

	if (a->transfer != NULL && cancel(a, class))
		return;
	if (a->state == GM_ASK_DUE && a->chosen && a->turn_ms != 0)
		gm_keys_give_back(a->service->keys, gm_course_model(a), &wish,
		    a->key, a->turn_ms);
	if (class == GM_CLASS_SIGNAL)
		(void)gm_stop_fail(&a->err);
	else
		end_late(a, &last);
	gm_relay_finish(a, class, -1);
}

void
gm_ask_release(struct gm_ask *a)
{
	if (a->transfer != NULL)
		gm_http_cancel(a->service->http, a->transfer, NULL);
	gm_reply_release(&a->reply);
	gm_request_release(&a->request);
	gm_hops_release(&a->hops);
	gm_buf_release(&a->blanks);
}
