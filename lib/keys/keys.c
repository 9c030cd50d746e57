#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "keys/keys.h"

/* Between two looks at a sync. */
#define SYNC_MS 1000

/*
 * The list's name in the state is a hash of the hashes of its keys, in order:
 * the same in all processes, and no key.  Labels do not make another list.
 */
static void
name_list(struct gm_keys *k)
{
	const size_t bytes = k->rule.ring->len * sizeof(*k->ids);

	gm_keystate_id(
	    k->state, (struct gm_span){ (const char *)k->ids, bytes }, k->list);
}

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
	name_list(k);
	return 0;
}

int
gm_keys_begin(struct gm_keys *k, struct gm_err *err)
{
	return gm_keystate_lock(k->state, gm_clock_wall_ms(), err);
}

void
gm_keys_commit(struct gm_keys *k)
{
	gm_keystate_unlock(k->state);
}

int
gm_keys_store(struct gm_keys *k, struct gm_err *err)
{
	gm_keys_commit(k);
	return k->state->strict ? gm_keystate_check(k->state, err) : 0;
}

/* A server may repeat a key, which must not get into the state. */
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

static struct gm_deed
deed_of(const struct gm_keychange *c, int64_t now_ms)
{
	return (struct gm_deed){ .model = c->model,
		.wish = &c->wish,
		.index = c->index,
		.sent_ms = c->sent_ms,
		.now_ms = now_ms };
}

/* While locked. */
static int
learn(struct gm_keys *k, const struct gm_keychange *c, int64_t now_ms,
    struct gm_err *err)
{
	const struct gm_deed deed = deed_of(c, now_ms);
	struct gm_keytable *t = &k->state->table;
	struct gm_fault known;
	struct gm_keyrow *row;

	switch (c->learnt) {
	case GM_LEARNT_FAULT:
		known = *c->fault;
		return mask_words(k, &known, err) != 0
		           ? -1
		           : gm_keyrule_fault(&k->rule, t, &deed, &known, err);
	case GM_LEARNT_SUCCESS:
		gm_keyrule_success(&k->rule, t, &deed);
		row = gm_keyrule_correct(&k->rule, t, c->model, &c->wish,
		    c->index, c->sent_ms, c->tokens, now_ms);
		if (row != NULL)
			gm_keystate_save_counters(k->state, row);
		break;
	case GM_LEARNT_UNSENT:
		row = gm_keyrule_give_back(
		    &k->rule, t, c->model, &c->wish, c->index, c->slot_ms);
		if (row != NULL)
			gm_keystate_save_counters(k->state, row);
		break;
	case GM_LEARNT_NOTHING:
		break;
	}
	return 0;
}

/* While locked. */
static int
reserve(struct gm_keys *k, struct gm_keychange *c, int64_t now_ms,
    struct gm_err *err)
{
	struct gm_keytable *t = &k->state->table;
	struct gm_keyrow *row;

	gm_keyrule_pick(&k->rule, t, c->model, &c->wish, now_ms, &c->pick);
	if (c->pick.kind != GM_PICK_KEY || c->pick.at_ms > c->latest_ms)
		return 0;
	row = gm_keyrule_reserve(
	    &k->rule, t, c->model, &c->wish, &c->pick, now_ms, err);
	if (row == NULL)
		return -1;
	gm_keystate_save_counters(k->state, row);
	return 0;
}

static int
make(struct gm_keys *k, struct gm_keychange *c, struct gm_err *err)
{
	int64_t now = gm_clock_wall_ms(); /* the lock may have taken its time */

	if (learn(k, c, now, err) != 0)
		return -1;
	return c->reserve ? reserve(k, c, now, err) : 0;
}

/* Most have nothing to lift, and need no lock to see that. */
static bool
is_needless(struct gm_keys *k, const struct gm_keychange *c)
{
	const struct gm_deed deed = deed_of(c, gm_clock_wall_ms());

	if (c->reserve || c->learnt != GM_LEARNT_SUCCESS ||
	    gm_keyrule_may_correct(&k->rule, &c->wish, c->tokens))
		return false;
	gm_keystate_look(k->state, deed.now_ms);
	return !gm_keyrule_may_lift(&k->rule, &k->state->table, &deed);
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
		rc = make(k, c, err);
		c->made = true;
		c->batch = gm_keystate_leave(k->state);
		c->again_ms = now; /* others may join the batch before */
		if (rc != 0)       /* nobody will finish it */
			gm_keystate_unlock(k->state);
		return rc != 0 ? -1 : c->batch == 0;
	}
	if (gm_keystate_finish(k->state, c->batch))
		return 1;
	c->again_ms = now + SYNC_MS;
	return 0;
}

