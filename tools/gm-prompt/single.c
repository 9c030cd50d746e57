#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/stop.h"
#include "call/pool.h"
#include "call/window.h"
#include "cli/forecast.h"
#include "cli/log.h"
#include "cli/out.h"
#include "cli/prompt.h"
#include "cli/record.h"
#include "gm-prompt/attach.h"
#include "gm-prompt/delivery.h"
#include "gm-prompt/single.h"
#include "provider/estimate.h"

/* Everything that a run acquires, released in one place. */
struct run {
	struct gm_prompt_options *opt;
	struct gm_services *services;
	struct gm_prompt prompt;
	struct gm_request request;
	struct gm_attach files;
	struct gm_part *parts; /* prompt and files, of the only turn */
	struct gm_turn turn;
	struct gm_result result;
	struct gm_out out;
	struct gm_delivery delivery;
	bool sent; /* result is that of a call */
};

static bool
is_stdin(const char *file)
{
	return strcmp(file, "-") == 0;
}

/*
 * Open the output and choose how to deliver.  By default only a terminal gets
 * the answer as it arrives: a file or a pipe never gets half of one.
 */
static int
open_output(struct run *r, struct gm_err *err)
{
	const struct gm_prompt_options *o = r->opt;
	bool held = o->no_stream || o->common.json || o->extract || o->count ||
	            o->output != NULL || !o->common.out_is_tty;

	if (gm_out_open(&r->out, o->output, err) != 0)
		return -1;
	r->out.filtered = !o->raw && isatty(r->out.fd) == 1;
	gm_delivery_init(&r->delivery, &r->out, o->stream || !held);
	r->delivery.raw = o->raw;
	if (o->show_thoughts)
		r->delivery.thoughts_fd = STDERR_FILENO;
	return 0;
}

static struct gm_call_args
call_of(struct run *r)
{
	return (struct gm_call_args){ .service = r->services->services,
		.request = &r->request,
		.sink = &r->delivery.sink,
		.result = &r->result };
}

/* Print a text where there is no answer. */
static int
print(struct run *r, struct gm_span text, struct gm_err *err)
{
	gm_out_put(&r->out, text);
	if (gm_out_end(&r->out, err) != 0)
		return -1;
	return gm_out_commit(&r->out, err);
}

static int
dry_run(struct run *r, struct gm_err *err)
{
	const struct gm_call_args call = call_of(r);
	struct gm_buf body;
	int rc;

	gm_buf_init(&body, SIZE_MAX / 2);
	rc = gm_call_preview(&call, GM_LEVEL_METRICS, &body, err);
	if (rc == 0)
		rc = print(r, gm_buf_span(&body), err);
	gm_buf_release(&body);
	return rc;
}

/* Print the tokens of the request and the limits set; send nothing. */
static int
estimate(struct run *r, struct gm_err *err)
{
	const struct gm_service *first = r->services->services;
	struct gm_forecast f = { .requests = 1, .tokens = r->request.tokens };
	struct gm_buf text;
	int rc;

	gm_forecast_limits(&f, first->keys, &first->filter);
	gm_buf_init(&text, SIZE_MAX / 2);
	gm_forecast_put(&f, r->opt->common.json, &text);
	rc = gm_buf_check(&text, err);
	if (rc == 0)
		rc = print(r, gm_buf_span(&text), err);
	gm_buf_release(&text);
	return rc;
}

/* Write the first block; fail if there is none, also in a truncated answer. */
static int
deliver_block(struct run *r, struct gm_err *err)
{
	struct gm_buf block;
	int rc;

	gm_buf_init(&block, GM_DELIVERY_MAX);
	rc = gm_delivery_block(
	    &r->result, gm_buf_span(&r->delivery.held), 0, &block, err);
	if (rc == 0)
		rc =
		    gm_delivery_replace(&r->delivery, gm_buf_span(&block), err);
	gm_buf_release(&block);
	return rc;
}

