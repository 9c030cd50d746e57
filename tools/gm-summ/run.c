#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/outfile.h"
#include "base/stop.h"
#include "base/term.h"
#include "base/watch.h"
#include "call/pool.h"
#include "cli/cooling.h"
#include "cli/forecast.h"
#include "cli/hold.h"
#include "cli/input.h"
#include "cli/log.h"
#include "cli/out.h"
#include "cli/printer.h"
#include "cli/progress.h"
#include "gm-summ/doc.h"
#include "gm-summ/names.h"
#include "gm-summ/run.h"
#include "provider/estimate.h"
#include "provider/gemini_model.h"
#include "json/write.h"

/*
 * Steps without a request (scanning, answers from the cache) before the loop
 * looks at the network again.
 */
#define LOOKS 64

#define WINDOW_UNKNOWN 32000 /* tokens; for a model that is not in the list */
#define PROMPT_TOKENS 700    /* of the instructions, with a reserve */
#define ANSWER_SHARE 8       /* a list of facts is 1/8 of its text */
#define INSTRUCTIONS_MAX ((size_t)64 * 1024) /* bytes */
#define ANSWER_MAX ((size_t)64 * 1024 * 1024)
#define KEPT_MAX ((size_t)64 * 1024) /* bytes of a buffer that are kept */
#define HEADER_MAX 4096              /* characters of a name */

/* Reasons to start no more requests; r->why has the error. */
enum stop {
	STOP_NOT,
	STOP_ERROR,   /* output or memory */
	STOP_SERVICE, /* no key or service can be used */
	STOP_LATE     /* deadline exceeded */
};

/* A document that is open, and its requests in flight. */
struct open {
	struct gm_doc doc;
	size_t busy;
	bool used;          /* the slot is taken */
	bool put;           /* its result was handed to the output */
	struct open *later; /* next one in the order of the operands */

	/* Of the request that failed the document; OK: none, see failure. */
	enum gm_class class;
	int64_t retry_at_ms;           /* wall clock; 0: no time is known */
	char service_text[GM_ERR_MAX]; /* the service's own; "": none */
};

/* A request in flight. */
struct job {
	struct open *of;
	struct gm_section *section;
	struct gm_buf prompt;
	struct gm_hold held; /* the answer so far */
	struct gm_part part;
	struct gm_turn turn;
	struct gm_request request;
	struct gm_result result;
	char key[GM_HASH_HEX];
	struct job *next_idle;
};

struct run {
	const struct gm_summ_options *opt;
	const struct gm_common *common;
	struct gm_services *services;
	struct gm_cache *cache;
	struct gm_request request; /* shared by all requests, without turns */
	struct gm_names names;
	size_t next_name;
	struct gm_buf instructions;
	struct gm_wanted_summary wanted;
	struct gm_text_options texts;
	int64_t limit; /* tokens of a section */

	struct open *docs, *earliest; /* earliest: list of the open ones */
	struct job *jobs, *idle;
	size_t slots, busy;

	struct gm_out out;
	struct gm_watch watch;
	struct gm_printer printer;
	int64_t next_ms; /* --sleep-ms: earliest start; monotonic clock */
	struct gm_buf line;

	struct gm_log log;
	struct gm_totals totals;
	struct gm_progress progress;
	struct gm_cooling cooling;
	int64_t begun_ms;

	enum stop stop;
	struct gm_err why;
	struct gm_err failed; /* error of the first failed file */
	bool mixed;           /* a later one had another status */
};

/* Start no more requests; the first reason counts. */
static void
end(struct run *r, enum stop why, const struct gm_err *err)
{
	if (r->stop != STOP_NOT)
		return;
	r->stop = why;
	r->why = *err;
}

/* --- results */

/* Several summaries on one output get headers, as with head(1). */
static bool
has_headers(const struct run *r)
{
	return r->names.len > 1 && !r->opt->combine && !r->common->json &&
	       r->opt->suffix == NULL;
}

/* Write a text that a server may have sent; an empty one as null. */
static void
put_masked(
    struct gm_jsonw *w, const struct run *r, const char *name, const char *text)
{
	struct gm_buf masked;

	if (text[0] == '\0') {
		gm_jsonw_null(w, name);
		return;
	}
	gm_buf_init(&masked, 64 * 1024);
	gm_secret_mask(&r->common->secrets, &masked, gm_span_of(text));
	gm_jsonw_span(w, name, gm_buf_span(&masked));
	gm_buf_inherit(w->out, &masked);
	gm_buf_release(&masked);
}

/*
 * Return the class of a document's failure.  Two failures are of no single
 * request: a model that does not shorten the text, and missing files.
 */
static enum gm_class
class_of(const struct open *o)
{
	if (o->class != GM_CLASS_OK)
		return o->class;
	if (o->doc.failure.code == GM_EPROTOCOL)
		return GM_CLASS_PROTOCOL;
	if (o->doc.failure.code == GM_ENEGATIVE)
		return GM_CLASS_PARTIAL;
	return gm_class_of_error(o->doc.failure.code);
}

