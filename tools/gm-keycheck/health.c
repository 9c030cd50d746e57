#include "gm-keycheck/health.h"
#include "base/clock.h"
#include "base/table.h"
#include "gm-keycheck/prometheus.h"
#include "json/write.h"

#define SUMMARY_BYTES ((size_t)GM_ERR_MAX)
#define NAMED_MAX 3 /* keys that a summary names */

static enum gm_status
status_of(const struct gm_health *v)
{
	return gm_class(v->class)->status;
}

static const char *
word_of(const struct gm_health *v)
{
	return gm_status_name(status_of(v));
}

bool
gm_health_is_healthy(const struct gm_health *v)
{
	return status_of(v) <= GM_STATUS_LIMITED;
}

/*
 * Return advice about a class.  Some classes have other words here than in an
 * error line, as the advice follows a key.
 */
static const char *class_advice(enum gm_class class)
{
	if (class == GM_CLASS_QUOTA_MINUTE || class == GM_CLASS_QUOTA)
		return "wait";
	if (class == GM_CLASS_QUOTA_SPEND)
		return "wait, or raise the spending limit";
	if (class == GM_CLASS_PROJECT_BLOCKED)
		return "enable the API and billing in its project";
	return gm_class(class)->advice;
}

static const char *
advice_of(const struct gm_health *v)
{
	const char *advice;

	if (v->remedy[0] != '\0')
		return v->remedy;
	if (v->old_format && status_of(v) == GM_STATUS_INVALID)
		return "create a new key: those of the old format are rejected "
		       "since June 2026";
	if (v->own_limit)
		return "wait, or raise GM_RPD";
	advice = class_advice(v->class);
	if (advice == NULL && !gm_health_is_healthy(v))
		return "add -v for the reason";
	return advice;
}

static void
put_row(const struct gm_health *v, bool named, bool projects, int64_t now_ms,
    struct gm_buf *out)
{
	if (named)
		gm_buf_printf(out, "%s\t", v->provider);
	gm_buf_printf(out, "%zu\t", v->index);
	gm_table_text(out, v->key);
	gm_buf_putc(out, '\t');
	if (projects) {
		gm_table_text(out, v->project);
		gm_buf_putc(out, '\t');
	}
	gm_buf_printf(out, "%s\t", word_of(v));
	gm_table_time(out, v->retry_at_ms, now_ms);
	gm_buf_putc(out, '\t');
	gm_table_int(out, v->http != 0 ? v->http : -1);
	gm_buf_putc(out, '\t');
	gm_table_int(out, v->sent ? v->ms : -1);
	gm_buf_putc(out, '\t');
	gm_table_text(out, advice_of(v));
	gm_buf_putc(out, '\n');
}

static bool
has_project(const struct gm_health *v, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (v[i].project[0] != '\0')
			return true;
	return false;
}

void
gm_health_table(const struct gm_health *v, size_t len, bool named,
    int64_t now_ms, struct gm_buf *out)
{
	bool terminal = now_ms != 0,
	     projects = !terminal || has_project(v, len);
	struct gm_buf rows;
	size_t i;

	gm_buf_init(&rows, out->max);
	if (terminal)
		gm_buf_printf(&rows,
		    "%sINDEX\tKEY\t%sSTATUS\tRETRY AT\tHTTP\tMS\tWHAT TO DO\n",
		    named ? "PROVIDER\t" : "", projects ? "PROJECT\t" : "");
	for (i = 0; i < len; i++)
		put_row(&v[i], named, projects, now_ms, &rows);
	if (terminal)
		gm_table_align(gm_buf_span(&rows), out);
	else
		gm_buf_put_span(out, gm_buf_span(&rows));
	gm_buf_inherit(out, &rows);
	gm_buf_release(&rows);
}

