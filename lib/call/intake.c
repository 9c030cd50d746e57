#include "call/intake.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "provider/reading.h"

/* White space held at the beginning of an answer; more is passed on. */
#define BLANKS_MAX (64 * 1024)

static int
give_text(struct gm_intake *in, struct gm_span text, struct gm_err *err)
{
	const struct gm_part part = { .text = text };
	struct gm_result *o = in->result;

	if (text.len == 0)
		return 0;
	if (o->text_bytes == 0)
		o->ttft_ms = in->text_ms - in->begun_ms;
	o->text_bytes += (int64_t)text.len;
	in->given = in->given || in->to->final;
	return in->to->part(&part, in->to->arg, err);
}

/*
 * Pass text on, and note when the first of it came.  White space at the
 * beginning is held until text follows it, as it alone is no answer.
 */
static int
count_text(struct gm_intake *in, struct gm_span text, struct gm_err *err)
{
	if (in->text_ms == 0)
		in->text_ms = gm_clock_mono_ms();
	in->answered = in->answered || gm_utf8_blanks(text) < text.len;
	if (!in->answered && in->blanks.len + text.len <= BLANKS_MAX) {
		gm_buf_put_span(&in->blanks, text);
		return gm_buf_check(&in->blanks, err);
	}
	if (give_text(in, gm_buf_span(&in->blanks), err) != 0)
		return -1;
	gm_buf_reset(&in->blanks);
	return give_text(in, text, err);
}

/* Pass on a part that is not text; list it if the sink does not take it. */
static int
pass_other(struct gm_intake *in, const struct gm_part *part, struct gm_err *err)
{
	int rc = in->to->part(part, in->to->arg, err);

	if (rc == GM_SINK_OMITS)
		return gm_answer_omit(&in->result->answer, part->listed, err);
	in->answered = in->answered || rc == 0;
	in->given = in->given || (rc == 0 && in->to->final);
	return rc;
}

static int
count_part(const struct gm_part *part, void *arg, struct gm_err *err)
{
	struct gm_intake *in = arg;

	if (part->kind != GM_PART_TEXT)
		return pass_other(in, part, err);
	if (part->signature.len > 0)
		return in->to->part(part, in->to->arg, err);
	if (!part->thought)
		return count_text(in, part->text, err);
	/* Requested thoughts are shown at once: they cannot be taken back,
	 * either. */
	in->given = in->given || (in->to->final && in->thoughts);
	return in->to->part(part, in->to->arg, err);
}

enum gm_http_pulse
gm_intake_take(const struct gm_http_head *head, struct gm_span bytes, void *arg,
    struct gm_err *err)
{
	struct gm_intake *in = arg;
	enum gm_http_pulse pulse;
	struct gm_err failure;

	pulse = gm_response_take(head, bytes, &in->response, err);
	if (in->text_ms == 0 &&
	    (gm_think_holds_text(&in->result->answer.think) ||
		in->hops.text.seen > 0))
		in->text_ms = gm_clock_mono_ms();
	/* Flush also if the response makes no sense: text before that is
	 * good. */
	if (in->to->flush(in->to->arg, &failure) != 0) {
		*err = failure;
		in->response.fault.class =
		    GM_CLASS_OK; /* ours, not the response's */
		return GM_HTTP_STOP;
	}
	return pulse;
}

void
gm_intake_judge(struct gm_intake *in)
{
	struct gm_fault *f = &in->response.fault;
	bool over = f->class == GM_CLASS_OK &&
	            in->result->answer.finish != GM_FINISH_MORE;

	if (!in->hops.differs && !(over && gm_hops_is_short(&in->hops)))
		return;
	in->hops.differs = true;
	*f = (struct gm_fault){
		.class =
		    in->hops.broke ? GM_CLASS_TRUNCATED : GM_CLASS_UNFINISHED,
		.http = f->http,
		.hint_ms = -1,
		.words =
		    "the continuation does not match the text that was printed"
	};
}

int
gm_intake_close(struct gm_intake *in, struct gm_err *err)
{
	struct gm_answer *answer = &in->result->answer;

	if (answer->finish == GM_FINISH_MORE &&
	    gm_reading_close(answer, &in->hops.sink, err) != 0)
		return -1;
	gm_hops_add_up(&in->hops);
	return gm_hops_end(&in->hops, err);
}

enum gm_class
gm_intake_class(const struct gm_intake *in, enum gm_operation operation)
{
	const struct gm_result *o = in->result;

	switch (o->answer.finish) {
	case GM_FINISH_LIMIT:
		return GM_CLASS_TOKEN_LIMIT;
	case GM_FINISH_BLOCKED:
		return GM_CLASS_BLOCKED;
	case GM_FINISH_REQUEST:
		return GM_CLASS_BAD_REQUEST;
	case GM_FINISH_MORE: /* a retry would come no further */
		return GM_CLASS_UNFINISHED;
	case GM_FINISH_DONE:
	case GM_FINISH_OTHER:
	case GM_FINISH_FAILED:
	case GM_FINISH_NONE:
		break;
	}
	if (operation == GM_OP_GENERATE && !in->answered &&
	    o->answer.omitted_len == 0)
		return GM_CLASS_EMPTY;
	if (o->answer.finish != GM_FINISH_DONE)
		return GM_CLASS_UNFINISHED;
	if (o->answer.omitted_len > 0)
		return GM_CLASS_PARTIAL;
	return o->answer.think.leaked ? GM_CLASS_THOUGHTS : GM_CLASS_OK;
}

void
gm_intake_init(struct gm_intake *in, const struct gm_sink *sink,
    struct gm_result *result, int64_t begun_ms)
{
	*in = (struct gm_intake){ .to = sink,
		.result = result,
		.begun_ms = begun_ms,
		.counting = {
		    .part = count_part, .final = sink->final, .arg = in } };
	gm_buf_init(&in->blanks, BLANKS_MAX);
	gm_hops_init(&in->hops, &in->counting, &result->answer);
}

void
gm_intake_begin(struct gm_intake *in, const struct gm_provider *provider,
    const struct gm_request *request)
{
	gm_hops_begin(&in->hops);
	gm_response_init(&in->response, provider, request, &in->hops.sink,
	    &in->result->answer);
	in->thoughts = request->thoughts;
	in->text_ms = 0;
}

void
gm_intake_restart(struct gm_intake *in)
{
	in->to->restart(in->to->arg);
	in->result->text_bytes = 0;
	in->answered = false;
	gm_buf_reset(&in->blanks);
	gm_hops_reset(&in->hops);
}

void
gm_intake_release(struct gm_intake *in)
{
	gm_response_release(&in->response);
	gm_hops_release(&in->hops);
	gm_buf_release(&in->blanks);
}
