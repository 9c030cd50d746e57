#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "keys/keys.h"
#include "keys/retry.h"

/*
 * The list's name in the state is a hash of the hashes of its keys, in order:
 * the same in all processes, and no key.  Labels do not make another list.
 */
static void
name_list(struct gm_keys *k)
{
	const size_t bytes = k->rule.ring->len * sizeof(*k->ids);
	char list[GM_HASH_HEX];

	gm_keystate_id(
	    &k->state, (struct gm_span){ (const char *)k->ids, bytes }, list);
	(void)snprintf(
	    k->current, sizeof(k->current), GM_KEYROW_CURRENT ":%s", list);
	(void)snprintf(k->pause, sizeof(k->pause), GM_KEYROW_PAUSE ":%s", list);
}

int
gm_keys_open(
    struct gm_keys *k, const struct gm_keys_options *o, struct gm_err *err)
{
	const char *dir = o->state_dir;
	size_t i;

	*k = (struct gm_keys){ .rule = { .origin = k->origin,
				   .ring = o->ring,
				   .current = k->current,
				   .pause = k->pause,
				   .round_robin = o->round_robin,
				   .rpm = o->rpm,
				   .rpd = o->rpd },
		.must_store = o->must_store,
		.note = o->note };
	k->ids = calloc(o->ring->len + 1, sizeof(*k->ids));
	if (k->ids == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	k->rule.ids = k->ids;
	gm_url_origin(o->base_url, k->origin);
	gm_keystate_open(&k->state, dir != NULL && *dir != '\0' ? dir : NULL,
	    dir != NULL && !o->must_store ? o->note : NULL, o->told);
	if (o->must_store) {
		k->state.note = o->note;
		k->state.strict = true;
	}
	for (i = 0; i < o->ring->len; i++)
		gm_keystate_id(&k->state, o->ring->keys[i].text, k->ids[i]);
	name_list(k);
	return 0;
}

int
gm_keys_begin(struct gm_keys *k, struct gm_err *err)
{
	return gm_keystate_lock(&k->state, &k->table, gm_clock_wall_ms(), err);
}

void
gm_keys_commit(struct gm_keys *k)
{
	gm_keystate_save(&k->state, &k->table);
	gm_keystate_unlock(&k->state);
}

int
gm_keys_store(struct gm_keys *k, struct gm_err *err)
{
	gm_keys_commit(k);
	return k->must_store ? gm_keystate_check(&k->state, err) : 0;
}

int
gm_keys_reserve(struct gm_keys *k, const char *model,
    const struct gm_keywish *wish, int64_t latest_ms, struct gm_pick *pick,
    struct gm_err *err)
{
	const struct gm_keyrow *row;
	int64_t now;
	int rc = 0;

