#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "keyrules.h"

#define MINUTE GM_CLASS_QUOTA_MINUTE
#define DAILY GM_CLASS_QUOTA_DAY
#define INVALID GM_CLASS_KEY_INVALID
#define LEAKED GM_CLASS_KEY_LEAKED

struct mark {
	const char *id, *model; /* id NULL: end of the list */
	enum gm_class class;
	int64_t since, until;
};

static void
put_all(const struct mark *marks, size_t len)
{
	size_t i;

	for (i = 0; i < len && marks[i].id != NULL; i++)
		put(marks[i].id, marks[i].model, marks[i].class, marks[i].since,
		    marks[i].until);
}

static void
test_project(void **state)
{
	(void)state;
	begin("work:a, home:b, work:c, d");
	(void)snprintf(row("k3", "all")->project, GM_KEYROW_ID, "project:7");
	/* A label of the user wins over a number of the service. */
	(void)snprintf(row("k1", "all")->project, GM_KEYROW_ID, "project:7");
	assert_string_equal(gm_keyrule_project(&rule, &table, 0), "label:work");
	assert_string_equal(gm_keyrule_project(&rule, &table, 1), "label:home");
	assert_string_equal(gm_keyrule_project(&rule, &table, 2), "label:work");
	assert_string_equal(gm_keyrule_project(&rule, &table, 3), "project:7");
	end();
	begin("a,b");
	assert_string_equal(gm_keyrule_project(&rule, &table, 0), "k0");
	assert_string_equal(gm_keyrule_project(&rule, &table, 1), "k1");
	end();
}

static void
test_model(void **state)
{
	(void)state;
	assert_string_equal(gm_keyrule_model(NULL), "all");
	assert_string_equal(gm_keyrule_model(MODEL), MODEL);
	assert_string_equal(gm_keyrule_model("models/" MODEL), MODEL);
	assert_string_equal(
	    gm_keyrule_model("tunedModels/mine"), "tunedModels/mine");
}

/* True if there is a mark; GM_RPD does not count for a reserved request. */
static bool
is_marked(const char *model, size_t index)
{
	struct gm_keyquery q = *AT(model, NOW);
	struct gm_keystatus s;

	q.filter.free = true;
	gm_keyrule_status(&q, index, &s);
	return s.class != GM_CLASS_OK;
}

/* The status of key 0 of "work:a,b", whose project is label:work. */
static const struct {
	struct mark marks[3];
	const char *model;
	enum gm_class class;
	int64_t until;
} standings[] = {
	{ { { .id = NULL } }, MODEL, GM_CLASS_OK, 0 },
	/* rows that apply */
	{ { { "k0", "all", INVALID, NOW - 1, NOW + DAY } }, MODEL, INVALID,
	    NOW + DAY },
	{ { { "label:work", "all", GM_CLASS_NO_CREDIT, NOW, NOW + HOUR } },
	    MODEL, GM_CLASS_NO_CREDIT, NOW + HOUR },
	{ { { "label:work", MODEL, MINUTE, NOW, NOW + MIN } }, MODEL, MINUTE,
	    NOW + MIN },
	{ { { PAUSE, MODEL, MINUTE, NOW, NOW + MIN } }, MODEL, MINUTE,
	    NOW + MIN },
	{ { { "label:work", MODEL, MINUTE, NOW, NOW + MIN } }, "models/" MODEL,
	    MINUTE, NOW + MIN },
	/* rows that do not: of other keys, of other models, ended */
	{ { { "k1", "all", INVALID, NOW, NOW + DAY },
	      { "k1", MODEL, MINUTE, NOW, NOW + MIN } },
	    MODEL, GM_CLASS_OK, 0 },
	{ { { "k0", MODEL, MINUTE, NOW, NOW + MIN } }, MODEL, GM_CLASS_OK, 0 },
	{ { { "label:work", "gemini-y", DAILY, NOW, MIDNIGHT },
	      { PAUSE, "gemini-y", MINUTE, NOW, NOW + MIN } },
	    MODEL, GM_CLASS_OK, 0 },
	{ { { "label:work", MODEL, MINUTE, NOW - MIN, NOW } }, MODEL,
	    GM_CLASS_OK, 0 },
	{ { { "label:work", MODEL, MINUTE, NOW - MIN, NOW + 1 } }, MODEL,
	    MINUTE, NOW + 1 },
	/* calls without a model */
	{ { { "label:work", MODEL, MINUTE, NOW, NOW + MIN } }, NULL,
	    GM_CLASS_OK, 0 },
	{ { { "label:work", "all", MINUTE, NOW, NOW + MIN } }, NULL, MINUTE,
	    NOW + MIN },
	/* a rejection wins over a cooldown, then the later end */
	{ { { "k0", "all", GM_CLASS_KEY_REJECTED, NOW, NOW + HOUR },
	      { "label:work", MODEL, DAILY, NOW, MIDNIGHT } },
	    MODEL, GM_CLASS_KEY_REJECTED, NOW + HOUR },
	{ { { "label:work", MODEL, MINUTE, NOW, NOW + MIN },
	      { "label:work", "all", GM_CLASS_QUOTA_SPEND, NOW,
		  NOW + 10 * MIN },
	      { PAUSE, MODEL, MINUTE, NOW, NOW + 2 * MIN } },
	    MODEL, GM_CLASS_QUOTA_SPEND, NOW + 10 * MIN },
	{ { { "k0", "all", LEAKED, NOW, FOREVER },
	      { "label:work", "all", GM_CLASS_NO_CREDIT, NOW, NOW + HOUR } },
	    MODEL, LEAKED, FOREVER },
};

