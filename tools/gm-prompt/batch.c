#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/watch.h"
#include "call/pool.h"
#include "call/window.h"
#include "cli/cooling.h"
#include "cli/forecast.h"
#include "cli/hold.h"
#include "cli/log.h"
#include "cli/progress.h"
#include "cli/prompt.h"
#include "cli/record.h"
#include "gm-prompt/batch.h"
#include "gm-prompt/delivery.h"
#include "gm-prompt/item.h"
#include "gm-prompt/journal.h"
#include "gm-prompt/reader.h"
#include "gm-prompt/results.h"
#include "provider/estimate.h"

/*
 * Records without a request (skipped, invalid) that are handled before the loop
 * looks at the network again.
 */
#define LOOKS 256

/*
 * Records in a row that are passed over before the run stops: enough for a few
 * records with a model of their own, but not for all of an endless input.
 */
#define PASSED_MAX 100

/* Reasons to take no more records. */
enum stop {
	STOP_NOT,
	STOP_END,      /* the input has ended */
	STOP_ERROR,    /* input, output or memory failed; see why */
	STOP_SERVICE,  /* no key can be used, or no such model; see why */
	STOP_LATE,     /* the deadline is exceeded; see why */
	STOP_FAILURES, /* --max-failures; why is the last failed record's */
	STOP_REQUESTS, /* --max-requests */
	STOP_TOKENS    /* --max-total-tokens */
};

/* A record in flight.  Its memory serves one record after another. */
struct job {
	struct gm_item item;
	struct gm_result result;
	struct gm_hold held; /* the answer so far */
	int64_t number;
	struct job *next_idle;
};

struct run {
	struct gm_prompt_options *opt;
	const struct gm_common *common;
	struct gm_services *services;
	struct gm_request request; /* shared by all records, without turns */
	struct gm_prompt prompt;
	struct gm_items items;

	struct gm_reader reader;
	bool waits; /* the watch includes the input */
	struct gm_watch watch;
	int64_t next_ms; /* --sleep-ms: earliest start; monotonic clock */
	struct job *jobs, *idle;
	struct job *ready; /* has a record that is not sent yet; or NULL */
	size_t busy;       /* jobs in flight */

	struct gm_journal_options journal_options;
	struct gm_journal journal;
	struct gm_out out;
	struct gm_results results;
	bool resumable; /* the output is a file that --resume accepts */
	struct gm_buf line, block;

	struct gm_log log;   /* of each request */
	enum gm_level level; /* of the messages about failed records */
	bool replaced;       /* the note about ill-formed UTF-8 was printed */
	struct gm_totals totals;
	struct gm_progress progress;
	int64_t begun_ms; /* monotonic clock */
	struct gm_cooling cooling;

	enum stop stop;
	struct gm_err why;
	int64_t why_number;   /* record of why, with STOP_FAILURES */
	struct gm_err failed; /* error of the first failed record */
	int64_t failed_number;
	bool mixed; /* a later failed record had another status */

	/*
	 * Records passed over: only the model or service that they need cannot
	 * be used.  passed_in_row counts since the last result.
	 */
	int64_t passed;
	int passed_in_row;
	struct gm_err passing; /* error of the first one */
};

/* --- ends */

/*
 * Take no more records.  The first reason counts, but any other reason replaces
 * the end of the input: records may still be in flight after it.
 */
static void
end(struct run *r, enum stop why)
{
	if (r->stop == STOP_NOT || r->stop == STOP_END)
		r->stop = why;
}

/*
 * Stop at --max-requests and --max-total-tokens.  A record in flight counts as
 * one request, though retries may add to it.
 */
static void
check_limits(struct run *r)
{
	const struct gm_prompt_options *o = r->opt;
	const struct gm_totals *t = &r->totals;

	if (o->max_requests != 0 &&
	    t->requests + (int64_t)r->busy >= o->max_requests)
		end(r, STOP_REQUESTS);
	if (o->max_total_tokens != 0 && t->tokens_total >= o->max_total_tokens)
		end(r, STOP_TOKENS);
}

/*
 * Add to *err which records were not sent.  If time alone helps, that replaces
 * the advice to wait.
 */