static void
put_error(struct gm_jsonw *w, const struct run *r, const struct open *o)
{
	char at[GM_CLOCK_TEXT] = "";

	gm_jsonw_object(w, "error");
	gm_jsonw_text(w, "class", gm_class(class_of(o))->name);
	put_masked(w, r, "message", o->doc.failure.msg);
	put_masked(w, r, "service_message", o->service_text);
	if (o->retry_at_ms != 0)
		gm_clock_format(at, o->retry_at_ms);
	gm_jsonw_text_or_null(w, "retry_at", at);
	gm_jsonw_end(w);
}

static const char *
name_of(const struct run *r, const struct gm_doc *d)
{
	const char *name = r->names.items[r->opt->combine ? 0 : d->number - 1];

	return name != NULL ? name : "-";
}

static void
put_files(struct gm_jsonw *w, const struct run *r, const struct gm_doc *d)
{
	size_t i;

	if (!r->opt->combine) {
		gm_jsonw_text(w, "file", name_of(r, d));
		return;
	}
	gm_jsonw_array(w, "files");
	for (i = 0; i < r->names.len; i++)
		gm_jsonw_text(w, NULL,
		    r->names.items[i] != NULL ? r->names.items[i] : "-");
	gm_jsonw_end(w);
}

static void
put_json(struct run *r, const struct open *o)
{
	const struct gm_doc *d = &o->doc;
	struct gm_jsonw w;
	bool ok = d->summary != NULL && d->missing == 0;

	gm_jsonw_init(&w, &r->line);
	gm_jsonw_object(&w, NULL);
	put_files(&w, r, d);
	gm_jsonw_bool(&w, "ok", ok);
	gm_jsonw_span(
	    &w, "summary", (struct gm_span){ d->summary, d->summary_len });
	gm_jsonw_int(&w, "parts", (int64_t)d->parts);
	gm_jsonw_int(&w, "rounds", (int64_t)d->rounds);
	gm_jsonw_int(&w, "cached", (int64_t)d->cached);
	gm_jsonw_int(&w, "requests", d->requests);
	gm_jsonw_object(&w, "tokens");
	gm_jsonw_int(&w, "input", d->tokens_in);
	gm_jsonw_int(&w, "output", d->tokens_out);
	gm_jsonw_end(&w);
	gm_jsonw_int(&w, "ms", gm_clock_mono_ms() - d->begun_ms);
	if (ok)
		gm_jsonw_null(&w, "error");
	else
		put_error(&w, r, o);
	gm_jsonw_end(&w);
	gm_buf_putc(&r->line, '\n');
}

/* Print the name whole, but on one line. */
static void
put_header(struct run *r, const struct gm_doc *d)
{
	const char *name = r->names.items[d->number - 1];

	gm_buf_puts(&r->line, "==> ");
	gm_term_line(&r->line,
	    gm_span_of(name != NULL ? name : "standard input"), HEADER_MAX);
	gm_buf_puts(&r->line, " <==\n");
}

static void
put_text(struct run *r, const struct gm_doc *d)
{
	if (d->summary == NULL)
		return; /* an empty line is not printed */
	if (has_headers(r))
		put_header(r, d);
	gm_buf_put(&r->line, d->summary, d->summary_len);
	gm_buf_putc(&r->line, '\n');
}

/*
 * If the text has changed since it was opened, give the summary the text's old
 * time: else it would be newer than the text, and the next run would skip it.
 */
static void
set_time(int fd, const char *path, const struct gm_doc *d)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		d->changed };
	struct stat st;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mtim.tv_sec != d->changed.tv_sec ||
		st.st_mtim.tv_nsec != d->changed.tv_nsec))
		(void)futimens(fd, times);
}

/* Write a summary to the name of its text and the suffix (--out-suffix). */
static int
write_beside(struct run *r, const struct gm_doc *d, struct gm_err *err)
{
	struct gm_outfile file = { .fd = -1 };
	struct gm_buf path;
	int rc;

	gm_buf_init(&path, 64 * 1024);
	gm_buf_printf(&path, "%s%s", name_of(r, d), r->opt->suffix);
	rc = gm_buf_check(&path, err);
	if (rc == 0)
		rc = gm_outfile_create(&file, gm_buf_str(&path), err);
	gm_buf_reset(&r->line);
	put_text(r, d);
	if (rc == 0)
		rc = gm_buf_check(&r->line, err);
	if (rc == 0 && gm_file_write(file.fd, gm_buf_span(&r->line),
			   GM_STOP_NOW, err) != 0) {
		gm_err_prefix(err, "%s: ", gm_buf_str(&path));
		rc = -1;
	}
	if (rc == 0)
		set_time(file.fd, name_of(r, d), d);
	file.keep =
	    true; /* keep the file aside if the rename fails: it is paid for */
	if (rc == 0)
		rc = gm_outfile_commit(&file, err);
	gm_outfile_release(&file);
	gm_buf_reset(&r->line);
	gm_buf_release(&path);
	return rc;
}

