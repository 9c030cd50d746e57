#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "keys/table.h"

#define O "https://host:443"
#define HOUR_MS INT64_C(3600000)

/* 2026-11-22T10:00:00Z */
#define NOW INT64_C(1795341600000)

static struct gm_keyrow *
get(struct gm_keytable *t, const char *id, const char *model)
{
	struct gm_err err;
	struct gm_keyrow *row =
	    gm_keytable_get(t, GM_KEYROW_OWNER, O, id, model, &err);

	assert_non_null(row);
	return row;
}

static void
test_find(void **state)
{
	static const char *const ids[] = { "m", "c", "x", "a", "current" };
	struct gm_keytable t = { 0 };
	struct gm_keyrow *row;
	size_t i;

	(void)state;
	assert_null(gm_keytable_find(&t, GM_KEYROW_OWNER, O, "m", "all"));
	for (i = 0; i < GM_LEN(ids); i++) {
		row = get(&t, ids[i], "all");
		assert_string_equal(row->origin, O);
		assert_string_equal(row->id, ids[i]);
		assert_string_equal(row->model, "all");
		assert_string_equal(row->project, "");
		assert_int_equal(row->class, GM_CLASS_OK);
		assert_int_equal(row->at, -1);
		row->requests = (int64_t)i;
	}
	for (i = 0; i < GM_LEN(ids); i++) {
		row = gm_keytable_find(&t, GM_KEYROW_OWNER, O, ids[i], "all");
		assert_non_null(row);
		assert_int_equal(row->requests, i);
		assert_ptr_equal(get(&t, ids[i], "all"), row);
	}
	assert_int_equal(t.len, GM_LEN(ids));
	assert_false(t.changed);
	assert_null(gm_keytable_find(&t, GM_KEYROW_OWNER, O, "m", "pro"));
	assert_null(gm_keytable_find(
	    &t, GM_KEYROW_OWNER, "https://host:444", "m", "all"));
	gm_keytable_release(&t);
	gm_keytable_release(&t);
}

/* Names that a line cannot hold never get into the table. */
static void
test_names(void **state)
{
	struct gm_keytable t = { 0 };
	char longer[400];
	struct gm_keyrow *row;

	(void)state;
	row = get(&t, "a b\n\x7f\xc3\xa9", "\t");
	assert_string_equal(row->id, "a_b____");
	assert_string_equal(row->model, "_");
	assert_ptr_equal(
	    gm_keytable_find(&t, GM_KEYROW_OWNER, O, "a b\n\x7f\xc3\xa9", "\t"),
	    row);
	row = get(&t, "-", "-");
	assert_string_equal(row->id, "");
	assert_string_equal(row->model, "");
	assert_ptr_equal(get(&t, "", ""), row);
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	row = get(&t, longer, longer);
	assert_int_equal(strlen(row->id), GM_KEYROW_ID - 1);
	assert_int_equal(strlen(row->model), sizeof(row->model) - 1);
	assert_ptr_equal(
	    gm_keytable_find(&t, GM_KEYROW_OWNER, O, longer, longer), row);
	gm_keytable_release(&t);
}

static struct gm_keyrow
row_of(enum gm_class class, int64_t since_ms, int64_t until_ms)
{
	struct gm_keyrow row = { .origin = O,
		.id = "a",
		.model = "all",
		.class = class,
		.since_ms = since_ms,
		.until_ms = until_ms,
		.at = -1 };

	(void)snprintf(row.reason, sizeof(row.reason), "%d", (int)class);
	return row;
}

