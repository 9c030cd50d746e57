#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "keys/table.h"

#define O "https://host:443"
#define HOUR_MS INT64_C(3600000)
#define IDLE_MS (8 * 24 * HOUR_MS)

/* 2026-11-22T10:00:00Z */
#define NOW INT64_C(1795341600000)

#define CURRENT "current" /* instead of an id: the list's row */
#define HEAD \
	"# gm keys, version 2: requests, Pacific day, failures, last use, " \
	"slot, tokens, id, model, project, class, since, until, origin, " \
	"reason\n"
#define ZERO "         0      0      0 -                        "
#define NO_TIME "-                        "
#define NONE ZERO NO_TIME NO_TIME

/* A whole table as text. */
static const char text[] = HEAD
    "        12  20779      3 2026-11-22T10:00:00.123Z "
    "2026-11-22T10:00:05.000Z 2026-11-22T10:00:07.000Z "
    "0123456789abcdef0123456789abcdef "
    "gemini-flash-latest project:123 quota_minute 2026-11-22T10:00:00.000Z "
    "2026-11-22T10:01:00.000Z https://host:443 the quota: use less  of "
    "it\n" NONE "key all - key_leaked 2026-11-22T10:00:00.000Z forever "
    "https://host:443 -\n" NONE "current:fedcba9876543210fedcba9876543210 all "
    "0123456789abcdef0123456789abcdef ok 2026-11-22T09:00:00.000Z - "
    "https://host:443 -\n";

static size_t
parse(struct gm_keytable *t, const char *bytes, size_t len)
{
	struct gm_err err;
	size_t bad;

	if (gm_keytable_parse(t, (struct gm_span){ bytes, len }, &bad, &err) !=
	    0)
		fail_msg("%s", err.msg);
	return bad;
}

static void
assert_text(struct gm_keytable *t, const char *want)
{
	struct gm_buf out;

	gm_buf_init(&out, GM_KEYTABLE_BYTES);
	gm_keytable_write(t, &out);
	assert_string_equal(gm_buf_str(&out), want);
	gm_buf_release(&out);
}

static void
test_round_trip(void **state)
{
	struct gm_keytable t = { 0 };
	const struct gm_keyrow *row;

	(void)state;
	assert_int_equal(parse(&t, text, strlen(text)), 0);
	assert_false(t.changed);
	assert_int_equal(t.len, 3);
	row = &t.rows[0];
	assert_string_equal(row->origin, O);
	assert_string_equal(row->id, "0123456789abcdef0123456789abcdef");
	assert_string_equal(row->model, "gemini-flash-latest");
	assert_string_equal(row->project, "project:123");
	assert_string_equal(row->reason, "the quota: use less  of it");
	assert_int_equal(row->class, GM_CLASS_QUOTA_MINUTE);
	assert_true(row->since_ms == NOW);
	assert_true(row->until_ms == NOW + 60000);
	assert_int_equal(row->requests, 12);
	assert_int_equal(row->day, 20779);
	assert_int_equal(row->failures, 3);
	assert_true(row->last_ms == NOW + 123);
	assert_true(row->slot_ms == NOW + 5000);
	assert_true(row->tokens_ms == NOW + 7000);
	assert_int_equal(row->at, strlen(HEAD));
	assert_int_equal(row->kind, GM_KEYROW_OWNER);
	assert_int_equal(t.rows[2].class, GM_CLASS_OK);
	assert_int_equal(t.rows[2].kind, GM_KEYROW_CURRENT);
	assert_string_equal(t.rows[2].id, "fedcba9876543210fedcba9876543210");
	assert_string_equal(t.rows[2].key, "0123456789abcdef0123456789abcdef");
	assert_string_equal(t.rows[2].project, "");
	assert_true(t.rows[1].until_ms == GM_KEYROW_FOREVER);
	assert_string_equal(t.rows[1].reason, "");
	assert_text(&t, text);
	assert_int_equal(t.rows[0].at, strlen(HEAD));
	assert_memory_equal(text + t.rows[1].at, NONE "key", sizeof(NONE) + 2);
	gm_keytable_release(&t);
}