void
gm_keys_abandon(struct gm_keys *k, struct gm_keychange *c)
{
	if (c->made)
		c->made = gm_keystate_abandon(k->state, c->batch);
}

int
gm_keys_reserve(struct gm_keys *k, const char *model,
    const struct gm_keywish *wish, int64_t latest_ms, struct gm_pick *pick,
    struct gm_err *err)
{
	struct gm_keychange c = { .model = model,
		.wish = wish != NULL ? *wish : (struct gm_keywish){ 0 },
		.reserve = true,
		.latest_ms = latest_ms };
	int rc;

	if (gm_keys_begin(k, err) != 0)
		return -1;
	rc = make(k, &c, err);
	/* Also without a key: an end that was clamped must stay so. */
	gm_keys_commit(k);
	*pick = c.pick;
	return rc;
}

bool
gm_keys_is_usable(struct gm_keys *k, const char *model,
    const struct gm_keywish *wish, size_t index)
{
	int64_t now = gm_clock_wall_ms();

	gm_keystate_look(k->state, now);
	return !gm_keyrule_is_marked(
	    &k->rule, &k->state->table, model, wish, index, now);
}

void
gm_keys_give_back(struct gm_keys *k, const char *model,
    const struct gm_keywish *wish, size_t index, int64_t at_ms)
{
	struct gm_keychange c = { .model = model,
		.wish = wish != NULL ? *wish : (struct gm_keywish){ 0 },
		.learnt = GM_LEARNT_UNSENT,
		.index = index,
		.slot_ms = at_ms };
	struct gm_err ignored;

	if (gm_keystate_lock_briefly(k->state, gm_clock_wall_ms(), &ignored) !=
	    0)
		return;
	(void)!make(k, &c, &ignored);
	gm_keys_commit(k);
}

void
gm_keys_peek(struct gm_keys *k, const char *model,
    const struct gm_keywish *wish, struct gm_pick *pick)
{
	int64_t now = gm_clock_wall_ms();

	gm_keystate_look(k->state, now);
	gm_keyrule_pick(&k->rule, &k->state->table, model, wish, now, pick);
}

int
gm_keys_move(struct gm_keys *k, const char *model,
    const struct gm_keywish *wish, int64_t from, struct gm_pick *pick,
    struct gm_err *err)
{
	size_t current;
	int64_t now;
	int rc = 0;

	if (gm_keys_begin(k, err) != 0)
		return -1;
	now = gm_clock_wall_ms();
	current = gm_keyrule_current(&k->rule, &k->state->table, model);
	gm_keyrule_next(&k->rule, &k->state->table, model, wish, now, pick);
	if (pick->kind == GM_PICK_KEY && from >= 0 && (size_t)from != current)
		pick->index = current;
	else if (pick->kind == GM_PICK_KEY &&
		 (wish == NULL || wish->of != GM_KEYS_ONE))
		rc = gm_keyrule_move(
		    &k->rule, &k->state->table, model, pick->index, now, err);
	if (rc == 0 && pick->kind == GM_PICK_KEY)
		return gm_keys_store(k, err);
	gm_keys_commit(k);
	return rc;
}

int
gm_keys_mark(struct gm_keys *k, const char *model, size_t index,
    enum gm_class class, int64_t ms, struct gm_err *err)
{
	struct gm_deed deed = { .model = model, .index = index };
	int rc;

	if (gm_keys_begin(k, err) != 0)
		return -1;
	deed.now_ms = deed.sent_ms = gm_clock_wall_ms();
	if (ms < 0)
		ms = gm_keyrule_cooling_ms(class, -1, 0,
		    gm_clock_pacific_midnight(deed.now_ms) - deed.now_ms);
	rc = gm_keyrule_mark(&k->rule, &k->state->table, &deed, class, ms, err);
	if (rc == 0)
		return gm_keys_store(k, err);
	gm_keys_commit(k);
	return rc;
}

int
gm_keys_reset(struct gm_keys *k, int64_t index, struct gm_err *err)
{
	if (gm_keys_begin(k, err) != 0)
		return -1;
	if (index >= 0)
		gm_keyrule_reset(&k->rule, &k->state->table, (size_t)index);
	else
		gm_keyrule_reset_all(
		    &k->rule, &k->state->table, gm_clock_wall_ms());
	return gm_keys_store(k, err);
}

void
gm_keys_close(struct gm_keys *k)
{
	free(k->ids);
	*k = (struct gm_keys){ .ids = NULL };
}