void
gm_health_json(const struct gm_health *v, struct gm_buf *out)
{
	char retry_at[GM_CLOCK_TEXT] = "";
	struct gm_jsonw w;

	if (v->retry_at_ms != 0 && v->retry_at_ms != INT64_MAX)
		gm_clock_format(retry_at, v->retry_at_ms);
	gm_jsonw_init(&w, out);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_text(&w, "provider", v->provider);
	gm_jsonw_int(&w, "index", (int64_t)v->index);
	gm_jsonw_text_or_null(&w, "key", v->key);
	gm_jsonw_text_or_null(&w, "project", v->project);
	gm_jsonw_text(&w, "status", word_of(v));
	gm_jsonw_text(&w, "class", gm_class(v->class)->name);
	gm_jsonw_bool(&w, "healthy", gm_health_is_healthy(v));
	gm_jsonw_text_or_null(&w, "retry_at", retry_at);
	gm_jsonw_int_or_null(&w, "http", v->http != 0 ? v->http : -1);
	gm_jsonw_int_or_null(&w, "ms", v->sent ? v->ms : -1);
	gm_jsonw_text_or_null(&w, "advice", advice_of(v));
	gm_jsonw_text_or_null(&w, "model", v->model);
	gm_jsonw_end(&w);
	gm_buf_putc(out, '\n');
}

static size_t
count_healthy(const struct gm_health *v, size_t len)
{
	size_t n = 0, i;

	for (i = 0; i < len; i++)
		n += gm_health_is_healthy(&v[i]);
	return n;
}

static size_t
count_status(const struct gm_health *v, size_t len, enum gm_status status)
{
	size_t n = 0, i;

	for (i = 0; i < len; i++)
		n += status_of(&v[i]) == status;
	return n;
}

/* Put a sample for each key: with its status as a label, or 1 if healthy. */
static void
put_samples(const struct gm_health *v, size_t len, const char *name,
    bool status, struct gm_buf *out)
{
	struct gm_prometheus_label labels[] = { { "provider", NULL },
		{ "index", NULL }, { "project", NULL }, { "status", NULL } };
	char index[24];
	struct gm_buf number;
	size_t i;

	gm_buf_init(&number, sizeof(index));
	for (i = 0; i < len; i++) {
		gm_buf_reset(&number);
		gm_buf_printf(&number, "%zu", v[i].index);
		labels[0].value = v[i].provider;
		labels[1].value = gm_buf_str(&number);
		labels[2].value = v[i].project;
		labels[3].value = word_of(&v[i]);
		gm_prometheus_sample(out, name, labels,
		    status ? GM_LEN(labels) : GM_LEN(labels) - 1,
		    status || gm_health_is_healthy(&v[i]));
	}
	gm_buf_inherit(out, &number);
	gm_buf_release(&number);
}

void
gm_health_metrics(
    const struct gm_health *v, size_t len, int64_t now_ms, struct gm_buf *out)
{
	gm_prometheus_gauge(
	    out, "gm_key_healthy", "1 if this API key is healthy, else 0.");
	put_samples(v, len, "gm_key_healthy", false, out);
	gm_prometheus_gauge(out, "gm_key_status",
	    "1, with the status of this API key as a label.");
	put_samples(v, len, "gm_key_status", true, out);
	gm_prometheus_gauge(
	    out, "gm_keys_checked", "Number of API keys that were checked.");
	gm_prometheus_sample(out, "gm_keys_checked", NULL, 0, (int64_t)len);
	gm_prometheus_gauge(out, "gm_keys_healthy",
	    "Number of these API keys that are healthy.");
	gm_prometheus_sample(
	    out, "gm_keys_healthy", NULL, 0, (int64_t)count_healthy(v, len));
	gm_prometheus_gauge(out, "gm_keycheck_timestamp_seconds",
	    "Time of the check in seconds since 1970.");
	gm_prometheus_sample(
	    out, "gm_keycheck_timestamp_seconds", NULL, 0, now_ms / 1000);
}

/* True if the keys are of several services, so that an index is not enough. */
static bool
has_services(const struct gm_health *v, size_t len)
{
	size_t i;

	for (i = 1; i < len; i++)
		if (v[i].service != v[0].service)
			return true;
	return false;
}

