#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "cli/params.h"

#define TEXTS_MAX 4096
#define TOKENS_MAX 10000000

/* Thresholds of the safety filter, from off to strict. */
static const struct {
	const char *word, *threshold;
} safeties[] = {
	{ "none", "BLOCK_NONE" },
	{ "low", "BLOCK_ONLY_HIGH" },
	{ "medium", "BLOCK_MEDIUM_AND_ABOVE" },
	{ "high", "BLOCK_LOW_AND_ABOVE" },
};

static const struct {
	const char *word, *level; /* level NULL: a budget of 0 */
} thoughts[] = {
	{ "minimal", "MINIMAL" },
	{ "low", "LOW" },
	{ "medium", "MEDIUM" },
	{ "high", "HIGH" },
	{ "xhigh", "XHIGH" },
	{ "off", NULL },
};

/* A text within params.texts, whose memory may move as it grows. */
struct place {
	const char **field;
	size_t at;
};

/* Prefix for a name that is the same in JSON. */
static const char *
dashes(const struct gm_params *p)
{
	return p->members ? "" : "--";
}

struct number {
	const char *option, *member, *text;
	const char **field;
	bool whole;
	double min, max;
};

static int
put_number(struct gm_params *p, const struct number *n, struct gm_err *err)
{
	struct gm_buf *out = &p->texts;
	int64_t value;
	int rc;

	if (n->whole) {
		rc = gm_num_whole(
		    &value, n->text, (int64_t)n->min, (int64_t)n->max, err);
		if (rc == 0)
			gm_buf_printf(out, "%lld", (long long)value);
	} else {
		rc = gm_num_decimal(out, n->text, n->min, n->max, err);
	}
	if (rc != 0)
		gm_err_prefix(err, "%s: ", p->members ? n->member : n->option);
	gm_buf_putc(out, '\0');
	return rc;
}

static int
apply_numbers(struct gm_params *p, struct gm_request *q, struct gm_err *err)
{
	const struct number numbers[] = {
		{ "--temperature", "temperature", p->temperature,
		    &q->temperature, false, 0, 2 },
		{ "--top-p", "top_p", p->top_p, &q->top_p, false, 0, 1 },
		{ "--top-k", "top_k", p->top_k, &q->top_k, true, 1, 1000000 },
		{ "--max-tokens", "max_tokens", p->max_tokens, &q->max_tokens,
		    true, 1, TOKENS_MAX },
		{ "--seed", "seed", p->seed, &q->seed, true, INT32_MIN,
		    INT32_MAX },
	};
	struct place places[GM_LEN(numbers)];
	size_t i, len = 0;

	for (i = 0; i < GM_LEN(numbers); i++) {
		if (numbers[i].text == NULL)
			continue;
		places[len++] =
		    (struct place){ numbers[i].field, p->texts.len };
		if (put_number(p, &numbers[i], err) != 0)
			return -1;
	}
	if (gm_buf_check(&p->texts, err) != 0)
		return -1;
	for (i = 0; i < len; i++)
		*places[i].field = p->texts.data + places[i].at;
	return 0;
}

static int
apply_thinking(struct gm_params *p, struct gm_request *q, struct gm_err *err)
{
	const char *text = p->thinking;
	int64_t budget;
	size_t i;

	if (text == NULL)
		return 0;
	for (i = 0; i < GM_LEN(thoughts); i++)
		if (strcasecmp(text, thoughts[i].word) == 0) {
			q->thinking_level = thoughts[i].level;
			q->thinking_budget =
			    thoughts[i].level == NULL ? "0" : NULL;
			return 0;
		}
	q->thinking_level = NULL;
	if (gm_num_whole(&budget, text, -1, TOKENS_MAX, err) != 0)
		return gm_fail(err, GM_EUSAGE,
		    "%sthinking: not minimal, low, medium, high, xhigh, off "
		    "or a number of tokens from -1 (automatic) to %d",
		    dashes(p), TOKENS_MAX);
	(void)snprintf(p->budget, sizeof(p->budget), "%lld", (long long)budget);
	q->thinking_budget = p->budget;
	return 0;
}

static int
apply_safety(
    const struct gm_params *p, struct gm_request *q, struct gm_err *err)
{
	size_t i;

	if (p->safety == NULL)
		return 0;
	for (i = 0; i < GM_LEN(safeties); i++)
		if (strcmp(p->safety, safeties[i].word) == 0) {
			q->safety = safeties[i].threshold;
			return 0;
		}
	return gm_fail(err, GM_EUSAGE,
	    "%ssafety: not none, low, medium or high", dashes(p));
}

int
gm_params_apply(struct gm_params *p, struct gm_request *q, struct gm_err *err)
{
	if (p->texts.max == 0)
		gm_buf_init(&p->texts, TEXTS_MAX);
	gm_buf_reset(&p->texts);
	if (q->stop_len > GM_PARAMS_STOPS)
		return gm_fail(err, GM_EUSAGE,
		    "%sstop: given more than %d times", dashes(p),
		    GM_PARAMS_STOPS);
	if (apply_numbers(p, q, err) != 0 || apply_thinking(p, q, err) != 0)
		return -1;
	return apply_safety(p, q, err);
}

const char *
gm_params_thinking_word(size_t i)
{
	return i < GM_LEN(thoughts) ? thoughts[i].word : NULL;
}

const char *
gm_params_safety_word(size_t i)
{
	return i < GM_LEN(safeties) ? safeties[i].word : NULL;
}

void
gm_params_release(struct gm_params *p)
{
	gm_buf_release(&p->texts);
}
