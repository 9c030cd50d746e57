#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "keyrules.h"
#include "keys/rules.h"

#define MINUTE GM_CLASS_QUOTA_MINUTE
#define DAILY GM_CLASS_QUOTA_DAY
#define INVALID GM_CLASS_KEY_INVALID

/* Record that a request with a key, sent at one time, failed at another. */
static void
fail_with(size_t index, int64_t sent, int64_t now, const struct gm_fault *f)
{
	if (gm_keyrule_fault(AT(MODEL, now), index, sent, f, &err) != 0)
		fail_msg("%s", err.msg);
}

/* Record a failure one second later, of a class and with a hint. */
static void
fail_as(size_t index, int64_t sent, enum gm_class class, int64_t hint)
{
	const struct gm_fault f = {
		.class = class, .hint_ms = hint, .words = "No."
	};

	fail_with(index, sent, sent + SEC, &f);
}

static void
succeed(size_t index, int64_t sent, int64_t now)
{
	gm_keyrule_success(AT(MODEL, now), index, sent);
}

static void
is(const struct gm_keyrow *r, enum gm_class class, int64_t since, int64_t until)
{
	if (r->class != class || r->since_ms != since || r->until_ms != until)
		fail_msg("%s %s: %s since %lld until %lld", r->id, r->model,
		    gm_class(r->class)->name, (long long)(r->since_ms - NOW),
		    (long long)(r->until_ms - NOW));
}

/* The row that each class marks; all other classes mark nothing. */
static const struct {
	enum gm_class class;
	const char *id, *model;
} marks[] = {
	{ GM_CLASS_KEY_INVALID, "k0", "all" },
	{ GM_CLASS_KEY_EXPIRED, "k0", "all" },
	{ GM_CLASS_KEY_LEAKED, "k0", "all" },
	{ GM_CLASS_KEY_RESTRICTED, "k0", "all" },
	{ GM_CLASS_KEY_REJECTED, "k0", "all" },
	{ GM_CLASS_PROJECT_BLOCKED, "label:work", "all" },
	{ GM_CLASS_PROJECT_DENIED, "label:work", "all" },
	{ GM_CLASS_NO_CREDIT, "label:work", "all" },
	{ GM_CLASS_QUOTA_SPEND, "label:work", "all" },
	{ GM_CLASS_FORBIDDEN, "label:work", MODEL },
	{ GM_CLASS_QUOTA_MINUTE, "label:work", MODEL },
	{ GM_CLASS_QUOTA_DAY, "label:work", MODEL },
	{ GM_CLASS_QUOTA_NONE, "label:work", MODEL },
	{ GM_CLASS_QUOTA, "label:work", MODEL },
	{ GM_CLASS_QUOTA_SEARCH, "label:work", MODEL "+search" },
};

static size_t find_mark(enum gm_class class)
{
	size_t i;

	for (i = 0; i < GM_LEN(marks); i++)
		if (marks[i].class == class)
			break;
	return i;
}

/* Each class marks its row, and no other. */
static void
test_scopes(void **state)
{
	const struct gm_fault f = { .hint_ms = -1, .words = "No." };
	size_t at;
	int i;

	(void)state;
	for (i = 0; i < GM_CLASSES; i++) {
		enum gm_class class = (enum gm_class)i;
		struct gm_fault fault = f;

		begin("work:a,b");
		fault.class = class;
		fail_with(0, NOW, NOW, &fault);
		at = find_mark(class);
		if (at == GM_LEN(marks)) {
			/* faults of a server or a request mark no key */
			assert_int_equal(table.len, 0);
			assert_false(table.changed);
		} else {
			assert_int_equal(table.len, 1);
			assert_true(table.changed);
			assert_string_equal(table.rows[0].id, marks[at].id);
			assert_string_equal(
			    table.rows[0].model, marks[at].model);
			assert_int_equal(table.rows[0].class, class);
			assert_int_equal(table.rows[0].failures, 1);
			assert_string_equal(table.rows[0].reason, "No.");
		}
		end();
	}
}

