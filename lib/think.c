#include <string.h>

#include "think.h"

#define BLANKS " \t\r\n"
#define OPEN "<think>"
#define CLOSE "</think>"

enum state {
	START,   /* nothing but white space and the beginning of the tag */
	THOUGHT, /* behind the tag */
	BLANK,   /* behind the end tag: white space is dropped */
	TEXT     /* the rest is text */
};

void
gm_think_init(struct gm_think *t)
{
	*t = (struct gm_think){ .state = START };
	gm_buf_init(&t->held, GM_THINK_MAX);
}

/* The state after what is held so far. */
static enum state
judge(const struct gm_buf *held)
{
	const char *text = gm_buf_str(held);

	text += strspn(text, BLANKS);
	if (gm_span_starts(gm_span_of(text), OPEN))
		return THOUGHT;
	return gm_span_starts(gm_span_of(OPEN), text) ? START : TEXT;
}

/* The rest of a text behind a thought, without the white space before it. */
static struct gm_span
skip_blanks(struct gm_think *t, struct gm_span text)
{
	text = gm_span_ltrim(text);
	t->state = text.len > 0 ? TEXT : BLANK;
	return text;
}

/* Look for the end tag from where it could begin; the tag before is known. */
static void
close_thought(struct gm_think *t, size_t from, struct gm_think_out *out)
{
	struct gm_span all = gm_buf_span(&t->held);
	const char *begin = strstr(all.p, OPEN) + strlen(OPEN), *end;

	from = from > strlen(CLOSE) ? from - strlen(CLOSE) : 0;
	end = strstr(all.p + from, CLOSE);
	if (end == NULL)
		return;
	out->thought = (struct gm_span){ begin, (size_t)(end - begin) };
	end += strlen(CLOSE);
	out->text[0] = skip_blanks(
	    t, (struct gm_span){ end, (size_t)(all.p + all.len - end) });
}

int
gm_think_take(struct gm_think *t, struct gm_span piece,
    struct gm_think_out *out, struct gm_err *err)
{
	size_t before = t->held.len;
	enum state next;

	*out = (struct gm_think_out){ .thought = { NULL, 0 } };
	if (t->state == TEXT || t->state == BLANK) {
		out->text[0] = t->state == TEXT ? piece : skip_blanks(t, piece);
		return 0;
	}
	gm_buf_put_span(&t->held, piece);
	if (t->held.failed == GM_EDATA) { /* too much to hold */
		gm_think_end(t, out);
		out->text[1] = piece;
		return 0;
	}
	if (gm_buf_check(&t->held, err) != 0)
		return -1;
	next = t->state == START ? judge(&t->held) : THOUGHT;
	if (next == TEXT) {
		gm_think_end(t, out);
		return 0;
	}
	t->state = (int)next;
	if (next == THOUGHT)
		close_thought(t, before, out);
	return 0;
}

void
gm_think_end(struct gm_think *t, struct gm_think_out *out)
{
	*out = (struct gm_think_out){ .thought = { NULL, 0 } };
	if (t->state == START || t->state == THOUGHT)
		out->text[0] = gm_buf_span(&t->held);
	t->state = TEXT;
}

void
gm_think_release(struct gm_think *t)
{
	gm_buf_release(&t->held);
}
