/* The estimate of tokens: the total does not depend on cuts, within bounds. */

#include <assert.h>

#include "provider/tokens.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
add(struct gm_tokens *t, const uint8_t *data, size_t from, size_t to)
{
	gm_tokens_add(
	    t, (struct gm_span){ (const char *)data + from, to - from });
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gm_tokens whole = { .sum = 0 }, bytes = { .sum = 0 }, cut;
	size_t at;

	add(&whole, data, 0, size);
	for (at = 0; at < size; at++) {
		cut = (struct gm_tokens){ .sum = 0 };
		add(&cut, data, 0, at);
		assert(gm_tokens_total(&cut) == gm_tokens_total(&bytes));
		add(&bytes, data, at, at + 1);
		if (size > 1000)
			continue;
		add(&cut, data, at, size);
		assert(gm_tokens_total(&cut) == gm_tokens_total(&whole));
	}
	assert(gm_tokens_total(&bytes) == gm_tokens_total(&whole));
	/* No byte has more weight than a symbol. */
	assert(gm_tokens_total(&whole) >= 0);
	assert(gm_tokens_total(&whole) <= (int64_t)(size * 11 + 9) / 10);
	return 0;
}