static void
add_unsent(struct gm_err *err, const char *text)
{
	if (err->code == GM_ETEMPFAIL || err->code == GM_EUNAVAILABLE)
		gm_err_advise(err, "%s", text);
	else
		gm_err_append(err, "; %s", text);
}

static int
fail_rest(const struct run *r, struct gm_err *err)
{
	add_unsent(err, r->resumable ? "--resume sends the remaining records"
				     : "the remaining records were not sent");
	return -1;
}

/* Return 0 if the run was not stopped early; else -1 with the reason. */
static int
judge_stop(const struct run *r, struct gm_err *err)
{
	const struct gm_totals *t = &r->totals;
	char unsent[64];

	switch (r->stop) {
	case STOP_ERROR:
		*err = r->why;
		return -1;
	case STOP_LATE:
	case STOP_SERVICE:
		*err = r->why;
		return fail_rest(r, err);
	case STOP_FAILURES:
		*err = r->why;
		err->code = GM_ENEGATIVE;
		gm_err_prefix(err,
		    "--max-failures: stopped after %lld failed record%s; "
		    "record %lld: ",
		    (long long)t->failed, t->failed == 1 ? "" : "s",
		    (long long)r->why_number);
		return -1;
	case STOP_REQUESTS:
		(void)gm_fail(err, GM_ETEMPFAIL,
		    "--max-requests: stopped after %lld request%s",
		    (long long)t->requests, t->requests == 1 ? "" : "s");
		return fail_rest(r, err);
	case STOP_TOKENS:
		(void)gm_fail(err, GM_ETEMPFAIL,
		    "--max-total-tokens: stopped after %lld tokens",
		    (long long)t->tokens_total);
		return fail_rest(r, err);
	case STOP_NOT:
	case STOP_END:
		break;
	}
	if (r->passed == 0)
		return 0;
	(void)snprintf(unsent, sizeof(unsent), "%lld record%s not sent",
	    (long long)r->passed, r->passed == 1 ? " was" : "s were");
	*err = r->passing;
	add_unsent(err, unsent);
	return -1;
}

/*
 * Return 0 if no record has failed; else -1 with the status and the message of
 * the run.  The message repeats the error of the first failed record unless
 * there was a line for each.
 */
static int
judge_records(const struct run *r, struct gm_err *err)
{
	const struct gm_totals *t = &r->totals;
	bool alike = !r->mixed && t->answered + t->skipped == 0;
	bool reported =
	    r->level == GM_LEVEL_ERROR || r->common->note.verbose > 0;

	if (t->failed == 0)
		return 0;
	if (reported) {
		(void)gm_fail(err, r->failed.code,
		    "%lld of %lld record%s failed", (long long)t->failed,
		    (long long)t->records, t->records == 1 ? "" : "s");
	} else {
		*err = r->failed;
		gm_err_prefix(
		    err, "record %lld: ", (long long)r->failed_number);
		if (t->records > 1)
			gm_err_prefix(err, "%lld of %lld records failed; ",
			    (long long)t->failed, (long long)t->records);
	}
	if (!alike)
		err->code = GM_ENEGATIVE;
	return -1;
}

/* --- results */

static void
count_failure(struct run *r, int64_t number, const struct gm_err *err)
{
	r->totals.failed++;
	if (r->totals.failed == 1) {
		r->failed = *err;
		r->failed_number = number;
	}
	r->mixed = r->mixed || err->code != r->failed.code;
	if (r->opt->max_failures != 0 &&
	    r->totals.failed >= r->opt->max_failures) {
		if (r->stop == STOP_NOT || r->stop == STOP_END) {
			r->why = *err;
			r->why_number = number;
		}
		end(r, STOP_FAILURES);
	}
	gm_note(&r->common->note, r->level, "record %lld: %s",
	    (long long)number, err->msg);
}

static int
put_line(struct run *r, int64_t number, const char *hash, struct gm_err *err)
{
	if (gm_buf_check(&r->line, err) != 0)
		return -1;
	return gm_results_put(
	    &r->results, number, hash, gm_buf_span(&r->line), err);
}

/* Give a record an empty line: later ones do not wait for it. */
static int
put_none(struct run *r, int64_t number, struct gm_err *err)
{
	gm_buf_reset(&r->line);
	return put_line(r, number, NULL, err);
}

