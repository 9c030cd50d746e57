#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../notes.h"
#include "call/keyset.h"

#define KEY_A "fake-good-key-0001"
#define KEY_B "fake-good-key-0002"

static char dir[] = "/tmp/gm-unit-keyset.XXXXXX";
static struct gm_config config;
static struct gm_secrets secrets;
static struct gm_keyset set;
static struct gm_keystate shared;
static struct gm_err err;

static int
set_up(void **state)
{
	const char *name;
	size_t i;

	(void)state;
	for (i = 0; (name = gm_config_variable(i)) != NULL; i++)
		(void)unsetenv(name);
	(void)unsetenv("CREDENTIALS_DIRECTORY");
	(void)unsetenv("XDG_CONFIG_HOME");
	(void)unsetenv("HOME");
	if (mkdtemp(dir) == NULL || chdir(dir) != 0)
		return -1;
	return open_notes();
}

static int
tear_down(void **state)
{
	(void)state;
	close_notes();
	return rmdir(dir);
}

/* Like a tool at its start; option: the value of -m or NULL, index: of -k. */
static int
open_set(const char *keys, const char *option, const char *index)
{
	const struct gm_config_wanted wanted = { .env_file = NULL };
	const struct gm_keyset_options options = {
		.config = &config, .secrets = &secrets, .note = &note
	};

	err = (struct gm_err){ .code = GM_OK };
	(void)setenv("GOOGLE_API_KEYS", keys, 1);
	(void)setenv("GM_STATE_DIR", "state", 1);
	gm_config_init(&config);
	if (option != NULL)
		gm_config_option(&config, GM_SET_GEMINI_MODEL, "model", option);
	if (index != NULL)
		gm_config_option(&config, GM_SET_KEY_INDEX, "key-index", index);
	if (gm_config_load(&config, &wanted, &note, &err) != 0)
		fail_msg("%s", err.msg);
	return gm_keyset_open(&set, &options, GM_VENDOR_GEMINI, &shared, &err);
}

static void
close_set(void)
{
	gm_keyset_close(&set);
	gm_keyset_close(&set);
	gm_keystate_close(&shared);
	gm_keystate_close(&shared);
	gm_config_release(&config);
	gm_secrets_release(&secrets);
	(void)unsetenv("GEMINI_MODEL");
	(void)unlink("state/keys");
	(void)unlink("state/keys.lock");
	(void)unlink("state/salt");
	(void)rmdir("state");
}

static void
test_models(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *models[3];
	} rows[] = {
		{ "gemini-a", 1, { "gemini-a" } },
		{ "gemini-a,gemini-b", 2, { "gemini-a", "gemini-b" } },
		{ " gemini-a ,\tmodels/gemini-b\t, tunedModels/c ", 3,
		    { "gemini-a", "models/gemini-b", "tunedModels/c" } },
		{ "a,a", 2, { "a", "a" } },
	};
	size_t i, m;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		(void)setenv("GEMINI_MODEL", rows[i].text, 1);
		if (open_set(KEY_A, NULL, NULL) != 0)
			fail_msg("%s: %s", rows[i].text, err.msg);
		assert_int_equal(set.models_len, rows[i].len);
		for (m = 0; m < rows[i].len; m++)
			assert_string_equal(set.models[m], rows[i].models[m]);
		close_set();
		/* the option alone, not both */
		(void)setenv("GEMINI_MODEL", "x,y,z", 1);
		assert_int_equal(open_set(KEY_A, rows[i].text, NULL), 0);
		assert_int_equal(set.models_len, rows[i].len);
		close_set();
	}
	assert_int_equal(open_set(KEY_A, NULL, NULL), 0);
	assert_string_equal(set.models[0], "gemini-flash-latest");
	close_set();
}

/* Whoever wrote it is told; nothing of it is used. */
static void
test_bad_models(void **state)
{
	static const char *const rows[] = { ",", "a,", ",a", "a,,b", "a b",
		"a,b?c", "a,../b",
		"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17" };
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		(void)setenv("GEMINI_MODEL", rows[i], 1);
		if (open_set(KEY_A, NULL, NULL) != -1)
			fail_msg("'%s' was accepted", rows[i]);
		assert_int_equal(err.code, GM_ECONFIG);
		assert_memory_equal(err.msg, "environment: GEMINI_MODEL: ", 27);
		close_set();
		assert_int_equal(open_set(KEY_A, rows[i], NULL), -1);
		assert_int_equal(err.code, GM_EUSAGE);
		assert_memory_equal(err.msg, "--model: ", 9);
		close_set();
	}
	(void)setenv("GEMINI_MODEL", rows[GM_LEN(rows) - 1], 1);
	assert_int_equal(open_set(KEY_A, NULL, NULL), -1);
	assert_string_equal(
	    err.msg, "environment: GEMINI_MODEL: more than 16 models");
	close_set();
}

static void
test_keys(void **state)
{
	(void)state;
	(void)setenv("GM_POLICY", "round-robin", 1);
	(void)setenv("GM_RPM", "7", 1);
	(void)setenv("GM_RPD", "9", 1);
	(void)setenv("GM_TPM", "11", 1);
	assert_int_equal(open_set(KEY_A "," KEY_B, NULL, "1"), 0);
	assert_int_equal(set.place.ring.len, 2);
	assert_ptr_equal(set.keys.rule.ring, &set.place.ring);
	assert_true(set.keys.rule.round_robin);
	assert_int_equal(set.filter.of, GM_KEYS_ONE);
	assert_int_equal(set.filter.key, 1);
	assert_int_equal(set.keys.rule.rpm, 7);
	assert_int_equal(set.keys.rule.rpd, 9);
	assert_int_equal(set.keys.rule.tpm, 11);
	assert_string_equal(set.keys.rule.origin,
	    "https://generativelanguage.googleapis.com:443");
	assert_int_equal(access("state/salt", F_OK), 0);
	close_set();
	(void)unsetenv("GM_POLICY");
	(void)unsetenv("GM_RPM");
	(void)unsetenv("GM_RPD");
	(void)unsetenv("GM_TPM");
	assert_int_equal(open_set(KEY_A, NULL, NULL), 0);
	assert_false(set.keys.rule.round_robin);
	assert_int_equal(set.filter.of, GM_KEYS_ALL);
	assert_int_equal(set.keys.rule.rpm, 0);
	assert_int_equal(set.keys.rule.rpd, 0);
	assert_int_equal(set.keys.rule.tpm, 0);
	assert_string_equal(said(), "");
	close_set();
}

static void
test_bad_keys(void **state)
{
	(void)state;
	assert_int_equal(open_set(KEY_A "," KEY_B, NULL, "2"), -1);
	assert_int_equal(err.code, GM_EUSAGE);
	assert_string_equal(
	    err.msg, "--key-index: no key has index 2; the last one has 1");
	close_set();
	assert_int_equal(open_set(" , ", NULL, NULL), -1);
	assert_int_equal(err.code, GM_ECONFIG);
	close_set();
	/* a duplicate draws a note, and is not counted */
	assert_int_equal(open_set(KEY_A "," KEY_A, NULL, "1"), -1);
	assert_string_equal(
	    err.msg, "--key-index: no key has index 1; the last one has 0");
	assert_string_equal(said(),
	    "gm-x: environment: GOOGLE_API_KEYS: 1 duplicate key "
	    "ignored\n");
	close_set();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_models),
		cmocka_unit_test(test_bad_models),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_bad_keys),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