static void
test_empty(void **state)
{
	struct gm_keytable t = { 0 };

	(void)state;
	assert_int_equal(parse(&t, NULL, 0), 0);
	assert_int_equal(parse(&t, "", 0), 0);
	assert_int_equal(parse(&t, "\n\n# words\n", 10), 0);
	assert_int_equal(t.len, 0);
	assert_false(t.changed);
	assert_text(&t, HEAD);
	gm_keytable_release(&t);
}

/* Cut anywhere: whole lines are kept, and at most one is bad. */
static void
test_cuts(void **state)
{
	struct gm_keytable t = { 0 };
	size_t i, lines = 0;
	bool at_end;

	(void)state;
	for (i = 0; i <= strlen(text); i++) {
		at_end = i == 0 || text[i - 1] == '\n';
		lines += i > 0 && at_end;
		assert_int_equal(parse(&t, text, i), at_end ? 0 : 1);
		assert_int_equal(t.len, lines > 0 ? lines - 1 : 0);
		assert_int_equal(t.changed, !at_end);
		assert_false(t.newer);
		gm_keytable_release(&t);
	}
}

/* A bad byte in the counters costs these, elsewhere at most the line. */
static void
test_torn(void **state)
{
	static const char bytes[] = { '\0', 'x', ' ', '\xff' };
	const size_t start = strlen(HEAD);
	const size_t end = (size_t)(strchr(text + start, '\n') - text);
	struct gm_keytable t = { 0 };
	char torn[sizeof(text)];
	size_t i, bad;

	(void)state;
	for (i = start; i < end; i++) {
		memcpy(torn, text, sizeof(text));
		torn[i] = bytes[i % sizeof(bytes)];
		bad = parse(&t, torn, strlen(text));
		assert_int_equal(t.len, 3 - bad);
		if (i < start + GM_KEYROW_COUNTERS - 1) {
			assert_int_equal(bad, 0);
			assert_int_equal(
			    t.rows[0].class, GM_CLASS_QUOTA_MINUTE);
			assert_true(t.rows[0].until_ms == NOW + 60000);
			assert_true(t.rows[0].last_ms == 0 ||
				    t.rows[0].last_ms == NOW + 123);
			/* All become zero, as the others are stale. */
			if (t.rows[0].last_ms == 0)
				assert_true(t.rows[0].requests == 0 &&
					    t.rows[0].day == 0 &&
					    t.rows[0].failures == 0 &&
					    t.rows[0].slot_ms == 0 &&
					    t.rows[0].tokens_ms == 0);
		}
		gm_keytable_release(&t);
	}
	memcpy(torn, text, sizeof(text));
	memset(torn + start, 0, GM_KEYROW_COUNTERS - 1);
	assert_int_equal(parse(&t, torn, strlen(text)), 0);
	assert_int_equal(t.rows[0].requests, 0);
	assert_int_equal(t.rows[0].slot_ms, 0);
	assert_string_equal(t.rows[0].project, "project:123");
	gm_keytable_release(&t);
}

static void
test_bad_lines(void **state)
{
	static const char *const rows[] = { "words", NONE,
		NONE "id all - ok - -", NONE "id all - unheard_of - - " O " -",
		NONE "id all - ok yesterday - " O " -",
		NONE "id all - ok - 2026-02-30T00:00:00.000Z " O " -",
		NONE "i\001d all - ok - - " O " -",
		ZERO "id all - ok - - " O " -", "{\"json\": true}" };
	struct gm_keytable t = { 0 };
	char lines[2000];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		(void)snprintf(lines, sizeof(lines),
		    "%s%s\n" NONE "id all - ok - - " O "\n", HEAD, rows[i]);
		if (parse(&t, lines, strlen(lines)) != 1)
			fail_msg("%s", rows[i]);
		assert_int_equal(t.len, 1);
		assert_string_equal(t.rows[0].reason, "");
		assert_true(t.changed);
		gm_keytable_release(&t);
	}
}

