#include "gm-keycheck/health.h"
#include "base/clock.h"
#include "base/table.h"
#include "gm-keycheck/prometheus.h"
#include "json/write.h"

#define SUMMARY_BYTES 400

enum status {
	OK,
	LIMITED,
	INVALID,
	EXPIRED,
	LEAKED,
	RESTRICTED,
	PROJECT,
	NO_CREDIT,
	PLACE,
	UNKNOWN,
	STATUSES
};

static const char *const words[STATUSES] = { "ok", "limited", "invalid",
	"expired", "leaked", "restricted", "project_blocked", "no_credit",
	"region", "unknown" };

#define LATER "try again later"
#define BASE_URL "check the base URL"

/* What a class says of the key, and what to do about it. */
static const struct {
	enum status status;
	const char *advice; /* NULL: nothing */
} rows[GM_CLASSES] = {
	[GM_CLASS_OK] = { OK, NULL },
	[GM_CLASS_KEY_INVALID] = { INVALID, "replace it" },
	[GM_CLASS_KEY_EXPIRED] = { EXPIRED, "renew or replace it" },
	[GM_CLASS_KEY_LEAKED] = { LEAKED, "delete it and make another" },
	[GM_CLASS_KEY_RESTRICTED] = { RESTRICTED,
	    "allow this API and this machine in its restrictions" },
	[GM_CLASS_KEY_REJECTED] = { INVALID, "replace it" },
	[GM_CLASS_NO_KEY_SENT] = { UNKNOWN,
	    "look for a proxy that removes the key" },
	[GM_CLASS_PROJECT_BLOCKED] = { PROJECT,
	    "enable the API and billing in its project; if it is suspended: "
	    "appeal, or use another" },
	[GM_CLASS_PROJECT_DENIED] = { PROJECT,
	    "contact support, or use another project" },
	/* It may concern the model alone: no health on the key. */
	[GM_CLASS_FORBIDDEN] = { UNKNOWN,
	    "use another model, or ask for permission in its project" },
	[GM_CLASS_NO_CREDIT] = { NO_CREDIT, "add credit to its account" },
	[GM_CLASS_REGION] = { PLACE,
	    "use it from a supported region, or enable billing" },
	[GM_CLASS_QUOTA_MINUTE] = { LIMITED, "wait" },
	[GM_CLASS_QUOTA_DAY] = { LIMITED, "wait, or pay for more" },
	[GM_CLASS_QUOTA_NONE] = { LIMITED,
	    "use another model, or enable billing" },
	[GM_CLASS_QUOTA_SPEND] = { LIMITED, "wait, or raise the limit" },
	[GM_CLASS_QUOTA] = { LIMITED, "wait" },
	[GM_CLASS_QUOTA_SEARCH] = { LIMITED, "wait, or do without search" },
	[GM_CLASS_MODEL_GONE] = { UNKNOWN, "ask another model" },
	[GM_CLASS_BAD_URL] = { UNKNOWN, BASE_URL },
	[GM_CLASS_BAD_REQUEST] = { UNKNOWN, "see what -v says" },
	[GM_CLASS_TOO_LARGE] = { UNKNOWN, "see what -v says" },
	[GM_CLASS_OVERLOADED] = { UNKNOWN, LATER },
	[GM_CLASS_SERVER_TIMEOUT] = { UNKNOWN, LATER },
	[GM_CLASS_CANCELLED] = { UNKNOWN, LATER },
	[GM_CLASS_SERVER] = { UNKNOWN, LATER },
	[GM_CLASS_LOADING] = { UNKNOWN, LATER },
	[GM_CLASS_NETWORK] = { UNKNOWN, "check the network" },
	[GM_CLASS_REFUSED] = { UNKNOWN, "start the server" },
	[GM_CLASS_TIMEOUT] = { UNKNOWN, "check the network" },
	[GM_CLASS_TLS] = { UNKNOWN, "check certificates and clock" },
	[GM_CLASS_CERTIFICATES] = { UNKNOWN, "check certificates" },
	[GM_CLASS_PROXY] = { UNKNOWN, "check the proxy" },
	[GM_CLASS_FRONT_END] = { UNKNOWN,
	    "check the base URL, and from where you connect" },
	[GM_CLASS_REDIRECT] = { UNKNOWN, BASE_URL },
	[GM_CLASS_PROTOCOL] = { UNKNOWN, BASE_URL },
	[GM_CLASS_TRUNCATED] = { UNKNOWN, LATER },
	[GM_CLASS_BLOCKED] = { OK, NULL },
	[GM_CLASS_EMPTY] = { OK, NULL },
	[GM_CLASS_TOKEN_LIMIT] = { OK, NULL },
	[GM_CLASS_UNFINISHED] = { OK, NULL },
	[GM_CLASS_PARTIAL] = { OK, NULL },
	[GM_CLASS_THOUGHTS] = { OK, NULL },
	[GM_CLASS_DEADLINE] = { UNKNOWN, "allow more time" },
	[GM_CLASS_SIGNAL] = { UNKNOWN, LATER },
	[GM_CLASS_LOCAL] = { UNKNOWN, LATER },
};

static enum status
status_of(const struct gm_health *v)
{
	return rows[v->class].status;
}

bool
gm_health_is_healthy(const struct gm_health *v)
{
	return status_of(v) <= LIMITED;
}