/* A quota that fails again and again: the length of each cooldown. */
static void
test_rests(void **state)
{
	static const struct {
		enum gm_class class;
		int64_t hint, rests[6];
	} rows[] = {
		{ MINUTE, 37100,
		    { 37100, 74200, 148400, 296800, 593600, 10 * MIN } },
		{ MINUTE, -1,
		    { MIN, 2 * MIN, 4 * MIN, 8 * MIN, 10 * MIN, 10 * MIN } },
		{ MINUTE, 1, { 1, SEC, 2 * SEC, 4 * SEC, 8 * SEC, 16 * SEC } },
		/* a daily quota with a short hint */
		{ DAILY, 38 * SEC,
		    { MIN, 2 * MIN, 4 * MIN, 8 * MIN, 16 * MIN, 32 * MIN } },
		{ DAILY, 0,
		    { MIN, 2 * MIN, 4 * MIN, 8 * MIN, 16 * MIN, 32 * MIN } },
		{ DAILY, 5 * HOUR, { 5 * HOUR, 10 * HOUR, 0 } },
		{ GM_CLASS_QUOTA_NONE, 38 * SEC, { 22 * HOUR, 0 } },
		/* a 403 without a reason, whatever its hint */
		{ GM_CLASS_FORBIDDEN, HOUR, { 5 * MIN, 10 * MIN, 10 * MIN } },
	};
	const struct gm_keyrow *r;
	int64_t now;
	size_t i, n;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		struct gm_fault f = { .class = rows[i].class,
			.hint_ms = rows[i].hint };

		begin("a");
		now = NOW;
		for (n = 0; n < 6 && rows[i].rests[n] != 0; n++) {
			fail_with(0, now, now, &f);
			r = row("k0", MODEL);
			assert_int_equal(r->failures, n + 1);
			is(r, f.class, now, now + rows[i].rests[n]);
			now =
			    r->until_ms; /* the next request, as soon as possible */
		}
		end();
	}
}

/* Never past midnight, when the quota is renewed and the series starts again. */
static void
test_midnight(void **state)
{
	struct gm_keyrow *r;

	(void)state;
	begin("a");
	r = row("k0", MODEL);
	fail_as(0, MIDNIGHT - 91 * SEC, DAILY, 38 * SEC);
	is(r, DAILY, MIDNIGHT - 90 * SEC, MIDNIGHT - 30 * SEC);
	fail_as(0, MIDNIGHT - 30 * SEC, DAILY, 38 * SEC);
	is(r, DAILY, MIDNIGHT - 29 * SEC, MIDNIGHT);
	fail_as(0, MIDNIGHT, DAILY, 38 * SEC);
	is(r, DAILY, MIDNIGHT + SEC, MIDNIGHT + 61 * SEC);
	end();
}

/* A cooldown long ago does not double the next one. */
static void
test_long_ago(void **state)
{
	(void)state;
	begin("a");
	fail_as(0, NOW, MINUTE, MIN);
	fail_as(0, NOW + 30 * MIN, MINUTE, MIN);
	is(row("k0", MODEL), MINUTE, NOW + 30 * MIN + SEC,
	    NOW + 31 * MIN + SEC);
	end();
}

/* The later end counts, in either order. */
static void
test_later_end(void **state)
{
	static const struct {
		int64_t first, second;
	} hints[] = { { 30 * MIN, SEC }, { SEC, 30 * MIN } };
	struct gm_keyrow *r;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(hints); i++) {
		begin("a");
		r = row("k0", MODEL);
		/* both were in flight before one failed */
		fail_as(0, NOW, MINUTE, hints[i].first);
		fail_as(0, NOW, MINUTE, hints[i].second);
		assert_int_equal(r->until_ms, NOW + 30 * MIN + SEC);
		assert_int_equal(r->failures, 1);
		end();
	}
}

/* Requests in flight that fail together count once: no doubling. */
static void
test_on_its_way(void **state)
{
	const struct gm_keyrow *r;
	int64_t i;

	(void)state;
	begin("a");
	for (i = 0; i < 16; i++) {
		const struct gm_fault f = { .class = MINUTE,
			.hint_ms = 37 * SEC };

		fail_with(0, NOW, NOW + 1 + i, &f);
	}
	r = row("k0", MODEL);
	is(r, MINUTE, NOW + 16, NOW + 16 + 37 * SEC);
	assert_int_equal(r->failures, 1);
	/* A success of an older request does not lift the mark. */
	succeed(0, NOW, NOW + SEC);
	is(r, MINUTE, NOW + 16, NOW + 16 + 37 * SEC);
	end();
}

