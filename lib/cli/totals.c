#include "cli/totals.h"

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

void
gm_totals_put_time(struct gm_buf *out, int64_t ms)
{
	long long tenths = (ms + 50) / 100, s = (ms + 500) / 1000;

	if (tenths < 10LL * MINUTE && tenths % 10 != 0)
		gm_buf_printf(out, "%lld.%lld s", tenths / 10, tenths % 10);
	else if (s < MINUTE)
		gm_buf_printf(out, "%lld s", s);
	else if (s < HOUR)
		gm_buf_printf(out, "%lld min %02lld s", s / MINUTE, s % MINUTE);
	else if (s < DAY)
		gm_buf_printf(
		    out, "%lld h %02lld min", s / HOUR, s % HOUR / MINUTE);
	else
		gm_buf_printf(out, "%lld d %02lld h", s / DAY, s % DAY / HOUR);
}

void
gm_totals_put_rate(struct gm_buf *out, double per_second)
{
	if (per_second >= 9.95)
		gm_buf_printf(out, "%.0f/s", per_second);
	else if (per_second >= 1)
		gm_buf_printf(out, "%.1f/s", per_second);
	else if (per_second * MINUTE >= 1)
		gm_buf_printf(out, "%.1f/min", per_second * MINUTE);
	else
		gm_buf_printf(out, "%.1f/h", per_second * HOUR);
}

static void
put_count(struct gm_buf *out, int64_t n, const char *one, const char *many)
{
	gm_buf_printf(out, "%lld %s", (long long)n, n == 1 ? one : many);
}

static void
put_some(struct gm_buf *out, const char *before, int64_t n, const char *what)
{
	if (n > 0)
		gm_buf_printf(out, "%s%lld %s", before, (long long)n, what);
}

static int64_t
known(int64_t tokens)
{
	return tokens > 0 ? tokens : 0;
}

void
gm_totals_add(struct gm_totals *t, const struct gm_result *o)
{
	const struct gm_usage *u = &o->answer.usage;
	int64_t attempts = (int64_t)gm_result_attempts(o);

	t->requests += attempts;
	t->retries += attempts > 0 ? attempts - 1 : 0;
	t->tokens_in += known(u->prompt);
	t->tokens_out += known(u->output);
	t->tokens_total += known(u->total);
}

void
gm_totals_put(struct gm_buf *out, const struct gm_totals *t, bool brief)
{
	int64_t done = t->answered + t->failed;

	put_count(out, t->records, "record", "records");
	gm_buf_printf(out, ": %lld answered", (long long)t->answered);
	put_some(out, ", ", t->skipped, "already done");
	put_some(out, ", ", t->failed, "failed");
	put_some(out, ", ", t->not_sent, "not sent");
	gm_buf_puts(out, "; ");
	gm_totals_put_time(out, t->total_ms);
	if (!brief && done > 0 && t->total_ms > 0) {
		gm_buf_puts(out, ", ");
		gm_totals_put_rate(
		    out, (double)done * 1000 / (double)t->total_ms);
	}
	if (t->tokens_in > 0 || t->tokens_out > 0) {
		gm_buf_puts(out, "; ");
		put_count(out, t->tokens_in, "token in", "tokens in");
		gm_buf_printf(out, ", %lld out", (long long)t->tokens_out);
	}
	if (!brief && t->retries > 0) {
		gm_buf_puts(out, "; ");
		put_count(out, t->retries, "retry", "retries");
	}
}