/* Write an answer as text, ended by one newline, or by NUL with --null. */
static int
put_text(struct run *r, int64_t number, struct gm_span text, struct gm_err *err)
{
	bool nul = r->opt->nul;

	gm_buf_reset(&r->line);
	gm_buf_put_span(&r->line, text);
	if (nul)
		gm_buf_putc(&r->line, '\0');
	else if (text.len == 0 || text.p[text.len - 1] != '\n')
		gm_buf_putc(&r->line, '\n');
	return put_line(r, number, NULL, err);
}

/* Write a result as a line of JSON; failure is NULL for a whole answer. */
static int
put_json(struct run *r, const struct job *j, struct gm_span text,
    const struct gm_err *failure, struct gm_err *err)
{
	const struct gm_record record = {
		.result = &j->result,
		.request = &j->item.request,
		.provider = r->services->services[0].provider->name,
		.err = failure,
		.text = text,
		.secrets = &r->common->secrets,
		.number = j->number,
		.id = j->item.id,
		.hash = j->item.hash,
	};

	gm_buf_reset(&r->line);
	gm_record_write(&record, &r->line);
	return put_line(r, j->number, j->item.hash, err);
}

/* Write the result of an invalid record, which is not sent. */
static int
put_invalid(struct run *r, struct job *j, const struct gm_err *failure,
    struct gm_err *err)
{
	const struct gm_span none = { NULL, 0 };

	count_failure(r, j->number, failure);
	if (r->opt->estimate || r->opt->dry_run)
		return 0;
	return r->opt->text ? put_text(r, j->number, none, err)
	                    : put_json(r, j, none, failure, err);
}

/*
 * Find the text to write: the whole answer, its first block, or the number of
 * tokens.  rc and *failure are the call's.  Returns rc, or -1 if there is no
 * block.
 */
static int
take_text(struct run *r, struct job *j, int rc, struct gm_span *text,
    struct gm_err *failure)
{
	const struct gm_prompt_options *o = r->opt;
	struct gm_result *result = &j->result;

	*text = gm_buf_span(&j->held.text);
	gm_buf_reset(&r->block);
	if (o->count && rc == 0) {
		gm_buf_printf(
		    &r->block, "%lld", (long long)result->answer.usage.prompt);
		*text = gm_buf_span(&r->block);
	}
	if (!o->extract || !gm_delivery_is_showable(result, rc))
		return rc;
	rc = gm_delivery_block(result, *text, rc, &r->block, failure);
	*text = gm_buf_span(&r->block);
	return rc;
}

/*
 * Return true if the record needs another model than the run, or parameters
 * that not all services support.
 */
static bool
is_special(const struct run *r, const struct job *j)
{
	return j->item.service != r->services->services ||
	       strcmp(j->item.request.model, r->request.model) != 0;
}

/*
 * Return true if the record gets no line, so that a later run sends it: the run
 * ends, or no key or model can be used.  There are two exceptions, which are
 * results of the record: a fallback rejected it or failed (beyond_keys), but
 * may answer others; and only this record names a model that does not exist.
 */
static bool
is_dropped(const struct run *r, const struct job *j, enum gm_code code)
{
	const struct gm_result *o = &j->result;

	if (o->class == GM_CLASS_SIGNAL || o->class == GM_CLASS_DEADLINE)
		return true;
	if (code == GM_ECONFIG)
		return !is_special(r, j) && !o->beyond_keys;
	return (code == GM_ETEMPFAIL || code == GM_ENOPERM) && !o->beyond_keys;
}

/* Count and write the result of a record: an answer, or *failure. */
static int
finish_job(struct run *r, struct job *j, int rc, struct gm_span text,
    struct gm_err *failure, struct gm_err *err)
{
	r->passed_in_row = 0;
	if (rc != 0)
		count_failure(r, j->number, failure);
	else
		r->totals.answered++;
	if (!r->opt->text) {
		if (r->opt->count) /* the usage has the number */
			text.len = 0;
		return put_json(r, j, text, rc != 0 ? failure : NULL, err);
	}
	if (rc != 0)
		text.len = 0;
	return put_text(r, j->number, text, err);
}

/*
 * Return true if the run continues without this record: only the model or
 * service that it needs cannot be used.  After PASSED_MAX such records in a
 * row the run stops, rather than read endless input in vain.
 */
