#include "base/table.h"

#define GAP 2

/* Characters: bytes that do not continue one in UTF-8. */
static size_t
width_of(struct gm_span cell)
{
	size_t width = 0, i;

	for (i = 0; i < cell.len; i++)
		width += ((unsigned char)cell.p[i] & 0xC0) != 0x80;
	return width;
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

static void
put_line(struct gm_span line, const size_t widths[GM_TABLE_COLUMNS],
    struct gm_buf *out)
{
	struct gm_span cell;
	size_t i, fill, owed = 0;

	for (i = 0; gm_span_split(&line, "\t", &cell); i++) {
		/* Blanks are put only once something follows them. */
		for (; cell.len > 0 && owed > 0; owed--)
			gm_buf_putc(out, ' ');
		gm_buf_put_span(out, cell);
		fill = i < GM_TABLE_COLUMNS ? widths[i] - width_of(cell) : 0;
		owed += fill + GAP;
	}
	gm_buf_putc(out, '\n');
}

void
gm_table_align(struct gm_span text, struct gm_buf *out)
{
	size_t widths[GM_TABLE_COLUMNS] = { 0 };
	struct gm_span line;

	measure(text, widths);
	while (gm_span_split(&text, "\n", &line))
		if (text.p != NULL || line.len > 0) /* not behind the last */
			put_line(line, widths, out);
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