/* The answer is lost: that is the result, for JSON, log and metrics. */
static void
set_class(struct run *r, const struct gm_err *err)
{
	r->result.class = gm_class_of_error(err->code);
}

static int
deliver_count(struct run *r, struct gm_err *err)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%lld",
	    (long long)r->result.answer.usage.prompt);
	return gm_delivery_replace(&r->delivery, gm_span_of(text), err);
}

/*
 * Write the answer as text, or as much of it as may be shown.  rc and *err are
 * the call's.
 */
static int
deliver_text(struct run *r, int rc, struct gm_err *err)
{
	struct gm_err failure = { .code = GM_OK };
	int delivered;

	if (!gm_delivery_is_showable(&r->result, rc))
		delivered = gm_delivery_end(&r->delivery, &failure);
	else if (r->opt->count)
		delivered = deliver_count(r, &failure);
	else if (r->opt->extract)
		delivered = deliver_block(r, &failure);
	else
		delivered = gm_delivery_finish(&r->delivery, &failure);
	if (delivered == 0 && gm_delivery_is_showable(&r->result, rc))
		delivered = gm_out_commit(&r->out, &failure);
	if (delivered == 0)
		return rc;
	/* A lost answer is worse than a truncated one: report that. */
	if (rc == 0 || failure.code != GM_ENEGATIVE)
		*err = failure;
	if (failure.code != GM_ENEGATIVE)
		set_class(r, err);
	return -1;
}

/* Write the answer, or the failure, as an object of JSON. */
static int
deliver_record(struct run *r, int rc, struct gm_err *err)
{
	const struct gm_common *c = &r->opt->common;
	struct gm_buf block, line;
	struct gm_record record = {
		.result = &r->result,
		.request = &r->request,
		.provider = gm_vendor(c->vendor)->name,
		.text = gm_buf_span(&r->delivery.held),
		.secrets = &c->secrets,
	};

	gm_buf_init(&block, GM_DELIVERY_MAX);
	gm_buf_init(&line, SIZE_MAX / 2);
	if (r->opt->extract && gm_delivery_is_showable(&r->result, rc)) {
		rc =
		    gm_delivery_block(&r->result, record.text, rc, &block, err);
		record.text = gm_buf_span(&block);
	}
	record.err = rc != 0 ? err : NULL;
	gm_record_write(&record, &line);
	if (gm_buf_check(&line, err) != 0 ||
	    gm_delivery_replace(&r->delivery, gm_buf_span(&line), err) != 0 ||
	    gm_out_commit(&r->out, err) != 0) {
		set_class(r, err);
		rc = -1;
	}
	gm_buf_release(&line);
	gm_buf_release(&block);
	return rc;
}

/* Add standard input as a file (-f -). */
static int
attach_stdin(struct run *r, struct gm_input *input, struct gm_err *err)
{
	size_t filled = r->files.filled;

	if (gm_attach_stdin(&r->files, input, err) != 0)
		return -1;
	if (r->files.filled > filled)
		return 0;
	if (r->opt->require_stdin)
		return gm_fail(err, GM_EDATA, "standard input: empty");
	gm_note(input->note, GM_LEVEL_NOTE, "standard input: empty");
	return 0;
}

/* Read the files of -f. */
static int
attach(struct run *r, struct gm_input *input, struct gm_err *err)
{
	const struct gm_prompt_options *o = r->opt;
	const char *const *name = o->files.items;
	int rc = 0;

	gm_attach_init(&r->files);
	for (; rc == 0 && r->files.len < o->files.len; name++)
		rc = is_stdin(*name)
		         ? attach_stdin(r, input, err)
		         : gm_attach_file(&r->files, input, *name, err);
	return rc;
}

