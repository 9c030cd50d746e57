#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "provider/think.h"

#define BLANKS " \t\r\n"
#define MESSAGE "<|message|>"
#define CHANNEL "<|channel|>"
#define FINAL CHANNEL "final" MESSAGE

/* Bytes that are searched again, as a tag may begin in them. */
#define CONTEXT 64

/* Limit for the last line of given text, which is kept, in bytes. */
#define WINDOW_MAX ((size_t)64 * 1024)

/* Bytes that are processed in one step. */
#define STEP ((size_t)64 * 1024)

enum state {
	OFF,    /* everything is text */
	START,  /* white space and the beginning of a tag so far */
	INSIDE, /* after an opening tag */
	HELD,   /* text without an opening tag, which may be a thought */
	HEAD,   /* of a message of gpt-oss, up to MESSAGE */
	BODY,   /* of a message of gpt-oss */
	BLANK,  /* after a closing tag: white space is dropped */
	OPEN,   /* text without an opening tag, which was given */
	TEXT    /* the rest is text */
};

struct pair {
	const char *open, *close;
};

/*
 * Tags, compared without case.  Each begins with one of STARTS and is shorter than
 * CONTEXT; no opening tag is a prefix of another one.
 */
static const struct pair pairs[] = {
	{ "<think>", "</think>" },
	{ "<thinking>", "</thinking>" },
	{ "<thought>", "</thought>" },
	{ "<thoughts>", "</thoughts>" },
	{ "<reasoning>", "</reasoning>" },
	{ "<reason>", "</reason>" },
	{ "<seed:think>", "</seed:think>" },
	{ "<longcat_think>", "</longcat_think>" },
	{ "[THINK]", "[/THINK]" },
	{ "\xE2\x97\x81think\xE2\x96\xB7", "\xE2\x97\x81/think\xE2\x96\xB7" },
	{ "<|begin_of_thought|>", "<|end_of_thought|>" },
	{ "<|START_THINKING|>", "<|END_THINKING|>" },
	{ "<|inner_prefix|>", "<|inner_suffix|>" },
	{ "<|channel>thought", "<channel|>" },
	{ CHANNEL "analysis", FINAL },
};

#define STARTS "<[\xE2"

/* Pairs for the beginning of a text: all but the last, which is a head there. */
#define TAGS (GM_LEN(pairs) - 1)

/* Beginnings of a message's head, and ends of its body. */
static const char *const heads[] = { "<|start|>", CHANNEL, MESSAGE,
	("assistant" CHANNEL) };
static const char *const ends[] = { "<|end|>", "<|return|>", "<|call|>",
	"<|start|>", CHANNEL };

/* The callback of one call. */
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

/* Drop the first bytes of the held text. */
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
	t->judged = t->judged > len ? t->judged - len : 0;
	t->doubt_at = t->doubt_at > len ? t->doubt_at - len : 0;
}

/* Give the first bytes of the held text, and drop them. */
static int
shift(struct gm_think *t, const struct out *o, size_t len, bool thought)
{
	int rc = give(o, gm_buf_str(&t->held), len, thought);

	drop(t, len);
	return rc;
}

/* The held text from an offset on. */
static struct gm_span
rest(const struct gm_think *t, size_t at)
{
	return (struct gm_span){ gm_buf_str(&t->held) + at, t->held.len - at };
}

/* The held text after white space at its beginning. */
static struct gm_span
head_of(const struct gm_think *t)
{
	return rest(t, strspn(gm_buf_str(&t->held), BLANKS));
}

static bool
has_tag(struct gm_span text, const char *tag)
{
	size_t len = strlen(tag);

	return text.len >= len && strncasecmp(text.p, tag, len) == 0;
}

/* True if the whole text is the beginning of a tag. */
static bool
may_have_tag(struct gm_span text, const char *tag)
{
	return text.len < strlen(tag) &&
	       strncasecmp(text.p, tag, text.len) == 0;
}

/* Find a tag; NULL if there is none. */
static const char *
find_tag(struct gm_span text, const char *tag)
{
	const char *end = text.p + text.len, *p = text.p;

	for (; (p = memchr(p, tag[0], (size_t)(end - p))) != NULL; p++)
		if (has_tag((struct gm_span){ p, (size_t)(end - p) }, tag))
			return p;
	return NULL;
}

/* Length of the beginning of a tag at the end of a text. */
static size_t
begun_tag(struct gm_span text, const char *tag)
{
	size_t max = strlen(tag) - 1;

	if (text.len > max) {
		text.p += text.len - max;
		text.len = max;
	}
	for (; text.len > 0; text.p++, text.len--)
		if (may_have_tag(text, tag))
			break;
	return text.len;
}