static void
count_failure(struct run *r, const struct gm_err *err)
{
	r->totals.failed++;
	if (r->totals.failed == 1)
		r->failed = *err;
	r->mixed = r->mixed || err->code != r->failed.code;
	/* A single failure is the last line of the run anyway. */
	if (r->names.len > 1 && !r->opt->combine)
		gm_note(&r->common->note, GM_LEVEL_ERROR, "%s", err->msg);
}

/* Write the result of a document that has ended. */
static int
put_result(struct run *r, struct open *o, struct gm_err *err)
{
	struct gm_doc *d = &o->doc;

	if (d->summary != NULL && r->opt->suffix != NULL &&
	    write_beside(r, d, &d->failure) != 0) {
		free(d->summary);
		d->summary = NULL;
	}
	if (d->summary != NULL && d->missing > 0)
		(void)gm_fail(&d->failure, GM_ENEGATIVE,
		    "%zu of %zu files are missing from the summary", d->missing,
		    r->names.len);
	if (d->summary != NULL && d->missing == 0)
		r->totals.answered++;
	else
		count_failure(r, &d->failure);
	gm_buf_reset(&r->line);
	if (r->common->json)
		put_json(r, o);
	else if (r->opt->suffix == NULL)
		put_text(r, d);
	if (gm_buf_check(&r->line, err) != 0)
		return -1;
	return gm_order_hold(
	    &r->printer.order, (int64_t)d->number, gm_buf_span(&r->line), err);
}

/* --- documents */

/* Return true if --out-suffix has written a summary newer than the text. */
static bool
is_newer(struct run *r, const char *path)
{
	struct stat text, made;
	struct gm_buf name;
	bool newer;

	if (r->opt->suffix == NULL || r->opt->force || path == NULL)
		return false;
	gm_buf_init(&name, 64 * 1024);
	gm_buf_printf(&name, "%s%s", path, r->opt->suffix);
	newer = name.failed == GM_OK && stat(path, &text) == 0 &&
	        stat(gm_buf_str(&name), &made) == 0 && S_ISREG(made.st_mode) &&
	        made.st_size > 0 &&
	        (made.st_mtim.tv_sec > text.st_mtim.tv_sec ||
		    (made.st_mtim.tv_sec == text.st_mtim.tv_sec &&
			made.st_mtim.tv_nsec > text.st_mtim.tv_nsec));
	if (newer)
		gm_note(&r->common->note, GM_LEVEL_DETAIL,
		    "%s: newer than its text; skipped", gm_buf_str(&name));
	gm_buf_release(&name);
	return newer;
}

/*
 * Return true if a file is the output of an earlier run, as in the second
 * "gm-summ --out-suffix .sum *".
 */
static bool
is_made(const struct run *r, const char *path)
{
	const char *suffix = r->opt->suffix;
	bool made = suffix != NULL && path != NULL &&
	            strlen(path) > strlen(suffix) &&
	            gm_span_ends(gm_span_of(path), suffix);

	if (made)
		gm_note(&r->common->note, GM_LEVEL_DETAIL,
		    "%s: a summary, as its name ends with the suffix; skipped",
		    path);
	return made;
}

static struct open *
find_room(struct run *r)
{
	size_t i;

	for (i = 0; i < r->slots; i++)
		if (!r->docs[i].used)
			return &r->docs[i];
	return NULL;
}

/* Add a document to the end of the list. */
static void
append(struct run *r, struct open *o)
{
	struct open **at = &r->earliest;

	while (*at != NULL)
		at = &(*at)->later;
	*at = o;
}

/* Close a document and free its slot. */
static void
drop(struct run *r, struct open *o)
{
	struct open **at = &r->earliest;

	while (*at != o)
		at = &(*at)->later;
	*at = o->later;
	gm_doc_close(&o->doc);
	o->used = false;
}

/*
 * Write the result of a document, and close it once none of its requests runs.
 */
static int
close_doc(struct run *r, struct open *o, struct gm_err *err)
{
	int rc = 0;

	if (!o->put)
		rc = put_result(r, o, err);
	o->put = true;
	if (o->busy > 0)
		return rc; /* requests in flight still refer to it */
	drop(r, o);
	return rc;
}

/*
 * Return true if opening one of the files may take long: a pipe is read to its
 * end, and the loop stands still meanwhile.  So none is opened while a request
 * is in flight.
 */
static bool
may_wait(const char *const *paths, size_t len)
{
	struct stat st;
	size_t i;

	for (i = 0; i < len; i++)
		if ((paths[i] != NULL ? stat(paths[i], &st)
				      : fstat(STDIN_FILENO, &st)) == 0 &&
		    !S_ISREG(st.st_mode))
			return true;
	return false;
}

/*
 * Open the next document.  Returns 1; 0 if there is none, no slot is free, or
 * it must not be opened now; or -1.
 */
