/* Several keys: bursts, shared projects; and marks by hand. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "keyrules.h"
#include "keys/rules.h"

#define MINUTE GM_CLASS_QUOTA_MINUTE
#define DAILY GM_CLASS_QUOTA_DAY

static void
fail_as(size_t index, int64_t now, enum gm_class class, int64_t hint)
{
	const struct gm_fault f = { .class = class, .hint_ms = hint };

	if (gm_keyrule_fault(AT(MODEL, now), index, now, &f, &err) != 0)
		fail_msg("%s", err.msg);
}

/* True if the service cools down and no key is marked. */
static bool
is_pause(void)
{
	const struct gm_keyrow *r = gm_keytable_find(
	    &table, GM_KEYROW_SERVICE, ORIGIN, rule.list, MODEL);
	bool paused = r != NULL && r->class != GM_CLASS_OK;
	size_t i;

	for (i = 0; paused && i < table.len; i++)
		if (&table.rows[i] != r &&
		    gm_class(table.rows[i].class)->scope == GM_SCOPE_QUOTA)
			fail_msg("%s is marked, too", table.rows[i].id);
	return paused;
}

/* Each key fails at its time; is that one cooldown of the service? */
static void
test_burst(void **state)
{
	static const struct {
		const char *ring;
		enum gm_class classes[3];
		int64_t at[3];
		bool pause;
	} rows[] = {
		{ "a,b,c", { MINUTE, MINUTE, MINUTE }, { 0, 0, 0 }, true },
		{ "a,b,c", { MINUTE, MINUTE, MINUTE }, { 0, 2000, 5000 },
		    true },
		{ "a,b,c", { MINUTE, GM_CLASS_QUOTA, MINUTE }, { 0, 1, 2 },
		    true },
		{ "a,b,c", { MINUTE, MINUTE, MINUTE }, { 0, 2000, 5001 },
		    false },
		{ "a,b,c", { MINUTE, MINUTE, GM_CLASS_OK }, { 0, 1, 2 },
		    false },
		/* other quotas are no burst */
		{ "a,b,c", { DAILY, DAILY, DAILY }, { 0, 1, 2 }, false },
		{ "a,b,c", { MINUTE, DAILY, MINUTE }, { 0, 1, 2 }, false },
		{ "a,b,c",
		    { GM_CLASS_QUOTA_SPEND, GM_CLASS_QUOTA_SPEND,
			GM_CLASS_QUOTA_SPEND },
		    { 0, 1, 2 }, false },
		/* rejected keys do not count, but there must be two others */
		{ "a,b,c", { MINUTE, GM_CLASS_KEY_INVALID, MINUTE },
		    { 0, 1, 2 }, true },
		{ "a,b,c",
		    { GM_CLASS_KEY_LEAKED, GM_CLASS_KEY_INVALID, MINUTE },
		    { 0, 1, 2 }, false },
		/* keys of one project have one quota */
		{ "w:a,w:b,w:c", { MINUTE, MINUTE, MINUTE }, { 0, 1, 2 },
		    false },
		{ "w:a,w:b,c", { MINUTE, GM_CLASS_OK, MINUTE }, { 0, 1, 2 },
		    true },
		{ "a", { MINUTE }, { 0 }, false },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		begin(rows[i].ring);
		for (k = 0; k < ring.len; k++)
			if (rows[i].classes[k] != GM_CLASS_OK)
				fail_as(k, NOW + rows[i].at[k],
				    rows[i].classes[k], 37 * SEC);
		if (is_pause() != rows[i].pause)
			fail_msg("row %zu: %d", i, !rows[i].pause);
		end();
	}
}

/* It ends with the first cooldown, and doubles if requests fail again. */
static void
test_pause(void **state)
{
	const struct gm_keyrow *r;
	struct gm_pick p;

	(void)state;
	begin("a,b");
	fail_as(0, NOW, MINUTE, 50 * SEC);
	fail_as(1, NOW + SEC, MINUTE, 20 * SEC);
	r = row(PAUSE, MODEL);
	assert_int_equal(r->class, MINUTE);
	assert_int_equal(r->until_ms, NOW + 21 * SEC);
	assert_string_equal(r->reason, "all keys were rate-limited within 5 s");
	gm_keyrule_pick(AT(MODEL, NOW + 2 * SEC), &p);
	assert_int_equal(p.kind, GM_PICK_COOLING);
	assert_int_equal(p.cooling, 2);
	assert_int_equal(p.at_ms, NOW + 21 * SEC);
	/* A key with a much longer cooldown keeps it. */
	assert_int_equal(row("k0", MODEL)->until_ms, NOW + 50 * SEC);
	assert_int_equal(row("k1", MODEL)->class, GM_CLASS_OK);
	gm_keyrule_pick(AT(MODEL, NOW + 21 * SEC), &p);
	assert_int_equal(p.kind, GM_PICK_KEY);
	assert_int_equal(p.index, 1);
	/* It applies to this model only. */
	gm_keyrule_pick(AT("gemini-y", NOW + 2 * SEC), &p);
	assert_int_equal(p.kind, GM_PICK_KEY);
	/* Again, with a shorter hint. */
	fail_as(0, NOW + 21 * SEC, MINUTE, 5 * SEC);
	fail_as(1, NOW + 22 * SEC, MINUTE, 5 * SEC);
	r = row(PAUSE, MODEL);
	assert_int_equal(r->until_ms, NOW + 62 * SEC);
	assert_int_equal(r->failures, 2);
	end();
}