	if (gm_keys_begin(k, err) != 0)
		return -1;
	now = gm_clock_wall_ms(); /* the lock may have taken its time */
	gm_keyrule_pick(&k->rule, &k->table, model, wish, now, pick);
	if (pick->kind == GM_PICK_KEY && pick->at_ms <= latest_ms) {
		row = gm_keyrule_reserve(
		    &k->rule, &k->table, model, wish, pick, now, err);
		if (row != NULL)
			gm_keystate_save_counters(&k->state, &k->table, row);
		else
			rc = -1;
	} else {
		/* Else an end that was clamped would be so for ever. */
		gm_keystate_save(&k->state, &k->table);
	}
	gm_keystate_unlock(&k->state);
	return rc;
}

bool
gm_keys_is_usable(struct gm_keys *k, const char *model,
    const struct gm_keywish *wish, size_t index)
{
	int64_t now = gm_clock_wall_ms();

	gm_keystate_read(&k->state, &k->table, now);
	return !gm_keyrule_is_marked(
	    &k->rule, &k->table, model, wish, index, now);
}

void
gm_keys_give_back(struct gm_keys *k, const char *model,
    const struct gm_keywish *wish, size_t index, int64_t at_ms)
{
	const struct gm_keyrow *row;
	struct gm_err ignored;

	if (gm_keys_begin(k, &ignored) != 0)
		return;
	row = gm_keyrule_give_back(
	    &k->rule, &k->table, model, wish, index, at_ms);
	if (row != NULL)
		gm_keystate_save_counters(&k->state, &k->table, row);
	gm_keystate_unlock(&k->state);
}

void
gm_keys_peek(struct gm_keys *k, const char *model,
    const struct gm_keywish *wish, struct gm_pick *pick)
{
	int64_t now = gm_clock_wall_ms();

	gm_keystate_read(&k->state, &k->table, now);
	gm_keyrule_pick(&k->rule, &k->table, model, wish, now, pick);
}

/* A server may repeat a key, which must not get into the state. */
static int
mask_words(const struct gm_keys *k, struct gm_fault *fault, struct gm_err *err)
{
	struct gm_buf masked;
	int rc;

	gm_buf_init(&masked, 4 * sizeof(fault->words));
	gm_secret_mask(k->note->secrets, &masked, gm_span_of(fault->words));
	rc = gm_buf_check(&masked, err);
	(void)snprintf(
	    fault->words, sizeof(fault->words), "%s", gm_buf_str(&masked));
	gm_buf_release(&masked);
	return rc;
}

int
gm_keys_fault(struct gm_keys *k, const char *model,
    const struct gm_keywish *wish, size_t index, int64_t sent_ms,
    const struct gm_fault *fault, struct gm_err *err)
{
	struct gm_deed deed = {
		.model = model, .wish = wish, .index = index, .sent_ms = sent_ms
	};
	struct gm_fault known = *fault;
	int rc;

	if (mask_words(k, &known, err) != 0 || gm_keys_begin(k, err) != 0)
		return -1;
	deed.now_ms = gm_clock_wall_ms();
	rc = gm_keyblame_fault(&k->rule, &k->table, &deed, &known, err);
	gm_keys_commit(k);
	return rc;
}

/* A good reply; lift what it speaks for. */
static void
lift(struct gm_keys *k, struct gm_deed *deed,
    void (*fn)(const struct gm_keyrule *, struct gm_keytable *,
	const struct gm_deed *))
{
	struct gm_err ignored;

	deed->now_ms = gm_clock_wall_ms();
	/* Most have nothing to lift, and need no lock to see that. */
	gm_keystate_read(&k->state, &k->table, deed->now_ms);
	if (!gm_keyblame_is_marked(&k->rule, &k->table, deed) ||
	    gm_keys_begin(k, &ignored) != 0)
		return;
	fn(&k->rule, &k->table, deed);
	gm_keys_commit(k);
}

void
gm_keys_success(struct gm_keys *k, const char *model,
    const struct gm_keywish *wish, size_t index, int64_t sent_ms)
{
	struct gm_deed deed = {
		.model = model, .wish = wish, .index = index, .sent_ms = sent_ms
	};

	lift(k, &deed, gm_keyblame_success);
}

void
gm_keys_reached(struct gm_keys *k, const char *model,
    const struct gm_keywish *wish, size_t index, int64_t sent_ms)
{
	struct gm_deed deed = {
		.model = model, .wish = wish, .index = index, .sent_ms = sent_ms
	};

	lift(k, &deed, gm_keyblame_reached);
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
	current = gm_keyrule_current(&k->rule, &k->table, model);
	gm_keyrule_next(&k->rule, &k->table, model, wish, now, pick);
	if (pick->kind == GM_PICK_KEY && from >= 0 && (size_t)from != current)
		pick->index = current;
	else if (pick->kind == GM_PICK_KEY &&
		 (wish == NULL || wish->of != GM_KEYS_ONE))
		rc = gm_keyrule_move(
		    &k->rule, &k->table, model, pick->index, now, err);
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
		ms = gm_retry_cooling_ms(class, -1, 0,
		    gm_clock_pacific_midnight(deed.now_ms) - deed.now_ms);
	rc = gm_keyblame_mark(&k->rule, &k->table, &deed, class, ms, err);
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
		gm_keyblame_reset(&k->rule, &k->table, (size_t)index);
	else
		gm_keyblame_reset_all(&k->rule, &k->table, gm_clock_wall_ms());
	return gm_keys_store(k, err);
}

void
gm_keys_close(struct gm_keys *k)
{
	gm_keystate_close(&k->state);
	gm_keytable_release(&k->table);
	free(k->ids);
	*k = (struct gm_keys){ .ids = NULL };
}
