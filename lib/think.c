#include <string.h>

#include "think.h"
#include "utf8.h"

#define BLANKS " \t\r\n"
#define MESSAGE "<|message|>"
#define CHANNEL "<|channel|>"
#define FINAL CHANNEL "final" MESSAGE

/* Bytes that are searched again, as they may be the beginning of a tag. */
#define CONTEXT 64

/* Of text that went out the last lines are kept, of a line so much. */
#define WINDOW_MAX ((size_t)64 * 1024)

/* Bytes that are looked at in one step. */
#define STEP ((size_t)64 * 1024)

enum state {
	OFF,    /* everything is text */
	START,  /* nothing but white space and the beginning of a tag */
	INSIDE, /* after an opening tag */
	HELD,   /* text without an opening tag, which may be a thought */
	HEAD,   /* of a message of gpt-oss, up to MESSAGE */
	BODY,   /* of a message of gpt-oss */
	BLANK,  /* after a closing tag: white space is dropped */
	OPEN,   /* text without an opening tag, which went out */
	TEXT    /* the rest is text */
};

struct pair {
	const char *open, *close;
};

static const struct pair pairs[] = {
	{ "<think>", "</think>" },
	{ "[THINK]", "[/THINK]" },
	{ "<thought>", "</thought>" },
	{ "<seed:think>", "</seed:think>" },
	{ CHANNEL "analysis", FINAL },
};

/* The last pair's tags are not taken as such at the beginning. */
#define TAGS (GM_LEN(pairs) - 1)

/* What may begin a message's head, and what ends its body. */
static const char *const heads[] = { "<|start|>", CHANNEL, MESSAGE,
	("assistant" CHANNEL) };
static const char *const ends[] = { "<|end|>", "<|return|>", "<|call|>",
	"<|start|>", CHANNEL };

/* One call's way out. */
struct out {
	gm_think_fn *fn;
	void *arg;
	struct gm_err *err;
};

void
gm_think_init(struct gm_think *t, bool hold)
{
	*t = (struct gm_think){ .state = START, .hold = hold };
	gm_buf_init(&t->held, GM_THINK_MAX);
}

static int
give(const struct out *o, const char *p, size_t len, bool thought)
{
	if (len == 0)
		return 0;
	return o->fn((struct gm_span){ p, len }, thought, o->arg, o->err);
}

/* Drop the first bytes of what is held. */
static void
drop(struct gm_think *t, size_t len)
{
	if (len == 0)
		return;
	if (len < t->held.len)
		memmove(
		    t->held.data, t->held.data + len, t->held.len - len + 1);
	gm_buf_cut(&t->held, t->held.len - len);
	t->scan = t->scan > len ? t->scan - len : 0;
}

/* Give out the first bytes of what is held. */
static int
shift(struct gm_think *t, const struct out *o, size_t len, bool thought)
{
	int rc = give(o, gm_buf_str(&t->held), len, thought);

	drop(t, len);
	return rc;
}

static bool
is_prefix(const char *text, const char *of)
{
	return gm_span_starts(gm_span_of(of), text);
}