/* Another list does not cool down, nor end the cooldown. */
static void
test_pause_of_list(void **state)
{
	struct gm_pick p;

	(void)state;
	begin("a,b");
	fail_as(0, NOW, MINUTE, 20 * SEC);
	fail_as(1, NOW, MINUTE, 20 * SEC);
	assert_true(is_pause());
	rule.list = "other";
	gm_keyrule_pick(AT(MODEL, NOW + SEC), &p);
	assert_int_equal(p.kind, GM_PICK_KEY);
	gm_keyrule_success(AT(MODEL, NOW + SEC), 0, NOW + SEC);
	gm_keyrule_reset_all(AT(NULL, NOW + SEC));
	rule.list = LIST;
	assert_true(is_pause());
	gm_keyrule_pick(AT(MODEL, NOW + SEC), &p);
	assert_int_equal(p.kind, GM_PICK_COOLING);
	gm_keyrule_reset_all(AT(NULL, NOW + SEC));
	assert_false(is_pause());
	end();
}

static void
learn(size_t index, int64_t now, const char *number)
{
	struct gm_fault f = { .class = GM_CLASS_SERVER, .hint_ms = -1 };

	(void)snprintf(f.project, sizeof(f.project), "%s", number);
	assert_int_equal(
	    gm_keyrule_fault(AT(MODEL, now), index, now, &f, &err), 0);
}

/* Keys with the same project number share their marks. */
static void
test_learnt(void **state)
{
	struct gm_keystatus s;

	(void)state;
	begin("a,b,c");
	learn(0, NOW, "12");
	assert_true(table.changed);
	table.changed = false;
	learn(0, NOW, "12"); /* already known */
	learn(2, NOW, "");
	assert_false(table.changed);
	learn(1, NOW, "12");
	assert_string_equal(gm_keyrule_project(&rule, &table, 0), "project:12");
	assert_string_equal(gm_keyrule_project(&rule, &table, 1), "project:12");
	assert_string_equal(gm_keyrule_project(&rule, &table, 2), "k2");
	fail_as(0, NOW, DAILY, -1);
	gm_keyrule_status(AT(MODEL, NOW), 1, &s);
	assert_int_equal(s.class, DAILY);
	gm_keyrule_status(AT(MODEL, NOW), 2, &s);
	assert_int_equal(s.class, GM_CLASS_OK);
	/* moved to another project */
	learn(1, NOW, "13");
	gm_keyrule_status(AT(MODEL, NOW), 1, &s);
	assert_int_equal(s.class, GM_CLASS_OK);
	end();
}

/* Marks from before the number was known are kept. */
static void
test_taken_along(void **state)
{
	struct gm_keyrow *r;
	struct gm_keystatus s;

	(void)state;
	begin("a,b");
	put("k0", MODEL, DAILY, NOW, MIDNIGHT);
	put("k1", MODEL, MINUTE, NOW, NOW + MIN);
	r = row("k0", MODEL);
	r->requests = 7;
	r->day = TODAY;
	r->last_ms = r->slot_ms = NOW;
	put("k0", "all", GM_CLASS_KEY_INVALID, NOW, NOW + DAY);
	learn(0, NOW, "12");
	r = row("project:12", MODEL);
	assert_int_equal(r->class, DAILY);
	assert_int_equal(r->until_ms, MIDNIGHT);
	assert_int_equal(r->requests, 7);
	assert_int_equal(r->day, TODAY);
	assert_int_equal(r->slot_ms, NOW);
	assert_int_equal(r->at, -1);
	/* A fault of the key stays with the key. */
	assert_null(gm_keytable_find(
	    &table, GM_KEYROW_OWNER, ORIGIN, "project:12", "all"));
	learn(1, NOW, "12");
	r = row("project:12", MODEL);
	assert_int_equal(r->class, DAILY); /* ends later */
	assert_int_equal(r->requests, 7);
	gm_keyrule_status(AT(MODEL, NOW), 1, &s);
	assert_int_equal(s.class, DAILY);
	end();
}

