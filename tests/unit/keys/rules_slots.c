/* Keys in use: reservations, slots, rate limits, the current key. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "keyrules.h"

#define MINUTE GM_CLASS_QUOTA_MINUTE
#define INVALID GM_CLASS_KEY_INVALID
#define LEAKED GM_CLASS_KEY_LEAKED

/* Pick and reserve at a time.  Returns the key's index, or -1. */
static int
reserve(int64_t now, int64_t *at)
{
	struct gm_pick p;

	gm_keyrule_pick(AT(MODEL, now), &p);
	if (p.kind != GM_PICK_KEY)
		return -1;
	assert_non_null(gm_keyrule_reserve(AT(MODEL, now), &p, &err));
	if (at != NULL)
		*at = p.at_ms;
	return (int)p.index;
}

static void
test_reserve(void **state)
{
	struct gm_keyrow *r;

	(void)state;
	begin("a,b");
	assert_int_equal(reserve(NOW, NULL), 0);
	r = row("k0", MODEL);
	assert_int_equal(r->requests, 1);
	assert_int_equal(r->day, TODAY);
	assert_int_equal(r->last_ms, NOW);
	assert_int_equal(r->slot_ms, NOW);
	/* The first key is current without a row: only counters change. */
	assert_false(table.changed);
	assert_int_equal(reserve(NOW + 5, NULL), 0);
	assert_int_equal(row("k0", MODEL)->requests, 2);
	/* Another day. */
	assert_int_equal(reserve(MIDNIGHT, NULL), 0);
	assert_int_equal(row("k0", MODEL)->requests, 1);
	assert_int_equal(row("k0", MODEL)->day, TODAY + 1);
	/* Another key, which stays current when the first one can be used again. */
	put("k0", MODEL, MINUTE, MIDNIGHT, MIDNIGHT + MIN);
	assert_int_equal(reserve(MIDNIGHT + 1, NULL), 1);
	assert_true(table.changed);
	assert_int_equal(reserve(MIDNIGHT + 2 * MIN, NULL), 1);
	assert_int_equal(gm_keyrule_current(AT(MODEL, NOW)), 1);
	assert_int_equal(gm_keyrule_current(AT("gemini-y", NOW)), 0);
	/* -k does not change the current key. */
	filter.of = GM_KEYS_ONE;
	assert_int_equal(reserve(MIDNIGHT + 2 * MIN, NULL), 0);
	assert_int_equal(gm_keyrule_current(AT(MODEL, NOW)), 1);
	end();
}

/* True if the whole file must be written. */
static bool
move(size_t index, int64_t now)
{
	table.changed = false;
	assert_int_equal(gm_keyrule_move(AT(MODEL, now), index, &err), 0);
	return table.changed;
}

static void
test_move(void **state)
{
	(void)state;
	begin("a,b,c");
	assert_false(move(0, NOW));
	assert_int_equal(table.len, 0);
	assert_true(move(2, NOW));
	assert_int_equal(row(CURRENT, MODEL)->since_ms, NOW);
	assert_int_equal(gm_keyrule_current(AT(MODEL, NOW)), 2);
	assert_int_equal(gm_keyrule_current(AT("models/" MODEL, NOW)), 2);
	assert_int_equal(gm_keyrule_current(AT(NULL, NOW)), 0);
	/* The date is renewed once a day, or the row would be dropped as idle. */
	assert_false(move(2, NOW + DAY - 1));
	assert_int_equal(row(CURRENT, MODEL)->since_ms, NOW);
	assert_true(move(2, NOW + DAY));
	assert_int_equal(row(CURRENT, MODEL)->since_ms, NOW + DAY);
	assert_false(move(2, NOW + DAY));
	assert_true(move(0, NOW + DAY));
	end();
}

/* Lists that share keys have their own current keys. */
static void
test_lists(void **state)
{
	static const char *const lists[] = { LIST, "m", "n" };
	int round, i;

	(void)state;
	begin("a,b,c");
	for (i = 0; i < 3; i++) {
		rule.list = lists[i];
		(void)move((size_t)i, NOW);
	}
	table.changed = false;
	for (round = 0; round < 3; round++)
		for (i = 0; i < 3; i++) {
			rule.list = lists[i];
			assert_int_equal(reserve(NOW + round, NULL), i);
			assert_false(table.changed);
		}
	/* A row of an older version, of all lists, does not count. */
	(void)snprintf(row(CURRENT, MODEL)->key, GM_KEYROW_ID, "%s", "k1");
	rule.list = "new";
	assert_int_equal(gm_keyrule_current(AT(MODEL, NOW)), 0);
	end();
}

