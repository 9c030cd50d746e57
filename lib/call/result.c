#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/term.h"
#include "call/result.h"

#define ATTEMPTS_MAX (1024 * 1024)
/* Notes about parts that cannot be shown; more are counted. */
#define OMITTED_NOTES 10

/* Limit for the service's text in an error line. */
#define QUOTE_CHARACTERS 120
#define WHOLE GM_ERR_MAX

#define LINE_BYTES (2 * GM_ERR_MAX)

void
gm_result_init(struct gm_result *o)
{
	*o = (struct gm_result){ 0 };
	gm_answer_init(&o->answer);
	gm_buf_init(&o->attempts, ATTEMPTS_MAX);
}

void
gm_result_release(struct gm_result *o)
{
	gm_answer_release(&o->answer);
	gm_buf_release(&o->attempts);
}

void
gm_result_add(struct gm_result *o, const struct gm_attempt *attempt)
{
	/* Readers rely on the last attempt: if there is no room, it replaces
	 * the one before it. */
	if (o->attempts.len + sizeof(*attempt) > o->attempts.max)
		gm_buf_cut(&o->attempts, o->attempts.len - sizeof(*attempt));
	gm_buf_put(&o->attempts, (const char *)attempt, sizeof(*attempt));
}

size_t
gm_result_attempts(const struct gm_result *o)
{
	return o->attempts.len / sizeof(struct gm_attempt);
}

const struct gm_attempt *
gm_result_attempt(const struct gm_result *o, size_t i)
{
	const void *all = o->attempts.data;

	return (const struct gm_attempt *)all + i;
}

const struct gm_attempt *
gm_result_last(const struct gm_result *o)
{
	size_t n = gm_result_attempts(o);
	const struct gm_attempt *a;

	while (n > 0 && o->provider != NULL) {
		a = gm_result_attempt(o, --n);
		if (strcmp(a->provider, o->provider) == 0)
			return a;
	}
	return NULL;
}

static void
put_subject(const struct gm_subject *s, enum gm_scope scope, struct gm_buf *out)
{
	switch (scope) {
	case GM_SCOPE_KEY:
	case GM_SCOPE_PROJECT:
	case GM_SCOPE_QUOTA:
	case GM_SCOPE_TOOL:
		if (s->key.len == 0) {
			gm_buf_puts(out, s->base_url);
			break;
		}
		gm_buf_printf(out, "key %zu (", s->key_index);
		gm_secret_show(out, s->key);
		gm_buf_puts(out, ")");
		break;
	case GM_SCOPE_SERVICE:
	case GM_SCOPE_REGION:
		gm_buf_puts(out, s->base_url);
		break;
	case GM_SCOPE_REQUEST:
	case GM_SCOPE_MODEL:
		gm_buf_puts(out, s->model);
		break;
	}
}

/* Put the service's own text at the end of the message, cut if it is long. */
static void
put_quote(struct gm_err *err, const char *text, size_t max)
{
	struct gm_buf line;

	if (text[0] == '\0')
		return;
	gm_buf_init(&line, LINE_BYTES);
	gm_term_line(&line, gm_span_of(text), max);
	gm_err_end(err, ": %s", gm_buf_str(&line));
	gm_buf_release(&line);
}

/* "thing: reason: words until when; what to do" */
static void
put_reason(const struct gm_result *o, const struct gm_fault *f,
    const struct gm_subject *subject, size_t max, struct gm_buf *out)
{
	const struct gm_class_row *row = gm_class(f->class);
	char until[GM_CLOCK_UNTIL];

	put_subject(subject, row->scope, out);
	gm_buf_printf(out, ": %s", row->phrase);
	if (row->quote == GM_QUOTE_WHY && f->words[0] != '\0') {
		gm_buf_puts(out, ": ");
		gm_term_line(out, gm_span_of(f->words), max);
	}
	if (o->retry_at_ms != 0) {
		gm_clock_until(until, o->retry_at_ms, subject->now_ms);
		gm_buf_printf(out, " until %s", until);
	}
}

/* Advice, identifiers, and at most max characters of the service's text. */
static void
put_rest(const struct gm_fault *f, size_t max, struct gm_err *err)
{
	const struct gm_class_row *row = gm_class(f->class);

	if (f->remedy[0] != '\0')
		gm_err_advise(err, "%s", f->remedy);
	else if (row->advice != NULL)
		gm_err_advise(err, "%s", row->advice);
	if (f->http != 0)
		gm_err_ids(err, "HTTP %ld, %s", f->http, row->name);
	else
		gm_err_ids(err, "%s", row->name);
	if (max == WHOLE ? row->quote != GM_QUOTE_WHY
			 : row->quote == GM_QUOTE_LAST)
		put_quote(err, f->words, max);
}