/* Rows in any order, and twice: one of each is left, merged as in table.c. */
static void
test_duplicates(void **state)
{
	static const char lines[] =
	    NONE "b all - ok - - " O " -\n" NONE
		 "a all - quota_day - 2026-11-22T12:00:00.000Z " O " day\n" NONE
		 "b all - quota_day - 2026-11-22T11:00:00.000Z " O " day\n" NONE
		 "a all - quota_minute - 2026-11-22T11:00:00.000Z " O " -\n";
	struct gm_keytable t = { 0 };

	(void)state;
	assert_int_equal(parse(&t, lines, strlen(lines)), 0);
	assert_true(t.changed);
	assert_text(&t, HEAD NONE
	    "a all - quota_day - 2026-11-22T12:00:00.000Z " O " day\n" NONE
	    "b all - quota_day - 2026-11-22T11:00:00.000Z " O " day\n");
	gm_keytable_release(&t);
}

static void
test_newer(void **state)
{
	static const char lines[] =
	    "# gm keys, version 3: x\n" NONE "id all - ok - - " O "\n";
	struct gm_keytable t = { 0 };

	(void)state;
	assert_int_equal(parse(&t, lines, strlen(lines)), 0);
	assert_true(t.newer);
	assert_int_equal(t.len, 0);
	gm_keytable_release(&t);
}

/* Version 1, without tokens: all is read, and changed is set. */
static void
test_version_1(void **state)
{
	static const char old[] =
	    "# gm keys, version 1: requests, ...\n"
	    "        12  20779      3 2026-11-22T10:00:00.123Z "
	    "2026-11-22T10:00:05.000Z key m project:123 ok - - " O
	    " -\n" ZERO NO_TIME "none m - key_leaked - forever " O
	    " why\n" ZERO NO_TIME NO_TIME "bad m - key_leaked - forever " O
	    " why\n";
	struct gm_keytable t = { 0 };

	(void)state;
	assert_int_equal(parse(&t, old, strlen(old)), 1);
	assert_true(t.changed);
	assert_false(t.newer);
	assert_int_equal(t.len, 2);
	assert_int_equal(t.rows[0].at, -1);
	assert_int_equal(t.rows[0].tokens_ms, 0);
	t.now_ms = NOW;
	assert_text(&t, HEAD
	    "        12  20779      3 2026-11-22T10:00:00.123Z "
	    "2026-11-22T10:00:05.000Z " NO_TIME "key m project:123 ok - - " O
	    " -\n" NONE "none m - key_leaked - forever " O " why\n");
	gm_keytable_release(&t);
	/* Version 1 is written again even if no line is bad. */
	assert_int_equal(
	    parse(&t, old, (size_t)(strchr(old, '\n') - old) + 1), 0);
	assert_true(t.changed);
	gm_keytable_release(&t);
}

/* Random bytes: no crash, and the rows that are kept can be written. */
static void
test_garbage(void **state)
{
	static const char alphabet[] = "0 -Z:T.#k\n\n\0\xff";
	char bytes[600], *again;
	struct gm_keytable t = { 0 };
	struct gm_buf out;
	size_t i, round;

	(void)state;
	srandom(1);
	for (round = 0; round < 3000; round++) {
		memcpy(bytes, text, sizeof(bytes));
		for (i = 0; i < sizeof(bytes); i++)
			if (random() % 40 == 0 || round % 2 == 0)
				bytes[i] = alphabet[(size_t)random() %
						    (sizeof(alphabet) - 1)];
		(void)parse(&t, bytes, sizeof(bytes));
		gm_buf_init(&out, GM_KEYTABLE_BYTES);
		gm_keytable_write(&t, &out);
		again = gm_buf_take(&out);
		gm_keytable_release(&t);
		assert_int_equal(parse(&t, again, strlen(again)), 0);
		assert_false(t.changed);
		assert_text(&t, again);
		gm_keytable_release(&t);
		free(again);
	}
}

static struct gm_keyrow *
get(struct gm_keytable *t, const char *id)
{
	struct gm_err err;
	struct gm_keyrow *row =
	    strcmp(id, CURRENT) == 0
		? gm_keytable_get(t, GM_KEYROW_CURRENT, O, "l", "all", &err)
		: gm_keytable_get(t, GM_KEYROW_OWNER, O, id, "all", &err);

	assert_non_null(row);
	return row;
}

