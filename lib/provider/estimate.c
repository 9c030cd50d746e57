#include "provider/estimate.h"
#include "provider/tokens.h"

static int64_t
estimate_text(struct gm_span text)
{
	struct gm_tokens t = { .sum = 0 };

	gm_tokens_add(&t, text);
	return gm_tokens_total(&t);
}

static int64_t
estimate_turn(const struct gm_turn *turn)
{
	int64_t total = GM_ESTIMATE_TURN;
	size_t i;

	for (i = 0; i < turn->parts_len; i++)
		if (turn->parts[i].kind == GM_PART_TEXT)
			total += estimate_text(turn->parts[i].text);
	return total;
}

int64_t
gm_estimate_request(const struct gm_request *q)
{
	int64_t total = estimate_text(q->system);
	size_t i;

	for (i = 0; i < q->turns_len; i++)
		total += estimate_turn(&q->turns[i]);
	return total;
}
