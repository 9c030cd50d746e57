#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../notes.h"
#include "cli/wanted.h"

static struct gm_common common;
static const struct gm_tool tool = { .name = "gm-x",
	.agent = "gm-x/1",
	.shared = GM_OPT_SERVICE,
	.common = &common };
static const struct gm_cli_operands none = { .alone = false };
static struct gm_services_options wanted;
static struct gm_err err;

static int
set_up(void **state)
{
	(void)state;
	return open_notes();
}

static int
tear_down(void **state)
{
	(void)state;
	close_notes();
	return 0;
}

static void
start(void)
{
	common = (struct gm_common){ .note = note };
	common.note.verbose = 1;
	err = (struct gm_err){ .code = GM_OK };
}

static void
set(enum gm_setting id, const char *name, const char *text,
    enum gm_origin origin)
{
	common.config.values[id] =
	    (struct gm_value){ .name = name, .text = text, .origin = origin };
}

/* Each is what an option says, and nothing is invented. */
static void
test_options(void **state)
{
	(void)state;
	start();
	assert_int_equal(gm_wanted_services(&tool, &none, &wanted, &err), 0);
	assert_ptr_equal(wanted.keys.config, &common.config);
	assert_ptr_equal(wanted.keys.secrets, &common.secrets);
	assert_ptr_equal(wanted.keys.note, &common.note);
	assert_ptr_equal(wanted.keys.limits, &common.limits);
	assert_null(wanted.keys.typed.p);
	assert_false(wanted.keys.no_command || wanted.keys.no_state ||
		     wanted.keys.must_store || wanted.keys.ignore_cooldown ||
		     wanted.all || wanted.http1 || wanted.advise);
	assert_string_equal(wanted.agent, "gm-x/1");
	assert_int_equal(wanted.family, GM_HTTP_ANY);
	assert_int_equal(wanted.deadline_ms, 0);
	common.ignore_cooldown = common.http1 = common.ipv4 = true;
	common.deadline_ms = 7;
	assert_int_equal(gm_wanted_services(&tool, &none, &wanted, &err), 0);
	assert_true(wanted.keys.ignore_cooldown && wanted.http1);
	assert_int_equal(wanted.family, GM_HTTP_V4);
	assert_int_equal(wanted.deadline_ms, 7);
	common.ipv4 = false;
	common.ipv6 = true;
	assert_int_equal(gm_wanted_services(&tool, &none, &wanted, &err), 0);
	assert_int_equal(wanted.family, GM_HTTP_V6);
	assert_string_equal(said(), "");
}

static void
test_vendors(void **state)
{
	static const struct {
		enum gm_vendor vendor;
		bool all, only, alone;
		enum gm_origin origin; /* of the list, "mistral" */
		size_t len;            /* 0: a usage error */
		bool told;             /* that it is not used */
	} rows[] = {
		{ GM_VENDOR_GEMINI, 0, 0, 0, GM_FROM_OPTION, 2, 0 },
		{ GM_VENDOR_GEMINI, 0, 0, 0, GM_FROM_ENVIRONMENT, 2, 0 },
		{ GM_VENDOR_OPENAI, 0, 0, 0, GM_FROM_OPTION, 2, 0 },
		{ GM_VENDOR_OPENAI, 0, 0, 0, GM_FROM_ENVIRONMENT, 1, 1 },
		{ GM_VENDOR_MISTRAL, 0, 0, 0, GM_FROM_OPTION, 1, 0 },
		{ GM_VENDOR_GEMINI, 0, 1, 0, GM_FROM_OPTION, 0, 0 },
		{ GM_VENDOR_GEMINI, 0, 1, 0, GM_FROM_ENVIRONMENT, 1, 1 },
		{ GM_VENDOR_GEMINI, 0, 0, 1, GM_FROM_OPTION, 0, 0 },
		{ GM_VENDOR_GEMINI, 0, 0, 1, GM_FROM_ENVIRONMENT, 1, 1 },
		{ GM_VENDOR_GEMINI, 1, 0, 0, GM_FROM_ENVIRONMENT, GM_VENDORS,
		    0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		const struct gm_cli_operands operands = { .alone =
							      rows[i].alone };

		start();
		common.vendor = rows[i].vendor;
		common.all_vendors = rows[i].all;
		set(GM_SET_FALLBACK, "fallback", "mistral", rows[i].origin);
		if (rows[i].only)
			set(GM_SET_KEY_INDEX, "key-index", "0", GM_FROM_OPTION);
		wanted.vendors.len = 0;
		if (gm_wanted_services(&tool, &operands, &wanted, &err) != 0) {
			assert_int_equal(rows[i].len, 0);
			assert_int_equal(err.code, GM_EUSAGE);
			continue;
		}
		assert_int_equal(wanted.vendors.len, rows[i].len);
		assert_int_equal(wanted.vendors.items[0], rows[i].vendor);
		assert_int_equal(wanted.all, rows[i].all);
		assert_int_equal(said()[0] != '\0', rows[i].told);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_vendors),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
