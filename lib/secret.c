#include <stdlib.h>
#include <string.h>

#include "secret.h"

/* Bytes of a secret that are shown, and below which none are. */
#define TAIL 4
#define SHORT 12
/* Beginnings that are longer are not shown: before a cut; of most of a key. */
#define HEAD 3
#define HEAD_OF_MOST 7

static bool
is_equal(struct gm_span a, struct gm_span b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

int
gm_secrets_add(struct gm_secrets *s, struct gm_span secret, struct gm_err *err)
{
	struct gm_buf *items;
	size_t i;

	if (secret.len == 0)
		return 0;
	for (i = 0; i < s->len; i++)
		if (is_equal(gm_buf_span(&s->items[i]), secret))
			return 0;
	items = realloc(s->items, (s->len + 1) * sizeof(*items));
	if (items == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	s->items = items;
	gm_buf_init(&items[s->len], secret.len);
	gm_buf_put_span(&items[s->len], secret);
	if (gm_buf_check(&items[s->len], err) != 0)
		return -1;
	s->len++;
	return 0;
}

void
gm_secret_show(struct gm_buf *out, struct gm_span key)
{
	gm_buf_puts(out, "...");
	if (key.len >= SHORT)
		gm_buf_put(out, key.p + key.len - TAIL, TAIL);
}

/* The longest secret that text begins with; empty if none. */
static struct gm_span
find_secret(const struct gm_secrets *s, struct gm_span text)
{
	struct gm_span best = { text.p, 0 };
	size_t i;

	for (i = 0; s != NULL && i < s->len; i++) {
		size_t len = s->items[i].len;

		if (len > best.len && len <= text.len &&
		    memcmp(text.p, s->items[i].data, len) == 0)
			best.len = len;
	}
	return best;
}

/*
 * The bytes that secrets cover from the start of text on; *last is the one at
 * the end.  A secret may begin inside another and reach beyond it.
 */
static size_t
measure(const struct gm_secrets *s, struct gm_span text, struct gm_span *last)
{
	size_t covered, i;

	*last = find_secret(s, text);
	covered = last->len;
	for (i = 1; i < covered; i++) {
		struct gm_span next = find_secret(
		    s, (struct gm_span){ text.p + i, text.len - i });

		if (i + next.len <= covered)
			continue;
		*last = next;
		covered = i + next.len;
	}
	return covered;
}

static struct gm_span
rest_of(struct gm_span text, size_t n)
{
	return (struct gm_span){ text.p + n, text.len - n };
}

/* What stands where a secret goes on: ours of a cut, and what servers put. */
static bool
is_mark(struct gm_span text)
{
	return gm_span_starts(text, "...") || gm_span_starts(text, "***");
}

/*
 * Bytes at the start of text that are the beginning of a secret: most of it, or
 * one that is cut short and marked by "..." as gm_term_line() does, or by
 * stars; 0 if there is none.
 */
static size_t
measure_cut(const struct gm_secrets *s, struct gm_span text)
{
	size_t best = 0, i, n;

	for (i = 0; s != NULL && i < s->len; i++) {
		const struct gm_buf *item = &s->items[i];

		for (n = 0; n < item->len && n < text.len; n++)
			if (text.p[n] != item->data[n])
				break;
		if (n > best && ((n > HEAD_OF_MOST && 4 * n >= 3 * item->len) ||
				    (n > HEAD && is_mark(rest_of(text, n)))))
			best = n;
	}
	return best;
}

void
gm_secret_mask(
    const struct gm_secrets *s, struct gm_buf *out, struct gm_span text)
{
	struct gm_span last;
	size_t covered;

	while (text.len > 0) {
		covered = measure(s, text, &last);
		if (covered > 0)
			gm_secret_show(out, last);
		else
			covered = measure_cut(s, text); /* its mark stays */
		if (covered > 0 && last.len == 0 &&
		    !is_mark(rest_of(text, covered)))
			gm_buf_puts(out, "...");
		if (covered == 0) {
			gm_buf_putc(out, text.p[0]);
			covered = 1;
		}
		text.p += covered;
		text.len -= covered;
	}
}

void
gm_secrets_release(struct gm_secrets *s)
{
	size_t i;

	for (i = 0; i < s->len; i++)
		gm_buf_release(&s->items[i]);
	free(s->items);
	*s = (struct gm_secrets){ 0 };
}
