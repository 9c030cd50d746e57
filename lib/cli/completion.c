#include "cli/completion.h"

void
gm_completion_quote(struct gm_buf *out, const char *text)
{
	gm_buf_putc(out, '\'');
	for (; *text != '\0'; text++)
		if (*text == '\'')
			gm_buf_puts(out, "'\\''");
		else
			gm_buf_putc(out, *text);
	gm_buf_putc(out, '\'');
}

void
gm_completion_name(struct gm_buf *out, const struct gm_completion *c)
{
	const char *p;

	for (p = c->tool; *p != '\0'; p++)
		gm_buf_putc(out, (char)(*p == '-' ? '_' : *p));
}

void
gm_completion_words(struct gm_buf *out, const struct gm_opt *row)
{
	const char *word;
	size_t i;

	for (i = 0; row->word != NULL && (word = row->word(i)) != NULL; i++)
		gm_buf_printf(out, "%s%s", i > 0 ? " " : "", word);
}