/* A run that ignored a mark and fails obeys it from then on. */
static void
test_heeded_at_last(void **state)
{
	static const struct mark {
		enum gm_class class;
		int64_t until;
		enum gm_class again;
	} rows[] = {
		{ GM_CLASS_KEY_LEAKED, FOREVER, GM_CLASS_KEY_LEAKED },
		{ GM_CLASS_QUOTA_NONE, MIDNIGHT, GM_CLASS_QUOTA_NONE },
		{ DAILY, MIDNIGHT, DAILY },
		{ DAILY, MIDNIGHT, MINUTE },
	};
	struct gm_keystatus s;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		const char *model = rows[i].until == FOREVER ? "all" : MODEL;

		begin("a");
		put("k0", model, rows[i].class, NOW - HOUR, rows[i].until);
		filter.ignore_before_ms = NOW;
		gm_keyrule_status(AT(MODEL, NOW), 0, &s);
		assert_int_equal(s.class, GM_CLASS_OK);
		fail_as(0, NOW, rows[i].again, SEC);
		gm_keyrule_status(AT(MODEL, NOW + SEC), 0, &s);
		assert_int_equal(s.class, rows[i].class);
		assert_int_equal(s.until_ms, rows[i].until);
		end();
	}
}

/* A key without a project and a call without a model use one row. */
static void
test_dead_beats_cooling(void **state)
{
	struct gm_fault f = {
		.class = GM_CLASS_QUOTA_NONE, .hint_ms = -1, .words = "None."
	};
	struct gm_keyrow *r;

	(void)state;
	begin("a");
	r = row("k0", "all");
	assert_int_equal(
	    gm_keyrule_fault(AT(NULL, NOW + SEC), 0, NOW, &f, &err), 0);
	is(r, GM_CLASS_QUOTA_NONE, NOW + SEC, MIDNIGHT);
	fail_as(0, NOW + SEC, GM_CLASS_KEY_REJECTED, -1);
	is(r, GM_CLASS_KEY_REJECTED, NOW + 2 * SEC, MIDNIGHT);
	assert_string_equal(r->reason, "No.");
	/* but not in the other direction */
	assert_int_equal(
	    gm_keyrule_fault(AT(NULL, NOW + SEC), 0, NOW + 3 * SEC, &f, &err),
	    0);
	assert_int_equal(r->class, GM_CLASS_KEY_REJECTED);
	end();
}

static void
test_success(void **state)
{
	const int64_t then = NOW + MIN;
	size_t i;

	(void)state;
	begin("work:a,b");
	assert_false(gm_keyrule_may_lift(AT(MODEL, then), 0, then));
	put("k0", "all", INVALID, NOW, NOW + DAY);
	put("k1", "all", INVALID, NOW, NOW + DAY);
	put("label:work", "all", GM_CLASS_NO_CREDIT, NOW, NOW + HOUR);
	put("label:work", MODEL, MINUTE, NOW, NOW + MIN);
	put("label:work", "gemini-y", DAILY, NOW, MIDNIGHT);
	put(PAUSE, MODEL, MINUTE, NOW, NOW + MIN);
	row("label:work", MODEL)->requests = 5;
	assert_true(gm_keyrule_may_lift(AT(MODEL, then), 0, then));
	table.changed = false;
	gm_keyrule_success(AT(MODEL, then), 0, then);
	assert_true(table.changed);
	assert_false(gm_keyrule_may_lift(AT(MODEL, then), 0, then));
	for (i = 0; i < table.len; i++) {
		const struct gm_keyrow *r = &table.rows[i];
		bool other = strcmp(r->id, "k1") == 0 ||
		             strcmp(r->model, "gemini-y") == 0;

		assert_int_equal(r->class != GM_CLASS_OK, other);
		assert_int_equal(r->failures, other ? 1 : 0);
	}
	assert_int_equal(row("label:work", MODEL)->requests, 5);
	end();
}