/* Put "key 1 (...0002)". */
static void
put_key(const struct gm_health *v, bool named, struct gm_buf *out)
{
	gm_buf_printf(out, "%s%skey %zu", named ? v->provider : "",
	    named ? " " : "", v->index);
	if (v->key[0] != '\0')
		gm_buf_printf(out, " (%s)", v->key);
}

/*
 * Put the first keys whose status is from first to last: "key 1 (...0002)
 * invalid, key 3 (...0004) leaked, and 2 more"; words: with the status.
 */
static void
put_keys(const struct gm_health *v, size_t len, enum gm_status first,
    enum gm_status last, bool words, struct gm_buf *out)
{
	bool named = has_services(v, len);
	size_t i, n = 0;

	for (i = 0; i < len; i++) {
		if (status_of(&v[i]) < first || status_of(&v[i]) > last ||
		    n++ >= NAMED_MAX)
			continue;
		gm_buf_puts(out, n > 1 ? ", " : "");
		put_key(&v[i], named, out);
		if (words)
			gm_buf_printf(out, " %s", word_of(&v[i]));
	}
	if (n > NAMED_MAX)
		gm_buf_printf(out, ", and %zu more", n - NAMED_MAX);
}

void
gm_health_note(const struct gm_health *v, size_t len, struct gm_buf *out)
{
	size_t n = count_status(v, len, GM_STATUS_LIMITED);

	if (n == 0)
		return;
	gm_buf_printf(out,
	    "%zu of %zu key%s %s limited, which counts as healthy: ", n, len,
	    len == 1 ? "" : "s", n == 1 ? "is" : "are");
	put_keys(v, len, GM_STATUS_LIMITED, GM_STATUS_LIMITED, false, out);
}

static void
put_good(size_t good, size_t len, bool now, struct gm_buf *text)
{
	const char *s = len == 1 ? "" : "s";

	if (good == 0)
		gm_buf_printf(
		    text, "no key %s", now ? "can answer now" : "is healthy");
	else if (now)
		gm_buf_printf(
		    text, "%zu of %zu key%s can answer now", good, len, s);
	else
		gm_buf_printf(text, "%zu of %zu key%s %s healthy", good, len, s,
		    good == 1 ? "is" : "are");
}

/*
 * Put the keys with this status or a worse one, and what to do about a single
 * one.
 */
static void
put_bad(const struct gm_health *v, size_t len, enum gm_status first,
    struct gm_buf *text)
{
	const struct gm_health *bad = NULL;
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		if (status_of(&v[i]) >= first) {
			bad = &v[i];
			n++;
		}
	if (bad == NULL)
		return;
	gm_buf_puts(text, "; ");
	put_keys(v, len, first, GM_STATUS_UNKNOWN, true, text);
	if (n == 1)
		gm_buf_printf(text, ": %s", advice_of(bad));
}

int
gm_health_sum(const struct gm_health *v, size_t len, size_t wanted, bool now,
    struct gm_err *err)
{
	size_t healthy = count_healthy(v, len);
	size_t good = now ? count_status(v, len, GM_STATUS_OK) : healthy;
	enum gm_code code = GM_ENEGATIVE;
	struct gm_buf text;

	if (good >= wanted)
		return 0;
	if (healthy == 0 && count_status(v, len, GM_STATUS_UNKNOWN) == len)
		return gm_fail(err, GM_EUNAVAILABLE, "no key got an answer: %s",
		    v[0].err.msg);
	gm_buf_init(&text, SUMMARY_BYTES);
	if (healthy == 0)
		code = GM_ENOPERM;
	put_good(good, len, now, &text);
	if (good > 0 && wanted != len)
		gm_buf_printf(&text, ", %zu required", wanted);
	put_bad(v, len, now ? GM_STATUS_LIMITED : GM_STATUS_LIMITED + 1, &text);
	(void)gm_buf_fail(&text, code, err);
	gm_buf_release(&text);
	return -1;
}