static bool
is_passed_over(struct run *r, const struct job *j)
{
	return j->result.class != GM_CLASS_SIGNAL &&
	       j->result.class != GM_CLASS_DEADLINE && is_special(r, j) &&
	       ++r->passed_in_row < PASSED_MAX;
}

/* Handle a record without a result: pass it over, or stop the run. */
static int
drop_job(struct run *r, struct job *j, const struct gm_err *failure,
    struct gm_err *err)
{
	enum gm_class class = j->result.class;

	r->totals.not_sent++;
	if (is_passed_over(r, j)) {
		if (r->passed++ == 0)
			r->passing = *failure;
		gm_note(&r->common->note, GM_LEVEL_DETAIL,
		    "record %lld: not sent: %s", (long long)j->number,
		    failure->msg);
		return put_none(r, j->number, err);
	}
	if (r->stop == STOP_NOT || r->stop == STOP_END)
		r->why = *failure;
	if (class == GM_CLASS_DEADLINE)
		end(r, STOP_LATE);
	else if (class != GM_CLASS_SIGNAL)
		end(r, STOP_SERVICE);
	return put_none(r, j->number, err);
}

static void
free_job(struct run *r, struct job *j)
{
	j->next_idle = r->idle;
	r->idle = j;
	r->busy--;
}

/* Called by the pool when a call has ended. */
static int
done(const struct gm_call_args *call, int rc, void *arg, struct gm_err *err)
{
	struct run *r = arg;
	struct job *j = call->arg;
	struct gm_err failure = { .code = GM_OK };
	struct gm_span text;

	if (rc != 0)
		failure = *err;
	/* Before the log, as a missing block sets the class that is logged. */
	rc = take_text(r, j, rc, &text, &failure);
	gm_totals_add(&r->totals, &j->result);
	gm_log_result(&r->log, &j->result);
	if (rc != 0 && failure.code == GM_EOS) {
		*err = failure; /* no memory: all records would fail alike */
		return -1;
	}
	if (rc != 0 && is_dropped(r, j, failure.code))
		rc = drop_job(r, j, &failure, err);
	else
		rc = finish_job(r, j, rc, text, &failure, err);
	free_job(r, j);
	return rc;
}

/* --- records */

/* Return true if an earlier run has answered the record (--resume). */
static bool
is_finished(struct run *r, const struct job *j)
{
	return r->opt->resume && gm_journal_skip(&r->journal, j->item.hash);
}

/* Report replaced bytes: the first record by a note, others only with -v. */
static void
report_replaced(struct run *r, const struct gm_reader_record *record)
{
	if (record->replaced == 0)
		return;
	gm_note(&r->common->note, r->replaced ? GM_LEVEL_DETAIL : GM_LEVEL_NOTE,
	    "record %lld: not UTF-8 in %zu place%s: replaced by U+FFFD",
	    (long long)record->number, record->replaced,
	    record->replaced == 1 ? "" : "s");
	r->replaced = true;
}

/*
 * Make the request of a record.  Returns 0, or -1 if the record is invalid or
 * the run must end.
 */
static int
make_item(struct run *r, struct job *j, const struct gm_reader_record *record,
    struct gm_err *err)
{
	struct gm_request *q = &j->item.request;

	if (record->fault != NULL) {
		/* The item may still hold the record before this one. */
		*q = r->request;
		j->item.id.len = 0;
		return gm_fail(err, GM_EDATA, "%s", record->fault);
	}
	if (gm_item_make(&j->item, &r->items, (uint64_t)record->number,
		record->text, err) != 0)
		return -1;
	q->tokens = gm_estimate_request(q);
	return 0;
}

static struct gm_call_args
call_of(struct job *j)
{
	return (struct gm_call_args){ .service = j->item.service,
		.request = &j->item.request,
		.sink = &j->held.sink,
		.result = &j->result,
		.arg = j };
}

/*
 * Prepare a record.  Returns 1 if it is ready to be sent; 0 if it is not sent,
 * as an earlier run has answered it, or it is invalid and has its line; or -1.
 */
static int
take_item(struct run *r, struct job *j, const struct gm_reader_record *record,
    struct gm_err *err)
{
	struct gm_err failure;
	struct gm_call_args call;
	int rc;