/* In both orders: the worse mark, with the later end of the two. */
static void
test_sort_marks(void **state)
{
	static const struct {
		enum gm_class a, b;
		int64_t a_until, b_until;
		enum gm_class want;
	} rows[] = {
		{ GM_CLASS_OK, GM_CLASS_OK, 0, 0, GM_CLASS_OK },
		{ GM_CLASS_OK, GM_CLASS_QUOTA, 0, 7, GM_CLASS_QUOTA },
		{ GM_CLASS_OK, GM_CLASS_QUOTA, 0, 0, GM_CLASS_QUOTA },
		/* the later end, not the first one written */
		{ GM_CLASS_QUOTA_MINUTE, GM_CLASS_QUOTA_DAY, 5, 9,
		    GM_CLASS_QUOTA_DAY },
		{ GM_CLASS_KEY_INVALID, GM_CLASS_QUOTA_DAY, 5, 9,
		    GM_CLASS_KEY_INVALID },
		{ GM_CLASS_KEY_LEAKED, GM_CLASS_KEY_INVALID, GM_KEYROW_FOREVER,
		    9, GM_CLASS_KEY_LEAKED },
	};
	struct gm_keytable t = { 0 };
	struct gm_keyrow row;
	struct gm_err err;
	char reason[20];
	size_t i, turn;

	(void)state;
	for (i = 0; i < 2 * GM_LEN(rows); i++) {
		turn = i / 2;
		row = row_of(rows[turn].a, 1, rows[turn].a_until);
		if (i % 2 == 0)
			assert_int_equal(gm_keytable_append(&t, &row, &err), 0);
		row = row_of(rows[turn].b, 1, rows[turn].b_until);
		assert_int_equal(gm_keytable_append(&t, &row, &err), 0);
		row = row_of(rows[turn].a, 1, rows[turn].a_until);
		if (i % 2 == 1)
			assert_int_equal(gm_keytable_append(&t, &row, &err), 0);
		gm_keytable_sort(&t);
		assert_true(t.changed);
		assert_int_equal(t.len, 1);
		assert_int_equal(t.rows[0].class, rows[turn].want);
		(void)snprintf(
		    reason, sizeof(reason), "%d", (int)rows[turn].want);
		assert_string_equal(t.rows[0].reason, reason);
		assert_true(t.rows[0].until_ms == rows[turn].a_until ||
			    t.rows[0].until_ms == rows[turn].b_until);
		assert_true(t.rows[0].until_ms >= rows[turn].a_until &&
			    t.rows[0].until_ms >= rows[turn].b_until);
		gm_keytable_release(&t);
	}
}

static void
test_sort_counters(void **state)
{
	struct gm_keyrow a = row_of(GM_CLASS_OK, 0, 0), b = a;
	struct gm_keytable t = { 0 };
	struct gm_err err;

	(void)state;
	a.day = 5;
	a.requests = 100;
	a.failures = 1;
	a.last_ms = 7;
	a.at = 50;
	b.day = 6;
	b.requests = 3;
	b.failures = 4;
	b.slot_ms = 9;
	b.tokens_ms = 10;
	(void)snprintf(a.project, sizeof(a.project), "project:1");
	assert_int_equal(gm_keytable_append(&t, &b, &err), 0);
	assert_int_equal(gm_keytable_append(&t, &a, &err), 0);
	gm_keytable_sort(&t);
	assert_int_equal(t.len, 1);
	assert_int_equal(t.rows[0].day, 6);
	assert_int_equal(t.rows[0].requests, 3);
	assert_int_equal(t.rows[0].failures, 4);
	assert_int_equal(t.rows[0].last_ms, 7);
	assert_int_equal(t.rows[0].slot_ms, 9);
	assert_int_equal(t.rows[0].tokens_ms, 10);
	assert_int_equal(t.rows[0].at, 50);
	assert_string_equal(t.rows[0].project, "project:1");
	gm_keytable_release(&t);
}

/* Of two rows with a current key the later one counts. */
static void
test_sort_current(void **state)
{
	struct gm_keyrow a = row_of(GM_CLASS_OK, 1000, 0), b = a;
	struct gm_keytable t = { 0 };
	struct gm_err err;

	(void)state;
	(void)snprintf(a.project, sizeof(a.project), "old");
	(void)snprintf(b.project, sizeof(b.project), "new");
	b.since_ms = 2000;
	assert_int_equal(gm_keytable_append(&t, &a, &err), 0);
	assert_int_equal(gm_keytable_append(&t, &b, &err), 0);
	gm_keytable_sort(&t);
	assert_string_equal(t.rows[0].project, "new");
	assert_int_equal(t.rows[0].since_ms, 2000);
	gm_keytable_release(&t);
}