/* Make the only turn: the prompt, if it is not blank, and each file. */
static int
set_turn(struct run *r, struct gm_err *err)
{
	struct gm_span text = gm_buf_span(&r->prompt.text);
	size_t i, len = 0;

	r->parts = calloc(r->files.len + 1, sizeof(*r->parts));
	if (r->parts == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	if (gm_span_trim(text).len > 0)
		r->parts[len++].text = text;
	else if (r->files.filled == 0)
		return gm_fail(err, GM_EDATA, "no prompt, and no text in %s",
		    r->files.len > 1 ? "the files" : "the file");
	for (i = 0; i < r->files.len; i++)
		r->parts[len++] = gm_attach_part(&r->files, i);
	r->turn = (struct gm_turn){ .parts = r->parts, .parts_len = len };
	r->request.turns = &r->turn;
	r->request.turns_len = 1;
	return 0;
}

/* Read all input and make the request, ready to be sent. */
static int
prepare(struct run *r, int argc, char **argv, struct gm_err *err)
{
	struct gm_prompt_options *o = r->opt;
	const struct gm_common *c = &o->common;
	const struct gm_prompt_sources from =
	    gm_prompt_options_sources(o, argc, argv);
	struct gm_input input;

	if (gm_prompt_options_apply(o, r->services, &r->request, err) != 0)
		return -1;
	input = (struct gm_input){ .note = &c->note,
		.closed = c->stdin_closed,
		.hint = c->err_is_tty };
	if (attach(r, &input, err) != 0 ||
	    gm_prompt_compose(&r->prompt, &from, &input, err) != 0)
		return -1;
	r->request.system = gm_buf_span(&r->prompt.system);
	if (set_turn(r, err) != 0)
		return -1;
	r->request.tokens = gm_estimate_request(&r->request);
	return 0;
}

static int
send_request(struct run *r, struct gm_err *err)
{
	const struct gm_call_args call = call_of(r);

	if (gm_window_check(&call, err) != 0 ||
	    gm_services_connect(r->services, err) != 0)
		return -1;
	r->sent = true;
	return gm_pool_call(&call, err);
}

/*
 * Deliver the answer, or report the failure as JSON; then print notes and
 * metrics.  rc and *err are those of the run so far.
 */
static int
deliver(struct run *r, int rc, struct gm_err *err)
{
	const struct gm_common *c = &r->opt->common;

	if (rc != 0 && err->code == GM_ESIGNAL)
		return rc;
	gm_stop_last_words(); /* after the deadline: time for the output */
	if (c->json)
		rc = deliver_record(r, rc, err);
	else if (r->sent)
		rc = deliver_text(r, rc, err);
	if (!r->sent)
		return rc;
	gm_stop_last_words(); /* a reader may be slow until the deadline */
	gm_result_note(&r->result, &c->note);
	gm_log_result(&c->log, &r->result);
	return rc;
}

/* rc and *err are the result of opening the services. */
static int
work(struct run *r, int rc, int argc, char **argv, struct gm_err *err)
{
	struct gm_err second;

	if (rc != 0 && !r->opt->common.json)
		return -1;
	/*
	 * With --json a failure is output, too.  If the output cannot be opened
	 * either, the first failure is the one to report.
	 */
	if (open_output(r, rc == 0 ? err : &second) != 0)
		return -1;
	if (rc == 0)
		rc = prepare(r, argc, argv, err);
	if (rc == 0 && r->opt->dry_run)
		return dry_run(r, err);
	if (rc == 0 && r->opt->estimate)
		return estimate(r, err);
	if (rc == 0)
		rc = send_request(r, err);
	return deliver(r, rc, err);
}

static void
release(struct run *r)
{
	gm_delivery_release(&r->delivery);
	gm_out_release(&r->out);
	gm_result_release(&r->result);
	gm_prompt_release(&r->prompt);
	gm_attach_release(&r->files);
	free(r->parts);
	free(r);
}

/* The run is on the heap, as a stack may be as small as 64 KiB. */
int
gm_single_run(struct gm_prompt_options *opt, struct gm_services *services,
    int opened, int argc, char **argv, struct gm_err *err)
{
	struct run *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	r->opt = opt;
	r->services = services;
	r->out.file.fd = -1;
	gm_result_init(&r->result);
	rc = work(r, opened, argc, argv, err);
	release(r);
	return rc;
}