/* Values too large for a field are cut; numbers never shift columns. */
static void
test_extremes(void **state)
{
	struct gm_keytable t = { 0 };
	struct gm_keyrow *row = get(&t, "id");

	(void)state;
	row->requests = INT64_MAX;
	row->day = -5;
	row->failures = 123456789;
	row->last_ms = INT64_MAX - 1;
	row->slot_ms = -1;
	row->class = GM_CLASS_KEY_INVALID;
	(void)snprintf(row->project, sizeof(row->project), "a b\n");
	(void)snprintf(row->reason, sizeof(row->reason), " two\nlines\033[m ");
	assert_text(&t, HEAD
	    "9999999999      0 999999 9999-12-31T23:59:59.999Z " NO_TIME NO_TIME
	    "id all a_b_ key_invalid - - " O " two?lines?[m\n");
	gm_keytable_release(&t);
}

/* Idle rows are left out, all others are kept. */
static void
test_idle(void **state)
{
	static const struct {
		const char *id, *project;
		enum gm_class class;
		int64_t failures, last, since;
		bool kept;
	} rows[] = {
		{ "a", "", GM_CLASS_OK, 0, NOW - IDLE_MS, 0, true },
		{ "a", "", GM_CLASS_OK, 0, NOW - IDLE_MS - 1, 0, false },
		{ "a", "", GM_CLASS_OK, 0, 0, 0, false },
		{ "a", "", GM_CLASS_OK, 1, 0, 0, true },
		{ "a", "", GM_CLASS_QUOTA, 0, 0, 0, true },
		{ "a", "", GM_CLASS_QUOTA, 1, 0, NOW - IDLE_MS - 2, false },
		{ "a", "", GM_CLASS_QUOTA, 1, 0, NOW - IDLE_MS - 1, true },
		{ "a", "", GM_CLASS_QUOTA, 1, NOW, NOW - IDLE_MS - 2, true },
		{ "a", "p", GM_CLASS_QUOTA, 1, 0, NOW - IDLE_MS - 2, true },
		{ "a", "", GM_CLASS_KEY_LEAKED, 1, 0, 1, true },
		{ "a", "project:1", GM_CLASS_OK, 0, 0, 0, true },
		{ "a", "project:1", GM_CLASS_OK, 0, 1, 0, false },
		{ CURRENT, "a", GM_CLASS_OK, 0, 0, NOW - IDLE_MS, true },
		{ CURRENT, "a", GM_CLASS_OK, 0, 0, NOW - IDLE_MS - 1, false },
		/* of an older version, of all lists */
		{ CURRENT, "a", GM_CLASS_OK, 0, 0, 0, false },
	};
	struct gm_keytable t = { 0 };
	struct gm_keyrow *row;
	struct gm_buf out;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		row = get(&t, rows[i].id);
		(void)snprintf(
		    row->project, sizeof(row->project), "%s", rows[i].project);
		row->class = rows[i].class;
		row->failures = rows[i].failures;
		row->last_ms = rows[i].last;
		row->since_ms = rows[i].since;
		/* An ended mark; that of a leaked key never ends. */
		if (row->class != GM_CLASS_OK && row->since_ms != 0)
			row->until_ms = row->class == GM_CLASS_KEY_LEAKED
			                    ? GM_KEYROW_FOREVER
			                    : row->since_ms + 1;
		gm_keytable_settle(&t, NOW);
		gm_buf_init(&out, GM_KEYTABLE_BYTES);
		gm_keytable_write(&t, &out);
		assert_int_equal(out.len > strlen(HEAD), rows[i].kept);
		assert_int_equal(row->at != -1, rows[i].kept);
		gm_buf_release(&out);
		gm_keytable_release(&t);
	}
}

