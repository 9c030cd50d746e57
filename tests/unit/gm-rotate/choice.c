/* A pick as index, key and object; a missing key as line and object. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../keys/key_rig.h"
#include "gm-rotate/choice.h"

#define MODEL "gemini-3.8-flash"
#define AT INT64_C(1795341600000) /* 2026-11-22T10:00:00Z */

#define COOLING \
	"no usable key until 10:00:00Z (38 s): 2 keys cooling down, 1 " \
	"rejected; gm-keycheck shows the reason for each (quota_minute)"
#define REJECTED \
	"key 2 (...0003): API key not valid; replace it, or gm-rotate " \
	"--reset clears the " \
	"mark " \
	"(key_invalid)"

#define NONE \
	"{\"ok\":false,\"model\":\"" MODEL "\",\"index\":null,\"key\":null,"

static const struct gm_pick good = { .kind = GM_PICK_KEY, .index = 1 };
static const struct gm_pick cooling = { .kind = GM_PICK_COOLING,
	.index = 1,
	.at_ms = AT,
	.status = { GM_CLASS_QUOTA_MINUTE, AT - 1000, AT, "by hand" },
	.cooling = 2,
	.rejected = 1 };
static const struct gm_pick rejected = { .kind = GM_PICK_REJECTED,
	.index = 2,
	.status = { GM_CLASS_KEY_INVALID, AT - 1000, AT, "" },
	.rejected = 1 };

static const struct {
	const struct gm_pick *pick;
	enum gm_keychoice_form form;
	enum gm_code code;
	const char *want, *message;
} rows[] = {
	{ &good, GM_KEYCHOICE_INDEX, GM_OK, "1\n", "" },
	{ &good, GM_KEYCHOICE_KEY, GM_OK, "fake-good-key-0002\n", "" },
	{ &good, GM_KEYCHOICE_JSON, GM_OK,
	    "{\"ok\":true,\"model\":\"" MODEL
	    "\",\"index\":1,\"key\":\"...0002\",\"error\":null}\n",
	    "" },
	{ &cooling, GM_KEYCHOICE_INDEX, GM_ETEMPFAIL, "", COOLING },
	{ &cooling, GM_KEYCHOICE_KEY, GM_ETEMPFAIL, "", COOLING },
	{ &cooling, GM_KEYCHOICE_JSON, GM_ETEMPFAIL,
	    NONE "\"error\":{\"class\":\"quota_minute\",\"message\":\"" COOLING
		 "\",\"service_message\":null,\"retry_at\":\"2026-11-22T10:00:"
		 "00Z\"}}\n",
	    COOLING },
	{ &rejected, GM_KEYCHOICE_INDEX, GM_ENOPERM, "", REJECTED },
	{ &rejected, GM_KEYCHOICE_JSON, GM_ENOPERM,
	    NONE "\"error\":{\"class\":\"key_invalid\",\"message\":\"" REJECTED
		 "\",\"service_message\":null,\"retry_at\":null}}\n",
	    REJECTED },
};

static void
test_write(void **state)
{
	struct gm_keychoice choice = { .model = MODEL,
		.base_url = "https://api.example",
		.now_ms = AT - 38000 };
	struct gm_err err;
	struct gm_buf out;
	struct rig rig;
	size_t i;
	int rc;

	(void)state;
	assert_true(open_rig(&rig));
	choice.ring = &rig.ring;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_init(&out, 2000);
		err = (struct gm_err){ .code = GM_OK };
		choice.pick = *rows[i].pick;
		rc = gm_keychoice_write(&choice, rows[i].form, &out, &err);
		assert_string_equal(gm_buf_str(&out), rows[i].want);
		assert_int_equal(rc, rows[i].code == GM_OK ? 0 : -1);
		assert_int_equal(err.code, rows[i].code);
		assert_string_equal(err.msg, rows[i].message);
		gm_buf_release(&out);
	}
	close_rig(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