static int
fail(const struct gm_result *o, const struct gm_fault *f,
    const struct gm_subject *subject, size_t max, struct gm_err *err)
{
	struct gm_buf line;

	gm_buf_init(&line, LINE_BYTES);
	put_reason(o, f, subject, max, &line);
	(void)gm_buf_fail(&line, gm_class(f->class)->code, err);
	if (line.failed == GM_OK)
		put_rest(f, max, err);
	gm_buf_release(&line);
	return -1;
}

int
gm_result_fail(const struct gm_result *o, const struct gm_fault *f,
    const struct gm_subject *subject, struct gm_err *err)
{
	return fail(o, f, subject, QUOTE_CHARACTERS, err);
}

int
gm_result_fail_whole(const struct gm_result *o, const struct gm_fault *f,
    const struct gm_subject *subject, struct gm_err *err)
{
	return fail(o, f, subject, WHOLE, err);
}

/* Fill *f with the mark of a key, if no request was sent. */
static void
explain_mark(
    const struct gm_keystatus *status, const char *advice, struct gm_fault *f)
{
	*f = (struct gm_fault){ .class = status->class, .hint_ms = -1 };
	(void)snprintf(f->words, sizeof(f->words), "%s", status->reason);
	if (status->since_ms == 0) /* the limit that the user has set */
		(void)snprintf(f->remedy, sizeof(f->remedy),
		    "wait, or raise %.60s", status->reason);
	else if (gm_class_is_rejection(status->class) &&
		 gm_class(status->class)->advice != NULL)
		(void)snprintf(f->remedy, sizeof(f->remedy), "%s, or %s",
		    gm_class(status->class)->advice, advice);
	else
		(void)snprintf(f->remedy, sizeof(f->remedy), "%s", advice);
}

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* Fill *err for several keys, none of which can be used. */
static void
fail_several(const struct gm_pick *pick, const struct gm_fault *f,
    int64_t now_ms, struct gm_err *err)
{
	const struct gm_class_row *row = gm_class(f->class);
	char until[GM_CLOCK_UNTIL];

	gm_clock_until(until, pick->at_ms, now_ms);
	if (pick->kind != GM_PICK_COOLING) {
		(void)gm_fail(
		    err, GM_ENOPERM, "all keys are rejected: %s", row->phrase);
	} else if (pick->rejected > 0) {
		(void)gm_fail(err, GM_ETEMPFAIL,
		    "no usable key until %s: %zu key%s cooling down, %zu "
		    "rejected",
		    until, pick->cooling, plural(pick->cooling),
		    pick->rejected);
	} else if (f->class == GM_CLASS_QUOTA_MINUTE) {
		(void)gm_fail(err, GM_ETEMPFAIL,
		    "all keys are rate-limited until %s", until);
	} else if (f->class == GM_CLASS_QUOTA_DAY) {
		(void)gm_fail(err, GM_ETEMPFAIL,
		    "all keys have exhausted their daily quota until %s",
		    until);
	} else {
		(void)gm_fail(err, GM_ETEMPFAIL,
		    "all keys are cooling down until %s: %s", until,
		    row->phrase);
	}
}

int
gm_result_fail_keys(struct gm_result *o, const struct gm_pick *pick,
    const struct gm_subject *subject, struct gm_err *err)
{
	int64_t at = pick->kind == GM_PICK_COOLING ? pick->at_ms : 0;
	struct gm_fault f;

	if (o->fault.class == GM_CLASS_OK)
		explain_mark(&pick->status, subject->advice, &o->fault);
	f = o->fault;
	o->retry_at_ms = at;
	if (pick->cooling + pick->rejected > 1) {
		fail_several(pick, &f, subject->now_ms, err);
		if (pick->rejected > 0)
			(void)snprintf(f.remedy, sizeof(f.remedy), "%s",
			    "gm-keycheck shows the reason for each");
		put_rest(&f, QUOTE_CHARACTERS, err);
	} else {
		(void)gm_result_fail(o, &f, subject, err);
		if (err->code == GM_EOS)
			return -1; /* without memory nothing is known */
	}
	err->code = at != 0 ? GM_ETEMPFAIL : GM_ENOPERM;
	o->class =
	    gm_class(f.class)->code == err->code ? f.class : pick->status.class;
	return -1;
}

/* Say how many of the tokens went to thinking, which explains short answers. */
static void
put_thinking(const struct gm_answer *answer, struct gm_buf *out)
{
	int64_t output = answer->usage.output > 0 ? answer->usage.output : 0;

	if (answer->usage.thoughts > 0)
		gm_buf_printf(out, ": %lld of %lld tokens went to thinking",
		    (long long)answer->usage.thoughts,
		    (long long)(answer->usage.thoughts + output));
}

