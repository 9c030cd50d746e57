#include "call/waitline.h"

#define NEVER INT64_MAX
#define LINE_MAX_BYTES 4096

/* Append a name that others have chosen; it must not wrap or break the line. */
static void
put_name(const struct gm_note *n, const char *name, struct gm_buf *out)
{
	struct gm_span text = gm_span_of(name);
	size_t i;

	for (i = 0; i < text.len; i++)
		if (text.p[i] < ' ' || text.p[i] > '~') {
			gm_buf_puts(out, "the model");
			return;
		}
	gm_secret_mask(n->secrets, out, text);
}

static void
put_response(const struct gm_note *n, const struct gm_call_waiting *w,
    size_t responses, int64_t seconds, struct gm_buf *out)
{
	gm_buf_puts(out, "waiting for ");
	if (responses > 1)
		gm_buf_printf(out, "%zu responses", responses);
	else
		put_name(n, w->what, out);
	gm_buf_printf(out, ", %lld s", (long long)seconds);
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

/* Append the line, or nothing yet; return when that changes. */
static int64_t
put_line(const struct gm_note *n, const struct gm_call_waiting *w,
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
gm_waitline_show(struct gm_waitline *line, const struct gm_call_waiting *w,
    size_t responses, int64_t now_ms)
{
	struct gm_buf text;
	int64_t next = NEVER;

	if (line->note == NULL || line->note->status == NULL)
		return NEVER;
	gm_buf_init(&text, LINE_MAX_BYTES);
	if (w != NULL)
		next = put_line(line->note, w, responses, now_ms, &text);
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
