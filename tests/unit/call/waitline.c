#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../notes.h"
#include "call/waitline.h"

#define START 1000000 /* ms */

static size_t columns;
static struct gm_waitline line;

static int
set_up(void **state)
{
	(void)state;
	note.status = &columns;
	line.note = &note;
	return open_notes();
}

static int
tear_down(void **state)
{
	(void)state;
	close_notes();
	return 0;
}

/* The line that was written, without what erases the one before. */
static const char *
drawn(void)
{
	const char *text = said();

	if (text[0] == '\0')
		return "(none)";
	assert_int_equal(text[0], '\r');
	return strrchr(text, '\r') + 1;
}

static void
test_response(void **state)
{
	const struct gm_call_waiting w = { .what = "gemini-flash-latest",
		.since_ms = START };
	static const struct {
		int64_t after_ms, next_ms;
		const char *want;
	} rows[] = {
		{ 0, 2000, "(none)" },
		{ 1999, 2000, "(none)" },
		{ 2000, 3000, "waiting for gemini-flash-latest, 2 s" },
		{ 2999, 3000, "waiting for gemini-flash-latest, 2 s" },
		{ 6100, 7000, "waiting for gemini-flash-latest, 6 s" },
		{ 900000, 901000, "waiting for gemini-flash-latest, 900 s" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		assert_int_equal(
		    gm_waitline_show(&line, &w, 1, START + rows[i].after_ms),
		    START + rows[i].next_ms);
		assert_string_equal(drawn(), rows[i].want);
	}
	/* The wait is over. */
	assert_int_equal(
	    gm_waitline_show(&line, NULL, 0, START + 901000), INT64_MAX);
	assert_string_equal(drawn(), "");
	assert_int_equal(columns, 0);
}

static void
test_several(void **state)
{
	const struct gm_call_waiting w = { .what = "gemini-flash-latest",
		.since_ms = START };

	(void)state;
	(void)gm_waitline_show(&line, &w, 12, START + 6000);
	assert_string_equal(drawn(), "waiting for 12 responses, 6 s");
	gm_waitline_erase(&line);
	assert_string_equal(drawn(), "");
}

static void
test_countdown(void **state)
{
	const struct gm_call_waiting key = { .why = "rate-limited",
		.until_ms = START + 37000,
		.key = { "fake-good-key-0002", 18 },
		.key_index = 1 };
	const struct gm_call_waiting slot = { .why = "GM_RPM",
		.until_ms = START + 4200 };

	(void)state;
	assert_int_equal(gm_waitline_show(&line, &key, 0, START), START + 1000);
	assert_string_equal(
	    drawn(), "rate-limited: waiting 37 s for key 1 (...0002)");
	assert_int_equal(
	    gm_waitline_show(&line, &key, 0, START + 36001), START + 37000);
	assert_string_equal(
	    drawn(), "rate-limited: waiting 1 s for key 1 (...0002)");
	assert_int_equal(gm_waitline_show(&line, &slot, 0, START), START + 200);
	assert_string_equal(drawn(), "GM_RPM: waiting 5 s");
	/* The end of the wait. */
	assert_int_equal(
	    gm_waitline_show(&line, &slot, 0, START + 4200), INT64_MAX);
	assert_string_equal(drawn(), "");
}

/* A name cannot break the line, and a key in it is masked. */
static void
test_names(void **state)
{
	struct gm_secrets secrets = { 0 };
	struct gm_err err;
	struct gm_call_waiting w = { .what = "a\033[2Jb", .since_ms = START };

	(void)state;
	(void)gm_waitline_show(&line, &w, 1, START + 2000);
	assert_string_equal(drawn(), "waiting for the model, 2 s");
	assert_int_equal(
	    gm_secrets_add(&secrets, gm_span_of("fake-good-key-0001"), &err),
	    0);
	note.secrets = &secrets;
	w.what = "x-fake-good-key-0001";
	(void)gm_waitline_show(&line, &w, 1, START + 2000);
	assert_string_equal(drawn(), "waiting for x-...0001, 2 s");
	gm_waitline_erase(&line);
	(void)said();
	note.secrets = NULL;
	gm_secrets_release(&secrets);
}

/* A long name is cut, not the seconds after it. */
static void
test_long_name(void **state)
{
	char name[120], want[160];
	const struct gm_call_waiting w = { .what = name, .since_ms = START };

	(void)state;
	memset(name, 'm', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	(void)gm_waitline_show(&line, &w, 1, START + 12000);
	(void)snprintf(want, sizeof(want), "waiting for %.58s..., 12 s", name);
	assert_int_equal(strlen(want), 79);
	assert_string_equal(drawn(), want);
	gm_waitline_erase(&line);
	(void)said();
	/* This one fits. */
	name[60] = '\0';
	(void)gm_waitline_show(&line, &w, 1, START + 12000);
	(void)snprintf(want, sizeof(want), "waiting for %s, 12 s", name);
	assert_string_equal(drawn(), want);
	gm_waitline_erase(&line);
	(void)said();
}

/* No terminal, --quiet or TERM=dumb: there is no line. */
static void
test_none(void **state)
{
	const struct gm_call_waiting w = { .what = "m", .since_ms = START };
	struct gm_note plain = note;
	struct gm_waitline none = { .note = NULL };

	(void)state;
	assert_int_equal(
	    gm_waitline_show(&none, &w, 1, START + 9000), INT64_MAX);
	plain.status = NULL;
	none.note = &plain;
	assert_int_equal(
	    gm_waitline_show(&none, &w, 1, START + 9000), INT64_MAX);
	gm_waitline_erase(&none);
	assert_string_equal(said(), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_countdown),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