	r->totals.records++;
	j->number = record->number;
	report_replaced(r, record);
	gm_result_release(&j->result);
	gm_result_init(&j->result);
	rc = make_item(r, j, record, &failure);
	if (rc == 0 && is_finished(r, j)) {
		r->totals.skipped++;
		return put_none(r, j->number, err);
	}
	call = call_of(j);
	if (rc == 0 && !r->opt->estimate)
		rc = gm_window_check(&call, &failure);
	if (rc == 0)
		return 1;
	if (failure.code != GM_EDATA && failure.code != GM_ENOINPUT) {
		*err = failure;
		return -1;
	}
	j->item.hash[0] = '\0'; /* a later run must try it again */
	return put_invalid(r, j, &failure, err);
}

/*
 * Have the watch wake the loop when there is input; or no longer.  Only while a
 * slot is free: otherwise input that is not read would wake it all the time.
 */
static int
wait_for_input(struct run *r, bool waits, struct gm_err *err)
{
	struct pollfd input = { .fd = r->reader.fd, .events = POLLIN };

	/* Input is left over from this pass: come back at once. */
	if (waits && poll(&input, 1, 0) > 0)
		return gm_watch_by(&r->watch, gm_clock_mono_ms(), err);
	if (waits == r->waits)
		return 0;
	r->waits = waits;
	return gm_watch_set(&r->watch, r->reader.fd, waits ? POLLIN : 0, err);
}

/*
 * Take the next record that is to be sent.  Returns 1; 0 if there is none now;
 * or -1: with stop set there are no more records, else *err says what failed.
 */
static int
take_record(struct run *r, struct job *j, struct gm_err *err)
{
	struct gm_reader_record record;
	int looks, rc = 0;

	for (looks = 0; looks < LOOKS && rc == 0; looks++) {
		if (gm_results_is_full(&r->results))
			return 0; /* a result that is written wakes the loop */
		switch (gm_reader_next(&r->reader, &record, err)) {
		case GM_READER_WAIT:
			return wait_for_input(r, true, err);
		case GM_READER_END:
			end(r, STOP_END);
			return -1;
		case GM_READER_FAILED:
			return -1;
		case GM_READER_RECORD:
			rc = take_item(r, j, &record, err);
		}
		if (rc == 0 && r->stop != STOP_NOT)
			return -1; /* --max-failures */
	}
	return rc == 0 ? gm_watch_by(&r->watch, gm_clock_mono_ms(), err) : rc;
}

/* Keep --sleep-ms between two starts.  Returns 1; 0: too early; or -1. */
static int
keep_interval(struct run *r, struct gm_err *err)
{
	int64_t now = gm_clock_mono_ms();

	if (r->opt->rate.sleep_ms == 0)
		return 1;
	if (now < r->next_ms)
		return gm_watch_by(&r->watch, r->next_ms, err);
	r->next_ms = now + r->opt->rate.sleep_ms;
	return 1;
}

static void
start(struct run *r, struct gm_call_args *call)
{
	struct job *j = r->ready;

	r->ready = NULL;
	r->busy++;
	r->request.cautious = false; /* notes about the model: only once */
	gm_hold_reset(&j->held);
	*call = call_of(j);
}

/*
 * Called by the pool when a slot is free.  A record is taken before the limits
 * and --sleep-ms are checked: with no record left, neither matters, and the run
 * ends with status 0 and at once.
 */
static int
next(struct gm_call_args *call, void *arg)
{
	struct run *r = arg;
	struct gm_err err = { .code = GM_OK };
	int rc = 1;

	if (r->stop != STOP_NOT)
		return -1;
	if (r->ready == NULL) {
		rc = take_record(r, r->idle, &err);
		if (rc == 1) {
			r->ready = r->idle;
			r->idle = r->ready->next_idle;
		}
	}
	if (rc == 1) {
		check_limits(r);
		rc = r->stop == STOP_NOT ? keep_interval(r, &err) : -1;
	}
	if (rc == -1 && r->stop == STOP_NOT) {
		r->why = err;
		end(r, STOP_ERROR);
	}
	if (rc == 1)
		start(r, call);
	return rc;
}

/* --- the loop */