static int
open_next(struct run *r, struct gm_err *err)
{
	struct open *o = find_room(r);
	size_t len = r->opt->combine ? r->names.len : 1;
	const char *const *paths = r->names.items + r->next_name;
	struct gm_err failure;

	if (r->next_name >= r->names.len || o == NULL ||
	    (!r->opt->estimate && gm_order_is_full(&r->printer.order)) ||
	    (r->busy > 0 && may_wait(paths, len)))
		return 0;
	r->next_name += len;
	r->totals.records++;
	if (is_made(r, paths[0]) || is_newer(r, paths[0])) {
		r->totals.skipped++;
		gm_buf_reset(&r->line);
		return gm_order_hold(&r->printer.order, (int64_t)r->next_name,
			   gm_buf_span(&r->line), err) == 0
		           ? 1
		           : -1;
	}
	*o = (struct open){ .used = true };
	append(r, o);
	if (gm_doc_open(&o->doc, paths, len, r->limit, &r->wanted, &r->texts,
		&failure) != 0 &&
	    (failure.code == GM_ESIGNAL || failure.code == GM_EUNAVAILABLE ||
		failure.code == GM_EOS)) {
		drop(r, o);
		*err = failure;
		return -1;
	}
	o->doc.number = r->opt->combine ? 1 : r->next_name;
	o->doc.begun_ms = gm_clock_mono_ms();
	if (o->doc.phase == GM_DOC_ENDED && close_doc(r, o, err) != 0)
		return -1;
	return 1;
}

/* --- requests */

/*
 * Return the thinking level of a request: a list of facts needs little
 * thinking.  NULL, the default of the model, unless only one model that is
 * known to take this level can get the request: another would reject it.
 */
static const char *
thinking_of(const struct run *r, const struct gm_section *s)
{
	bool known = r->services->len == 1 &&
	             r->services->services[0].provider == &gm_gemini &&
	             gm_gemini_model_takes_low(r->request.model) &&
	             r->request.next_models_len == 0;

	return known && s->part.round != GM_ROUND_SUMMARY ? "LOW" : NULL;
}

static void
set_request(struct run *r, struct job *j)
{
	j->part = (struct gm_part){ .text = gm_buf_span(&j->prompt) };
	j->turn = (struct gm_turn){ .parts = &j->part, .parts_len = 1 };
	j->request = r->request;
	j->request.thinking_level = thinking_of(r, j->section);
	j->request.turns = &j->turn;
	j->request.turns_len = 1;
	j->request.tokens = gm_estimate_request(&j->request);
}

/*
 * Make the key of the answer in the cache: of everything that shapes it, but
 * not of the number of the part, so that parts stay cached if others are
 * inserted.
 */
static int
set_key(struct run *r, struct job *j, struct gm_err *err)
{
	const struct gm_service *s = r->services->services;
	struct gm_span identity;
	struct gm_entry_request request = { .origin = s->keys->origin,
		.model = r->request.model,
		.prompts = GM_PROMPTS_VERSION,
		.params = thinking_of(r, j->section),
		.system = r->request.system,
		.parts = &identity,
		.parts_len = 1 };
	int rc;

	gm_buf_reset(&r->line);
	rc = gm_doc_identity(&j->of->doc, j->section, &r->line, err);
	identity = gm_buf_span(&r->line);
	if (rc == 0)
		gm_entry_key(j->key, &request);
	gm_buf_recycle(&r->line, KEPT_MAX);
	return rc;
}

/* Take the answer from the cache.  Returns 1; 0 if it has none; or -1. */
static int
use_cache(struct run *r, struct job *j, struct gm_err *err)
{
	struct gm_entry entry;
	struct gm_doc *d = &j->of->doc;

	if (set_key(r, j, err) != 0)
		return -1;
	if (!gm_cache_get(r->cache, j->key, &entry))
		return 0;
	d->cached++;
	return gm_doc_answer(d, j->section, entry.text, err) == 0 ? 1 : -1;
}

/*
 * Give a section to a job.  Returns 1 if it is to be sent; 0 if the cache had
 * the answer; or -1: the document has ended, or *err is GM_EOS.
 */
static int
take_section(struct run *r, struct job *j, struct open *o, struct gm_section *s,
    struct gm_err *err)
{
	int rc;

	j->of = o;
	j->section = s;
	rc = use_cache(r, j, err);
	if (rc == 1)
		return 0;
	gm_buf_recycle(&j->prompt, KEPT_MAX);
	if (rc == 0)
		rc = gm_doc_compose(&o->doc, s, &j->prompt, err);
	if (rc == 0) {
		set_request(r, j);
		return 1;
	}
	return -1;
}

static void
start(struct run *r, struct job *j, struct gm_call_args *call)
{
	r->idle = j->next_idle;
	r->busy++;
	j->of->busy++;
	gm_hold_reset(&j->held);
	gm_result_init(&j->result);
	*call = (struct gm_call_args){ .service = r->services->services,
		.request = &j->request,
		.sink = &j->held.sink,
		.result = &j->result,
		.arg = j };
}

/*
 * Do the next step for a document.  Returns 2 if the job has a request to send;
 * 1 if something else was done; 0 if nothing can be done now; or -1.
 */
