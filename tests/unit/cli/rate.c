#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cli/rate.h"

static const struct {
	const char *jobs, *sleep;
	size_t want_jobs;
	int64_t want_ms;
	const char *error; /* NULL: none */
} rows[] = {
	{ NULL, NULL, 8, 0, NULL },
	{ "1", "0", 1, 0, NULL },
	{ "256", "250", 256, 250, NULL },
	{ "64", "1.5s", 64, 1500, NULL },
	{ "0", NULL, 0, 0, "--jobs: not a whole number from 1 to 256" },
	{ "257", NULL, 0, 0, "--jobs: not a whole number from 1 to 256" },
	{ "many", NULL, 0, 0, "--jobs: not a whole number from 1 to 256" },
	{ NULL, "-1", 0, 0, "--sleep-ms: " },
	{ NULL, "2h", 0, 0, "--sleep-ms: " },
};

static void
test_apply(void **state)
{
	struct gm_rate p;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		p = (struct gm_rate){ .jobs_text = rows[i].jobs,
			.sleep_text = rows[i].sleep };
		if (rows[i].error == NULL) {
			assert_int_equal(gm_rate_apply(&p, &err), 0);
			assert_int_equal(p.jobs, rows[i].want_jobs);
			assert_int_equal(p.sleep_ms, rows[i].want_ms);
			continue;
		}
		assert_int_equal(gm_rate_apply(&p, &err), -1);
		assert_int_equal(err.code, GM_EUSAGE);
		assert_memory_equal(
		    err.msg, rows[i].error, strlen(rows[i].error));
	}
}

static void
test_rows(void **state)
{
	static struct gm_options table;
	struct gm_rate p = { 0 };

	(void)state;
	gm_rate_rows(&p, &table);
	assert_int_equal(table.len, 4);
	assert_string_equal(table.rows[0].name, "jobs");
	assert_int_equal(table.rows[0].letter, 'j');
	assert_int_equal(*table.rows[2].setting, GM_SET_RPM);
	assert_int_equal(*table.rows[3].setting, GM_SET_TPM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