static void
test_standing(void **state)
{
	struct gm_keystatus s;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(standings); i++) {
		begin("work:a,b");
		put_all(standings[i].marks, GM_LEN(standings[i].marks));
		gm_keyrule_status(AT(standings[i].model, NOW), 0, &s);
		if (s.class != standings[i].class ||
		    s.until_ms != standings[i].until)
			fail_msg("%zu: %s until %lld", i,
			    gm_class(s.class)->name, (long long)s.until_ms);
		assert_string_equal(
		    s.reason, s.class == GM_CLASS_OK ? "" : "because");
		assert_int_equal(
		    is_marked(standings[i].model, 0), s.class != GM_CLASS_OK);
		/* --ignore-cooldown: marks made before the run */
		filter.ignore_before_ms = NOW + 1;
		gm_keyrule_status(AT(standings[i].model, NOW), 0, &s);
		assert_int_equal(s.class, GM_CLASS_OK);
		end();
	}
}

/* Marks of one service do not apply to another. */
static void
test_origins(void **state)
{
	struct gm_keystatus s;

	(void)state;
	begin("a");
	put("k0", "all", LEAKED, NOW, FOREVER);
	put("k0", MODEL, MINUTE, NOW, NOW + MIN);
	put(PAUSE, MODEL, MINUTE, NOW, NOW + MIN);
	rule.origin = "http://127.0.0.1:8080";
	gm_keyrule_status(AT(MODEL, NOW), 0, &s);
	assert_int_equal(s.class, GM_CLASS_OK);
	end();
}

static void
test_rpd(void **state)
{
	struct gm_keystatus s;
	struct gm_keyrow *r;

	(void)state;
	begin("work:a,work:b,c");
	rule.rpd = 10;
	r = row("label:work", MODEL);
	r->requests = 9;
	r->day = TODAY;
	gm_keyrule_status(AT(MODEL, NOW), 1, &s);
	assert_int_equal(s.class, GM_CLASS_OK);
	r->requests = 10;
	gm_keyrule_status(AT(MODEL, NOW), 1, &s);
	assert_int_equal(s.class, DAILY);
	assert_int_equal(s.until_ms, MIDNIGHT);
	assert_string_equal(s.reason, "GM_RPD");
	assert_false(is_marked(MODEL, 1));
	gm_keyrule_status(AT(MODEL, NOW), 2, &s);
	assert_int_equal(s.class, GM_CLASS_OK);
	gm_keyrule_status(AT("gemini-y", NOW), 0, &s);
	assert_int_equal(s.class, GM_CLASS_OK);
	gm_keyrule_status(AT(MODEL, MIDNIGHT), 0, &s);
	assert_int_equal(s.class, GM_CLASS_OK);
	end();
}