/* After a success the next cooldown starts a new series. */
static void
test_success_resets(void **state)
{
	(void)state;
	begin("a");
	fail_as(0, NOW, DAILY, -1);
	fail_as(0, NOW + 2 * MIN, DAILY, -1);
	succeed(0, NOW + 5 * MIN, NOW + 5 * MIN);
	fail_as(0, NOW + 6 * MIN, DAILY, -1);
	is(row("k0", MODEL), DAILY, NOW + 6 * MIN + SEC, NOW + 7 * MIN + SEC);
	assert_int_equal(row("k0", MODEL)->failures, 1);
	end();
}

/* A long reason is cut between characters. */
static void
test_reason(void **state)
{
	struct gm_fault f = { .class = INVALID, .hint_ms = -1 };
	const struct gm_keyrow *r;
	size_t i;

	(void)state;
	begin("a");
	f.words[0] = 'x';
	for (i = 0; i < 150; i++)
		memcpy(f.words + 1 + 2 * i, "\xC3\xA9", 3);
	fail_with(0, NOW, NOW, &f);
	r = row("k0", "all");
	assert_int_equal(strlen(r->reason), 199);
	end();
	f.words[1] = 'x';
	memmove(f.words + 2, f.words + 3, 290);
	f.words[292] = '\0';
	begin("a");
	fail_with(0, NOW, NOW, &f);
	r = row("k0", "all");
	assert_int_equal(strlen(r->reason), 198);
	assert_memory_equal(r->reason + 196, "\xC3\xA9", 2);
	end();
}

/* The search quota stops neither plain requests nor other models. */
static void
test_search(void **state)
{
	struct gm_fault fault = { .class = GM_CLASS_QUOTA_SEARCH,
		.hint_ms = -1 };
	struct gm_pick p;

	(void)state;
	begin("a");
	filter.search = true;
	fail_with(0, NOW, NOW, &fault);
	gm_keyrule_pick(AT(MODEL, NOW + SEC), &p);
	assert_int_equal(p.kind, GM_PICK_COOLING);
	assert_int_equal(p.at_ms, NOW + MIN);
	gm_keyrule_pick(AT("gemini-y", NOW + SEC), &p);
	assert_int_equal(p.kind, GM_PICK_KEY);
	filter.search = false;
	gm_keyrule_pick(AT(MODEL, NOW + SEC), &p);
	assert_int_equal(p.kind, GM_PICK_KEY);
	/* Only a success with search lifts the mark of search. */
	succeed(0, NOW + SEC, NOW + 2 * SEC);
	assert_int_equal(
	    row("k0", MODEL "+search")->class, GM_CLASS_QUOTA_SEARCH);
	filter.search = true;
	succeed(0, NOW + SEC, NOW + 2 * SEC);
	assert_int_equal(row("k0", MODEL "+search")->class, GM_CLASS_OK);
	/* The model's quota applies to requests with search, too. */
	fault.class = GM_CLASS_QUOTA_DAY;
	fail_with(0, NOW + 3 * SEC, NOW + 3 * SEC, &fault);
	gm_keyrule_pick(AT(MODEL, NOW + 4 * SEC), &p);
	assert_int_equal(p.kind, GM_PICK_COOLING);
	end();
}

/* A 403 for minutes does not turn a daily quota into a rejected key. */
static void
test_forbidden_in_a_quota(void **state)
{
	struct gm_fault fault = { .class = GM_CLASS_QUOTA_NONE, .hint_ms = -1 };

	(void)state;
	begin("a");
	fail_with(0, NOW, NOW, &fault);
	fault.class = GM_CLASS_FORBIDDEN;
	fail_with(0, NOW + SEC, NOW + SEC, &fault);
	assert_int_equal(row("k0", MODEL)->class, GM_CLASS_QUOTA_NONE);
	assert_int_equal(row("k0", MODEL)->until_ms, MIDNIGHT);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_forbidden_in_a_quota),
		cmocka_unit_test(test_rests),
		cmocka_unit_test(test_midnight),
		cmocka_unit_test(test_long_ago),
		cmocka_unit_test(test_later_end),
		cmocka_unit_test(test_on_its_way),
		cmocka_unit_test(test_heeded_at_last),
		cmocka_unit_test(test_dead_beats_cooling),
		cmocka_unit_test(test_success),
		cmocka_unit_test(test_success_resets),
		cmocka_unit_test(test_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
