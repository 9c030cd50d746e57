#include <string.h>

#include "call/hops.h"

static const struct gm_usage no_usage = { -1, -1, -1, -1, -1 };

static void
reset_tail(struct gm_hops_tail *t)
{
	gm_buf_reset(&t->bytes);
	t->seen = 0;
}

static int
give(struct gm_hops *h, struct gm_span text, bool thought, struct gm_err *err)
{
	const struct gm_part part = { .text = text, .thought = thought };

	if (text.len == 0)
		return 0;
	return h->to->part(&part, h->to->arg, err);
}

/* Pass the tails to a sink that is not final; a final one has them already. */
static int
give_tails(struct gm_hops *h, struct gm_err *err)
{
	int rc = 0;

	if (!h->to->final) {
		rc = give(h, gm_buf_span(&h->thought.bytes), true, err);
		if (rc == 0)
			rc = give(h, gm_buf_span(&h->text.bytes), false, err);
	}
	reset_tail(&h->text);
	reset_tail(&h->thought);
	return rc;
}

/*
 * Append to a tail.  One that is too long is passed on, which bounds memory;
 * then the answer cannot go back to the token any more.
 */
static int
extend(struct gm_hops *h, struct gm_hops_tail *t, struct gm_span text,
    bool thought, struct gm_err *err)
{
	if (t->bytes.len + text.len > GM_HOPS_TAIL_MAX) {
		h->lost = true;
		if (give_tails(h, err) != 0)
			return -1;
		return give(h, text, thought, err);
	}
	gm_buf_put_span(&t->bytes, text);
	t->seen = t->bytes.len;
	if (gm_buf_check(&t->bytes, err) != 0)
		return -1;
	return h->to->final ? give(h, text, thought, err) : 0;
}

/* Skip the part of a piece that repeats the tail; false if it differs. */
static bool
skip(struct gm_hops_tail *t, struct gm_span *text)
{
	size_t len = t->bytes.len - t->seen;

	if (len > text->len)
		len = text->len;
	if (len > 0 && memcmp(t->bytes.data + t->seen, text->p, len) != 0)
		return false;
	t->seen += len;
	text->p += len;
	text->len -= len;
	return true;
}

static int
take_text(struct gm_hops *h, struct gm_span text, struct gm_err *err)
{
	if (!skip(&h->text, &text)) {
		h->differs = true;
		return gm_fail(err, GM_EUNAVAILABLE, "other text");
	}
	return text.len > 0 ? extend(h, &h->text, text, false, err) : 0;
}

/* Thoughts are not the answer, so different ones are no error: pass them on. */
static int
take_thought(struct gm_hops *h, struct gm_span text, struct gm_err *err)
{
	if (!skip(&h->thought, &text))
		gm_buf_cut(&h->thought.bytes, h->thought.seen);
	return text.len > 0 ? extend(h, &h->thought, text, true, err) : 0;
}

/* Skip as many parts as came after the token before the response broke: the
 * service sends them again. */
static int
take_other(struct gm_hops *h, const struct gm_part *part, struct gm_err *err)
{
	if (h->token.len > 0) {
		if (h->others_seen++ < h->others)
			return 0;
		h->others = h->others_seen;
	}
	return h->to->part(part, h->to->arg, err);
}

static int
on_part(const struct gm_part *part, void *arg, struct gm_err *err)
{
	struct gm_hops *h = arg;

	if (part->kind != GM_PART_TEXT)
		return take_other(h, part, err);
	if (h->token.len == 0 || h->lost || part->signature.len > 0)
		return h->to->part(part, h->to->arg, err);
	return part->thought ? take_thought(h, part->text, err)
	                     : take_text(h, part->text, err);
}

/* Drop the text before a new token; text that a broken response brought beyond
 * it stays to be compared. */
static void
drop_seen(struct gm_hops_tail *t)
{
	size_t left = t->bytes.len - t->seen;

	if (left > 0 && t->seen > 0)
		memmove(t->bytes.data, t->bytes.data + t->seen, left);
	gm_buf_cut(&t->bytes, left);
	t->seen = 0;
}

