#include <string.h>

#include "cli/forecast.h"
#include "cli/totals.h"
#include "json/write.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS INT64_C(86400000)

/* Count the known projects of the keys; at least 1. */
static size_t
count_projects(const struct gm_keys *k)
{
	const struct gm_keyrule *rule = &k->rule;
	const struct gm_keytable *t = &k->state->table;
	size_t i, j, n = 0;

	for (i = 0; i < rule->ring->len; i++) {
		for (j = 0; j < i; j++)
			if (strcmp(gm_keyrule_project(rule, t, i),
				gm_keyrule_project(rule, t, j)) == 0)
				break;
		n += j == i;
	}
	return n > 0 ? n : 1;
}

void
gm_forecast_limits(struct gm_forecast *f, const struct gm_keys *k,
    const struct gm_keyfilter *filter)
{
	f->rpm = k->rule.rpm;
	f->rpd = k->rule.rpd;
	f->tpm = k->rule.tpm;
	f->projects = filter->of == GM_KEYS_ALL ? count_projects(k) : 1;
}

/*
 * Return the time for many requests or tokens, if each project may have limit
 * of them in per_ms.
 */
static double
spread(const struct gm_forecast *f, int64_t many, int64_t limit, int64_t per_ms)
{
	if (limit == 0 || many <= 0)
		return 0;
	return (double)many / ((double)limit * (double)f->projects) *
	       (double)per_ms;
}

/*
 * Return the shortest time in ms, and the name of the limit that causes it; 0
 * and NULL: no limit does.  The first request of each project need not wait.
 */
static int64_t
shortest_ms(const struct gm_forecast *f, const char **limit)
{
	const int64_t first = (int64_t)f->projects;
	const int64_t after = f->requests - first;
	const int64_t tokens =
	    f->requests > first ? f->tokens / f->requests * after : 0;
	const struct {
		const char *name;
		double ms;
	} limits[] = {
		{ "GM_RPM", spread(f, after, f->rpm, MINUTE_MS) },
		{ "GM_TPM", spread(f, tokens, f->tpm, MINUTE_MS) },
		{ "GM_RPD", spread(f, after, f->rpd, DAY_MS) },
		{ "--sleep-ms",
		    (double)(f->requests - 1) * (double)f->sleep_ms },
	};
	double ms = 0;
	size_t i;

	*limit = NULL;
	for (i = 0; i < GM_LEN(limits); i++)
		if (limits[i].ms > ms) {
			ms = limits[i].ms;
			*limit = limits[i].name;
		}
	return ms < 1e15 ? (int64_t)ms : (int64_t)1e15;
}

static bool
is_limited(const struct gm_forecast *f)
{
	return f->rpm > 0 || f->rpd > 0 || f->tpm > 0 || f->sleep_ms > 0;
}

static void
put_json(const struct gm_forecast *f, struct gm_buf *out)
{
	struct gm_jsonw w;
	const char *limit;
	int64_t ms = shortest_ms(f, &limit);

	gm_jsonw_init(&w, out);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_int(&w, "requests", f->requests);
	gm_jsonw_int(&w, "invalid", f->invalid);
	gm_jsonw_int(&w, "tokens", f->tokens);
	gm_jsonw_int(&w, "projects", (int64_t)f->projects);
	gm_jsonw_text_or_null(&w, "limit", limit);
	gm_jsonw_int_or_null(
	    &w, "seconds", limit != NULL ? (ms + 999) / 1000 : -1);
	gm_jsonw_end(&w);
	gm_buf_putc(out, '\n');
}

void
gm_forecast_put(const struct gm_forecast *f, bool json, struct gm_buf *out)
{
	const char *limit;
	int64_t ms = shortest_ms(f, &limit);

	if (json) {
		put_json(f, out);
		return;
	}
	gm_buf_printf(out, "%lld request%s, about %lld input tokens\n",
	    (long long)f->requests, f->requests == 1 ? "" : "s",
	    (long long)f->tokens);
	if (f->invalid > 0)
		gm_buf_printf(out, "%lld record%s cannot be sent\n",
		    (long long)f->invalid, f->invalid == 1 ? "" : "s");
	if (limit == NULL) {
		gm_buf_puts(out, is_limited(f)
				     ? "no rate limit delays it\n"
				     : "no rate limit is set (GM_RPM, "
				       "GM_TPM)\n");
		return;
	}
	gm_buf_puts(out, "at least ");
	gm_totals_put_time(out, ms);
	gm_buf_printf(out, " because of %s, with %zu quota project%s\n", limit,
	    f->projects, f->projects == 1 ? "" : "s");
}
