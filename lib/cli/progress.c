#include <stdio.h>

#include "cli/progress.h"

#define MEMORY_MS 30000.0 /* older records count for less than a half */
#define ETA_MAX 8640000.0 /* seconds: 100 days */

/* Parts that a narrow line leaves out, each with all before it. */
enum detail {
	ALL,
	NO_NAME,
	NO_RATE,
	NO_KEYS,
	NO_ETA,
	NO_FAILED,
	NOTHING
};

void
gm_progress_init(struct gm_progress *p, const struct gm_note *note,
    int64_t total, int64_t now_ms)
{
	*p = (struct gm_progress){
		.note = note, .total = total, .counted_ms = now_ms
	};
}

/* Count new records, and give less weight to earlier ones. */
static void
count(struct gm_progress *p, int64_t done, int64_t now_ms)
{
	double passed = (double)(now_ms - p->counted_ms);
	double keep;

	if (passed <= 0)
		return;
	keep = MEMORY_MS / (MEMORY_MS + passed);
	p->records = p->records * keep + (double)(done - p->counted);
	p->millis = p->millis * keep + passed;
	p->counted = done;
	p->counted_ms = now_ms;
}

/* The contents of a line. */
struct line {
	const char *tool;
	int64_t done, total, failed;
	int64_t parts, parts_done;
	size_t cooling;
	const char *wait;
	double rate; /* records per second; 0: not known */
};

/* Append whole seconds, rounded up; nothing if the time is over ETA_MAX. */
static void
put_eta(struct gm_buf *out, double seconds)
{
	int64_t whole;

	if (seconds > ETA_MAX)
		return;
	whole = (int64_t)seconds;
	whole += (double)whole < seconds;
	gm_buf_puts(out, ", ETA ");
	gm_totals_put_time(out, whole * 1000);
}

/* True if the number of records is known. */
static bool
has_end(const struct line *l)
{
	return l->total >= l->done && l->total > 0;
}

static void
put_done(struct gm_buf *out, const struct line *l)
{
	if (has_end(l))
		gm_buf_printf(
		    out, "%lld/%lld", (long long)l->done, (long long)l->total);
	else
		gm_buf_printf(out, "%lld done", (long long)l->done);
}

static void
put_line(struct gm_buf *out, const struct line *l, enum detail detail)
{
	if (detail < NO_NAME)
		gm_buf_printf(out, "%s: ", l->tool);
	put_done(out, l);
	if (detail < NO_FAILED && l->parts > 0)
		gm_buf_printf(out, ", part %lld/%lld", (long long)l->parts_done,
		    (long long)l->parts);
	if (detail < NO_RATE && l->rate > 0) {
		gm_buf_puts(out, ", ");
		gm_totals_put_rate(out, l->rate);
	}
	if (detail < NO_ETA && l->rate > 0 && has_end(l) && l->done < l->total)
		put_eta(out, (double)(l->total - l->done) / l->rate);
	if (detail < NO_FAILED && l->failed > 0)
		gm_buf_printf(out, ", %lld failed", (long long)l->failed);
	if (detail < NO_ETA && l->wait[0] != '\0')
		gm_buf_printf(out, ", %s", l->wait);
	else if (detail < NO_KEYS && l->cooling > 0)
		gm_buf_printf(out, ", %zu key%s cooling down", l->cooling,
		    l->cooling == 1 ? "" : "s");
}

static void
draw(struct gm_progress *p, const struct line *l)
{
	size_t width = p->width > 0 ? p->width : gm_note_columns(p->note);
	enum detail detail = ALL;
	struct gm_buf text;

	gm_buf_init(&text, GM_PROGRESS_LINE);
	do {
		gm_buf_reset(&text);
		if (detail < NOTHING)
			put_line(&text, l, detail);
	} while (detail++ < NOTHING && text.len >= width);
	if (text.failed == GM_OK) {
		(void)snprintf(
		    p->text, sizeof(p->text), "%s", gm_buf_str(&text));
		gm_note_status(p->note, gm_buf_span(&text));
	}
	gm_buf_release(&text);
}

void
gm_progress_draw(struct gm_progress *p, const struct gm_totals *t,
    size_t cooling, int64_t now_ms)
{
	struct line line = { .tool = p->note->tool,
		.done = t->answered + t->failed + t->skipped,
		.total = p->total,
		.parts = t->parts,
		.parts_done = t->parts_done,
		.failed = t->failed,
		.wait = p->wait,
		.cooling = cooling };

	if (p->note->status == NULL)
		return;
	if (p->drawn_ms != 0 && now_ms < p->drawn_ms + GM_PROGRESS_MS) {
		p->due_ms = p->drawn_ms + GM_PROGRESS_MS;
		if (*p->note->status == 0)
			gm_note_status(p->note, gm_span_of(p->text));
		return;
	}
	count(p, t->answered + t->failed, now_ms);
	if (p->millis > 0)
		line.rate = p->records * 1000 / p->millis;
	draw(p, &line);
	p->drawn_ms = now_ms;
	p->due_ms = 0;
}

bool
gm_progress_wait(struct gm_progress *p, struct gm_span text)
{
	if (gm_span_is(text, p->wait) || text.len >= sizeof(p->wait))
		return false;
	(void)snprintf(p->wait, sizeof(p->wait), "%.*s", (int)text.len,
	    text.len > 0 ? text.p : "");
	p->drawn_ms = 0;
	return true;
}

void
gm_progress_erase(struct gm_progress *p)
{
	gm_note_status(p->note, gm_span_of(""));
}