static void
test_by_hand(void **state)
{
	struct gm_keyrow *r;

	(void)state;
	begin("a,b");
	r = row("k0", MODEL);
	assert_int_equal(
	    gm_keyrule_mark(AT(MODEL, NOW), 0, MINUTE, HOUR, NULL, &err), 0);
	assert_int_equal(r->class, MINUTE);
	assert_int_equal(r->until_ms, NOW + HOUR);
	assert_string_equal(r->reason, "marked by gm-rotate");
	assert_int_equal(
	    gm_keyrule_mark(AT(MODEL, NOW), 0, GM_CLASS_OK, 0, NULL, &err), 0);
	assert_int_equal(r->class, GM_CLASS_OK);
	assert_int_equal(gm_keyrule_mark(AT(MODEL, NOW), 0, GM_CLASS_KEY_LEAKED,
			     INT64_MAX, NULL, &err),
	    0);
	assert_int_equal(row("k0", "all")->until_ms, FOREVER);
	assert_int_equal(gm_keyrule_mark(AT(MODEL, NOW), 0, GM_CLASS_OVERLOADED,
			     HOUR, NULL, &err),
	    -1);
	assert_int_equal(err.code, GM_EUSAGE);
	assert_string_equal(
	    err.msg, "no key is to blame for a fault of the class overloaded");
	end();
}

static void
put_everywhere(void)
{
	put("k0", "all", GM_CLASS_KEY_LEAKED, NOW, FOREVER);
	put("label:w", "all", GM_CLASS_NO_CREDIT, NOW, NOW + HOUR);
	put("label:w", MODEL, MINUTE, NOW, NOW + MIN);
	put("label:w", "gemini-y", DAILY, NOW, MIDNIGHT);
	put(PAUSE, MODEL, MINUTE, NOW, NOW + MIN);
	put("k1", "all", GM_CLASS_KEY_INVALID, NOW, NOW + DAY);
	put("k1", MODEL, MINUTE, NOW, NOW + MIN);
	put("other", MODEL, MINUTE, NOW, NOW + MIN);
	assert_int_equal(gm_keyrule_move(AT(MODEL, NOW), 1, &err), 0);
}

static size_t
count_marks(void)
{
	size_t i, n = 0;

	for (i = 0; i < table.len; i++)
		n += table.rows[i].class != GM_CLASS_OK;
	return n;
}

static void
test_reset(void **state)
{
	(void)state;
	begin("w:a,b");
	rule.list = "other";
	assert_int_equal(gm_keyrule_move(AT(MODEL, NOW), 1, &err), 0);
	rule.list = LIST;
	put_everywhere();
	gm_keyrule_reset(AT(NULL, NOW), 0);
	assert_int_equal(count_marks(), 3);
	assert_int_equal(gm_keyrule_current(AT(MODEL, NOW)), 1);
	gm_keyrule_reset_all(AT(NULL, NOW + 1));
	assert_int_equal(count_marks(), 1); /* of another list's key */
	assert_int_equal(gm_keyrule_current(AT(MODEL, NOW)), 0);
	assert_int_equal(row(CURRENT, MODEL)->since_ms, NOW + 1);
	rule.list = "other"; /* nor another list's */
	assert_int_equal(gm_keyrule_current(AT(MODEL, NOW)), 1);
	rule.list = LIST;
	put_everywhere();
	rule.origin = "http://127.0.0.1:1";
	gm_keyrule_reset_all(AT(NULL, NOW));
	assert_int_equal(count_marks(), 8); /* nor of another service's */
	end();
}

/* A reset also frees slots that were reserved ahead. */
static void
test_reset_turns(void **state)
{
	struct gm_keyrow *r;

	(void)state;
	begin("a");
	r = row("k0", MODEL);
	r->last_ms = NOW;
	r->slot_ms = NOW + HOUR;
	gm_keyrule_reset(AT(NULL, NOW), 0);
	assert_int_equal(row("k0", MODEL)->slot_ms, NOW);
	assert_true(table.changed);
	table.changed = false;
	gm_keyrule_reset(AT(NULL, NOW), 0);
	assert_false(table.changed);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_reset_turns),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_pause_of_list),
		cmocka_unit_test(test_learnt),
		cmocka_unit_test(test_taken_along),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
