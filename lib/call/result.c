#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "call/result.h"

#define ATTEMPTS_MAX (1024 * 1024)
/* Lines about parts that cannot be shown. */
#define OMITTED_TOLD 10

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
	/* The last one must be there, whatever happened in between. */
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

static void
explain(const struct gm_result *o, const struct gm_fault *f,
    const struct gm_subject *subject, struct gm_buf *out)
{
	const struct gm_class_row *row = gm_class(f->class);
	char until[GM_CLOCK_TEXT];

	put_subject(subject, row->scope, out);
	gm_buf_printf(out, ": %s", row->phrase);
	if (o->retry_at_ms != 0) {
		gm_clock_format(until, o->retry_at_ms);
		gm_buf_printf(out, "; it rests until %s", until);
	}
	if (f->remedy[0] != '\0')
		gm_buf_printf(out, ": %s", f->remedy);
	if (f->http != 0)
		gm_buf_printf(out, " (HTTP %ld, %s)", f->http, row->name);
	else
		gm_buf_printf(out, " (%s)", row->name);
	if (f->words[0] != '\0')
		gm_buf_printf(out, ": %s", f->words);
}

int
gm_result_fail(const struct gm_result *o, const struct gm_fault *f,
    const struct gm_subject *subject, struct gm_err *err)
{
	struct gm_buf line;

	gm_buf_init(&line, LINE_BYTES);
	explain(o, f, subject, &line);
	(void)gm_buf_fail(&line, gm_class(f->class)->code, err);
	gm_buf_release(&line);
	return -1;
}

/* How all keys stand, in front of what one of them came to. */
static void
explain_keys(const struct gm_pick *pick, struct gm_err *err)
{
	char until[GM_CLOCK_TEXT];

	gm_clock_format(until, pick->at_ms);
	if (pick->kind != GM_PICK_COOLING)
		gm_err_prefix(
		    err, "no key can be used (%zu refused): ", pick->rejected);
	else
		gm_err_prefix(err,
		    "no key can be used until %s (%zu at rest, %zu refused): ",
		    until, pick->cooling, pick->rejected);
}

/* It was not asked now; who has mended it will want to know. */
static void
explain_mark(
    const struct gm_keystatus *status, const char *way, struct gm_fault *f)
{
	char since[GM_CLOCK_TEXT];

	*f = (struct gm_fault){ .class = status->class, .hint_ms = -1 };
	(void)snprintf(f->words, sizeof(f->words), "%s", status->reason);
	if (status->since_ms == 0) {
		(void)snprintf(f->remedy, sizeof(f->remedy),
		    "wait, or raise %.60s", status->reason);
		return;
	}
	gm_clock_format(since, status->since_ms);
	(void)snprintf(
	    f->remedy, sizeof(f->remedy), "known since %s, %s", since, way);
}

int
gm_result_fail_keys(struct gm_result *o, const struct gm_pick *pick,
    const struct gm_subject *subject, struct gm_err *err)
{
	int64_t at = pick->kind == GM_PICK_COOLING ? pick->at_ms : 0;
	bool several = pick->cooling + pick->rejected > 1;

	if (o->fault.class == GM_CLASS_OK)
		explain_mark(&pick->status, subject->way, &o->fault);
	if (!several)
		o->retry_at_ms = at; /* this very key's, and told as such */
	(void)gm_result_fail(o, &o->fault, subject, err);
	if (err->code == GM_EOS)
		return -1; /* without memory nothing is known of the keys */
	if (several)
		explain_keys(pick, err);
	o->retry_at_ms = at;
	err->code = at != 0 ? GM_ETEMPFAIL : GM_ENOPERM;
	o->class = gm_class(o->fault.class)->code == err->code
	               ? o->fault.class
	               : pick->status.class;
	return -1;
}

/* What took the tokens, and what helps. */
static void
put_limit(const struct gm_answer *answer, struct gm_buf *out)
{
	if (answer->usage.thoughts > 0)
		gm_buf_printf(out, ": %lld of its %lld tokens went to thinking",
		    (long long)answer->usage.thoughts,
		    (long long)(answer->usage.thoughts +
				(answer->usage.output > 0 ? answer->usage.output
							  : 0)));
	gm_buf_puts(
	    out, "; --max-tokens N sets the total of thinking and answer");
}

