#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "config/setting.h"

/* Each setting has a name, and its default is valid. */
static void
test_rows(void **state)
{
	const struct gm_setting_row *row;
	struct gm_err err;
	int64_t number;
	int id, other;

	(void)state;
	for (id = 0; id < GM_SETTINGS; id++) {
		row = gm_setting((enum gm_setting)id);
		if (row->standard != NULL)
			assert_int_equal(gm_setting_parse((enum gm_setting)id,
					     row->standard, &number, &err),
			    0);
		for (other = 0; other < id && row->variable != NULL; other++)
			if (gm_setting((enum gm_setting)other)->variable !=
			    NULL)
				assert_string_not_equal(row->variable,
				    gm_setting((enum gm_setting)other)
					->variable);
	}
	/* ./.env must not redirect text or keys. */
	assert_false(gm_setting(GM_SET_LOG_FILE)->local);
	assert_false(gm_setting(GM_SET_STATE_DIR)->local);
	assert_false(gm_setting(GM_SET_CACHE_DIR)->local);
	assert_false(gm_setting(GM_SET_FALLBACK)->local);
	assert_int_equal(
	    gm_setting(GM_SET_GEMINI_URL)->local, GM_LOCAL_LOOPBACK);
	assert_int_equal(
	    gm_setting(GM_SET_MISTRAL_URL)->local, GM_LOCAL_LOOPBACK);
	assert_int_equal(
	    gm_setting(GM_SET_OPENAI_URL)->local, GM_LOCAL_LOOPBACK);
	assert_true(gm_setting(GM_SET_MISTRAL_MODEL)->local);
	assert_true(gm_setting(GM_SET_OPENAI_MODEL)->local);
	assert_true(gm_setting(GM_SET_GEMINI_MODEL)->local);
	assert_true(gm_setting(GM_SET_RPM)->local);
	assert_true(gm_setting(GM_SET_RPD)->local);
	assert_true(gm_setting(GM_SET_TPM)->local);
	/* Only an option sets it; no key index, and no limit, by default. */
	assert_null(gm_setting(GM_SET_KEY_INDEX)->variable);
	assert_null(gm_setting(GM_SET_KEY_INDEX)->standard);
	assert_null(gm_setting(GM_SET_RPM)->standard);
	assert_null(gm_setting(GM_SET_RPD)->standard);
	assert_null(gm_setting(GM_SET_TPM)->standard);
	assert_string_equal(gm_setting(GM_SET_POLICY)->standard, "sticky");
}

static void
test_values(void **state)
{
	static const struct {
		enum gm_setting id;
		const char *text;
		int64_t want; /* -1: an error */
		const char *words;
	} rows[] = {
		{ GM_SET_GEMINI_MODEL, "any text", 7, NULL },
		{ GM_SET_RETRIES, "0", 0, NULL },
		{ GM_SET_RETRIES, "100", 100, NULL },
		{ GM_SET_RETRIES, "101", -1,
		    "not a whole number from 0 to 100" },
		{ GM_SET_TIMEOUT, "1.5", 1500, NULL },
		{ GM_SET_RESPONSE_TIMEOUT, "24h", 86400000, NULL },
		{ GM_SET_RESPONSE_TIMEOUT, "0", -1,
		    "not a duration of at least 1ms" },
		{ GM_SET_TIMEOUT, "0", -1, "not a duration of at least 1ms" },
		{ GM_SET_MAX_WAIT, "0", 0, NULL },
		{ GM_SET_MAX_WAIT, "24h", 86400000, NULL },
		{ GM_SET_SYSLOG, "on", 1, NULL },
		{ GM_SET_SYSLOG, "no", 0, NULL },
		{ GM_SET_SYSLOG, "maybe", -1, "not 1 or 0" },
		{ GM_SET_POLICY, "sticky", 0, NULL },
		{ GM_SET_POLICY, "round-robin", 1, NULL },
		{ GM_SET_POLICY, "Sticky", -1, "not sticky or round-robin" },
		{ GM_SET_POLICY, "", -1, "not sticky or round-robin" },
		{ GM_SET_RPM, "1", 1, NULL },
		{ GM_SET_RPM, "60000", 60000, NULL },
		{ GM_SET_RPM, "0", -1, "not a whole number from 1 to 60000" },
		{ GM_SET_RPM, "1.5", -1, "not a whole number from 1 to 60000" },
		{ GM_SET_RPD, "1000000000", 1000000000, NULL },
		{ GM_SET_RPD, "0", -1,
		    "not a whole number from 1 to 1000000000" },
		{ GM_SET_TPM, "250000", 250000, NULL },
		{ GM_SET_TPM, "0", -1,
		    "not a whole number from 1 to 1000000000" },
		{ GM_SET_KEY_INDEX, "0", 0, NULL },
		{ GM_SET_KEY_INDEX, "99999", 99999, NULL },
		{ GM_SET_KEY_INDEX, "-1", -1,
		    "not a whole number from 0 to 99999" },
		{ GM_SET_STATE_DIR, "any/path", 7, NULL },
	};
	struct gm_err err;
	int64_t number;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		number = 7;
		err = (struct gm_err){ .code = GM_OK };
		rc = gm_setting_parse(rows[i].id, rows[i].text, &number, &err);
		assert_int_equal(rc, rows[i].want == -1 ? -1 : 0);
		if (rc == 0) {
			assert_int_equal(number, rows[i].want);
			continue;
		}
		assert_int_equal(err.code, GM_EUSAGE);
		assert_string_equal(err.msg, rows[i].words);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