/* A replaced key starts without marks, at any index. */
static void
test_replaced(void **state)
{
	struct gm_pick p;

	(void)state;
	begin("a,b");
	put("k0", "all", LEAKED, NOW, FOREVER);
	assert_int_equal(reserve(NOW, NULL), 1);
	(void)snprintf(ids[0], sizeof(ids[0]), "new");
	(void)snprintf(ids[1], sizeof(ids[1]), "newer");
	gm_keyrule_pick(AT(MODEL, NOW), &p);
	assert_int_equal(p.kind, GM_PICK_KEY);
	assert_int_equal(p.index, 0);
	end();
}

/* A rejected key that is tried is not tried again for an hour. */
static void
test_dead_once_an_hour(void **state)
{
	(void)state;
	begin("a,b");
	put("k0", "all", INVALID, NOW - 2 * HOUR, NOW + 20 * HOUR);
	put("k1", "all", GM_CLASS_NO_CREDIT, NOW - HOUR, NOW + 20 * HOUR);
	assert_int_equal(reserve(NOW, NULL), 0);
	assert_true(table.changed);
	assert_int_equal(row("k0", "all")->since_ms, NOW);
	assert_int_equal(row("k0", "all")->until_ms, NOW + 20 * HOUR);
	assert_int_equal(reserve(NOW, NULL), -1);
	assert_int_equal(reserve(NOW + HOUR - 1, NULL), -1);
	assert_int_equal(reserve(NOW + HOUR, NULL), 1);
	assert_int_equal(row("k1", "all")->since_ms, NOW + HOUR);
	assert_int_equal(reserve(NOW + 2 * HOUR - 1, NULL), -1);
	assert_int_equal(reserve(NOW + 2 * HOUR, NULL), 0);
	/* Both rejections have ended: the keys are usable. */
	assert_int_equal(reserve(NOW + 20 * HOUR, NULL), 0);
	end();
}

static void
test_round_robin(void **state)
{
	int64_t now = NOW;
	int i;

	(void)state;
	begin("a,b,c");
	rule.round_robin = true;
	for (i = 0; i < 9; i++)
		assert_int_equal(reserve(now++, NULL), i % 3);
	assert_false(table.changed); /* no current key: only counters */
	put("k1", MODEL, MINUTE, now, now + MIN);
	for (i = 0; i < 6; i++)
		assert_int_equal(reserve(now++, NULL), i % 2 * 2);
	/* It was not used for the longest time. */
	assert_int_equal(reserve(now + MIN, NULL), 1);
	end();
}

/* At any time: never more than GM_RPM in 60 s, and no slot is lost. */
static void
test_pace(void **state)
{
	static const int64_t rpms[] = { 1, 7, 60, 1000, 60000 };
	static int64_t slots[3000];
	int64_t now, gap;
	size_t i, n, rpm;

	(void)state;
	for (i = 0; i < GM_LEN(rpms); i++) {
		begin("work:a,work:b");
		rule.rpm = rpms[i];
		rpm = (size_t)rpms[i];
		gap = (MIN + rpms[i] - 1) / rpms[i];
		now = NOW;
		for (n = 0; n < GM_LEN(slots); n++) {
			assert_int_equal(reserve(now, &slots[n]), 0);
			assert_true(slots[n] >= now);
			assert_true(n == 0 || slots[n] - slots[n - 1] >= gap);
			if (n >= rpm)
				assert_true(slots[n] - slots[n - rpm] >= MIN);
			/* bursts, and a break now and then */
			now += n % 100 == 99 ? 3 * gap * 100 : (int64_t)n % 3;
		}
		assert_int_equal(slots[0], NOW);
		assert_int_equal(slots[1], NOW + gap);
		end();
	}
}

/* GM_RPM applies to each project and model. */
static void
test_paces(void **state)
{
	struct gm_pick p;
	int64_t at = 0;

	(void)state;
	begin("work:a,work:b,c");
	rule.rpm = 60;
	assert_int_equal(reserve(NOW, &at), 0);
	filter = (struct gm_keyfilter){ .of = GM_KEYS_ONE, .key = 1 };
	gm_keyrule_pick(AT(MODEL, NOW), &p);
	assert_int_equal(p.at_ms, NOW + SEC);
	gm_keyrule_pick(AT("gemini-y", NOW), &p);
	assert_int_equal(p.at_ms, NOW);
	filter = (struct gm_keyfilter){ .of = GM_KEYS_ONE, .key = 2 };
	gm_keyrule_pick(AT(MODEL, NOW), &p);
	assert_int_equal(p.at_ms, NOW);
	/* A process without GM_RPM does not wait, and takes no slot from others. */
	filter.key = 0;
	assert_int_equal(reserve(NOW, &at), 0);
	assert_int_equal(at, NOW + SEC);
	rule.rpm = 0;
	assert_int_equal(reserve(NOW, &at), 0);
	assert_int_equal(at, NOW);
	rule.rpm = 60;
	filter.free = true;
	assert_int_equal(reserve(NOW, &at), 0);
	assert_int_equal(at, NOW);
	filter.free = false;
	assert_int_equal(reserve(NOW, &at), 0);
	assert_int_equal(at, NOW + 2 * SEC);
	end();
}

