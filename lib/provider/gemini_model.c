#include <stdlib.h>
#include <string.h>

#include "provider/gemini_model.h"

/* Tokens that high thinking and a short answer need together. */
#define ROOM 4096

/* The first row whose name is a prefix of the model's decides. */
static const struct trait {
	const char *name;
	const char *levels; /* thinking levels, as a user writes them */
	bool thinks_long;   /* if no level is set */
} traits[] = {
	{ "gemini-4-argon", "low, medium or high", false },
	{ "gemini-4-carbon", "low, medium or high", false },
	{ "gemini-4-", "low, medium, high or xhigh", true },
};

static const struct trait *
find_trait(const char *model)
{
	size_t i;

	for (i = 0; i < GM_LEN(traits); i++)
		if (strncmp(model, traits[i].name, strlen(traits[i].name)) == 0)
			return &traits[i];
	return NULL;
}

/* Begin the next line. */
static void
begin_line(struct gm_buf *out)
{
	if (out->len > 0)
		gm_buf_putc(out, '\n');
}

static void
put_ignored(const struct gm_request *q, struct gm_buf *out)
{
	const struct {
		const char *value, *option;
	} rows[] = {
		{ q->temperature, "--temperature" },
		{ q->top_p, "--top-p" },
		{ q->top_k, "--top-k" },
	};
	const char *before = "this model ignores ";
	size_t i;

	for (i = 0; i < GM_LEN(rows); i++) {
		if (rows[i].value == NULL)
			continue;
		gm_buf_printf(out, "%s%s", before, rows[i].option);
		before = ", ";
	}
}

/* True if the model has this thinking level. */
static bool
has_level(const struct trait *t, const char *level)
{
	struct gm_span rest = gm_span_of(t->levels), word;
	const struct gm_span wanted = gm_span_of(level);

	while (gm_span_split(&rest, ", ", &word))
		if (word.len == wanted.len && gm_span_has(word, level))
			return true;
	return false;
}

static void
put_thinking(
    const struct trait *t, const struct gm_request *q, struct gm_buf *out)
{
	const char *level = q->thinking_level;
	bool rejected = level != NULL && !has_level(t, level);

	if (q->thinking_budget == NULL && !rejected)
		return;
	begin_line(out);
	gm_buf_printf(out, "this model rejects --thinking %s; use %s",
	    rejected                               ? "with this level"
	    : strcmp(q->thinking_budget, "0") == 0 ? "off"
						   : "with a number",
	    t->levels);
}

/* Warn if thinking may use all of the tokens that are allowed. */
static void
put_room(const struct trait *t, const struct gm_request *q, struct gm_buf *out)
{
	const char *level = q->thinking_level;
	bool long_one =
	    level == NULL ? t->thinks_long : strstr(level, "HIGH") != NULL;

	if (!long_one || q->thinking_budget != NULL || q->max_tokens == NULL ||
	    strtol(q->max_tokens, NULL, 10) >= ROOM)
		return;
	begin_line(out);
	gm_buf_printf(out,
	    "--max-tokens %s may all be used for thinking; use %d or more, or "
	    "--thinking low",
	    q->max_tokens, ROOM);
}

void
gm_gemini_model_caution(
    const char *model, const struct gm_request *q, struct gm_buf *out)
{
	const struct trait *t = find_trait(model);

	if (t == NULL)
		return;
	put_ignored(q, out);
	put_thinking(t, q, out);
	put_room(t, q, out);
}

bool
gm_gemini_model_takes_low(const char *model)
{
	static const char family[] = "gemini-";
	const struct gm_span name = gm_span_of(model);
	char *end;
	long version;

	if (!gm_span_starts(name, family))
		return false;
	if (gm_span_ends(name, "-latest"))
		return !gm_span_starts(name, "gemini-1") &&
		       !gm_span_starts(name, "gemini-2");
	version = strtol(model + sizeof(family) - 1, &end, 10);
	return end != model + sizeof(family) - 1 && version >= 3 &&
	       version < 100;
}