static void
test_settle(void **state)
{
	static const struct {
		enum gm_class class;
		int64_t since, until, want_since, want_until;
		bool changed;
	} rows[] = {
		{ GM_CLASS_OK, 0, 0, 0, 0, false },
		{ GM_CLASS_QUOTA, NOW, NOW + 25 * HOUR_MS, NOW,
		    NOW + 25 * HOUR_MS, false },
		{ GM_CLASS_QUOTA, NOW, NOW + 25 * HOUR_MS + 1, NOW,
		    NOW + 25 * HOUR_MS, true },
		{ GM_CLASS_QUOTA_DAY, NOW, GM_KEYROW_FOREVER, NOW,
		    NOW + 25 * HOUR_MS, true },
		/* the clock was set back by a year */
		{ GM_CLASS_QUOTA_DAY, NOW + 8760 * HOUR_MS,
		    NOW + 8761 * HOUR_MS, NOW, NOW + 25 * HOUR_MS, true },
		{ GM_CLASS_KEY_LEAKED, NOW - 1, GM_KEYROW_FOREVER, NOW - 1,
		    GM_KEYROW_FOREVER, false },
		{ GM_CLASS_KEY_REJECTED, NOW + 5001, NOW + 30 * HOUR_MS, NOW,
		    NOW + 30 * HOUR_MS, true },
	};
	struct gm_keytable t = { 0 };
	struct gm_keyrow *row;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		row = get(&t, "a", "all");
		row->class = rows[i].class;
		row->since_ms = rows[i].since;
		row->until_ms = rows[i].until;
		gm_keytable_settle(&t, NOW);
		assert_true(t.now_ms == NOW);
		assert_true(row->since_ms == rows[i].want_since);
		assert_true(row->until_ms == rows[i].want_until);
		assert_int_equal(t.changed, rows[i].changed);
		gm_keytable_release(&t);
	}
}

static void
test_settle_counters(void **state)
{
	static const struct {
		int64_t last, slot, tokens, want_last, want_slot, want_tokens;
	} rows[] = {
		{ 0, 0, 0, 0, 0, 0 },
		{ NOW, NOW + HOUR_MS, NOW + 25 * HOUR_MS, NOW, NOW + HOUR_MS,
		    NOW + 25 * HOUR_MS }, /* many requests wait */
		{ NOW + 5000, NOW + 5001, NOW + 5002, NOW + 5000, NOW + 5001,
		    NOW + 5002 },
		{ NOW + 5001, NOW + 5001, NOW + 1, NOW, NOW, NOW },
		{ NOW + 8760 * HOUR_MS, NOW + 8760 * HOUR_MS, NOW - 1, NOW, NOW,
		    NOW },
		{ NOW, NOW + 26 * HOUR_MS, NOW - 1, NOW, NOW, NOW - 1 },
		{ NOW, NOW - 1, NOW + 26 * HOUR_MS, NOW, NOW - 1, NOW },
	};
	struct gm_keytable t = { 0 };
	struct gm_keyrow *row;
	size_t i;

	(void)state;
	row = get(&t, "a", "all");
	for (i = 0; i < GM_LEN(rows); i++) {
		row->last_ms = rows[i].last;
		row->slot_ms = rows[i].slot;
		row->tokens_ms = rows[i].tokens;
		gm_keytable_settle(&t, NOW);
		assert_true(row->last_ms == rows[i].want_last);
		assert_true(row->slot_ms == rows[i].want_slot);
		assert_true(row->tokens_ms == rows[i].want_tokens);
		assert_false(t.changed);
	}
	gm_keytable_release(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_sort_marks),
		cmocka_unit_test(test_sort_counters),
		cmocka_unit_test(test_sort_current),
		cmocka_unit_test(test_settle),
		cmocka_unit_test(test_settle_counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