static void
draw_progress(struct run *r)
{
	int64_t now = gm_clock_mono_ms();

	gm_progress_draw(&r->progress, &r->totals,
	    gm_cooling_count(
		&r->cooling, r->services->services, r->request.model, now),
	    now);
}

/* Called by the pool: a wait is part of the progress line. */
static void
show_wait(struct gm_span text, void *arg)
{
	struct run *r = arg;

	if (gm_progress_wait(&r->progress, text))
		draw_progress(r);
}

static int
show_progress(struct run *r, struct gm_err *err)
{
	if (r->common->note.status == NULL)
		return 0;
	draw_progress(r);
	return r->progress.due_ms != 0
	           ? gm_watch_by(&r->watch, r->progress.due_ms, err)
	           : 0;
}

/* Called by the pool in each pass of its loop. */
static int
tick(void *arg, struct gm_err *err)
{
	struct run *r = arg;

	if (gm_watch_at(&r->watch, 0, err) != 0 ||
	    wait_for_input(r, false, err) != 0)
		return -1;
	/* Results on the same terminal must not follow the progress line. */
	if (r->common->note.status != NULL && r->common->out_is_tty &&
	    r->opt->output == NULL)
		gm_progress_erase(&r->progress);
	if (gm_results_tick(&r->results, err) != 0)
		return -1;
	return show_progress(r, err);
}

static int
run_pool(struct run *r, struct gm_err *err)
{
	const struct gm_pool pool = { .http = r->services->services[0].http,
		.slots = r->opt->rate.jobs,
		.next = next,
		.done = done,
		.tick = tick,
		.wait = show_wait,
		.arg = r,
		.watch = r->watch.fd };

	return gm_pool_run(&pool, err);
}

/* --- before and after */