/* Rows of each kind; the less important ones are younger. */
static void
make_rows(struct gm_keytable *t, size_t len)
{
	static const struct {
		enum gm_class class;
		int64_t since_ms, until_ms;
	} kinds[] = {
		{ GM_CLASS_KEY_LEAKED, 0, GM_KEYROW_FOREVER },
		{ GM_CLASS_KEY_LEAKED, 0, GM_KEYROW_FOREVER },
		{ GM_CLASS_QUOTA_DAY, 0, NOW + 1 },
		{ GM_CLASS_OK, 0, 0 },      /* "current" */
		{ GM_CLASS_QUOTA, 0, NOW }, /* ended */
		{ GM_CLASS_OK, 0, 0 }, { GM_CLASS_OK, 0, 0 },
		{ GM_CLASS_OK, NOW, 0 },
		{ GM_CLASS_OK, 0, 0 }, /* and all others */
	};
	struct gm_keyrow row = { .origin = O, .model = "all" };
	struct gm_err err;
	size_t i, kind;

	for (i = 0; i < len; i++) {
		(void)snprintf(row.id, sizeof(row.id), "%06zu", i);
		row.kind = i == 3 ? GM_KEYROW_CURRENT : GM_KEYROW_OWNER;
		kind = i < GM_LEN(kinds) ? i : GM_LEN(kinds) - 1;
		row.class = kinds[kind].class;
		row.since_ms = kinds[kind].since_ms;
		row.until_ms = kinds[kind].until_ms;
		row.last_ms = NOW - HOUR_MS + (int64_t)i;
		assert_int_equal(gm_keytable_append(t, &row, &err), 0);
	}
	gm_keytable_sort(t);
	gm_keytable_settle(t, NOW);
}

static bool
is_there(const struct gm_keytable *t, const char *id)
{
	return gm_keytable_find(t, GM_KEYROW_OWNER, O, id, "all") != NULL;
}

/* Over the limit the oldest rows are dropped, but rejections are kept. */
static void
test_too_many(void **state)
{
	struct gm_keytable t = { 0 }, again = { 0 };
	struct gm_buf out;

	(void)state;
	make_rows(&t, GM_KEYTABLE_ROWS + 5);
	gm_buf_init(&out, GM_KEYTABLE_BYTES);
	gm_keytable_write(&t, &out);
	assert_int_equal(out.failed, GM_OK);
	assert_int_equal(t.dropped, 5);
	assert_int_equal(parse(&again, out.data, out.len), 0);
	assert_int_equal(again.len, GM_KEYTABLE_ROWS);
	assert_true(is_there(&again, "000000"));
	assert_true(is_there(&again, "000001"));
	assert_true(is_there(&again, "000002"));
	assert_non_null(
	    gm_keytable_find(&again, GM_KEYROW_CURRENT, O, "000003", "all"));
	assert_false(is_there(&again, "000004"));
	assert_false(is_there(&again, "000006"));
	assert_true(is_there(&again, "000007")); /* marked recently */
	assert_false(is_there(&again, "000009"));
	assert_true(is_there(&again, "000010"));
	gm_keytable_settle(&again, NOW);
	gm_buf_reset(&out);
	gm_keytable_write(&again, &out);
	assert_int_equal(again.dropped, 0);
	gm_buf_release(&out);
	gm_keytable_release(&again);
	gm_keytable_release(&t);
}

/* If all rows are rejections, the oldest of them are dropped. */
static void
test_too_many_dead(void **state)
{
	struct gm_keytable t = { 0 };
	struct gm_buf out;
	size_t i;

	(void)state;
	make_rows(&t, GM_KEYTABLE_ROWS + 2);
	for (i = 0; i < t.len; i++) {
		t.rows[i].class = GM_CLASS_KEY_INVALID;
		t.rows[i].until_ms = GM_KEYROW_FOREVER;
	}
	gm_buf_init(&out, GM_KEYTABLE_BYTES);
	gm_keytable_write(&t, &out);
	assert_int_equal(t.dropped, 2);
	assert_int_equal(t.rows[0].at, -1);
	assert_int_equal(t.rows[1].at, -1);
	assert_int_not_equal(t.rows[2].at, -1);
	gm_buf_release(&out);
	gm_keytable_release(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_newer),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_too_many_dead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