int
gm_result_fail_finish(const struct gm_result *o, enum gm_class class,
    const char *model, struct gm_err *err)
{
	const struct gm_answer *answer = &o->answer;
	const struct gm_class_row *row = gm_class(class);
	struct gm_buf line;

	gm_buf_init(&line, LINE_BYTES);
	gm_buf_printf(&line, "%s: ", model);
	if (class == GM_CLASS_BLOCKED)
		gm_buf_printf(&line, "the %s was blocked",
		    answer->prompt_blocked ? "prompt" : "answer");
	else
		gm_buf_puts(&line, row->phrase);
	if (class == GM_CLASS_TOKEN_LIMIT)
		put_thinking(answer, &line);
	(void)gm_buf_fail(&line, row->code, err);
	if (line.failed == GM_OK) {
		if (row->advice != NULL)
			gm_err_advise(err, "%s", row->advice);
		gm_err_ids(err, "%s, %s",
		    answer->reason[0] != '\0' ? answer->reason
					      : "no finish reason",
		    row->name);
		put_quote(err, answer->explanation, QUOTE_CHARACTERS);
	}
	gm_buf_release(&line);
	return -1;
}

enum gm_class
gm_result_class(const struct gm_result *o, const struct gm_err *err)
{
	if (o != NULL && o->class != GM_CLASS_OK)
		return o->class;
	return gm_class_of_error(err->code);
}

const char *
gm_result_service_text(const struct gm_result *o)
{
	if (o->fault.class == GM_CLASS_OK)
		return o->answer.explanation;
	return o->fault.http != 0 && o->fault.class == o->class &&
	               gm_class(o->class)->quote != GM_QUOTE_WHY
	           ? o->fault.words
	           : "";
}

/*
 * Return true if the answer is from the model that was requested, perhaps with
 * a date or a number after its name: "gpt-4o" is "gpt-4o-2024-08-06", but not
 * "gpt-4o-mini".
 */
static bool
is_same_model(const char *requested, const char *version)
{
	size_t len = strlen(requested);

	if (strncmp(version, requested, len) != 0)
		return false;
	version += len;
	if (version[0] == '\0')
		return true;
	return (version[0] == '-' || version[0] == '@') && version[1] != '\0' &&
	       strspn(version + 1, "0123456789-") == strlen(version + 1);
}

static void
note_version(const struct gm_answer *a, const char *requested,
    const struct gm_note *note)
{
	const char *version = a->model_version;
	size_t len;

	if (strncmp(requested, "models/", 7) == 0)
		requested += 7;
	if (strncmp(version, "models/", 7) == 0)
		version += 7;
	len = strlen(requested);
	if (version[0] != '\0' && !is_same_model(requested, version) &&
	    (len < 7 || strcmp(requested + len - 7, "-latest") != 0))
		gm_note(note, GM_LEVEL_NOTE, "%s: answered by %s", requested,
		    version);
}

/* Name the first parts that were omitted, and count the others. */
static void
note_omitted(
    const struct gm_answer *a, const char *model, const struct gm_note *note)
{
	const void *all = a->omitted.data;
	const struct gm_omitted *o = all;
	size_t i;

	for (i = 0; i < a->omitted_len && i < OMITTED_NOTES; i++)
		gm_note(note, GM_LEVEL_NOTE,
		    "%s: a part (%s, %lld byte%s) cannot be shown", model,
		    o[i].mime[0] != '\0' ? o[i].mime : o[i].type,
		    (long long)o[i].bytes, o[i].bytes == 1 ? "" : "s");
	if (a->omitted_len > OMITTED_NOTES)
		gm_note(note, GM_LEVEL_NOTE,
		    "%s: %zu more parts cannot be shown", model,
		    a->omitted_len - OMITTED_NOTES);
}

void
gm_result_note(const struct gm_result *o, const struct gm_note *note)
{
	const struct gm_answer *a = &o->answer;
	struct gm_span rest = gm_buf_span(&a->sources), line, uri;

	note_version(a, o->model, note);
	if (strcmp(a->stage, "LEGACY") == 0 ||
	    strcmp(a->stage, "DEPRECATED") == 0 ||
	    strcmp(a->stage, "RETIRED") == 0)
		gm_note(note, GM_LEVEL_NOTE,
		    "%s: the service marks this model as %s; use another",
		    o->model, a->stage);
	note_omitted(a, o->model, note);
	while (gm_span_split(&rest, "\n", &line) &&
	       gm_span_split(&line, "\t", &uri) && uri.len > 0)
		gm_note(note, GM_LEVEL_NOTE, "source: %.*s %.*s", (int)uri.len,
		    uri.p, (int)line.len, line.p);
}
