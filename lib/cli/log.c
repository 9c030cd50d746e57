#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/stop.h"
#include "base/term.h"
#include "base/utf8.h"
#include "cli/log.h"
#include "json/write.h"

#define LINE_MAX_BYTES (64 * 1024)

/* A field of a line, for both forms. */
struct field {
	const char *name;
	const char *text; /* NULL: a number */
	int64_t number;   /* negative: not known, left out */
};

#define FIELDS 19

/* Names from users and servers, masked. */
struct names {
	struct gm_buf key, model, finish;
};

static void
mask(const struct gm_log *log, struct gm_buf *out, const char *text)
{
	gm_secret_mask(log->note->secrets, out, gm_span_of(text));
}

static void
make_names(const struct gm_log *log, struct names *n, const struct gm_result *o)
{
	const struct gm_attempt *last = gm_result_last(o);

	gm_buf_init(&n->key, LINE_MAX_BYTES);
	gm_buf_init(&n->model, LINE_MAX_BYTES);
	gm_buf_init(&n->finish, LINE_MAX_BYTES);
	if (last != NULL && last->key.len > 0)
		gm_secret_show(&n->key, last->key);
	mask(log, &n->model, o->model);
	mask(log, &n->finish, o->answer.reason);
}

/* A line without one of the names, for lack of memory, is not written. */
static void
inherit_names(struct gm_buf *line, const struct names *n)
{
	gm_buf_inherit(line, &n->key);
	gm_buf_inherit(line, &n->model);
	gm_buf_inherit(line, &n->finish);
}

static void
release_names(struct names *n)
{
	gm_buf_release(&n->key);
	gm_buf_release(&n->model);
	gm_buf_release(&n->finish);
}