static int
look_at(struct run *r, struct open *o, struct job *j, struct gm_err *err)
{
	struct gm_section *s;

	if (o->doc.phase == GM_DOC_SCANNING) {
		if (gm_doc_scan(&o->doc, err) == -1 && err->code == GM_EOS)
			return -1;
	} else if ((s = gm_doc_next(&o->doc)) == NULL) {
		return 0;
	} else if (take_section(r, j, o, s, err) == 1) {
		return 2;
	}
	if (o->doc.phase == GM_DOC_ENDED && close_doc(r, o, err) != 0)
		return -1;
	return 1;
}

/*
 * Go through the open documents, the earliest first, so that its summary can be
 * printed early.  Returns as look_at() does.
 */
static int
look_at_all(struct run *r, struct job *j, size_t *looks, struct gm_err *err)
{
	struct open *o, *later;
	int rc, any = 0;

	for (o = r->earliest; o != NULL && *looks < LOOKS; o = later) {
		later = o->later; /* o may be closed */
		rc = o->put ? 0 : look_at(r, o, j, err);
		if (rc == -1 || rc == 2)
			return rc;
		if (rc == 0)
			continue;
		any = 1;
		++*looks;
		if (o->doc.phase == GM_DOC_SENDING)
			later = o; /* its sections before later documents */
	}
	return any;
}

static bool
has_open(const struct run *r)
{
	const struct open *o = r->earliest;

	while (o != NULL && o->put)
		o = o->later;
	return o != NULL;
}

/*
 * Find a request to send.  Returns 1; 0 if there is none now; or -1: if
 * err->code is GM_OK there are no more requests, else something failed.
 */
static int
find_request(struct run *r, struct job *j, struct gm_err *err)
{
	size_t looks = 0;
	int rc;

	do {
		rc = look_at_all(r, j, &looks, err);
		if (rc == 0) {
			rc = open_next(r, err);
			looks++;
		}
	} while (rc == 1 && looks < LOOKS);
	if (rc == 1)
		return gm_watch_by(&r->watch, gm_clock_mono_ms(), err);
	if (rc != 0)
		return rc == 2 ? 1 : -1;
	err->code = GM_OK;
	return has_open(r) || r->next_name < r->names.len ? 0 : -1;
}

/* Called by the pool when a slot is free. */
static int
next(struct gm_call_args *call, void *arg)
{
	struct run *r = arg;
	struct job *j = r->idle;
	struct gm_err err = { .code = GM_OK };
	int64_t now, sleep_ms = r->opt->rate.sleep_ms;
	int rc;

	if (r->stop != STOP_NOT)
		return -1;
	now = sleep_ms > 0 ? gm_clock_mono_ms() : 0;
	if (now < r->next_ms)
		return gm_watch_by(&r->watch, r->next_ms, &err);
	rc = find_request(r, j, &err);
	if (rc == -1 && err.code != GM_OK)
		end(r, STOP_ERROR, &err);
	if (rc != 1)
		return rc;
	r->next_ms = sleep_ms > 0 ? now + sleep_ms : 0;
	start(r, j, call);
	return 1;
}

/* --- answers */

/* Count a result, for the run and for its document. */
static void
count_result(struct run *r, struct gm_doc *d, const struct gm_result *o)
{
	struct gm_totals own = { .records = 0 };

	gm_totals_add(&r->totals, o);
	gm_totals_add(&own, o);
	d->requests += own.requests;
	d->tokens_in += own.tokens_in;
	d->tokens_out += own.tokens_out;
}

/*
 * Keep an answer in the cache.  Not that of a fallback: the key names the first
 * service and its model, and a later run would take it for theirs.
 */
static void
keep_answer(struct run *r, const struct job *j)
{
	const struct gm_usage *u = &j->result.answer.usage;
	const struct gm_entry entry = { .text = gm_buf_span(&j->held.text),
		.model = j->result.model,
		.input_tokens = u->prompt,
		.output_tokens = u->output };

	if (!j->result.fallback)
		gm_cache_put(r->cache, j->key, &entry);
}

/*
 * Return true if a section should be sent once more.  A blocked or
 * truncated answer can be whole the next time, and the call does not retry it.
 * Other failures, such as an empty answer, only if the call has not retried.
 */
static bool
is_worth_another(const struct gm_result *o)
{
	const struct gm_class_row *row = gm_class(o->class);

	if (row->action == GM_ACTION_STOP)
		return row->code == GM_ENEGATIVE;
	return (row->action == GM_ACTION_RETRY ||
		   o->class == GM_CLASS_PROTOCOL) &&
	       gm_result_attempts(o) < 2;
}

/*
 * Return true if a failure ends the run: it does not depend on the document,
 * and all others would fail alike.  But if a fallback rejected the section
 * (beyond_keys), it may answer others.
 */
static bool
ends_run(const struct job *j, const struct gm_err *err)
{
	const struct gm_result *o = &j->result;
	const enum gm_class class = o->class;

	if (class == GM_CLASS_SIGNAL || class == GM_CLASS_DEADLINE ||
	    err->code == GM_EOS)
		return true;
	return (class == GM_CLASS_REFUSED || class == GM_CLASS_TLS ||
		   class == GM_CLASS_PROXY || class == GM_CLASS_REDIRECT ||
		   err->code == GM_ETEMPFAIL || err->code == GM_ENOPERM ||
		   err->code == GM_ECONFIG) &&
	       !o->beyond_keys;
}