/* Does text begin with one of these? -1: not yet known, 0: no, 1: yes. */
static int
begins(const char *text, const char *const *all, size_t len)
{
	bool may = false;
	size_t i;

	for (i = 0; i < len; i++) {
		if (gm_span_starts(gm_span_of(text), all[i]))
			return 1;
		may = may || is_prefix(text, all[i]);
	}
	return may ? -1 : 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Is a fenced code block open there? fenced: was one at the beginning? */
static bool
is_fenced(const char *text, size_t at, bool fenced)
{
	const char *p = text, *end = text + at;

	while (p != NULL && p < end) {
		if (strncmp(p, "```", 3) == 0)
			fenced = !fenced;
		p = memchr(p, '\n', (size_t)(end - p));
		p = p != NULL ? p + 1 : NULL;
	}
	return fenced;
}

/*
 * Does a closing tag from at to end close a thought, or is it only mentioned?
 * -1: what follows decides. Templates put it at the end of a sentence or line,
 * or on its own line.
 */
static int
closes(const char *text, size_t len, size_t at, size_t end, bool last)
{
	size_t before = at, after = end;
	bool inline_blank;

	if (at > 0 && strchr("`'\"([{", text[at - 1]) != NULL)
		return 0;
	while (before > 0 && is_blank(text[before - 1]))
		before--;
	inline_blank = before < at && before > 0 && text[before - 1] != '\n';
	while (after < len && is_blank(text[after]))
		after++;
	if (after == len && !last)
		return -1;
	if (end < len && strchr(",.;:)]", text[end]))
		return 0;
	if (!inline_blank)
		return 1;
	if (after < len && strchr("\r\n", text[after]))
		return 1;
	return after < len && strchr(".!?", text[before - 1]) != NULL;
}

/* A closing tag in what is held, from *at to *end. */
struct found {
	size_t pair, at, end;
};

/* The first opening tag in a text, NULL: none. */
static const char *
find_open(const char *text)
{
	const char *first = NULL, *p;
	size_t i;

	for (i = 0; i < GM_LEN(pairs); i++) {
		p = strstr(text, pairs[i].open);
		if (p != NULL && (first == NULL || p < first))
			first = p;
	}
	return first;
}

/* A closing tag at this place: does it close a thought?  Then *f is it. */
static bool
try_close(
    struct gm_think *t, size_t pair, size_t at, bool last, struct found *f)
{
	const char *text = gm_buf_str(&t->held);
	size_t end = at + strlen(pairs[pair].close);
	int verdict;

	if (is_fenced(text, at, t->fenced))
		return false;
	verdict = closes(text, t->held.len, at, end, last);
	if (verdict < 0 && at < t->scan) /* not known yet: look again */
		t->scan = at;
	if (verdict > 0)
		*f = (struct found){ pair, at, end };
	return verdict > 0;
}

/*
 * Find the first closing tag that closes; none does after an opening one. Sets
 * scan to where the next search has to begin.
 */
static bool
find_close(struct gm_think *t, bool last, struct found *f)
{
	const char *text = gm_buf_str(&t->held), *p, *open = find_open(text);
	size_t from = t->scan, i;
	bool found = false;

	t->scan = t->held.len > CONTEXT ? t->held.len - CONTEXT : 0;
	for (i = 0; i < GM_LEN(pairs) && !t->opened; i++) {
		for (p = text + from; (p = strstr(p, pairs[i].close)) != NULL &&
				      (open == NULL || p < open);
		     p++) {
			if (found && (size_t)(p - text) >= f->at)
				break;
			found = try_close(t, i, (size_t)(p - text), last, f) ||
			        found;
		}
	}
	return found;
}

/* Where the markup before FINAL begins: the thought ends there. */
static size_t
end_of_analysis(const char *text, size_t at)
{
	static const char *const marks[] = { "assistant", "<|start|>",
		"<|end|>" };
	size_t i, len;

	for (i = 0; i < GM_LEN(marks); i++) {
		len = strlen(marks[i]);
		if (at >= len && memcmp(text + at - len, marks[i], len) == 0)
			at -= len;
	}
	return at;
}

/* The beginning: which kind of text is this? */
static bool
start(struct gm_think *t)
{
	const char *text = gm_buf_str(&t->held);
	size_t blanks = strspn(text, BLANKS), i;
	const char *opens[TAGS];
	int tag, message;

	for (i = 0; i < TAGS; i++)
		opens[i] = pairs[i].open;
	tag = begins(text + blanks, opens, TAGS);
	message = begins(text + blanks, heads, 2);
	if (tag > 0) {
		for (t->pair = 0; !gm_span_starts(
			 gm_span_of(text + blanks), pairs[t->pair].open);)
			t->pair++;
		t->state = INSIDE;
		t->scan = blanks + strlen(pairs[t->pair].open);
	} else if (message > 0) {
		t->state = HEAD;
	} else if (tag == 0 && message == 0) {
		t->state = t->hold ? HELD : OPEN;
	} else {
		return false; /* wait for more */
	}
	return true;
}

/* After an opening tag: the first closing one ends the thought. */
static int
inside(struct gm_think *t, const struct out *o, bool *more)
{
	const char *open = pairs[t->pair].open, *close = pairs[t->pair].close;
	const char *text = gm_buf_str(&t->held), *end;
	size_t begin = strspn(text, BLANKS) + strlen(open), len;

	end = strstr(text + t->scan, close);
	*more = end != NULL;
	if (end == NULL) {
		len = strlen(close);
		if (t->held.len > begin + len)
			t->scan = t->held.len - len;
		return 0;
	}
	drop(t, begin);
	len = (size_t)(end - text) - begin;
	t->state = BLANK;
	if (shift(t, o, len, true) != 0)
		return -1;
	drop(t, strlen(close));
	return 0;
}

/* Text that may be a thought: is there a closing tag? */
static int
held(struct gm_think *t, const struct out *o, bool last, bool *more)
{
	struct found f = { 0 };
	size_t len;

	*more = find_close(t, last, &f);
	if (!*more)
		return 0;
	len = f.at;
	if (f.pair == TAGS)
		len = end_of_analysis(gm_buf_str(&t->held), len);
	t->state = f.pair == TAGS ? BODY : BLANK;
	t->thought = false;
	if (give(o, gm_buf_str(&t->held), len, true) != 0)
		return -1;
	drop(t, f.end);
	return 0;
}

/* The head of a message names its channel; without one it is the answer. */
static bool
head(struct gm_think *t)
{
	static const char name[] = CHANNEL "final";
	const char *text = gm_buf_str(&t->held), *message, *p;
	size_t blanks = strspn(text, BLANKS);
	int known = begins(text + blanks, heads, GM_LEN(heads));

	if (known < 0)
		return false;
	t->state = BODY;
	if (known == 0) { /* no head at all */
		t->thought = false;
		drop(t, blanks);
		return t->held.len > 0;
	}
	message = strstr(text, MESSAGE);
	if (message == NULL) {
		t->state = HEAD;
		return false;
	}
	p = strstr(text, CHANNEL);
	t->thought = p != NULL && p < message &&
	             (strncmp(p, name, strlen(name)) != 0 ||
			 (p[strlen(name)] != '<' &&
			     strchr(BLANKS, p[strlen(name)]) == NULL));
	drop(t, (size_t)(message - text) + strlen(MESSAGE));
	return true;
}

/* The body of a message goes out, but for what may be the end of it. */
static int
body(struct gm_think *t, const struct out *o, bool *more)
{
	const char *text = gm_buf_str(&t->held), *p = text;
	size_t len;
	int end = 0;

	while ((p = strchr(p, '<')) != NULL &&
	       (end = begins(p, ends, GM_LEN(ends))) == 0)
		p++;
	len = p != NULL ? (size_t)(p - text) : t->held.len;
	*more = p != NULL && end > 0;
	if (shift(t, o, len, t->thought) != 0)
		return -1;
	if (!*more)
		return 0;
	t->state = HEAD;
	text = gm_buf_str(&t->held);
	if (begins(text, ends, 3) > 0) /* these are not part of a head */
		drop(t, (size_t)(strstr(text, "|>") + 2 - text));
	*more = t->held.len > 0;
	return 0;
}

/* Drop white space after a thought; then all is text. */
static int
blank(struct gm_think *t, const struct out *o)
{
	drop(t, strspn(gm_buf_str(&t->held), BLANKS));
	if (t->held.len == 0)
		return 0;
	t->state = TEXT;
	return shift(t, o, t->held.len, false);
}

/* Forget the lines of text that went out which no later tag depends on. */
static void
forget(struct gm_think *t)
{
	const char *text = gm_buf_str(&t->held);
	size_t end = t->scan > CONTEXT ? t->scan - CONTEXT : 0;

	t->opened = t->opened || find_open(text) != NULL;
	if (t->held.len <= WINDOW_MAX)
		while (end > 0 && text[end - 1] != '\n')
			end--;
	t->fenced = is_fenced(text, end, t->fenced);
	drop(t, end);
}

/* Text that went out: was it a thought, as the text behind it shows? */
static int
watch(struct gm_think *t, const struct out *o, struct gm_span piece, bool last)
{
	struct found f = { 0 };

	if (give(o, piece.p, piece.len, false) != 0)
		return -1;
	if (!find_close(t, last, &f)) {
		forget(t);
		return 0;
	}
	t->leaked = true;
	t->state = TEXT;
	gm_buf_reset(&t->held);
	return 0;
}

/* Take what is held as far as it is known what it is. */
static int
go(struct gm_think *t, const struct out *o, bool last)
{
	bool more = true;
	int rc = 0;

	while (more && rc == 0) {
		more = false;
		switch ((enum state)t->state) {
		case START:
			more = start(t) && t->state != OPEN;
			if (t->state == OPEN)
				rc = watch(t, o, gm_buf_span(&t->held), last);
			break;
		case INSIDE:
			rc = inside(t, o, &more);
			break;
		case HELD:
			rc = held(t, o, last, &more);
			break;
		case HEAD:
			more = head(t);
			break;
		case BODY:
			rc = body(t, o, &more);
			break;
		case BLANK:
			rc = blank(t, o);
			break;
		case OFF:
		case OPEN:
		case TEXT:
			break;
		}
	}
	return rc;
}

/* Too much to hold: all of it was text. */
static int
give_up(struct gm_think *t, const struct out *o, struct gm_span piece)
{
	gm_buf_reset(&t->held);
	t->state = TEXT;
	return give(o, piece.p, piece.len, false);
}

static int
take(struct gm_think *t, const struct out *o, struct gm_span piece)
{
	bool open = t->state == OPEN;

	if (t->state == OFF || t->state == TEXT)
		return give(o, piece.p, piece.len, false);
	if (t->held.len + piece.len > GM_THINK_MAX) {
		if (!open && shift(t, o, t->held.len, false) != 0)
			return -1;
		return give_up(t, o, piece);
	}
	gm_buf_put_span(&t->held, piece);
	if (gm_buf_check(&t->held, o->err) != 0)
		return -1;
	return open ? watch(t, o, piece, false) : go(t, o, false);
}

int
gm_think_take(struct gm_think *t, struct gm_span piece, gm_think_fn *fn,
    void *arg, struct gm_err *err)
{
	const struct out o = { fn, arg, err };
	struct gm_span step;

	for (; piece.len > 0; piece.p += step.len, piece.len -= step.len) {
		step = piece;
		if (t->state != OFF && t->state != TEXT)
			step.len = gm_utf8_cut(piece, STEP);
		if (take(t, &o, step) != 0)
			return -1;
	}
	return 0;
}

int
gm_think_separated(
    struct gm_think *t, gm_think_fn *fn, void *arg, struct gm_err *err)
{
	const struct out o = { fn, arg, err };

	t->hold = false;
	if (t->state == OPEN) {
		t->state = TEXT;
		gm_buf_reset(&t->held);
	}
	if (t->state != HELD)
		return 0;
	t->state = TEXT;
	return shift(t, &o, t->held.len, false);
}

bool
gm_think_holds_text(const struct gm_think *t)
{
	return t->state == HELD;
}

int
gm_think_end(struct gm_think *t, bool cut, gm_think_fn *fn, void *arg,
    struct gm_err *err)
{
	const struct out o = { fn, arg, err };
	enum state state;
	size_t skip = 0;
	int rc = 0;

	if (t->state == OFF || t->state == TEXT)
		return 0;
	if (t->state == OPEN)
		rc = watch(t, &o, (struct gm_span){ "", 0 }, true);
	else
		rc = go(t, &o, true);
	state = (enum state)t->state;
	t->state = TEXT;
	if (rc != 0 || state == OPEN || state == TEXT)
		return rc;
	if (state == HEAD && strchr(gm_buf_str(&t->held), '<') != NULL)
		return 0; /* markup alone */
	if (state == INSIDE && cut)
		skip = strspn(gm_buf_str(&t->held), BLANKS) +
		       strlen(pairs[t->pair].open);
	drop(t, skip);
	return shift(t, &o, t->held.len,
	    (state == INSIDE && cut) || (state == BODY && t->thought));
}

bool
gm_think_is_expected(const char *model)
{
	static const char *const parts[] = { "thinking", "reasoning", "qwq",
		"deepseek-r1", "r1-distill" };
	struct gm_span name = gm_span_of(model);
	const char *p;
	size_t i;

	for (i = 0; i < GM_LEN(parts); i++) {
		p = gm_span_find(name, parts[i]);
		if (p == NULL)
			continue;
		/* "grok-4-fast-non-reasoning" */
		return !gm_span_has(
		    (struct gm_span){ model, (size_t)(p - model) }, "non");
	}
	return false;
}

void
gm_think_release(struct gm_think *t)
{
	gm_buf_release(&t->held);
}
