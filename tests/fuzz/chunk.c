/*
 * Chunks cover the text, keep the limit, begin at characters, and do not depend on
 * how the text is cut into pieces.
 */

#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "gm-summ/chunk.h"

#define CHUNKS_MAX 4096
#define CUTS 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	size_t len;
	size_t ends[CHUNKS_MAX];
};

static void
check_chunk(
    const struct gm_chunk *chunk, struct gm_span text, int64_t limit, size_t at)
{
	struct gm_tokens t = { .sum = 0 };

	assert(chunk->offset == (int64_t)at && chunk->text.len > 0);
	assert(chunk->text.len <= text.len - at);
	assert(memcmp(chunk->text.p, text.p + at, chunk->text.len) == 0);
	gm_tokens_add(&t, chunk->text);
	assert(chunk->tokens == gm_tokens_total(&t));
	assert(chunk->tokens * 125 <= limit * 100);
}

static void
take(struct run *r, struct gm_chunker *c, struct gm_span text, int64_t limit)
{
	size_t at = r->len > 0 ? r->ends[r->len - 1] : 0;
	struct gm_chunk chunk;

	while (gm_chunker_next(c, &chunk)) {
		check_chunk(&chunk, text, limit, at);
		at += chunk.text.len;
		assert(r->len < CHUNKS_MAX);
		r->ends[r->len++] = at;
	}
}

/* In pieces: the first bytes, then step bytes each. */
static void
run(struct run *r, struct gm_span text, int64_t limit, size_t n, size_t step)
{
	struct gm_chunker c;
	struct gm_err err;
	size_t at = 0;

	r->len = 0;
	gm_chunker_init(&c, limit);
	for (; at < text.len; at += n, n = step) {
		if (n > text.len - at)
			n = text.len - at;
		if (gm_chunker_add(
			&c, (struct gm_span){ text.p + at, n }, &err) != 0)
			break;
		take(r, &c, text, limit);
	}
	gm_chunker_end(&c);
	take(r, &c, text, limit);
	gm_chunker_release(&c);
	assert((r->len > 0 ? r->ends[r->len - 1] : 0) == text.len);
}

static void
check_same(const struct run *a, const struct run *b)
{
	assert(a->len == b->len);
	assert(memcmp(a->ends, b->ends, a->len * sizeof(a->ends[0])) == 0);
}

static void
check_characters(const struct run *r, struct gm_span text)
{
	size_t at = 0, i = 0, n;
	uint32_t point;

	for (; at<text.len; at += n> 0 ? n : 1) {
		assert(i == r->len || at <= r->ends[i]);
		i += at == r->ends[i];
		n = gm_utf8_decode(
		    (struct gm_span){ text.p + at, text.len - at }, &point,
		    NULL);
	}
	assert(i + 1 == r->len);
}

/* The first byte sets the limit, and how often the rest is repeated. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run whole, other;
	struct gm_buf text;
	int64_t limit;
	size_t i, cut;

	if (size < 2 || size > 2048)
		return 0;
	limit = GM_CHUNKER_LEAST + 4 * (data[0] & 0x7F);
	gm_buf_init(&text, 1 << 24);
	for (i = 0; i < (data[0] < 0x80 ? 1 : 1500 / size + 1); i++)
		gm_buf_put(&text, (const char *)data + 1, size - 1);
	if (text.failed == GM_OK) {
		run(&whole, gm_buf_span(&text), limit, text.len, 1);
		check_characters(&whole, gm_buf_span(&text));
		run(&other, gm_buf_span(&text), limit, 1, 1);
		check_same(&whole, &other);
		for (cut = 1; cut < text.len; cut += text.len / CUTS + 1) {
			run(&other, gm_buf_span(&text), limit, cut, SIZE_MAX);
			check_same(&whole, &other);
		}
	}
	gm_buf_release(&text);
	return 0;
}