/* Return 1 if text begins with one of these, 0 if not, -1 if more is needed. */
static int
begins(struct gm_span text, const char *const *all, size_t len)
{
	bool may = false;
	size_t i;

	for (i = 0; i < len; i++) {
		if (has_tag(text, all[i]))
			return 1;
		may = may || may_have_tag(text, all[i]);
	}
	return may ? -1 : 0;
}

/* Find the pair whose opening or closing tag begins the text; or -1. */
static int
find_pair(struct gm_span text, bool open)
{
	size_t i;

	if (text.len == 0 || text.p[0] == '\0' ||
	    strchr(STARTS, text.p[0]) == NULL)
		return -1;
	for (i = 0; i < GM_LEN(pairs); i++)
		if (has_tag(text, open ? pairs[i].open : pairs[i].close))
			return (int)i;
	return -1;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* True if a fence names a language: it opens a block, and closes none. */
static bool
has_info(const char *line)
{
	line += strspn(line, "`");
	line += strspn(line, " \t\r");
	return *line != '\0' && *line != '\n';
}

/* Read fences up to an offset: fenced is true if a code block is open there. */
static void
advance(struct gm_think *t, size_t to)
{
	const char *line, *end, *fence;

	while (t->judged < to) {
		line = gm_buf_str(&t->held) + t->judged;
		fence = line + (t->midline ? 0 : strspn(line, " \t"));
		if (!t->midline && strncmp(fence, "```", 3) == 0) {
			if (t->fences == 0)
				t->reopened = has_info(fence);
			t->fenced = !t->fenced;
			t->fences++;
		}
		end = memchr(line, '\n', to - t->judged);
		t->midline = end == NULL;
		t->judged =
		    end != NULL ? t->judged + (size_t)(end + 1 - line) : to;
	}
}

/* True if an odd number of marks is before an offset, in its line. */
static bool
is_open(const char *text, size_t at, char mark)
{
	size_t before;
	bool open = false;

	for (before = at;
	     before > 0 && at - before < CONTEXT && text[before - 1] != '\n';
	     before--)
		open = open != (text[before - 1] == mark);
	return open;
}

/* Return 1 if a mark follows in the line, 0 if not, -1 if more is needed. */
static int
is_closed(const char *text, size_t len, size_t end, char mark, bool last)
{
	size_t i;

	for (i = end; i < len && i - end < CONTEXT && text[i] != '\n'; i++)
		if (text[i] == mark)
			return i + 2 < len || last
			           ? strncmp(text + i, "```", 3) != 0
			           : -1;
	return i == len && !last ? -1 : 0;
}

/* Return 1 if a tag from at to end is quoted, 0 if not, -1 if more is needed. */
static int
is_quoted(const char *text, size_t len, size_t at, size_t end, bool last)
{
	static const char marks[] = "`\"";
	const char *m;
	int closed;

	if (at > 0 && strchr("`'\"([{", text[at - 1]) != NULL)
		return 1;
	for (m = marks; *m != '\0'; m++) {
		closed = is_open(text, at, *m)
		             ? is_closed(text, len, end, *m, last)
		             : 0;
		if (closed != 0)
			return closed;
	}
	return 0;
}

/* True if a sentence ends before a tag, or the line after it. */
static bool
ends_line(const char *text, size_t len, size_t before, size_t after)
{
	return after < len && (strchr("\r\n", text[after]) != NULL ||
				  strchr(".!?", text[before - 1]) != NULL);
}

/*
 * Return 1 if a closing tag from at to end closes a thought, 0 if the text only
 * mentions it, -1 if more is needed.  Models write it at the end of a sentence or
 * line, or on a separate line.
 */
static int
closes(const char *text, size_t len, size_t at, size_t end, bool last)
{
	size_t before = at, after = end;
	int quoted = is_quoted(text, len, at, end, last);

	if (quoted != 0)
		return quoted < 0 ? -1 : 0;
	while (before > 0 && is_blank(text[before - 1]))
		before--;
	while (after < len && is_blank(text[after]))
		after++;
	if (after == len && !last)
		return -1;
	if (end < len && strchr(",.;:)]}'", text[end]))
		return 0;
	if (before == at || before == 0 || text[before - 1] == '\n')
		return 1;
	return ends_line(text, len, before, after);
}

/* A closing tag in the held text. */
struct found {
	size_t pair, at, end;
};

/*
 * Keep a closing tag in an open code block for the end: it closes the thought only
 * if no fence closes the block, as a model may leave its block open.  The tag in
 * the last block counts.
 */
static void
doubt(struct gm_think *t, const struct found *f)
{
	if (t->doubted && t->fences < 2)
		return;
	t->doubted = true;
	t->doubt_pair = f->pair;
	t->doubt_at = f->at;
	t->fences = 0;
}

/* True if the kept closing tag in a code block closes the thought. */
static bool
is_doubt_right(struct gm_think *t, struct found *f)
{
	advance(t, t->held.len);
	if (!t->doubted || (t->fences % 2 != 0 && !t->reopened))
		return false;
	*f = (struct found){ t->doubt_pair, t->doubt_at,
		t->doubt_at + strlen(pairs[t->doubt_pair].close) };
	return true;
}

/*
 * Return 1 and set *f if the closing tag at an offset closes a thought, 0 if not,
 * -1 if more is needed.
 */
static int
try_close(
    struct gm_think *t, size_t pair, size_t at, bool last, struct found *f)
{
	size_t end = at + strlen(pairs[pair].close);
	int closing = closes(gm_buf_str(&t->held), t->held.len, at, end, last);

	if (closing < 0)
		return -1;
	*f = (struct found){ pair, at, end };
	advance(t, at);
	if (closing > 0 && t->fenced)
		doubt(t, f);
	return closing > 0 && !t->fenced;
}

/* True for an opening tag that is not quoted: the text has an example. */
static bool
opens(struct gm_think *t, size_t at)
{
	const char *text = gm_buf_str(&t->held);

	if (find_pair(rest(t, at), true) < 0 || is_open(text, at, '`') ||
	    (at > 0 && strchr("'\"([{", text[at - 1]) != NULL))
		return false;
	advance(t, at);
	return !t->fenced;
}

/*
 * Find the first tag that closes a thought; none does after an opening tag.  Sets
 * scan to the start of the next search.
 */
static bool
find_close(struct gm_think *t, bool last, struct found *f)
{
	size_t at = t->scan > t->judged ? t->scan : t->judged;
	int pair, closing;

	t->scan = t->held.len > CONTEXT ? t->held.len - CONTEXT : 0;
	for (; at < t->held.len && !t->opened; at++) {
		t->opened = opens(t, at);
		pair = find_pair(rest(t, at), false);
		closing =
		    pair < 0 ? 0 : try_close(t, (size_t)pair, at, last, f);
		if (closing > 0)
			return true;
		if (closing == 0)
			continue;
		if (at < t->scan)
			t->scan = at;
		return false;
	}
	return last && !t->opened && is_doubt_right(t, f);
}

/* Find the end of a thought before FINAL, without the markup between. */
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

/*
 * Measure a closing tag at the beginning of the text, of a thought that is empty or
 * came separately.  Return the bytes to drop, 0 for none, -1 if more is needed.
 */
static ptrdiff_t
measure_close(const struct gm_think *t, bool last)
{
	struct gm_span text = head_of(t);
	const char *all[TAGS];
	size_t at = t->held.len - text.len, i, end;
	int pair = find_pair(text, false), closing;

	for (i = 0; i < TAGS; i++)
		all[i] = pairs[i].close;
	closing = begins(text, all, TAGS);
	if (closing <= 0)
		return closing;
	end = at + strlen(pairs[pair].close);
	closing = closes(gm_buf_str(&t->held), t->held.len, at, end, last);
	return closing > 0 ? (ptrdiff_t)end : closing;
}

/* Choose the state by the beginning of the text; false if more is needed. */
static bool
start(struct gm_think *t, bool last)
{
	struct gm_span text = head_of(t);
	const char *tags[TAGS];
	int pair = find_pair(text, true), tag, message;
	ptrdiff_t close = measure_close(t, last);
	size_t i;

	for (i = 0; i < TAGS; i++)
		tags[i] = pairs[i].open;
	tag = begins(text, tags, TAGS);
	message = begins(text, heads, 2);
	if (tag > 0) {
		t->pair = (size_t)pair;
		t->state = INSIDE;
		drop(t, t->held.len - text.len + strlen(tags[pair]));
	} else if (close > 0) {
		t->state = BLANK;
		drop(t, (size_t)close);
	} else if (message > 0) {
		t->state = HEAD;
	} else if (tag == 0 && message == 0 && close == 0) {
		t->state = t->hold ? HELD : OPEN;
	} else {
		return false; /* wait for more */
	}
	return true;
}

/* INSIDE: give the thought up to the first closing tag. */
static int
inside(struct gm_think *t, const struct out *o, bool *more)
{
	const char *close = pairs[t->pair].close, *end;
	struct gm_span text = rest(t, 0);

	end = find_tag(text, close);
	*more = end != NULL;
	if (end == NULL)
		return shift(t, o, text.len - begun_tag(text, close), true);
	t->state = BLANK;
	if (shift(t, o, (size_t)(end - text.p), true) != 0)
		return -1;
	drop(t, strlen(close));
	return 0;
}

/* HELD: look for a closing tag; the text before it is a thought. */
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

/* True if the head of a message names a channel other than "final". */
static bool
is_aside(struct gm_span text)
{
	static const char name[] = "final";
	const char *p;
	bool named = false;

	while ((p = find_tag(text, CHANNEL)) != NULL) { /* the last one */
		named = true;
		text.len -= (size_t)(p - text.p) + strlen(CHANNEL);
		text.p = p + strlen(CHANNEL);
	}
	text = gm_span_ltrim(text);
	if (!named || !has_tag(text, name))
		return named;
	text.p += strlen(name);
	text.len -= strlen(name);
	return text.len > 0 && strchr("<" BLANKS, text.p[0]) == NULL;
}

/* HEAD: read up to MESSAGE; a message without a channel is the answer. */
static bool
head(struct gm_think *t)
{
	struct gm_span text = head_of(t), all = rest(t, 0);
	int known = begins(text, heads, GM_LEN(heads));
	const char *message;

	if (known < 0)
		return false;
	t->state = BODY;
	if (known == 0) { /* no head at all */
		t->thought = false;
		drop(t, all.len - text.len);
		return t->held.len > 0;
	}
	message = find_tag(all, MESSAGE);
	if (message == NULL) {
		t->state = HEAD;
		return false;
	}
	all.len = (size_t)(message - all.p);
	t->thought = is_aside(all);
	drop(t, all.len + strlen(MESSAGE));
	return true;
}

/* Length of the text before the end of a message, or before a possible end. */
static size_t
find_end(struct gm_span text, int *known)
{
	struct gm_span from = text;
	const char *p;

	*known = 0;
	while ((p = memchr(from.p, '<', from.len)) != NULL) {
		from.len -= (size_t)(p - from.p);
		from.p = p;
		*known = begins(from, ends, GM_LEN(ends));
		if (*known != 0)
			return (size_t)(p - text.p);
		from.p++;
		from.len--;
	}
	return text.len;
}

/* BODY: give the body of a message, except a possible end of it. */
static int
body(struct gm_think *t, const struct out *o, bool *more)
{
	size_t i;
	int known;

	if (shift(t, o, find_end(rest(t, 0), &known), t->thought) != 0)
		return -1;
	*more = known > 0;
	if (!*more)
		return 0;
	t->state = HEAD;
	for (i = 0; i < 3; i++) /* the others begin the next head */
		if (has_tag(rest(t, 0), ends[i])) {
			drop(t, strlen(ends[i]));
			break;
		}
	*more = t->held.len > 0;
	return 0;
}

/* BLANK: drop white space after a thought; the rest is text. */
static int
blank(struct gm_think *t, const struct out *o)
{
	drop(t, strspn(gm_buf_str(&t->held), BLANKS));
	if (t->held.len == 0)
		return 0;
	t->state = TEXT;
	return shift(t, o, t->held.len, false);
}

/* Drop given lines that the meaning of a later tag does not depend on. */
static void
forget(struct gm_think *t)
{
	const char *text = gm_buf_str(&t->held);
	size_t end = t->scan > CONTEXT ? t->scan - CONTEXT : 0;

	if (t->held.len <= WINDOW_MAX)
		while (end > 0 && text[end - 1] != '\n')
			end--;
	advance(t, end);
	drop(t, end);
}

/* OPEN: give text at once, and note if a closing tag shows it was a thought. */
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

/* Process the held text as far as its kind is known. */
static int
go(struct gm_think *t, const struct out *o, bool last)
{
	bool more = true;
	int rc = 0;

	while (more && rc == 0) {
		more = false;
		switch ((enum state)t->state) {
		case START:
			more = start(t, last) && t->state != OPEN;
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

/* Over GM_THINK_MAX: take all as text. */
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
	if (t->state != HELD)
		return 0;
	t->state = OPEN;
	if (give(&o, gm_buf_str(&t->held), t->held.len, false) != 0)
		return -1;
	forget(t);
	return 0;
}

bool
gm_think_holds_text(const struct gm_think *t)
{
	return t->state == HELD;
}

int
gm_think_end(struct gm_think *t, gm_think_fn *fn, void *arg, struct gm_err *err)
{
	const struct out o = { fn, arg, err };
	enum state state;
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
		return 0; /* only markup */
	return shift(t, &o, t->held.len,
	    state == INSIDE || (state == BODY && t->thought));
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
