#include <stdio.h>

#include "base/buf.h"
#include "base/term.h"
#include "json/line.h"

/* Room for GM_TERM_LINE_MAX characters and "...". */
#define LINE_MAX_BYTES (4 * GM_TERM_LINE_MAX + 4)

/* Shorten the line so that it fits, "..." included, into size bytes. */
static void
shorten(struct gm_buf *line, size_t size)
{
	size_t len = size - sizeof("...");

	if (line->len < size)
		return;
	while (len > 0 && ((unsigned char)line->data[len] & 0xC0) == 0x80)
		len--;
	gm_buf_cut(line, len);
	gm_buf_puts(line, "...");
}

int
gm_jsonline(
    const struct gm_json *j, int at, char *out, size_t size, struct gm_err *err)
{
	struct gm_buf text, line;
	int rc;

	if (gm_json_type(j, at) != GM_JSON_STRING)
		return 0;
	/* Decoding never makes a string longer, so this is room enough. */
	gm_buf_init(&text, 2 * j->text.len + 4);
	gm_buf_init(&line, LINE_MAX_BYTES);
	gm_json_string(j, at, &text);
	gm_term_line(&line, gm_buf_span(&text), GM_TERM_LINE_MAX);
	gm_buf_inherit(&line, &text);
	rc = gm_buf_check(&line, err);
	if (rc == 0) {
		shorten(&line, size);
		(void)snprintf(out, size, "%s", gm_buf_str(&line));
	}
	gm_buf_release(&text);
	gm_buf_release(&line);
	return rc;
}
