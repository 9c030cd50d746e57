#include <string.h>
#include <strings.h>

#include "jsonline.h"
#include "reading.h"

#define TEXT_MAX (64 * 1024 * 1024)

void
gm_reading_init(struct gm_reading *r, const struct gm_json *json,
    struct gm_answer *answer, const struct gm_sink *sink, struct gm_err *err)
{
	*r = (struct gm_reading){
		.json = json, .answer = answer, .sink = sink, .err = err
	};
	gm_buf_init(&r->text, TEXT_MAX);
}

int
gm_reading_at(const struct gm_reading *r, int at, const char *path)
{
	return gm_json_at(r->json, at, path);
}

bool
gm_reading_decode(struct gm_reading *r, int at)
{
	if (r->rc != 0 || gm_json_type(r->json, at) != GM_JSON_STRING)
		return false;
	gm_buf_reset(&r->text);
	gm_json_string(r->json, at, &r->text);
	r->rc = gm_buf_check(&r->text, r->err);
	return r->rc == 0 && r->text.len > 0;
}

void
gm_reading_line(struct gm_reading *r, int at, char *out, size_t size)
{
	if (r->rc == 0)
		r->rc = gm_jsonline(r->json, at, out, size, r->err);
}

void
gm_reading_give(struct gm_reading *r, struct gm_span text, bool thought)
{
	const struct gm_sink *sink = r->sink;

	if (r->rc == 0 && text.len > 0)
		r->rc = (thought ? sink->thought : sink->text)(
		    text, sink->arg, r->err);
}

static int
give(struct gm_span text, bool thought, void *arg, struct gm_err *err)
{
	const struct gm_sink *sink = arg;

	return (thought ? sink->thought : sink->text)(text, sink->arg, err);
}

/* A lone half of a character, which nothing has completed. */
static struct gm_span
take_half(uint32_t *half)
{
	struct gm_span none = { NULL, 0 };

	if (*half == 0)
		return none;
	*half = 0;
	return gm_span_of("\xEF\xBF\xBD"); /* U+FFFD */
}

void
gm_reading_text(struct gm_reading *r, int at, bool thought)
{
	struct gm_answer *a = r->answer;
	struct gm_sink sink = *r->sink;

	if (r->rc != 0 || gm_json_type(r->json, at) != GM_JSON_STRING)
		return;
	gm_buf_reset(&r->text);
	gm_json_join(
	    r->json, at, thought ? &a->thought_half : &a->text_half, &r->text);
	r->rc = gm_buf_check(&r->text, r->err);
	if (!thought && r->text.len > 0) {
		a->text = true;
		a->late = a->finish != GM_FINISH_NONE;
	}
	if (thought)
		gm_reading_give(r, gm_buf_span(&r->text), true);
	else if (r->rc == 0)
		r->rc = gm_think_take(
		    &a->think, gm_buf_span(&r->text), give, &sink, r->err);
}

int
gm_reading_separated(struct gm_reading *r)
{
	struct gm_sink sink = *r->sink;

	return gm_think_separated(&r->answer->think, give, &sink, r->err);
}

int
gm_reading_close(
    struct gm_answer *a, const struct gm_sink *sink, struct gm_err *err)
{
	struct gm_sink copy = *sink;
	struct gm_span thought = take_half(&a->thought_half);

	if (thought.len > 0 && sink->thought(thought, sink->arg, err) != 0)
		return -1;
	if (gm_think_take(
		&a->think, take_half(&a->text_half), give, &copy, err) != 0)
		return -1;
	return gm_think_end(
	    &a->think, a->finish == GM_FINISH_LIMIT, give, &copy, err);
}

void
gm_reading_usage(struct gm_reading *r, int at, const char *const paths[5])
{
	struct gm_usage *u = &r->answer->usage;
	int64_t *counts[] = { &u->prompt, &u->cached, &u->output, &u->thoughts,
		&u->total };
	size_t i;

	for (i = 0; i < GM_LEN(counts); i++)
		*counts[i] = gm_json_int(
		    r->json, gm_reading_at(r, at, paths[i]), *counts[i]);
}

/* Words for the lack of a reason. */
static bool
is_no_reason(const char *reason)
{
	static const char *const words[] = { "", "null", "none", "unspecified",
		"FINISH_REASON_UNSPECIFIED" };
	size_t i;

	for (i = 0; i < GM_LEN(words); i++)
		if (strcasecmp(reason, words[i]) == 0)
			return true;
	return false;
}

void
gm_reading_finish(
    struct gm_reading *r, int at, const struct gm_reading_finish *table)
{
	struct gm_answer *a = r->answer;
	char reason[sizeof(a->reason)] = "";

	gm_reading_line(r, at, reason, sizeof(reason));
	if (r->rc != 0 || is_no_reason(reason))
		return;
	memcpy(a->reason, reason, sizeof(reason));
	while (table->reason != NULL && strcmp(reason, table->reason) != 0)
		table++;
	a->finish = table->reason != NULL ? table->finish : GM_FINISH_OTHER;
}

void
gm_reading_release(struct gm_reading *r)
{
	gm_buf_release(&r->text);
}
