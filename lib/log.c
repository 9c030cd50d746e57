#include <syslog.h>

#include "clock.h"
#include "file.h"
#include "jsonw.h"
#include "log.h"
#include "secret.h"
#include "stop.h"

#define LINE_MAX_BYTES (64 * 1024)

/* The record's fields, once, for both forms. */
struct field {
	const char *name;
	const char *text; /* NULL: a number */
	int64_t number;   /* negative: not known, left out */
};

#define FIELDS 19

static size_t
collect(struct field f[FIELDS], const char *key, const struct gm_outcome *o)
{
	const struct gm_answer *a = &o->answer;
	const struct gm_attempt *last = gm_outcome_last(o);
	bool keyed = last != NULL && last->key.len > 0;
	const struct field all[FIELDS] = {
		{ "provider", o->provider, -1 },
		{ "model", o->model, -1 },
		{ "key_index", NULL, keyed ? (int64_t)last->key_index : -1 },
		{ "key", key, 0 },
		{ "attempts", NULL, (int64_t)gm_outcome_attempts(o) },
		{ "class", gm_class(o->class)->name, 0 },
		{ "http", NULL, o->fault.http > 0 ? o->fault.http : -1 },
		{ "wait_ms", NULL, o->wait_ms },
		{ "connect_ms", NULL, o->connect_ms },
		{ "ttft_ms", NULL, o->ttft_ms },
		{ "total_ms", NULL, o->total_ms },
		{ "bytes_in", NULL, o->bytes_in },
		{ "bytes_out", NULL, o->bytes_out },
		{ "prompt_tokens", NULL, a->usage.prompt },
		{ "cached_tokens", NULL, a->usage.cached },
		{ "output_tokens", NULL, a->usage.output },
		{ "thoughts_tokens", NULL, a->usage.thoughts },
		{ "total_tokens", NULL, a->usage.total },
		{ "finish", a->reason, 0 },
	};
	size_t i, len = 0;

	for (i = 0; i < FIELDS; i++)
		if (all[i].text != NULL ? all[i].text[0] != '\0'
					: all[i].number >= 0)
			f[len++] = all[i];
	return len;
}

static void
put_json(const struct gm_log *log, const struct field *f, size_t len,
    struct gm_buf *out)
{
	char now[GM_CLOCK_TEXT];
	struct gm_jsonw w;
	size_t i;

	gm_clock_format_ms(now, gm_clock_wall_ms());
	gm_jsonw_init(&w, out);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_text(&w, "time", now);
	gm_jsonw_text(&w, "tool", log->note->tool);
	for (i = 0; i < len; i++)
		if (f[i].text != NULL)
			gm_jsonw_text(&w, f[i].name, f[i].text);
		else
			gm_jsonw_int(&w, f[i].name, f[i].number);
	gm_jsonw_end(&w);
	gm_buf_putc(out, '\n');
}

static void
put_words(const struct field *f, size_t len, struct gm_buf *out)
{
	size_t i;

	for (i = 0; i < len; i++) {
		gm_buf_printf(out, "%s%s=", i > 0 ? " " : "", f[i].name);
		if (f[i].text != NULL)
			gm_buf_puts(out, f[i].text);
		else
			gm_buf_printf(out, "%lld", (long long)f[i].number);
	}
}

static int
priority(enum gm_code code)
{
	if (code == GM_OK)
		return LOG_INFO;
	if (code == GM_ENEGATIVE)
		return LOG_NOTICE;
	return code == GM_ETEMPFAIL ? LOG_WARNING : LOG_ERR;
}

/* A line that could not be made whole is told, and not written. */
static void
to_file(const struct gm_log *log, const struct gm_buf *line)
{
	struct gm_err err;

	if (gm_buf_check(line, &err) == 0 &&
	    gm_file_append(log->file, gm_buf_span(line), &err) == 0)
		return;
	gm_stop_last_words(); /* a line that is missing must be told */
	gm_note(log->note, GM_LEVEL_NOTE, "log file: %s", err.msg);
}

static void
to_stderr(const struct gm_log *log, const struct gm_buf *line)
{
	struct gm_err err;

	if (gm_buf_check(line, &err) == 0)
		gm_note(log->note, GM_LEVEL_METRICS, "%s", gm_buf_str(line));
	else
		gm_note(log->note, GM_LEVEL_NOTE, "metrics: %s", err.msg);
}

static void
to_syslog(
    const struct gm_log *log, enum gm_code code, const struct gm_buf *line)
{
	struct gm_err err;

	if (gm_buf_check(line, &err) != 0) {
		gm_note(log->note, GM_LEVEL_NOTE, "syslog: %s", err.msg);
		return;
	}
	openlog(log->note->tool, LOG_PID, LOG_USER);
	syslog(priority(code), "%s", gm_buf_str(line));
	closelog();
}

void
gm_log_outcome(const struct gm_log *log, const struct gm_outcome *o)
{
	struct field f[FIELDS];
	const struct gm_attempt *last = gm_outcome_last(o);
	size_t len;
	struct gm_buf json, words, masked, key;

	gm_buf_init(&key, LINE_MAX_BYTES);
	if (last != NULL && last->key.len > 0)
		gm_secret_show(&key, last->key);
	len = collect(f, gm_buf_str(&key), o);
	gm_buf_init(&json, LINE_MAX_BYTES);
	gm_buf_init(&words, LINE_MAX_BYTES);
	gm_buf_init(&masked, LINE_MAX_BYTES);
	put_words(f, len, &words);
	gm_buf_inherit(&words, &key);
	if (log->metrics)
		to_stderr(log, &words);
	if (log->file != NULL) {
		put_json(log, f, len, &json);
		gm_secret_mask(log->note->secrets, &masked, gm_buf_span(&json));
		gm_buf_inherit(&masked, &json);
		gm_buf_inherit(&masked, &key);
		to_file(log, &masked);
		gm_buf_reset(&masked);
	}
	gm_secret_mask(log->note->secrets, &masked, gm_buf_span(&words));
	gm_buf_inherit(&masked, &words);
	if (log->syslog)
		to_syslog(log, gm_class(o->class)->code, &masked);
	gm_buf_release(&key);
	gm_buf_release(&masked);
	gm_buf_release(&words);
	gm_buf_release(&json);
}
