#include <string.h>

#include "base/utf8.h"
#include "gm-summ/border.h"
#include "gm-summ/chunk.h"

/* Bytes allowed in a chunk for each token: a bound on the memory. */
#define BYTES_PER_TOKEN 16

/*
 * Largest size of a chunk that is followed by another: 31/32 of the allowed
 * size.  A text is cut only if it exceeds the allowed size, so the last chunk
 * has at least 1/32 of it.
 */
#define MOST(size) ((size) - (size) / 32)

/* Bytes of a longer line that are scanned at a time. */
#define BLOCK 1024
/* Bytes scanned at a time in the search for a border within lines. */
#define STEP 256
/* Bytes after a border that are hashed. */
#define HASHED 64

_Static_assert(HASHED <= GM_BORDER_AHEAD, "scan() waits for so many bytes");

static inline bool
is_tail(char c) /* a byte of UTF-8 that begins no character */
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

/* Read little-endian, so that borders are the same on all machines. */
static inline uint64_t
load(const unsigned char *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	       (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
	       (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

/* Hash the first HASHED bytes. */
static uint64_t
hash_of(struct gm_span s)
{
	unsigned char bytes[HASHED] = { 0 };
	uint64_t hash = 0;
	size_t i;

	memcpy(bytes, s.p, s.len < HASHED ? s.len : HASHED);
	for (i = 0; i < HASHED; i += 8) {
		hash = (hash ^ load(bytes + i)) * UINT64_C(0x9E3779B97F4A7C15);
		hash ^= hash >> 32;
	}
	return hash;
}

/* Return the text from an offset on. */
static struct gm_span
span_from(const struct gm_chunker *c, size_t at)
{
	return (struct gm_span){ c->text.data + at, c->text.len - at };
}

/* Return the chunk up to an offset. */
static struct gm_span
span_to(const struct gm_chunker *c, size_t at)
{
	return (struct gm_span){ c->text.data + c->start, at - c->start };
}

/*
 * Return the size that chunks must have on average, so that there are at most
 * 1.5 times as many as if all were full: 2/3 of max.  The sum is rounded up, as
 * max and the tokens of each chunk are rounded, and as the estimate of a chunk
 * can exceed that of the same bytes within the text.
 */
static int64_t
fair_size(const struct gm_chunker *c)
{
	return (c->max + 1) * 2 / 3 + 3;
}

/*
 * Return the smallest size that a chunk may be cut at: half of the allowed
 * size, or more if the chunks so far were smaller than fair_size() on average.
 */
static int64_t
least_size(const struct gm_chunker *c)
{
	int64_t fair = fair_size(c);
	int64_t least = c->excess > 0 ? fair - c->excess : fair;

	return least > c->max / 2 ? least : c->max / 2;
}

static bool
is_allowed(const struct gm_chunker *c, const struct gm_chunk_end *b)
{
	return b->size >= least_size(c) && b->size <= MOST(c->max);
}

/* Return true if the border is better than the best so far.  Sets its hash. */
static bool
is_better(const struct gm_chunker *c, struct gm_chunk_end *b)
{
	if (b->rank < c->best.rank)
		return false;
	b->hash = hash_of(span_from(c, b->at));
	return b->rank > c->best.rank || b->hash <= c->best.hash;
}

/* Set tokens and size of the chunk that ends at b->at, as far as t reaches. */
static void
measure(const struct gm_chunker *c, const struct gm_tokens *t,
    struct gm_chunk_end *b)
{
	int64_t by_bytes = (int64_t)((b->at - c->start) / BYTES_PER_TOKEN);

	b->tokens = gm_tokens_total(t);
	b->size = b->tokens > by_bytes ? b->tokens : by_bytes;
}

/*
 * Rank a border.  Within a kind, a line that is not indented is better: there
 * begins a log record, a commit, a function.
 */
static int
rank_of(enum gm_border_kind kind, char first)
{
	return 2 * (int)kind + (first != ' ' && first != '\t');
}

/* Consider the border before the line at c->at, which is not blank. */
static void
consider_line(struct gm_chunker *c, bool heading)
{
	struct gm_chunk_end b = { .at = c->at };
	struct gm_span before = span_to(c, c->at);
	enum gm_border_kind kind = GM_BORDER_LINE;

	measure(c, &c->tokens, &b);
	if (before.len == 0 || !is_allowed(c, &b))
		return;
	/* Keep a heading together with its text or the next heading. */
	if (!c->after_title) {
		if (heading)
			kind = GM_BORDER_HEADING;
		else if (c->after_blank)
			kind = GM_BORDER_PARAGRAPH;
		else if (gm_border_ends_sentence(before))
			kind = GM_BORDER_SENTENCE_LINE;
	}
	b.rank = rank_of(kind, c->text.data[c->at]);
	if (is_better(c, &b))
		c->best = b;
}

/* Look at the line that begins at c->at: is it blank, or a heading? */
static void
begin_line(struct gm_chunker *c)
{
	struct gm_span rest = span_from(c, c->at);
	int lines;

	if (gm_border_is_blank(rest)) {
		c->after_blank = true;
		return;
	}
	lines = c->title > 0 ? 0 : gm_border_heading(rest, c->after_blank);
	consider_line(c, lines > 0);
	c->after_blank = false;
	if (c->title > 0) {
		c->title--;
		return;
	}
	c->after_title = lines > 0;
	c->title = lines > 0 ? lines - 1 : 0;
}

/* Return the start of the character that the byte at an offset belongs to. */
static size_t
character_at(const struct gm_chunker *c, size_t at)
{
	size_t i;

	for (i = at; i > at - 3 && is_tail(c->text.data[i]); i--)
		;
	return is_tail(c->text.data[i]) ? at : i;
}

/* Scan a line, or a block of a long one.  False: more text is needed. */
static bool
scan(struct gm_chunker *c)
{
	size_t len = c->text.len - c->at;
	struct gm_span rest;
	const char *end;

	if (len == 0 || (!c->ended && len < BLOCK + GM_BORDER_AHEAD))
		return false;
	rest = span_from(c, c->at);
	if (c->line)
		begin_line(c);
	if (rest.len > BLOCK)
		rest.len = character_at(c, c->at + BLOCK) - c->at;
	end = memchr(rest.p, '\n', rest.len);
	if (end != NULL)
		rest.len = (size_t)(end - rest.p) + 1;
	c->line = end != NULL;
	gm_tokens_add(&c->tokens, rest);
	c->at += rest.len;
	return true;
}

/* Return the bytes of the character at an offset; 1 if it is not UTF-8. */
static size_t
character(const struct gm_chunker *c, size_t at)
{
	uint32_t point;
	size_t len = 1;

	if ((unsigned char)c->text.data[at] >= 0x80)
		len = gm_utf8_decode(span_from(c, at), &point, NULL);
	return len > 0 ? len : 1;
}

static inline bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* Consider all borders from at up to to; t is the estimate up to at. */
static void
consider_step(struct gm_chunker *c, struct gm_tokens t, size_t at, size_t to)
{
	struct gm_chunk_end b = { .at = at };
	struct gm_span more = { c->text.data + at, 0 }, rest;
	const int in_word = rank_of(GM_BORDER_CHARACTER, 'a');

	for (; b.at < to; b.at += character(c, b.at)) {
		if (b.at == c->start)
			continue;
		rest = span_from(c, b.at);
		/* Skip nearly all places, within words, without a call. */
		if (c->best.rank > in_word && is_word(rest.p[0]) &&
		    is_word(rest.p[-1]))
			continue;
		b.rank = rank_of(
		    gm_border_within(span_to(c, b.at), rest), rest.p[0]);
		if (!is_better(c, &b))
			continue;
		more.len = (size_t)(c->text.data + b.at - more.p);
		gm_tokens_add(&t, more);
		more.p += more.len;
		measure(c, &t, &b);
		if (is_allowed(c, &b))
			c->best = b;
	}
}

/* Find the best border within lines: no line begins where the chunk may end. */
static void
search_lines(struct gm_chunker *c)
{
	struct gm_tokens t = { .sum = 0 }, next;
	struct gm_chunk_end from = { .at = c->start }, to = from;

	for (; from.at < c->at; from = to, t = next) {
		to.at = c->at;
		if (to.at - from.at > STEP)
			to.at = character_at(c, from.at + STEP);
		next = t;
		gm_tokens_add(&next, (struct gm_span){ c->text.data + from.at,
					 to.at - from.at });
		measure(c, &next, &to);
		if (to.size >= least_size(c) && from.size <= MOST(c->max))
			consider_step(c, t, from.at, to.at);
	}
}

/*
 * Take as many characters as are allowed, and at least one.  Needed if the
 * estimate jumps from below the smallest size to above the largest: at the byte
 * where a long run of letters turns out to be code.
 */
static void
take_most(struct gm_chunker *c)
{
	struct gm_tokens t = { .sum = 0 };
	struct gm_chunk_end b = { .at = c->start, .rank = 1 };
	struct gm_span next;

	while (b.at < c->at) {
		next =
		    (struct gm_span){ c->text.data + b.at, character(c, b.at) };
		gm_tokens_add(&t, next);
		b.at += next.len;
		measure(c, &t, &b);
		if (c->best.rank == 0 || b.size <= MOST(c->max))
			c->best = b;
	}
}

/* End the chunk at the best border, and begin the next one there. */
static void
take(struct gm_chunker *c, struct gm_chunk *chunk)
{
	size_t len = c->best.at - c->start;

	*chunk = (struct gm_chunk){ c->offset, span_to(c, c->best.at),
		c->best.tokens };
	c->excess += c->best.size - fair_size(c);
	c->offset += (int64_t)len;
	c->start = c->at = c->best.at;
	c->tokens = (struct gm_tokens){ .sum = 0 };
	c->best = (struct gm_chunk_end){ .rank = 0 };
	c->line = c->after_blank = true;
	c->after_title = false;
	c->title = 0;
}

void
gm_chunker_init(struct gm_chunker *c, int64_t limit)
{
	*c = (struct gm_chunker){
		.max = limit * 100 / (100 + GM_TOKENS_MARGIN_PERCENT),
		.line = true,
		.after_blank = true,
	};
	c->excess = fair_size(c) / 2;
	gm_buf_init(&c->text, SIZE_MAX / 2);
}

int
gm_chunker_add(struct gm_chunker *c, struct gm_span text, struct gm_err *err)
{
	size_t rest = c->text.len - c->start;

	if (c->start > 0) {
		memmove(c->text.data, c->text.data + c->start, rest);
		gm_buf_cut(&c->text, rest);
		c->at -= c->start;
		if (c->best.rank > 0)
			c->best.at -= c->start;
		c->start = 0;
	}
	gm_buf_put_span(&c->text, text);
	return gm_buf_check(&c->text, err);
}

void
gm_chunker_end(struct gm_chunker *c)
{
	c->ended = true;
}

bool
gm_chunker_next(struct gm_chunker *c, struct gm_chunk *chunk)
{
	struct gm_chunk_end b;

	while (scan(c)) {
		b = (struct gm_chunk_end){ .at = c->at, .rank = 1 };
		measure(c, &c->tokens, &b);
		if (b.size <= c->max)
			continue;
		if (c->best.rank == 0)
			search_lines(c);
		if (c->best.rank == 0)
			take_most(c);
		take(c, chunk);
		return true;
	}
	if (!c->ended || c->start == c->text.len)
		return false;
	c->best = (struct gm_chunk_end){ .at = c->at, .rank = 1 };
	measure(c, &c->tokens, &c->best);
	take(c, chunk);
	return true;
}

void
gm_chunker_release(struct gm_chunker *c)
{
	gm_buf_release(&c->text);
}