static int
on_checkpoint(struct gm_span token, void *arg, struct gm_err *err)
{
	struct gm_hops *h = arg;
	const struct gm_answer *a = h->answer;

	/* A repeated token is no progress: it must not reset "stuck". */
	if (token.len == 0 || token.len > GM_HOPS_TOKEN_MAX ||
	    (token.len == h->token.len &&
		memcmp(token.p, h->token.data, token.len) == 0))
		return 0;
	if (h->to->final) {
		drop_seen(&h->text);
		drop_seen(&h->thought);
	} else if (give_tails(h, err) != 0) {
		return -1;
	}
	gm_buf_reset(&h->token);
	gm_buf_put_span(&h->token, token);
	h->moved = h->fresh = true;
	h->lost = false;
	h->stuck = 0;
	h->usage = a->usage;
	h->text_half = a->text_half;
	h->thought_half = a->thought_half;
	h->others -= h->others_seen;
	h->others_seen = 0;
	return gm_buf_check(&h->token, err);
}

void
gm_hops_init(
    struct gm_hops *h, const struct gm_sink *to, struct gm_answer *answer)
{
	*h = (struct gm_hops){ .to = to, .answer = answer };
	h->sink = (struct gm_sink){ .part = on_part,
		.checkpoint = on_checkpoint,
		.final = to->final,
		.arg = h };
	h->earlier = h->usage = no_usage;
	gm_buf_init(&h->token, GM_HOPS_TOKEN_MAX);
	gm_buf_init(&h->text.bytes, GM_HOPS_TAIL_MAX);
	gm_buf_init(&h->thought.bytes, GM_HOPS_TAIL_MAX);
}

/* Forget the end of the last response; keep what is known up to the token. */
static void
continue_answer(struct gm_hops *h)
{
	struct gm_answer *a = h->answer;

	a->finish = GM_FINISH_NONE;
	a->seen = a->text = a->late = a->prompt_blocked = false;
	a->reason[0] = a->explanation[0] = '\0';
	a->usage = no_usage;
	a->text_half = h->text_half;
	a->thought_half = h->thought_half;
}

void
gm_hops_begin(struct gm_hops *h)
{
	if (h->token.len > 0) {
		continue_answer(h);
	} else {
		gm_answer_release(h->answer);
		gm_answer_init(h->answer);
	}
	if (!h->to->final) {
		reset_tail(&h->text);
		reset_tail(&h->thought);
	}
	h->text.seen = h->thought.seen = h->others_seen = 0;
	h->usage = no_usage;
	h->moved = h->fresh = false;
	h->hops++;
}

/* Add a count; -1, not reported, counts as 0. */
static void
add(int64_t *sum, int64_t n)
{
	if (n >= 0)
		*sum = (*sum > 0 ? *sum : 0) + n;
}

static void
add_usage(struct gm_usage *sum, const struct gm_usage *u)
{
	add(&sum->prompt, u->prompt);
	add(&sum->cached, u->cached);
	add(&sum->output, u->output);
	add(&sum->thoughts, u->thoughts);
	add(&sum->total, u->total);
}

/* Move a usage to the earlier responses, so that it is counted once. */
static void
keep_usage(struct gm_hops *h, const struct gm_usage *u)
{
	add_usage(&h->earlier, u);
	h->answer->usage = no_usage;
}

bool
gm_hops_next(struct gm_hops *h)
{
	if (!h->fresh || h->lost || h->hops >= GM_HOPS_MAX)
		return false;
	h->broke = false;
	keep_usage(h, &h->answer->usage);
	return true;
}

bool
gm_hops_may_resume(const struct gm_hops *h)
{
	return h->token.len > 0 && !h->lost && !h->differs &&
	       h->stuck < GM_HOPS_STUCK && h->hops < GM_HOPS_MAX;
}

bool
gm_hops_resume(struct gm_hops *h)
{
	if (!gm_hops_may_resume(h))
		return false;
	h->stuck += h->answer->seen; /* only responses with content count */
	h->broke = true;
	keep_usage(h, &h->usage);
	return true;
}

bool
gm_hops_is_short(const struct gm_hops *h)
{
	return h->to->final && h->text.seen < h->text.bytes.len;
}

int
gm_hops_end(struct gm_hops *h, struct gm_err *err)
{
	return give_tails(h, err);
}

void
gm_hops_add_up(struct gm_hops *h)
{
	add_usage(&h->answer->usage, &h->earlier);
	h->earlier = no_usage;
}

void
gm_hops_reset(struct gm_hops *h)
{
	h->moved = h->moved || h->token.len > 0;
	gm_buf_reset(&h->token);
	reset_tail(&h->text);
	reset_tail(&h->thought);
	h->earlier = h->usage = no_usage;
	h->fresh = h->lost = h->differs = h->broke = false;
	h->hops = h->stuck = 0;
	h->others = h->others_seen = 0;
}

void
gm_hops_release(struct gm_hops *h)
{
	gm_buf_release(&h->token);
	gm_buf_release(&h->text.bytes);
	gm_buf_release(&h->thought.bytes);
}
