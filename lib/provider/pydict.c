#include <ctype.h>
#include <string.h>

#include "provider/pydict.h"

/* A text and the reading position in it. */
struct input {
	const char *p, *end;
};

static bool
has(const struct input *in, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(in->end - in->p) >= len &&
	       memcmp(in->p, word, len) == 0;
}

/* Convert an escape after its backslash; JSON knows fewer of them. */
static void
put_escape(struct gm_buf *out, struct input *in)
{
	char c = *in->p++;

	if (c == '\'') {
		gm_buf_putc(out, c);
	} else if (c == 'x' && in->end - in->p >= 2 &&
		   isxdigit((unsigned char)in->p[0]) &&
		   isxdigit((unsigned char)in->p[1])) {
		gm_buf_puts(out, "\\u00");
		gm_buf_put_span(out, (struct gm_span){ in->p, 2 });
		in->p += 2;
	} else {
		if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
			gm_buf_putc(out, '\\');
		gm_buf_putc(out, '\\');
		gm_buf_putc(out, c);
	}
}

/* Convert a string from its opening mark on; false if it has no end. */
static bool
put_string(struct gm_buf *out, struct input *in)
{
	char mark = *in->p++, c;

	gm_buf_putc(out, '"');
	while (in->p < in->end && *in->p != mark) {
		c = *in->p++;
		if (c == '\\' && in->p < in->end)
			put_escape(out, in);
		else if (c == '"')
			gm_buf_puts(out, "\\\"");
		else
			gm_buf_putc(out, (unsigned char)c < ' ' ? ' ' : c);
	}
	gm_buf_putc(out, '"');
	if (in->p == in->end)
		return false;
	in->p++;
	return true;
}

/* Convert None, True or False, or copy one byte. */
static void
put_other(struct gm_buf *out, struct input *in)
{
	static const struct {
		const char *python, *json;
	} words[] = {
		{ "None", "null" },
		{ "True", "true" },
		{ "False", "false" },
	};
	size_t i;

	for (i = 0; i < GM_LEN(words); i++)
		if (has(in, words[i].python)) {
			gm_buf_puts(out, words[i].json);
			in->p += strlen(words[i].python);
			return;
		}
	gm_buf_putc(out, *in->p++);
}

bool
gm_pydict_put(struct gm_buf *out, struct gm_span text)
{
	struct input in = { text.p, text.p + text.len };
	size_t depth = 0;

	if (text.len == 0 || (*in.p != '{' && *in.p != '['))
		return false;
	while (in.p < in.end) {
		if (*in.p == '\'' || *in.p == '"') {
			if (!put_string(out, &in))
				return false;
			continue;
		}
		depth += (size_t)(strchr("{[", *in.p) != NULL && *in.p != '\0');
		depth -= (size_t)(strchr("}]", *in.p) != NULL && *in.p != '\0');
		put_other(out, &in);
		if (depth == 0)
			return true;
	}
	return false;
}