/* The key of "a,b,c" that is used. */
static const struct {
	struct mark marks[4];
	const char *current, *avoid;
	int64_t only;
	enum gm_pick_kind kind;
	size_t index;
	int64_t at;
	size_t cooling, rejected;
} picks[] = {
	{ { { .id = NULL } }, NULL, NULL, -1, GM_PICK_KEY, 0, NOW, 0, 0 },
	/* sticky: the current key, then the next ones in order */
	{ { { .id = NULL } }, "k1", NULL, -1, GM_PICK_KEY, 1, NOW, 0, 0 },
	{ { { "k1", MODEL, MINUTE, NOW, NOW + MIN } }, "k1", NULL, -1,
	    GM_PICK_KEY, 2, NOW, 1, 0 },
	{ { { "k2", MODEL, MINUTE, NOW, NOW + MIN } }, "k2", NULL, -1,
	    GM_PICK_KEY, 0, NOW, 1, 0 },
	{ { { .id = NULL } }, "gone", NULL, -1, GM_PICK_KEY, 0, NOW, 0, 0 },
	{ { { "k0", MODEL, MINUTE, NOW, NOW + MIN },
	      { "k1", "all", LEAKED, NOW, FOREVER } },
	    NULL, NULL, -1, GM_PICK_KEY, 2, NOW, 1, 1 },
	/* all cool down: the first that can be used again */
	{ { { "k0", MODEL, DAILY, NOW, MIDNIGHT },
	      { "k1", MODEL, MINUTE, NOW, NOW + 2 * MIN },
	      { "k2", MODEL, MINUTE, NOW, NOW + MIN } },
	    NULL, NULL, -1, GM_PICK_COOLING, 2, NOW + MIN, 3, 0 },
	{ { { "k0", "all", LEAKED, NOW, FOREVER },
	      { "k1", MODEL, DAILY, NOW, MIDNIGHT },
	      { "k2", "all", INVALID, NOW, NOW + DAY } },
	    NULL, NULL, -1, GM_PICK_COOLING, 1, MIDNIGHT, 1, 2 },
	/* a key that is rejected and cools down is rejected */
	{ { { "k0", "all", INVALID, NOW, NOW + DAY },
	      { "k0", MODEL, MINUTE, NOW, NOW + MIN },
	      { "k1", "all", LEAKED, NOW, FOREVER },
	      { "k2", "all", INVALID, NOW, NOW + DAY } },
	    NULL, NULL, -1, GM_PICK_REJECTED, 0, 0, 0, 3 },
	/* only one key (-k) */
	{ { { "k1", MODEL, MINUTE, NOW, NOW + MIN } }, "k0", NULL, 1,
	    GM_PICK_COOLING, 1, NOW + MIN, 1, 0 },
	{ { { "k1", "all", INVALID, NOW - 2 * HOUR, NOW + DAY } }, "k0", NULL,
	    1, GM_PICK_REJECTED, 1, 0, 0, 1 },
	{ { { "k0", "all", LEAKED, NOW, FOREVER } }, "k0", NULL, 2, GM_PICK_KEY,
	    2, NOW, 0, 0 },
	/* a project to avoid */
	{ { { .id = NULL } }, NULL, "k0", -1, GM_PICK_KEY, 1, NOW, 0, 0 },
	{ { { "k1", MODEL, MINUTE, NOW, NOW + MIN },
	      { "k2", MODEL, MINUTE, NOW, NOW + MIN } },
	    NULL, "k0", -1, GM_PICK_COOLING, 1, NOW + MIN, 2, 0 },
	{ { { .id = NULL } }, NULL, "k1", 1, GM_PICK_REJECTED, 0, 0, 0, 0 },
	{ { { "k1", "all", INVALID, NOW - 2 * HOUR, NOW + DAY },
	      { "k2", "all", INVALID, NOW - 2 * HOUR, NOW + DAY } },
	    NULL, "k0", -1, GM_PICK_REJECTED, 1, 0, 0, 2 },
	/* all rejected: the oldest, if none was tried for an hour */
	{ { { "k0", "all", INVALID, NOW - 2 * HOUR, NOW + DAY },
	      { "k1", "all", INVALID, NOW - 3 * HOUR, NOW + DAY },
	      { "k2", "all", INVALID, NOW - HOUR, NOW + DAY } },
	    NULL, NULL, -1, GM_PICK_KEY, 1, NOW, 0, 3 },
	{ { { "k0", "all", INVALID, NOW - 2 * HOUR, NOW + DAY },
	      { "k1", "all", INVALID, NOW - 3 * HOUR, NOW + DAY },
	      { "k2", "all", INVALID, NOW - HOUR + 1, NOW + DAY } },
	    NULL, NULL, -1, GM_PICK_REJECTED, 0, 0, 0, 3 },
	/* but never a leaked one */
	{ { { "k0", "all", LEAKED, NOW - 9 * HOUR, FOREVER },
	      { "k1", "all", LEAKED, NOW, FOREVER },
	      { "k2", "all", INVALID, NOW - HOUR, NOW + DAY } },
	    NULL, NULL, -1, GM_PICK_KEY, 2, NOW, 0, 3 },
	{ { { "k0", "all", LEAKED, NOW - 9 * DAY, FOREVER },
	      { "k1", "all", LEAKED, NOW - 9 * DAY, FOREVER },
	      { "k2", "all", LEAKED, NOW - 9 * DAY, FOREVER } },
	    "k1", NULL, -1, GM_PICK_REJECTED, 1, 0, 0, 3 },
	{ { { "k0", "all", LEAKED, NOW, FOREVER },
	      { "k1", "all", LEAKED, NOW, FOREVER },
	      { "k2", "all", INVALID, 0, NOW + DAY } },
	    NULL, NULL, -1, GM_PICK_KEY, 2, NOW, 0, 3 },
};