static int
make_jobs(struct run *r, struct gm_err *err)
{
	size_t i, len = r->opt->rate.jobs;
	struct job *j;

	r->jobs = calloc(len, sizeof(*r->jobs));
	if (r->jobs == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	for (i = len; i-- > 0;) {
		j = &r->jobs[i];
		gm_item_init(&j->item);
		gm_result_init(&j->result);
		gm_hold_init(&j->held, GM_DELIVERY_MAX);
		j->next_idle = r->idle;
		r->idle = j;
	}
	return 0;
}

/* Prepare what all records share: texts, parameters, templates. */
static int
prepare(struct run *r, int argc, char **argv, struct gm_err *err)
{
	const struct gm_prompt_sources from =
	    gm_prompt_options_sources(r->opt, argc, argv);
	struct gm_input input = { .note = &r->common->note };
	struct gm_items_options items;

	if (gm_prompt_options_apply(r->opt, r->services, &r->request, err) !=
		0 ||
	    gm_prompt_compose(&r->prompt, &from, &input, err) != 0)
		return -1;
	r->request.system = gm_buf_span(&r->prompt.system);
	items = (struct gm_items_options){ .json = r->opt->jsonl,
		.mark = r->opt->mark,
		.prompt = gm_buf_span(&r->prompt.text),
		.files = r->opt->files.items,
		.files_len = r->opt->files.len,
		.request = &r->request,
		.service = r->services->services,
		.extract = r->opt->extract,
		.note = &r->common->note };
	return gm_items_open(&r->items, &items, err);
}

/*
 * Fail if input and output are the same file: a run that reads its own results
 * would never end, and -o would destroy the input.
 */
static int
check_output(const struct run *r, struct gm_err *err)
{
	const char *output = r->opt->output;
	struct stat in, out;

	if (r->reader.fd == -1 ||
	    (output != NULL ? stat(output, &out)
			    : fstat(STDOUT_FILENO, &out)) != 0 ||
	    fstat(r->reader.fd, &in) != 0 || !S_ISREG(in.st_mode) ||
	    in.st_dev != out.st_dev || in.st_ino != out.st_ino)
		return 0;
	if (output == NULL)
		return gm_fail(err, GM_EUSAGE,
		    "standard output is the input file; use another file");
	return gm_fail(err, GM_EUSAGE,
	    "--output: %s is the input file; use another file", output);
}

static int
open_output(struct run *r, struct gm_err *err)
{
	struct gm_prompt_options *o = r->opt;
	enum gm_journal_mode mode = GM_JOURNAL_NEW;

	if (o->resume)
		mode = GM_JOURNAL_RESUME;
	else if (o->force)
		mode = GM_JOURNAL_OVERWRITE;
	r->results.printer.watch = &r->watch;
	r->results.ordered = o->text;
	gm_order_init(&r->results.printer.order, o->unordered);
	/* Texts have no numbers: a record without one gets an empty line. */
	if (o->text && !o->unordered)
		r->results.printer.order.gap =
		    (struct gm_span){ o->nul ? "\0" : "\n", 1 };
	if (check_output(r, err) != 0)
		return -1;
	if (o->output == NULL) {
		r->results.printer.out = &r->out;
		if (gm_out_open(&r->out, NULL, err) != 0)
			return -1;
		r->out.filtered = o->text && !o->raw && isatty(r->out.fd) == 1;
		return 0;
	}
	r->journal_options = (struct gm_journal_options){ .path = o->output,
		.mode = mode,
		.keep_failed = o->keep_failed,
		.note = &r->common->note };
	if (gm_journal_open(&r->journal, &r->journal_options, err) != 0)
		return -1;
	r->results.journal = &r->journal;
	r->resumable = r->journal.path != NULL && !o->text;
	return 0;
}

static void
open_input(struct run *r)
{
	const struct gm_common *c = r->common;
	int fd = c->stdin_closed ? -1 : STDIN_FILENO;
	enum gm_reader_form form =
	    r->opt->nul ? GM_READER_NUL : GM_READER_LINES;

	gm_reader_init(&r->reader, fd, "standard input", form);
	r->begun_ms = gm_clock_mono_ms();
	/* The lines of JSON report failures themselves. */
	r->level = r->opt->text || r->opt->estimate || r->opt->dry_run
	               ? GM_LEVEL_ERROR
	               : GM_LEVEL_DETAIL;
	gm_progress_init(&r->progress, &c->note,
	    c->note.status != NULL && fd != -1 ? gm_reader_total(fd, form) : -1,
	    r->begun_ms);
	r->log = c->log;
	/* A line for each request only on demand, not for every terminal. */
	r->log.metrics = c->config.values[GM_SET_METRICS].number != 0;
}

/* --- runs that send nothing */

/* Call use() for each valid record. */
static int
walk(struct run *r, int (*use)(struct run *, struct job *, struct gm_err *),
    struct gm_err *err)
{
	int rc;

	do {
		rc = gm_watch_at(&r->watch, 0, err);
		if (rc == 0)
			rc = take_record(r, r->idle, err);
		if (rc == 1) {
			rc = use(r, r->idle, err);
			r->totals.answered++; /* it could be sent */
		} else if (rc == 0 && gm_stop_poll(r->watch.fd, POLLIN, 0,
					  GM_STOP_DRAIN, err) == -1) {
			rc = -1;
		}
	} while (rc != -1);
	return r->stop == STOP_NOT ? -1 : judge_stop(r, err);
}

static int
print_line(struct run *r, struct gm_err *err)
{
	if (gm_buf_check(&r->line, err) != 0)
		return -1;
	gm_out_put(&r->out, gm_buf_span(&r->line));
	return gm_out_flush(&r->out, err);
}

static int
add_estimate(struct run *r, struct job *j, struct gm_err *err)
{
	(void)err;
	r->totals.tokens_in += j->item.request.tokens;
	return 0;
}

static int
estimate(struct run *r, struct gm_err *err)
{
	const struct gm_service *first = r->services->services;
	struct gm_forecast f = { .sleep_ms = r->opt->rate.sleep_ms };

	if (walk(r, add_estimate, err) != 0)
		return -1;
	f.requests = r->totals.records - r->totals.failed;
	f.invalid = r->totals.failed;
	f.tokens = r->totals.tokens_in;
	gm_forecast_limits(&f, first->keys, &first->filter);
	gm_buf_reset(&r->line);
	gm_forecast_put(&f, r->common->json, &r->line);
	return print_line(r, err);
}

/*
 * Print the body of a request on a line.  URL and headers, which are the same
 * for most, go to standard error for the first record; for all only with -v.
 */
static int
print_request(struct run *r, struct job *j, struct gm_err *err)
{
	const struct gm_call_args call = call_of(j);

	gm_buf_reset(&r->line);
	if (gm_call_preview(&call,
		r->totals.answered == 0 ? GM_LEVEL_METRICS : GM_LEVEL_DETAIL,
		&r->line, err) != 0)
		return -1;
	gm_buf_putc(&r->line, '\n');
	return print_line(r, err);
}

/* Estimate or dry run.  Returns 0, or -1 with the status of the run. */
static int
send_nothing(struct run *r, struct gm_err *err)
{
	int rc =
	    r->opt->estimate ? estimate(r, err) : walk(r, print_request, err);

	return rc == 0 ? judge_records(r, err) : rc;
}

/*
 * Write what is left, close the output and find the status of the run, also
 * after a failure; rc and *err are the pool's.  A failure of the output or of
 * memory comes first, then a signal, the reason for an early stop, and last the
 * records that have failed.
 */
static int
finish(struct run *r, int rc, struct gm_err *err)
{
	const struct gm_common *c = r->common;
	bool complete = rc == 0 && r->stop == STOP_END && r->passed == 0;
	struct gm_err failure;

	gm_progress_erase(&r->progress);
	r->totals.not_sent += r->ready != NULL;
	if (rc == 0)
		rc = gm_results_end(&r->results, err);
	if (r->results.journal != NULL &&
	    gm_journal_finish(&r->journal, complete, &failure) != 0 &&
	    rc == 0) {
		*err = failure;
		rc = -1;
	}
	if (rc != 0 && r->resumable && err->code == GM_EIO &&
	    !r->journal.removed)
		gm_err_append(err, "; --resume continues the run");
	r->totals.total_ms = gm_clock_mono_ms() - r->begun_ms;
	gm_log_totals(&c->log, &r->totals);
	if (rc == 0 && gm_stop_signal() != 0)
		return gm_stop_fail(err);
	if (rc == 0)
		rc = judge_stop(r, err);
	/* The deadline, or a signal, with nothing in flight. */
	if (rc == 0 && r->stop != STOP_END)
		return gm_stop_fail(err);
	if (rc == 0 && r->totals.records == 0 && r->opt->require_stdin)
		return gm_fail(err, GM_EDATA, "standard input: no records");
	return rc == 0 ? judge_records(r, err) : rc;
}

static int
work(struct run *r, int argc, char **argv, struct gm_err *err)
{
	if (gm_stop_drain_first(err) != 0 || prepare(r, argc, argv, err) != 0)
		return -1;
	open_input(r);
	if (make_jobs(r, err) != 0 || gm_watch_open(&r->watch, err) != 0 ||
	    open_output(r, err) != 0)
		return -1;
	if (r->opt->estimate || r->opt->dry_run)
		return send_nothing(r, err);
	if (gm_services_connect(r->services, err) != 0)
		return -1;
	return finish(r, run_pool(r, err), err);
}

static void
release(struct run *r)
{
	size_t i;

	for (i = 0; r->jobs != NULL && i < r->opt->rate.jobs; i++) {
		gm_item_release(&r->jobs[i].item);
		gm_result_release(&r->jobs[i].result);
		gm_hold_release(&r->jobs[i].held);
	}
	free(r->jobs);
	gm_results_release(&r->results);
	gm_journal_release(&r->journal);
	gm_out_release(&r->out);
	gm_buf_release(&r->line);
	gm_buf_release(&r->block);
	gm_reader_release(&r->reader);
	gm_watch_close(&r->watch);
	gm_items_close(&r->items);
	gm_prompt_release(&r->prompt);
	free(r);
}

/* The run is on the heap, as a stack may be as small as 64 KiB. */
int
gm_batch_run(struct gm_prompt_options *opt, struct gm_services *services,
    int argc, char **argv, struct gm_err *err)
{
	struct run *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	r->opt = opt;
	r->common = &opt->common;
	r->services = services;
	r->out.file.fd = r->journal.fd = -1;
	r->watch.fd = r->watch.timer = -1;
	gm_buf_init(&r->line, SIZE_MAX / 2);
	gm_buf_init(&r->block, GM_DELIVERY_MAX);
	rc = work(r, argc, argv, err);
	release(r);
	return rc;
}