/* A slot that is given back is free if no later one is taken. */
static void
test_give_back(void **state)
{
	int64_t at = 0, last = 0;

	(void)state;
	begin("a");
	rule.rpm = 60;
	assert_int_equal(reserve(NOW, &at), 0);
	assert_int_equal(reserve(NOW, &at), 0);
	assert_int_equal(reserve(NOW, &last), 0);
	assert_int_equal(last, NOW + 2 * SEC);
	assert_non_null(gm_keyrule_give_back(AT(MODEL, NOW), 0, last));
	assert_int_equal(row("k0", MODEL)->requests, 2);
	assert_int_equal(reserve(NOW, &last), 0);
	assert_int_equal(last, NOW + 2 * SEC);
	/* An earlier slot does not become free, but its request does not count. */
	assert_non_null(gm_keyrule_give_back(AT(MODEL, NOW), 0, at));
	assert_int_equal(row("k0", MODEL)->requests, 2);
	assert_int_equal(reserve(NOW, &at), 0);
	assert_int_equal(at, NOW + 3 * SEC);
	assert_null(gm_keyrule_give_back(AT("gemini-y", NOW), 0, at));
	end();
}

/* Under GM_TPM requests wait for each other's tokens, in all processes. */
static void
test_tokens(void **state)
{
	static const struct {
		int64_t tokens, now, at, until;
	} rows[] = {
		{ 300, NOW, NOW, NOW + 30 * SEC },
		{ 100, NOW, NOW + 30 * SEC, NOW + 40 * SEC },
		{ 0, NOW + SEC, NOW + 40 * SEC, NOW + 40 * SEC }, /* unknown */
		{ 1, NOW + MIN, NOW + MIN, NOW + MIN + 100 },
		/* More tokens than a minute has: the next request waits longer. */
		{ 6000, NOW + MIN, NOW + MIN + 100, NOW + 11 * MIN + 100 },
		{ 1, NOW + 2 * MIN, NOW + 11 * MIN + 100,
		    NOW + 11 * MIN + 200 },
		{ INT64_MAX, NOW + HOUR, NOW + HOUR, NOW + 25 * HOUR },
		{ INT64_MAX, NOW + HOUR, NOW + 25 * HOUR, NOW + 25 * HOUR },
	};
	int64_t at = 0;
	size_t i;

	(void)state;
	begin("a");
	rule.tpm = 600;
	for (i = 0; i < GM_LEN(rows); i++) {
		filter.tokens = rows[i].tokens;
		assert_int_equal(reserve(rows[i].now, &at), 0);
		assert_int_equal(at, rows[i].at);
		assert_int_equal(row("k0", MODEL)->tokens_ms, rows[i].until);
	}
	assert_false(table.changed);
	/* Free requests, and those without a limit, neither wait nor count. */
	filter.free = true;
	assert_int_equal(reserve(NOW + HOUR, &at), 0);
	assert_int_equal(at, NOW + HOUR);
	filter.free = false;
	rule.tpm = 0;
	assert_int_equal(reserve(NOW + HOUR, &at), 0);
	assert_int_equal(at, NOW + HOUR);
	assert_int_equal(row("k0", MODEL)->tokens_ms, NOW + 25 * HOUR);
	/* A reset frees slots and tokens that were reserved ahead. */
	gm_keyrule_reset(AT(NULL, NOW), 0);
	assert_int_equal(row("k0", MODEL)->tokens_ms, NOW + HOUR);
	end();
}

/* A project with an earlier slot is taken; the later limit decides. */
static void
test_tokens_and_slots(void **state)
{
	int64_t at = 0;

	(void)state;
	begin("a,b");
	rule.tpm = 600;
	rule.rpm = 60;
	filter.tokens = 100;
	assert_int_equal(reserve(NOW, &at), 0);
	assert_int_equal(reserve(NOW, &at), 1);
	assert_int_equal(at, NOW);
	assert_int_equal(reserve(NOW, &at), 0);
	assert_int_equal(at, NOW + 10 * SEC);
	filter.tokens = 1;
	assert_int_equal(reserve(NOW, &at), 1);
	assert_int_equal(at, NOW + 10 * SEC);
	assert_int_equal(reserve(NOW, &at), 1);
	assert_int_equal(at, NOW + 11 * SEC);
	end();
}