static void
test_pick(void **state)
{
	struct gm_pick p;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(picks); i++) {
		begin("a,b,c");
		put_all(picks[i].marks, GM_LEN(picks[i].marks));
		if (picks[i].current != NULL)
			(void)snprintf(row(CURRENT, MODEL)->key, GM_KEYROW_ID,
			    "%s", picks[i].current);
		if (picks[i].only >= 0)
			filter = (struct gm_keyfilter){ .of = GM_KEYS_ONE,
				.key = (size_t)picks[i].only };
		filter.avoid = picks[i].avoid;
		gm_keyrule_pick(AT(MODEL, NOW), &p);
		if (p.kind != picks[i].kind || p.index != picks[i].index ||
		    p.at_ms != picks[i].at || p.cooling != picks[i].cooling ||
		    p.rejected != picks[i].rejected)
			fail_msg("%zu: kind %d, key %zu, in %lld ms, %zu %zu",
			    i, (int)p.kind, p.index, (long long)(p.at_ms - NOW),
			    p.cooling, p.rejected);
		end();
	}
}

/* Only keys of one project: b and c share one. */
static void
test_pick_same(void **state)
{
	struct gm_pick p;

	(void)state;
	begin("x:a,y:b,y:c");
	filter = (struct gm_keyfilter){ .of = GM_KEYS_PROJECT, .key = 1 };
	gm_keyrule_pick(AT(MODEL, NOW), &p);
	assert_int_equal(p.kind, GM_PICK_KEY);
	assert_int_equal(p.index, 1);
	(void)snprintf(row(CURRENT, MODEL)->key, GM_KEYROW_ID, "k2");
	gm_keyrule_pick(AT(MODEL, NOW), &p);
	assert_int_equal(p.index, 2);
	end();
}