static void
stop_run(struct run *r, const struct job *j, const struct gm_err *err)
{
	enum gm_class class = j->result.class;

	if (class == GM_CLASS_DEADLINE)
		end(r, STOP_LATE, err);
	else if (err->code == GM_EOS)
		end(r, STOP_ERROR, err);
	else if (class != GM_CLASS_SIGNAL)
		end(r, STOP_SERVICE, err);
}

/* Keep for JSON what a failed request says about its document's failure. */
static void
keep_failure(const struct job *j)
{
	struct open *o = j->of;

	if (o->doc.phase != GM_DOC_ENDED)
		return; /* it is sent once more */
	o->class = j->result.class;
	o->retry_at_ms = j->result.retry_at_ms;
	(void)snprintf(o->service_text, sizeof(o->service_text), "%s",
	    gm_result_service_text(&j->result));
}

/* Cache an answer and hand it to its document.  Returns 0, or -1: GM_EOS. */
static int
take_answer(struct run *r, struct job *j, struct gm_err *err)
{
	struct gm_doc *d = &j->of->doc;

	keep_answer(r, j);
	if (d->phase == GM_DOC_ENDED ||
	    gm_doc_answer(d, j->section, gm_buf_span(&j->held.text), err) == 0)
		return 0;
	return err->code == GM_EOS ? -1 : 0; /* else the document failed */
}

/*
 * Hand the result of a request to its document: the answer, a cut if it was too
 * large, or a failure.  A failure that ends the run leaves the document alone.
 */
static int
settle(struct run *r, struct job *j, int rc, const struct gm_err *why,
    struct gm_err *err)
{
	struct gm_doc *d = &j->of->doc;

	count_result(r, d, &j->result);
	gm_log_result(&r->log, &j->result);
	if (rc == 0)
		return take_answer(r, j, err);
	if (ends_run(j, why)) {
		stop_run(r, j, why);
		return 0;
	} else if (d->phase == GM_DOC_ENDED) {
		return 0;
	} else if (j->result.class == GM_CLASS_TOO_LARGE) {
		if (gm_doc_split(d, j->section, err) != 0) {
			if (err->code == GM_EOS)
				return -1;
			if (err->code == GM_EDATA)
				keep_failure(j);
		}
	} else {
		gm_doc_fail(d, j->section, is_worth_another(&j->result), why);
		keep_failure(j);
	}
	return 0;
}

/* Called by the pool when a call has ended. */
static int
done(const struct gm_call_args *call, int rc, void *arg, struct gm_err *err)
{
	struct run *r = arg;
	struct job *j = call->arg;
	struct open *o = j->of;
	struct gm_err why = { .code = GM_OK };

	if (rc != 0)
		why = *err;
	o->busy--;
	rc = settle(r, j, rc, &why, err);
	gm_result_release(&j->result);
	j->next_idle = r->idle;
	r->idle = j;
	r->busy--;
	if (rc == 0 && o->doc.phase == GM_DOC_ENDED)
		rc = close_doc(r, o, err);
	return rc;
}

/* --- the loop */

/* Count the sections of the open documents, for the progress line. */
static void
count_parts(struct run *r)
{
	size_t i;

	r->totals.parts = r->totals.parts_done = 0;
	for (i = 0; i < r->slots; i++) {
		if (!r->docs[i].used || r->docs[i].put ||
		    r->docs[i].doc.sections < 2)
			continue;
		r->totals.parts += (int64_t)r->docs[i].doc.sections;
		r->totals.parts_done += (int64_t)r->docs[i].doc.answers;
	}
}

