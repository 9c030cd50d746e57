#include <stdio.h>
#include <string.h>

#include "call/waitline.h"

#define NEVER INT64_MAX
#define NAME_LEAST 8 /* characters that a long name keeps */

static const char dots[] = "...";

/*
 * Append a name that others have chosen, cut to max characters, of which the
 * last three are then "..."; it must not wrap or break the line.
 */
static void
put_name(
    const struct gm_note *n, const char *name, size_t max, struct gm_buf *out)
{
	struct gm_span text = gm_span_of(name);
	size_t i, begin = out->len;

	for (i = 0; i < text.len; i++)
		if (text.p[i] < ' ' || text.p[i] > '~') {
			gm_buf_puts(out, "the model");
			return;
		}
	gm_secret_mask(n->secrets, out, text);
	if (out->failed != GM_OK || out->len - begin <= max)
		return;
	gm_buf_cut(out, begin + max - strlen(dots));
	gm_buf_puts(out, dots);
}

static void
put_response(const struct gm_note *n, const struct gm_call_waiting *w,
    size_t responses, int64_t seconds, struct gm_buf *out)
{
	size_t used, columns = gm_note_columns(n);
	char end[40];

	(void)snprintf(end, sizeof(end), ", %lld s", (long long)seconds);
	gm_buf_puts(out, "waiting for ");
	/* The seconds must be seen, and the last column stays free. */
	used = out->len + strlen(end) + 1;
	if (responses > 1)
		gm_buf_printf(out, "%zu responses", responses);
	else
		put_name(n, w->what,
		    columns > used + NAME_LEAST ? columns - used : NAME_LEAST,
		    out);
	gm_buf_puts(out, end);
}

static void
put_countdown(
    const struct gm_call_waiting *w, int64_t seconds, struct gm_buf *out)
{
	gm_buf_printf(out, "%s: waiting %lld s", w->why, (long long)seconds);
	if (w->key.len == 0)
		return;
	gm_buf_printf(out, " for key %zu (", w->key_index);
	gm_secret_show(out, w->key);
	gm_buf_putc(out, ')');
}

int64_t
gm_waitline_put(const struct gm_note *n, const struct gm_call_waiting *w,
    size_t responses, int64_t now_ms, struct gm_buf *out)
{
	int64_t ms, seconds;

	if (w->what != NULL) {
		if (now_ms < w->since_ms + GM_WAITLINE_MS)
			return w->since_ms + GM_WAITLINE_MS;
		seconds = (now_ms - w->since_ms) / 1000;
		put_response(n, w, responses, seconds, out);
		return w->since_ms + (seconds + 1) * 1000;
	}
	ms = w->until_ms - now_ms;
	if (ms <= 0)
		return NEVER;
	seconds = (ms + 999) / 1000;
	put_countdown(w, seconds, out);
	return w->until_ms - (seconds - 1) * 1000;
}

int64_t
gm_waitline_show(const struct gm_waitline *line,
    const struct gm_call_waiting *w, size_t responses, int64_t now_ms)
{
	struct gm_buf text;
	int64_t next = NEVER;

	if (line->note == NULL || line->note->status == NULL)
		return NEVER;
	gm_buf_init(&text, GM_WAITLINE_MAX);
	if (w != NULL)
		next = gm_waitline_put(line->note, w, responses, now_ms, &text);
	if (text.failed == GM_OK)
		gm_note_status(line->note, gm_buf_span(&text));
	gm_buf_release(&text);
	return next;
}

void
gm_waitline_erase(const struct gm_waitline *line)
{
	if (line->note != NULL)
		gm_note_status(line->note, gm_span_of(""));
}