/* wake_ms: the first cooldown worth a sleep, never that of a daily quota. */
static void
test_wake(void **state)
{
	static const struct {
		struct mark marks[3];
		int64_t at, wake;
		enum gm_class class;
	} rows[] = {
		{ { { "k0", MODEL, DAILY, NOW, NOW + SEC },
		      { "k1", MODEL, MINUTE, NOW, NOW + 2 * MIN },
		      { "k2", MODEL, GM_CLASS_QUOTA, NOW, NOW + MIN } },
		    NOW + SEC, NOW + MIN, GM_CLASS_QUOTA },
		{ { { "k0", "all", GM_CLASS_QUOTA_SPEND, NOW, NOW + MIN },
		      { "k1", MODEL, MINUTE, NOW, NOW + 2 * MIN },
		      { "k2", "all", LEAKED, NOW, FOREVER } },
		    NOW + MIN, NOW + MIN, GM_CLASS_QUOTA_SPEND },
		{ { { "k0", MODEL, DAILY, NOW, NOW + SEC },
		      { "k1", MODEL, GM_CLASS_QUOTA_NONE, NOW, NOW + MIN },
		      { "k2", "all", INVALID, NOW, NOW + DAY } },
		    NOW + SEC, 0, GM_CLASS_OK },
		/* The quota of a key that ends last counts. */
		{ { { "k0", MODEL, MINUTE, NOW, NOW + SEC },
		      { "k0", "all", DAILY, NOW, NOW + 2 * SEC },
		      { "k1", MODEL, DAILY, NOW, MIDNIGHT } },
		    NOW + 2 * SEC, 0, GM_CLASS_OK },
	};
	struct gm_pick p;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		begin(i == 3 ? "a,b" : "a,b,c");
		put_all(rows[i].marks, GM_LEN(rows[i].marks));
		gm_keyrule_pick(AT(MODEL, NOW), &p);
		assert_int_equal(p.kind, GM_PICK_COOLING);
		assert_int_equal(p.at_ms, rows[i].at);
		assert_int_equal(p.wake_ms, rows[i].wake);
		assert_int_equal(p.wake_class, rows[i].class);
		end();
	}
}

/* The key after the current one in the ring's order, also in round-robin. */
static void
test_next(void **state)
{
	struct gm_pick p;

	(void)state;
	begin("a,b,c");
	rule.round_robin = true;
	row("k1", MODEL)->last_ms =
	    NOW; /* the others were not used for longer */
	gm_keyrule_next(AT(MODEL, NOW), &p);
	assert_int_equal(p.kind, GM_PICK_KEY);
	assert_int_equal(p.index, 1);
	(void)snprintf(row(CURRENT, MODEL)->key, GM_KEYROW_ID, "%s", "k2");
	gm_keyrule_next(AT(MODEL, NOW), &p);
	assert_int_equal(p.index, 0);
	put("k0", "all", INVALID, NOW, NOW + DAY);
	gm_keyrule_next(AT(MODEL, NOW), &p);
	assert_int_equal(p.index, 1);
	put("k1", MODEL, GM_CLASS_QUOTA, NOW, NOW + MIN);
	gm_keyrule_next(AT(MODEL, NOW), &p);
	assert_int_equal(p.kind, GM_PICK_KEY);
	assert_int_equal(p.index, 2); /* only the current key is left */
	put("k2", MODEL, GM_CLASS_QUOTA, NOW, NOW + SEC);
	gm_keyrule_next(AT(MODEL, NOW), &p);
	assert_int_equal(p.kind, GM_PICK_COOLING);
	assert_int_equal(p.index, 2);
	assert_int_equal(p.at_ms, NOW + SEC);
	filter.of = GM_KEYS_ONE;
	gm_keyrule_next(AT(MODEL, NOW), &p);
	assert_int_equal(p.kind, GM_PICK_REJECTED);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_project),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_standing),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_rpd),
		cmocka_unit_test(test_pick),
		cmocka_unit_test(test_pick_same),
		cmocka_unit_test(test_wake),
		cmocka_unit_test(test_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