static size_t
collect(
    struct field f[FIELDS], const struct names *n, const struct gm_result *o)
{
	const struct gm_answer *a = &o->answer;
	const struct gm_attempt *last = gm_result_last(o);
	bool keyed = last != NULL && last->key.len > 0;
	const struct field all[FIELDS] = {
		{ "provider", o->provider, -1 },
		{ "model", gm_buf_str(&n->model), 0 },
		{ "key_index", NULL, keyed ? (int64_t)last->key_index : -1 },
		{ "key", gm_buf_str(&n->key), 0 },
		{ "attempts", NULL, (int64_t)gm_result_attempts(o) },
		{ "class", gm_class(o->class)->name, 0 },
		{ "http", NULL, o->fault.http > 0 ? o->fault.http : -1 },
		{ "wait_ms", NULL, o->wait_ms },
		{ "connect_ms", NULL, o->connect_ms },
		{ "ttft_ms", NULL, o->ttft_ms },
		{ "total_ms", NULL, o->total_ms },
		{ "bytes_sent", NULL, o->bytes_sent },
		{ "bytes_received", NULL, o->bytes_received },
		{ "prompt_tokens", NULL, a->usage.prompt },
		{ "cached_tokens", NULL, a->usage.cached },
		{ "output_tokens", NULL, a->usage.output },
		{ "thoughts_tokens", NULL, a->usage.thoughts },
		{ "total_tokens", NULL, a->usage.total },
		{ "finish", gm_buf_str(&n->finish), 0 },
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

/* True if a value needs no quotes. */
static bool
is_word(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~' || strchr("\"=\\", *text))
			return false;
	return true;
}

static void
put_value(const char *text, struct gm_buf *out)
{
	struct gm_span rest;
	uint32_t point;
	size_t n, skip;

	if (is_word(text)) {
		gm_buf_puts(out, text);
		return;
	}
	gm_buf_putc(out, '"');
	for (rest = gm_span_of(text); rest.len > 0;
	     rest.p += n, rest.len -= n) {
		n = gm_utf8_decode(rest, &point, &skip);
		if (n == 0) {
			gm_utf8_put(out, GM_UTF8_REPLACEMENT);
			n = skip;
		} else if (!gm_term_is_plain(point)) {
			gm_buf_printf(out, "\\u%04x", (unsigned)point);
		} else {
			if (point == '"' || point == '\\')
				gm_buf_putc(out, '\\');
			gm_buf_put(out, rest.p, n);
		}
	}
	gm_buf_putc(out, '"');
}

static void
put_words(const struct field *f, size_t len, struct gm_buf *out)
{
	size_t i;

	for (i = 0; i < len; i++) {
		gm_buf_printf(out, "%s%s=", i > 0 ? " " : "", f[i].name);
		if (f[i].text != NULL)
			put_value(f[i].text, out);
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

/* Write the line if memory sufficed for it; a note reports a failure. */
static void
to_file(const struct gm_log *log, const struct gm_buf *line)
{
	struct gm_err err;
	int rc = gm_buf_check(line, &err);

	if (rc == 0 && strcmp(log->file, "-") == 0) {
		gm_note_status(log->note, gm_span_of(""));
		rc = gm_file_write(
		    log->note->fd, gm_buf_span(line), GM_STOP_NOW, &err);
	} else if (rc == 0) {
		rc = gm_file_append(log->file, gm_buf_span(line), &err);
	}
	if (rc == 0)
		return;
	gm_stop_last_words(); /* a missing line must be reported */
	gm_note(log->note, GM_LEVEL_NOTE, "log file: %s", err.msg);
}

static void
to_stderr(const struct gm_log *log, const struct gm_buf *line)
{
	struct gm_err err;

	if (gm_buf_check(line, &err) == 0)
		gm_note_masked(log->note, GM_LEVEL_METRICS, gm_buf_span(line));
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

/* Print "gemini-flash-latest: 28 tokens in, 56 out, 0.2 s". */
static void
print_brief(
    const struct gm_log *log, const struct names *n, const struct gm_result *o)
{
	const struct gm_usage *u = &o->answer.usage;
	struct gm_buf line;

	if (o->class != GM_CLASS_OK && u->prompt < 0)
		return;
	gm_buf_init(&line, LINE_MAX_BYTES);
	gm_buf_printf(&line, "%s: ", gm_buf_str(&n->model));
	if (u->prompt >= 0)
		gm_buf_printf(&line, "%lld token%s in, ", (long long)u->prompt,
		    u->prompt == 1 ? "" : "s");
	if (u->prompt >= 0 && u->output >= 0)
		gm_buf_printf(&line, "%lld out, ", (long long)u->output);
	gm_totals_put_time(&line, o->total_ms);
	inherit_names(&line, n);
	to_stderr(log, &line);
	gm_buf_release(&line);
}

void
gm_log_result(const struct gm_log *log, const struct gm_result *o)
{
	struct field f[FIELDS];
	struct gm_buf json, words;
	struct names names;
	size_t len;

	make_names(log, &names, o);
	len = collect(f, &names, o);
	gm_buf_init(&json, LINE_MAX_BYTES);
	gm_buf_init(&words, LINE_MAX_BYTES);
	put_words(f, len, &words);
	inherit_names(&words, &names);
	if (log->metrics && log->brief)
		print_brief(log, &names, o);
	else if (log->metrics)
		to_stderr(log, &words);
	if (log->file != NULL) {
		put_json(log, f, len, &json);
		inherit_names(&json, &names);
		to_file(log, &json);
	}
	if (log->syslog)
		to_syslog(log, gm_class(o->class)->code, &words);
	release_names(&names);
	gm_buf_release(&words);
	gm_buf_release(&json);
}

void
gm_log_totals(const struct gm_log *log, const struct gm_totals *t)
{
	const struct field all[] = {
		{ "records", NULL, t->records },
		{ "answered", NULL, t->answered },
		{ "failed", NULL, t->failed },
		{ "skipped", NULL, t->skipped },
		{ "not_sent", NULL, t->not_sent },
		{ "requests", NULL, t->requests },
		{ "retries", NULL, t->retries },
		{ "prompt_tokens", NULL, t->tokens_in },
		{ "output_tokens", NULL, t->tokens_out },
		{ "total_tokens", NULL, t->tokens_total },
		{ "total_ms", NULL, t->total_ms },
	};
	bool all_done = t->failed == 0 && t->not_sent == 0;
	struct gm_buf line;

	gm_buf_init(&line, LINE_MAX_BYTES);
	if (log->metrics) {
		gm_totals_put(&line, t, log->brief);
		to_stderr(log, &line);
		gm_buf_reset(&line);
	}
	if (log->file != NULL) {
		put_json(log, all, GM_LEN(all), &line);
		to_file(log, &line);
		gm_buf_reset(&line);
	}
	if (log->syslog) {
		put_words(all, GM_LEN(all), &line);
		to_syslog(log, all_done ? GM_OK : GM_ENEGATIVE, &line);
	}
	gm_buf_release(&line);
}
