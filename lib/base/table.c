#include <string.h>

#include "base/clock.h"
#include "base/table.h"

#define GAP 2
#define LEAST 8 /* characters that a shortened cell keeps */

/* Times of day within half a day are those of the nearest day. */
#define NEAR_MS (12 * 60 * 60 * INT64_C(1000))

static const char dots[] = "...";

/* Count characters: bytes that do not continue one in UTF-8. */
static size_t
width_of(struct gm_span cell)
{
	size_t width = 0, i;

	for (i = 0; i < cell.len; i++)
		width += ((unsigned char)cell.p[i] & 0xC0) != 0x80;
	return width;
}

/* The first characters of a cell. */
static struct gm_span
head_of(struct gm_span cell, size_t characters)
{
	size_t i;

	for (i = 0; i < cell.len; i++)
		if (((unsigned char)cell.p[i] & 0xC0) != 0x80 &&
		    characters-- == 0)
			break;
	return (struct gm_span){ cell.p, i };
}

static void
measure(struct gm_span text, size_t widths[GM_TABLE_COLUMNS])
{
	struct gm_span line, cell;
	size_t i, width;

	while (gm_span_split(&text, "\n", &line))
		for (i = 0;
		     i < GM_TABLE_COLUMNS && gm_span_split(&line, "\t", &cell);
		     i++) {
			width = width_of(cell);
			if (width > widths[i])
				widths[i] = width;
		}
}

/* Make a column narrower, so that all columns together fit. */
static void
narrow(size_t widths[GM_TABLE_COLUMNS], size_t max, size_t column)
{
	size_t i, total = 0, excess;

	for (i = 0; i < GM_TABLE_COLUMNS; i++)
		total += widths[i] > 0 ? widths[i] + GAP : 0;
	if (total <= max + GAP || widths[column] <= LEAST)
		return;
	excess = total - GAP - max;
	widths[column] =
	    excess < widths[column] - LEAST ? widths[column] - excess : LEAST;
}

static void
put_cell(struct gm_span cell, size_t width, struct gm_buf *out)
{
	if (width_of(cell) <= width) {
		gm_buf_put_span(out, cell);
		return;
	}
	gm_buf_put_span(out, gm_span_trim(head_of(cell, width - strlen(dots))));
	gm_buf_puts(out, dots);
}

static void
put_line(struct gm_span line, const size_t widths[GM_TABLE_COLUMNS],
    struct gm_buf *out)
{
	struct gm_span cell;
	size_t i, width, before, owed = 0;

	for (i = 0; gm_span_split(&line, "\t", &cell); i++) {
		width = i < GM_TABLE_COLUMNS ? widths[i] : width_of(cell);
		/* Blanks are put only once something follows them. */
		for (; cell.len > 0 && owed > 0; owed--)
			gm_buf_putc(out, ' ');
		before = out->len;
		put_cell(cell, width, out);
		owed += width + GAP -
		        width_of((struct gm_span){
			    gm_buf_str(out) + before, out->len - before });
	}
	gm_buf_putc(out, '\n');
}

static void
put_table(struct gm_span text, const size_t widths[GM_TABLE_COLUMNS],
    struct gm_buf *out)
{
	struct gm_span line;

	while (gm_span_split(&text, "\n", &line))
		if (text.p != NULL || line.len > 0) /* not after the last one */
			put_line(line, widths, out);
}

void
gm_table_align(struct gm_span text, struct gm_buf *out)
{
	size_t widths[GM_TABLE_COLUMNS] = { 0 };

	measure(text, widths);
	put_table(text, widths, out);
}

void
gm_table_fit(
    struct gm_span text, size_t width, size_t column, struct gm_buf *out)
{
	size_t widths[GM_TABLE_COLUMNS] = { 0 };

	measure(text, widths);
	narrow(widths, width, column);
	put_table(text, widths, out);
}

void
gm_table_text(struct gm_buf *out, const char *text)
{
	gm_buf_puts(out, text != NULL && text[0] != '\0' ? text : "-");
}

void
gm_table_int(struct gm_buf *out, int64_t value)
{
	if (value >= 0)
		gm_buf_printf(out, "%lld", (long long)value);
	else
		gm_table_text(out, NULL);
}

void
gm_table_time(struct gm_buf *out, int64_t ms, int64_t now_ms)
{
	char text[GM_CLOCK_TEXT] = "";
	bool near =
	    now_ms != 0 && ms > now_ms - NEAR_MS && ms < now_ms + NEAR_MS;

	if (ms == INT64_MAX) {
		gm_buf_puts(out, "never");
		return;
	}
	if (ms != 0)
		gm_clock_format(text, ms);
	gm_table_text(out, near && ms != 0 ? strchr(text, 'T') + 1 : text);
}
