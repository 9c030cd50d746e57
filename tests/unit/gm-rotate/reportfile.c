/* Reports from a pipe, applied to a state in memory. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../keys/key_rig.h"
#include "../notes.h"
#include "gm-rotate/reportfile.h"

#define BAD "{\"index\":0,\"key\":\"...0001\",\"class\":\"key_invalid\"}\n"
#define QUOTA "{\"index\":1,\"model\":\"m-one\",\"class\":\"quota_day\"}\n"

/* Run gm_reportfile_read() with the text on a pipe. */
static int
feed(struct gm_keys *keys, const char *text, struct gm_err *err)
{
	int ends[2], rc;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
	assert_int_equal(close(ends[1]), 0);
	*err = (struct gm_err){ .code = GM_OK };
	rc = gm_reportfile_read(keys, "gemini", ends[0], "standard input", err);
	assert_int_equal(close(ends[0]), 0);
	return rc;
}

static const struct {
	const char *text;
	enum gm_code code;
	const char *message; /* the start of it */
	size_t next;         /* the key that is used afterwards */
} rows[] = {
	{ "", GM_OK, "", 0 },
	{ BAD, GM_OK, "", 1 },
	{ BAD QUOTA, GM_OK, "", 2 },
	{ "\n" BAD "\n", GM_OK, "", 1 },
	{ "x\n" BAD, GM_EDATA, "standard input: line 1: ", 1 },
	{ BAD "x\n[]\n" QUOTA, GM_EDATA, "standard input: line 2: ", 2 },
	{ BAD "{", GM_EDATA, "standard input: line 2: ", 1 },
};

static void
test_read(void **state)
{
	struct gm_keystate shared;
	struct gm_keys_options options = { .base_url = "https://api.example",
		.state = &shared };
	struct gm_keys keys;
	struct gm_keyquery query;
	struct gm_pick pick;
	struct gm_err err;
	struct rig rig;
	size_t i;

	(void)state;
	assert_true(open_rig(&rig));
	options.ring = &rig.ring;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_keystate_open(&shared, NULL, &note, false);
		assert_int_equal(gm_keys_open(&keys, &options, &err), 0);
		assert_int_equal(feed(&keys, rows[i].text, &err),
		    rows[i].code == GM_OK ? 0 : -1);
		assert_int_equal(err.code, rows[i].code);
		assert_memory_equal(
		    err.msg, rows[i].message, strlen(rows[i].message));
		query =
		    gm_keys_look(&keys, "m-one", &(struct gm_keyfilter){ 0 });
		gm_keyrule_pick(&query, &pick);
		assert_int_equal(pick.kind, GM_PICK_KEY);
		assert_int_equal(pick.index, rows[i].next);
		gm_keys_close(&keys);
		gm_keystate_close(&shared);
	}
	assert_string_equal(said(), "");
	close_rig(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
	};
	int rc;

	if (open_notes() != 0)
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	close_notes();
	return rc;
}
