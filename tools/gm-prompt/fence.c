#include "gm-prompt/fence.h"

struct fence {
	size_t indent; /* spaces before it */
	size_t len;    /* number of marks */
	char mark;     /* '`' or '~' */
};

/* Count how often c is repeated at offset from. */
static size_t
count(struct gm_span line, size_t from, char c)
{
	size_t i = from;

	while (i < line.len && line.p[i] == c)
		i++;
	return i - from;
}

/* Return true if the line opens a block; fill *f. */
static bool
opens(struct gm_span line, struct fence *f)
{
	size_t i;

	f->indent = count(line, 0, ' ');
	if (f->indent > 3 || f->indent == line.len)
		return false;
	f->mark = line.p[f->indent];
	f->len = count(line, f->indent, f->mark);
	if ((f->mark != '`' && f->mark != '~') || f->len < 3)
		return false;
	/* "```x```" is a code span: an info string contains no backtick. */
	for (i = f->indent + f->len; f->mark == '`' && i < line.len; i++)
		if (line.p[i] == '`')
			return false;
	return true;
}

static bool
closes(struct gm_span line, const struct fence *f)
{
	size_t indent = count(line, 0, ' ');
	size_t len = indent <= 3 ? count(line, indent, f->mark) : 0;
	struct gm_span rest = { line.p + indent + len,
		line.len - indent - len };

	return len >= f->len && gm_span_trim(rest).len == 0;
}

bool
gm_fence_first(struct gm_span text, struct gm_buf *out)
{
	struct gm_span rest = text, line;
	struct fence f = { 0 };
	bool inside = false;
	size_t indent;

	while (gm_span_split(&rest, "\n", &line)) {
		if (!inside) {
			inside = opens(line, &f);
			continue;
		}
		if (closes(line, &f))
			return true;
		if (rest.p == NULL && line.len == 0)
			break; /* nothing follows the last newline */
		indent = count(line, 0, ' ');
		if (indent > f.indent)
			indent = f.indent;
		gm_buf_put(out, line.p + indent, line.len - indent);
		gm_buf_putc(out, '\n');
	}
	return inside;
}
