/* The output of a key command, and the message of each failure. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/stop.h"
#include "config/keycommand.h"

static char path[] = "PATH=/usr/bin:/bin";
static char *const environment[] = { path, NULL };

static void
test_commands(void **state)
{
	static const struct {
		const char *text, *keys, *msg;
	} rows[] = {
		{ "echo fake-a; echo fake-b", "fake-a\nfake-b\n", NULL },
		{ "printf 'fake-a,fake-b' | cat", "fake-a,fake-b", NULL },
		{ "-x", NULL, "the command failed with exit status 127" },
		{ "echo fake-secret; exit 3", NULL,
		    "the command failed with exit status 3" },
		{ "if", NULL, "the command failed with exit status 2" },
		{ "kill -TERM $$", NULL,
		    "the command was killed by signal 15 (Terminated)" },
		{ "kill -TTIN $$", NULL,
		    "the command was stopped, as it used the terminal" },
		{ "kill -TTOU 0", NULL,
		    "the command was stopped, as it used the terminal" },
		{ "kill -STOP $$", NULL,
		    "the command was stopped by signal 19 (Stopped (signal))" },
		{ "exec sleep 60", NULL,
		    "the command did not end within 0.5 s and was killed" },
		{ "yes", NULL,
		    "the command printed more than 1 MiB and was killed" },
		{ "read -r line || echo nothing", "nothing\n", NULL },
		{ ":", "", NULL },
	};
	struct gm_keycommand command = { .environment = environment,
		.limit_ms = 0 };
	struct gm_buf keys;
	struct gm_err err;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		command.text = rows[i].text;
		command.limit_ms =
		    strstr(rows[i].text, "sleep") != NULL ? 500 : 0;
		gm_buf_init(&keys, GM_KEYCOMMAND_MAX);
		rc = gm_keycommand_run(&command, &keys, &err);
		assert_int_equal(rc, rows[i].msg == NULL ? 0 : -1);
		if (rc == 0) {
			assert_string_equal(gm_buf_str(&keys), rows[i].keys);
		} else {
			assert_int_equal(err.code, GM_ECONFIG);
			assert_string_equal(err.msg, rows[i].msg);
		}
		gm_buf_release(&keys);
	}
}

static int
set_up(void **state)
{
	struct gm_err err;

	(void)state;
	return gm_stop_install(false, &err);
}

#define FAKE "AIzaSyFakeKeyForTests0123456789"

static void
test_keys(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} rows[] = { { FAKE, true }, { "./" FAKE, true },
		{ "\xEF\xBB\xBF" FAKE, true }, { "AI\xC2\xADza" FAKE, true },
		{ "\xE2\x80\x9C" FAKE "\xE2\x80\x9D", true },
		{ "A=1 B=2 " FAKE, true }, { FAKE "=", true },
		{ FAKE "=x", false }, { "exec " FAKE, true }, { "", false },
		{ " \t\n", false }, { "pass show gemini", false },
		{ "echo " FAKE, false }, { "A=" FAKE " pass show x", false },
		{ "caf\xC3\xA9/keys", false }, { "/bin/sh " FAKE, false },
		{ "./absent", false } };
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++)
		if (gm_keycommand_is_key(rows[i].text) != rows[i].is)
			fail_msg("'%s'", rows[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