/* Requests that are given back, the last first, leave nothing. */
static void
test_tokens_given_back(void **state)
{
	static const int64_t tokens[] = { 100, 1, 300, 2 };
	int64_t at[GM_LEN(tokens)];
	size_t i;
	int rpm;

	(void)state;
	for (rpm = 0; rpm <= 60; rpm += 60) {
		begin("a");
		rule.tpm = 600;
		rule.rpm = rpm;
		for (i = 0; i < GM_LEN(tokens); i++) {
			filter.tokens = tokens[i];
			assert_int_equal(reserve(NOW, &at[i]), 0);
		}
		for (i = GM_LEN(tokens) - 1; i > 0; i--) {
			filter.tokens = tokens[i];
			assert_non_null(
			    gm_keyrule_give_back(AT(MODEL, NOW), 0, at[i]));
		}
		assert_int_equal(row("k0", MODEL)->requests, 1);
		assert_int_equal(row("k0", MODEL)->tokens_ms, NOW + 10 * SEC);
		assert_int_equal(reserve(NOW, &at[1]), 0);
		assert_int_equal(at[1], NOW + 10 * SEC);
		end();
	}
}

/* The count of the service replaces the estimate. */
static void
test_tokens_corrected(void **state)
{
	static const struct {
		int64_t tokens, counted, until;
	} rows[] = {
		{ 100, 50, 5 * SEC },
		{ 100, 0, 0 },
		{ 100, 150, 15 * SEC },
		{ 0, 150, 15 * SEC },
		{ 0, INT64_MAX, DAY },
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		begin("a");
		rule.tpm = 600;
		filter.tokens = rows[i].tokens;
		assert_int_equal(reserve(NOW, NULL), 0);
		assert_ptr_equal(
		    gm_keyrule_correct(AT(MODEL, NOW), 0, NOW, rows[i].counted),
		    row("k0", MODEL));
		assert_int_equal(
		    row("k0", MODEL)->tokens_ms, NOW + rows[i].until);
		assert_false(table.changed);
		end();
	}
	begin("a");
	filter.tokens = 100;
	rule.tpm = 600;
	assert_null(
	    gm_keyrule_correct(AT(MODEL, NOW), 0, NOW, 50)); /* no row */
	assert_int_equal(reserve(NOW, NULL), 0);
	assert_false(gm_keyrule_may_correct(AT(MODEL, NOW), 100));
	assert_false(gm_keyrule_may_correct(AT(MODEL, NOW), -1));
	filter.tokens = 0;
	assert_true(gm_keyrule_may_correct(AT(MODEL, NOW), 1));
	assert_false(gm_keyrule_may_correct(AT(MODEL, NOW), 0));
	filter.tokens = 100;
	filter.free = true;
	assert_false(gm_keyrule_may_correct(AT(MODEL, NOW), 50));
	filter.free = false;
	rule.tpm = 0;
	assert_null(gm_keyrule_correct(AT(MODEL, NOW), 0, NOW, 50));
	end();
}

/* The next free slot of any project; of equal ones that of the current key. */
static void
test_slots_of_projects(void **state)
{
	static const struct {
		size_t index;
		int64_t in;
	} picks[] = { { 0, 0 }, { 2, 0 }, { 0, SEC }, { 2, SEC },
		{ 0, 2 * SEC } };
	struct gm_pick p;
	size_t i;

	(void)state;
	begin("work:a,work:b,c");
	rule.rpm = 60;
	for (i = 0; i < GM_LEN(picks); i++) {
		table.changed = false;
		gm_keyrule_pick(AT(MODEL, NOW), &p);
		assert_int_equal(p.index, picks[i].index);
		assert_int_equal(p.at_ms, NOW + picks[i].in);
		assert_non_null(gm_keyrule_reserve(AT(MODEL, NOW), &p, &err));
		/* The current key stays current, so only counters are written. */
		assert_int_equal(gm_keyrule_current(AT(MODEL, NOW)), 0);
		assert_false(table.changed);
	}
	/* If it cannot be used any more, the next one becomes current. */
	put("label:work", MODEL, GM_CLASS_QUOTA_MINUTE, NOW, NOW + MIN);
	gm_keyrule_pick(AT(MODEL, NOW), &p);
	assert_int_equal(p.index, 2);
	assert_non_null(gm_keyrule_reserve(AT(MODEL, NOW), &p, &err));
	assert_int_equal(gm_keyrule_current(AT(MODEL, NOW)), 2);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_dead_once_an_hour),
		cmocka_unit_test(test_round_robin),
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_paces),
		cmocka_unit_test(test_slots_of_projects),
		cmocka_unit_test(test_give_back),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_tokens_and_slots),
		cmocka_unit_test(test_tokens_given_back),
		cmocka_unit_test(test_tokens_corrected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