static const char *
advice_of(const struct gm_health *v)
{
	if (v->remedy[0] != '\0')
		return v->remedy;
	if (v->old_format && status_of(v) == INVALID)
		return "make a new key: those of the old format (AIza...) have "
		       "been rejected since June 2026";
	return v->own_limit ? "wait, or raise GM_RPD" : rows[v->class].advice;
}

void
gm_health_head(bool named, struct gm_buf *out)
{
	if (named)
		gm_buf_puts(out, "PROVIDER\t");
	gm_buf_puts(
	    out, "INDEX\tKEY\tPROJECT\tSTATUS\tUNTIL\tHTTP\tMS\tWHAT TO DO\n");
}

void
gm_health_row(const struct gm_health *v, bool named, struct gm_buf *out)
{
	char until[GM_CLOCK_TEXT] = "";

	if (v->until_ms != 0)
		gm_clock_format(until, v->until_ms);
	if (named)
		gm_buf_printf(out, "%s\t", v->provider);
	gm_buf_printf(out, "%zu\t", v->index);
	gm_table_text(out, v->key);
	gm_buf_putc(out, '\t');
	gm_table_text(out, v->project);
	gm_buf_printf(out, "\t%s\t", words[status_of(v)]);
	gm_table_text(out, until);
	gm_buf_putc(out, '\t');
	gm_table_int(out, v->http != 0 ? v->http : -1);
	gm_buf_putc(out, '\t');
	gm_table_int(out, v->sent ? v->ms : -1);
	gm_buf_putc(out, '\t');
	gm_table_text(out, advice_of(v));
	gm_buf_putc(out, '\n');
}

void
gm_health_json(const struct gm_health *v, struct gm_buf *out)
{
	char until[GM_CLOCK_TEXT] = "";
	struct gm_jsonw w;

	if (v->until_ms != 0)
		gm_clock_format(until, v->until_ms);
	gm_jsonw_init(&w, out);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_text(&w, "provider", v->provider);
	gm_jsonw_int(&w, "index", (int64_t)v->index);
	gm_jsonw_text_or_null(&w, "key", v->key);
	gm_jsonw_text_or_null(&w, "project", v->project);
	gm_jsonw_text(&w, "status", words[status_of(v)]);
	gm_jsonw_text(&w, "class", gm_class(v->class)->name);
	gm_jsonw_bool(&w, "healthy", gm_health_is_healthy(v));
	gm_jsonw_text_or_null(&w, "until", until);
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
count_status(const struct gm_health *v, size_t len, enum status status)
{
	size_t n = 0, i;

	for (i = 0; i < len; i++)
		n += status_of(&v[i]) == status;
	return n;
}

size_t
gm_health_limited(const struct gm_health *v, size_t len)
{
	return count_status(v, len, LIMITED);
}

/* A sample for each key: is it healthy, or what is its status? */
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
		labels[3].value = words[status_of(&v[i])];
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
	    out, "gm_key_healthy", "Can this API key be used, now or later?");
	put_samples(v, len, "gm_key_healthy", false, out);
	gm_prometheus_gauge(
	    out, "gm_key_status", "1 for the status that this API key has.");
	put_samples(v, len, "gm_key_status", true, out);
	gm_prometheus_gauge(
	    out, "gm_keys_checked", "API keys that were checked.");
	gm_prometheus_sample(out, "gm_keys_checked", NULL, 0, (int64_t)len);
	gm_prometheus_gauge(
	    out, "gm_keys_healthy", "API keys of those that are healthy.");
	gm_prometheus_sample(
	    out, "gm_keys_healthy", NULL, 0, (int64_t)count_healthy(v, len));
	gm_prometheus_gauge(out, "gm_keycheck_timestamp_seconds",
	    "When they were checked, in seconds since 1970.");
	gm_prometheus_sample(
	    out, "gm_keycheck_timestamp_seconds", NULL, 0, now_ms / 1000);
}

/* "; 2 invalid, 1 unknown", from this status on. */
static void
put_counts(const struct gm_health *v, size_t len, enum status first,
    struct gm_buf *out)
{
	const char *between = "; ";
	size_t n;
	int s;

	for (s = (int)first; s < STATUSES; s++) {
		n = count_status(v, len, (enum status)s);
		if (n == 0)
			continue;
		gm_buf_printf(out, "%s%zu %s", between, n, words[s]);
		between = ", ";
	}
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

int
gm_health_sum(const struct gm_health *v, size_t len, size_t wanted, bool now,
    struct gm_err *err)
{
	size_t healthy = count_healthy(v, len);
	size_t good = now ? count_status(v, len, OK) : healthy;
	enum gm_code code = GM_ENEGATIVE;
	struct gm_buf text;

	if (good >= wanted)
		return 0;
	if (healthy == 0 && count_status(v, len, UNKNOWN) == len)
		return gm_fail(err, GM_EUNAVAILABLE, "no key got an answer: %s",
		    v[0].err.msg);
	gm_buf_init(&text, SUMMARY_BYTES);
	if (healthy == 0)
		code = GM_ENOPERM;
	put_good(good, len, now, &text);
	if (good > 0 && wanted != len)
		gm_buf_printf(&text, ", %zu %s wanted", wanted,
		    wanted == 1 ? "is" : "are");
	put_counts(v, len, now ? LIMITED : LIMITED + 1, &text);
	(void)gm_buf_fail(&text, code, err);
	gm_buf_release(&text);
	return -1;
}
