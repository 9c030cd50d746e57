#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "keys/keys.h"

/* The descriptor wakes the loop; this is only a precaution. */
#define SYNC_MS 1000

int
gm_keys_open(
    struct gm_keys *k, const struct gm_keys_options *o, struct gm_err *err)
{
	size_t i;

	*k = (struct gm_keys){ .rule = { .origin = k->origin,
				   .ring = o->ring,
				   .list = k->list,
				   .round_robin = o->round_robin,
				   .rpm = o->rpm,
				   .rpd = o->rpd,
				   .tpm = o->tpm },
		.state = o->state };
	k->ids = calloc(o->ring->len + 1, sizeof(*k->ids));
	if (k->ids == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	k->rule.ids = k->ids;
	gm_url_origin(o->base_url, k->origin);
	for (i = 0; i < o->ring->len; i++)
		gm_keystate_id(k->state, o->ring->keys[i].text, k->ids[i]);
	/* The list is known by its keys in order; labels may change. */
	gm_keystate_id(k->state,
	    (struct gm_span){
		(const char *)k->ids, o->ring->len * sizeof(*k->ids) },
	    k->list);
	return 0;
}

struct gm_keyquery
gm_keys_query(const struct gm_keys *k, const char *model,
    const struct gm_keyfilter *filter)
{
	return (struct gm_keyquery){ .rule = &k->rule,
		.table = &k->state->table,
		.model = model,
		.filter = *filter,
		.now_ms = gm_clock_wall_ms() };
}

struct gm_keyquery
gm_keys_look(
    struct gm_keys *k, const char *model, const struct gm_keyfilter *filter)
{
	const struct gm_keyquery q = gm_keys_query(k, model, filter);

	gm_keystate_look(k->state, q.now_ms);
	return q;
}

bool
gm_keys_is_usable(struct gm_keys *k, const char *model,
    const struct gm_keyfilter *filter, size_t index)
{
	struct gm_keyquery q = gm_keys_look(k, model, filter);
	struct gm_keystatus s;

	q.filter.free = true; /* GM_RPD: this request is counted already */
	gm_keyrule_status(&q, index, &s);
	return s.class == GM_CLASS_OK;
}

int
gm_keys_begin(struct gm_keys *k, const char *model,
    const struct gm_keyfilter *filter, struct gm_keyquery *q,
    struct gm_err *err)
{
	if (gm_keystate_lock(k->state, false, gm_clock_wall_ms(), err) != 0)
		return -1;
	/* Made after the wait for the lock, so that its time is that of now. */
	*q = gm_keys_query(k, model, filter);
	return 0;
}

int
gm_keys_store(struct gm_keys *k, struct gm_err *err)
{
	gm_keystate_unlock(k->state);
	return k->state->strict ? gm_keystate_check(k->state, err) : 0;
}

/* Mask keys in the service's text, as a server may repeat the key. */
static int
mask_words(const struct gm_keys *k, struct gm_fault *fault, struct gm_err *err)
{
	struct gm_buf masked;
	int rc;

	gm_buf_init(&masked, 4 * sizeof(fault->words));
	gm_secret_mask(
	    k->state->note->secrets, &masked, gm_span_of(fault->words));
	rc = gm_buf_check(&masked, err);
	(void)snprintf(
	    fault->words, sizeof(fault->words), "%s", gm_buf_str(&masked));
	gm_buf_release(&masked);
	return rc;
}

/*
 * Apply the result of a request; counters are saved at once, marks at the end.
 */
static int
learn(struct gm_keys *k, const struct gm_keyquery *q,
    const struct gm_keychange *c, struct gm_err *err)
{
	struct gm_keyrow *row = NULL;
	struct gm_fault masked;

	switch (c->learnt) {
	case GM_LEARNT_FAULT:
		masked = *c->fault;
		if (mask_words(k, &masked, err) != 0)
			return -1;
		return gm_keyrule_fault(q, c->index, c->sent_ms, &masked, err);
	case GM_LEARNT_SUCCESS:
		gm_keyrule_success(q, c->index, c->sent_ms);
		row = gm_keyrule_correct(q, c->index, c->sent_ms, c->tokens);
		break;
	case GM_LEARNT_UNSENT:
		row = gm_keyrule_give_back(q, c->index, c->slot_ms);
		break;
	case GM_LEARNT_NOTHING:
		break;
	}
	if (row != NULL)
		gm_keystate_save_counters(k->state, row);
	return 0;
}

/* Choose a key and count the request; nothing is counted without a key. */
static int
reserve(struct gm_keys *k, const struct gm_keyquery *q, struct gm_keychange *c,
    struct gm_err *err)
{
	struct gm_keyrow *row;

	gm_keyrule_pick(q, &c->pick);
	if (c->pick.kind != GM_PICK_KEY || c->pick.at_ms > c->latest_ms)
		return 0;
	row = gm_keyrule_reserve(q, &c->pick, err);
	if (row == NULL)
		return -1;
	gm_keystate_save_counters(k->state, row);
	return 0;
}

/* Apply both halves of a change, while locked. */
static int
apply(struct gm_keys *k, struct gm_keychange *c, struct gm_err *err)
{
	const struct gm_keyquery q = gm_keys_query(k, c->model, &c->filter);

	if (learn(k, &q, c, err) != 0)
		return -1;
	return c->reserve ? reserve(k, &q, c, err) : 0;
}

/* True for a success that changes nothing: most do not, and need no lock. */
static bool
is_needless(struct gm_keys *k, const struct gm_keychange *c)
{
	struct gm_keyquery q;

	if (c->reserve || c->learnt != GM_LEARNT_SUCCESS)
		return false;
	q = gm_keys_look(k, c->model, &c->filter);
	return !gm_keyrule_may_correct(&q, c->tokens) &&
	       !gm_keyrule_may_lift(&q, c->index, c->sent_ms);
}

int
gm_keys_run(struct gm_keys *k, struct gm_keychange *c, struct gm_err *err)
{
	int64_t now = gm_clock_mono_ms();
	int rc;

	if (!c->made) {
		if (!c->begun && is_needless(k, c))
			return 1;
		c->begun = true;
		rc = gm_keystate_enter(
		    k->state, &c->wait, gm_clock_wall_ms(), err);
		c->again_ms = now + 1 + c->wait.nap_us / 1000;
		if (rc != 1)
			return rc;
		rc = apply(k, c, err);
		c->made = true;
		c->batch = gm_keystate_leave(k->state);
		/* Call again at once, but after the other calls of this pass of
		 * the loop, which may join the batch. */
		c->again_ms = now;
		if (rc != 0) /* the caller will not finish it */
			gm_keystate_unlock(k->state);
		return rc != 0 ? -1 : c->batch == 0;
	}
	if (gm_keystate_finish(k->state, c->batch))
		return 1;
	c->again_ms = now + SYNC_MS;
	return 0;
}

int
gm_keys_make(struct gm_keys *k, struct gm_keychange *c, struct gm_err *err)
{
	int64_t now = gm_clock_wall_ms();
	int rc;

	if (gm_keystate_lock(
		k->state, c->learnt == GM_LEARNT_UNSENT, now, err) != 0)
		return -1;
	rc = apply(k, c, err);
	/* Save even without a key: reading may have corrected times. */
	gm_keystate_unlock(k->state);
	return rc;
}

void
gm_keys_abandon(struct gm_keys *k, struct gm_keychange *c)
{
	if (c->made)
		c->made = gm_keystate_abandon(k->state, c->batch);
}

void
gm_keys_close(struct gm_keys *k)
{
	free(k->ids);
	*k = (struct gm_keys){ .ids = NULL };
}