static void
draw_progress(struct run *r)
{
	int64_t now = gm_clock_mono_ms();

	count_parts(r);
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

/* Called by the pool in each pass of its loop. */
static int
tick(void *arg, struct gm_err *err)
{
	struct run *r = arg;

	if (gm_watch_at(&r->watch, 0, err) != 0)
		return -1;
	/* A summary on the same terminal must not follow the progress line. */
	if (r->common->note.status != NULL && r->common->out_is_tty &&
	    r->opt->output == NULL)
		gm_progress_erase(&r->progress);
	if (gm_printer_tick(&r->printer, err) != 0)
		return -1;
	if (r->common->note.status == NULL)
		return 0;
	draw_progress(r);
	return r->progress.due_ms != 0
	           ? gm_watch_by(&r->watch, r->progress.due_ms, err)
	           : 0;
}

/* --- before and after */

static int
make_jobs(struct run *r, struct gm_err *err)
{
	size_t i;
	struct job *j;

	r->slots = r->opt->rate.jobs;
	r->jobs = calloc(r->slots, sizeof(*r->jobs));
	r->docs = calloc(r->slots, sizeof(*r->docs));
	if (r->jobs == NULL || r->docs == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	for (i = r->slots; i-- > 0;) {
		j = &r->jobs[i];
		gm_buf_init(&j->prompt, SIZE_MAX / 4);
		gm_hold_init(&j->held, ANSWER_MAX);
		gm_result_init(&j->result);
		j->next_idle = r->idle;
		r->idle = j;
	}
	return 0;
}

/* Return how many tokens of a text fit into a request. */
static int64_t
find_limit(const struct run *r)
{
	const struct gm_service *s = r->services->services;
	int64_t window, tpm = s->keys->rule.tpm;

	if (r->opt->chunk_tokens > 0)
		return r->opt->chunk_tokens;
	/*
	 * Use the list however old it is.  With an expired one the window would
	 * be unknown, the text be cut differently, and the cache be of no use.
	 */
	window = gm_modelcache_window(
	    &s->cache, gm_clock_wall_ms(), INT64_MAX, r->request.model);
	if (window == 0)
		window = WINDOW_UNKNOWN;
	if (tpm > 0 && tpm < window)
		window = tpm;
	return window > 2 * PROMPT_TOKENS ? window - PROMPT_TOKENS : window / 2;
}

static int
read_instructions(struct run *r, struct gm_err *err)
{
	struct gm_input in = { .note = &r->common->note,
		.closed = r->common->stdin_closed };

	gm_buf_init(&r->instructions, INSTRUCTIONS_MAX);
	if (r->opt->instructions == NULL)
		return 0;
	return gm_input_argument(
	    &in, "--instructions", r->opt->instructions, &r->instructions, err);
}

static int
prepare(struct run *r, int argc, char **argv, struct gm_err *err)
{
	const struct gm_summ_options *o = r->opt;
	const struct gm_common *c = r->common;
	const int literal = c->after_dashes > 0 ? c->after_dashes : 0;

	r->request.operation = GM_OP_GENERATE;
	r->request.system = gm_span_of(gm_prompts_system);
	if (gm_services_fit(r->services, &r->request, err) != 0 ||
	    read_instructions(r, err) != 0)
		return -1;
	if ((o->files_from != NULL
		    ? gm_names_from_file(&r->names, o->files_from, err)
		    : gm_names_from_operands(
			  &r->names, argc, argv, literal, err)) != 0)
		return -1;
	r->wanted = (struct gm_wanted_summary){ .style = o->style,
		.words = o->words,
		.lang = o->lang,
		.instructions = gm_buf_span(&r->instructions) };
	r->texts =
	    (struct gm_text_options){ .temporary = c->config.around.temporary,
		    .stdin_closed = c->stdin_closed,
		    .note = &c->note };
	r->limit = find_limit(r);
	r->log = c->log;
	r->log.metrics = c->config.values[GM_SET_METRICS].number != 0;
	r->begun_ms = gm_clock_mono_ms();
	gm_progress_init(&r->progress, &c->note,
	    o->combine ? 1 : (int64_t)r->names.len, r->begun_ms);
	r->printer = (struct gm_printer){ .out = &r->out,
		.watch = &r->watch,
		.between = gm_span_of(has_headers(r) ? "\n" : "") };
	gm_order_init(&r->printer.order, false);
	return make_jobs(r, err);
}

/*
 * Write the remaining results and commit the output.  A file of -o is replaced
 * only if it gets at least one summary and the run was not stopped.
 */
static int
finish_output(struct run *r, struct gm_err *err)
{
	if (gm_printer_end(&r->printer, err) != 0)
		return -1;
	if (r->stop != STOP_NOT || (!r->printer.begun && r->totals.failed > 0))
		return 0; /* a file stays as it was */
	return gm_out_commit(&r->out, err);
}

/* Find the status and the message of the run. */
static int
judge(const struct run *r, struct gm_err *err)
{
	const struct gm_totals *t = &r->totals;

	if (r->stop != STOP_NOT) {
		*err = r->why;
		/* The cache has the finished parts: only the rest is sent. */
		if (err->code == GM_ETEMPFAIL)
			gm_err_advise(err, "run the command again to continue");
		return -1;
	}
	if (t->failed == 0)
		return 0;
	*err = r->failed;
	if (t->failed == 1 && t->records == 1)
		return -1;
	return gm_fail(err,
	    !r->mixed && t->answered + t->skipped == 0 ? r->failed.code
						       : GM_ENEGATIVE,
	    "%lld of %lld files failed", (long long)t->failed,
	    (long long)t->records);
}

/* Write what is left, also after a failure; rc and *err are the pool's. */
static int
finish(struct run *r, int rc, struct gm_err *err)
{
	gm_progress_erase(&r->progress);
	if (rc == 0 && gm_stop_signal() == 0)
		rc = finish_output(r, err);
	else if (rc == 0 && r->opt->output == NULL) {
		/* After a signal: print what there is, without waiting. */
		gm_order_end(&r->printer.order);
		rc = gm_printer_tick(&r->printer, err);
	}
	r->totals.total_ms = gm_clock_mono_ms() - r->begun_ms;
	gm_log_totals(&r->common->log, &r->totals);
	if (rc == 0 && gm_stop_signal() != 0)
		return gm_stop_fail(err);
	return rc == 0 ? judge(r, err) : rc;
}

static int
run_pool(struct run *r, struct gm_err *err)
{
	const struct gm_pool pool = { .http = r->services->services[0].http,
		.slots = r->slots,
		.next = next,
		.done = done,
		.tick = tick,
		.wait = show_wait,
		.arg = r,
		.watch = r->watch.fd };

	return gm_pool_run(&pool, err);
}

/* --- an estimate */

/* Add the later rounds, if answers are as short as the prompt asks. */
static void
add_rounds(const struct run *r, struct gm_forecast *f, int64_t sections,
    int64_t tokens)
{
	while (sections > 1) {
		tokens /= ANSWER_SHARE;
		sections =
		    tokens * (100 + GM_TOKENS_MARGIN_PERCENT) / 100 / r->limit +
		    1;
		f->requests += sections;
		f->tokens += tokens + sections * PROMPT_TOKENS / 2;
	}
}

/* Cut the text of the open document, and add its requests and tokens. */
static int
add_text(struct run *r, struct gm_forecast *f, struct gm_err *err)
{
	struct open *o = &r->docs[0];
	const struct gm_section *s;
	int64_t tokens = 0;
	int rc;

	do
		rc = gm_doc_scan(&o->doc, err);
	while (rc == 1 && gm_stop_stage() != GM_STOP_NOW);
	if (rc == 1)
		return gm_stop_fail(err);
	if (rc == -1)
		return err->code == GM_EOS ? -1 : 0;
	for (s = o->doc.first; s != NULL; s = s->next)
		tokens += s->tokens;
	f->requests += (int64_t)o->doc.sections;
	f->tokens += tokens + (int64_t)o->doc.sections * PROMPT_TOKENS / 2;
	add_rounds(r, f, (int64_t)o->doc.sections, tokens);
	o->doc.phase = GM_DOC_ENDED;
	return 0;
}

static int
estimate(struct run *r, struct gm_err *err)
{
	const struct gm_service *s = r->services->services;
	struct gm_forecast f = { .sleep_ms = r->opt->rate.sleep_ms };
	struct open *o = &r->docs[0];
	int rc = 1;

	while (rc == 1 && r->next_name < r->names.len) {
		rc = open_next(r, err);
		if (rc == 1 && o->used && add_text(r, &f, err) != 0)
			return -1;
		if (o->used && o->doc.failure.code != GM_OK)
			count_failure(r, &o->doc.failure);
		else if (o->used)
			r->totals.answered++; /* it could be sent */
		if (o->used)
			drop(r, o);
	}
	if (rc == -1)
		return -1;
	f.invalid = r->totals.failed;
	gm_forecast_limits(&f, s->keys, &s->filter);
	gm_buf_reset(&r->line);
	gm_forecast_put(&f, r->common->json, &r->line);
	if (gm_buf_check(&r->line, err) != 0)
		return -1;
	gm_out_put(&r->out, gm_buf_span(&r->line));
	if (gm_out_flush(&r->out, err) != 0 || gm_out_commit(&r->out, err) != 0)
		return -1;
	return judge(r, err);
}

static int
work(struct run *r, int argc, char **argv, struct gm_err *err)
{
	if (prepare(r, argc, argv, err) != 0 ||
	    gm_out_open(&r->out, r->opt->output, err) != 0)
		return -1;
	r->out.filtered = !r->common->json && isatty(r->out.fd) == 1;
	if (r->opt->estimate)
		return estimate(r, err);
	if (gm_watch_open(&r->watch, err) != 0 ||
	    gm_services_connect(r->services, err) != 0)
		return -1;
	return finish(r, run_pool(r, err), err);
}

static void
release(struct run *r)
{
	size_t i;

	for (i = 0; r->jobs != NULL && i < r->slots; i++) {
		gm_buf_release(&r->jobs[i].prompt);
		gm_hold_release(&r->jobs[i].held);
		gm_result_release(&r->jobs[i].result);
	}
	for (i = 0; r->docs != NULL && i < r->slots; i++)
		if (r->docs[i].used)
			gm_doc_close(&r->docs[i].doc);
	free(r->jobs);
	free(r->docs);
	gm_printer_release(&r->printer);
	gm_out_release(&r->out);
	gm_watch_close(&r->watch);
	gm_buf_release(&r->line);
	gm_buf_release(&r->instructions);
	gm_names_release(&r->names);
	free(r);
}

/* The run is on the heap, as a stack may be as small as 64 KiB. */
int
gm_summ_run(const struct gm_summ_options *opt, struct gm_services *services,
    struct gm_cache *cache, int argc, char **argv, struct gm_err *err)
{
	struct run *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	r->opt = opt;
	r->common = &opt->common;
	r->services = services;
	r->cache = cache;
	r->out.file.fd = -1;
	r->watch.fd = r->watch.timer = -1;
	gm_buf_init(&r->line, SIZE_MAX / 4);
	rc = work(r, argc, argv, err);
	release(r);
	return rc;
}