static void
explain_finish(const struct gm_result *o, enum gm_class class,
    const char *model, struct gm_buf *out)
{
	const struct gm_answer *answer = &o->answer;

	gm_buf_printf(out, "%s: ", model);
	if (class == GM_CLASS_BLOCKED)
		gm_buf_printf(out, "the %s was blocked",
		    answer->prompt_blocked ? "prompt" : "answer");
	else
		gm_buf_puts(out, gm_class(class)->phrase);
	gm_buf_printf(out, " (%s)",
	    answer->reason[0] != '\0' ? answer->reason : "no finish reason");
	if (class == GM_CLASS_TOKEN_LIMIT)
		put_limit(answer, out);
	if (answer->explanation[0] != '\0')
		gm_buf_printf(out, ": %s", answer->explanation);
}

int
gm_result_fail_finish(const struct gm_result *o, enum gm_class class,
    const char *model, struct gm_err *err)
{
	struct gm_buf line;

	gm_buf_init(&line, LINE_BYTES);
	explain_finish(o, class, model, &line);
	(void)gm_buf_fail(&line, gm_class(class)->code, err);
	gm_buf_release(&line);
	return -1;
}

/*
 * Is it the model that was asked for, perhaps with a date or a number after
 * it? "gpt-4o" is "gpt-4o-2024-08-06", but not "gpt-4o-mini".
 */
static bool
is_same_model(const char *asked, const char *version)
{
	size_t len = strlen(asked);

	if (strncmp(version, asked, len) != 0)
		return false;
	version += len;
	if (version[0] == '\0')
		return true;
	return (version[0] == '-' || version[0] == '@') && version[1] != '\0' &&
	       strspn(version + 1, "0123456789-") == strlen(version + 1);
}

static void
tell_version(
    const struct gm_answer *a, const char *asked, const struct gm_note *note)
{
	const char *version = a->model_version;
	size_t len;

	if (strncmp(asked, "models/", 7) == 0)
		asked += 7;
	if (strncmp(version, "models/", 7) == 0)
		version += 7;
	len = strlen(asked);
	if (version[0] != '\0' && !is_same_model(asked, version) &&
	    (len < 7 || strcmp(asked + len - 7, "-latest") != 0))
		gm_note(
		    note, GM_LEVEL_NOTE, "%s: answered by %s", asked, version);
}

/* Parts that were left out, some of them one by one. */
static void
tell_omitted(
    const struct gm_answer *a, const char *model, const struct gm_note *note)
{
	const void *all = a->omitted.data;
	const struct gm_omitted *o = all;
	size_t i;

	for (i = 0; i < a->omitted_len && i < OMITTED_TOLD; i++)
		gm_note(note, GM_LEVEL_NOTE,
		    "%s: a part (%s, %lld byte%s) cannot be shown", model,
		    o[i].mime[0] != '\0' ? o[i].mime : o[i].type,
		    (long long)o[i].bytes, o[i].bytes == 1 ? "" : "s");
	if (a->omitted_len > OMITTED_TOLD)
		gm_note(note, GM_LEVEL_NOTE,
		    "%s: %zu more parts cannot be shown", model,
		    a->omitted_len - OMITTED_TOLD);
}

void
gm_result_tell(const struct gm_result *o, const struct gm_note *note)
{
	const struct gm_answer *a = &o->answer;
	struct gm_span rest = gm_buf_span(&a->sources), line, uri;

	tell_version(a, o->model, note);
	if (strcmp(a->stage, "LEGACY") == 0 ||
	    strcmp(a->stage, "DEPRECATED") == 0 ||
	    strcmp(a->stage, "RETIRED") == 0)
		gm_note(note, GM_LEVEL_NOTE, "%s: the service calls it %s",
		    o->model, a->stage);
	tell_omitted(a, o->model, note);
	while (gm_span_split(&rest, "\n", &line) &&
	       gm_span_split(&line, "\t", &uri) && uri.len > 0)
		gm_note(note, GM_LEVEL_NOTE, "source: %.*s %.*s", (int)uri.len,
		    uri.p, (int)line.len, line.p);
}
