/* Keys and base URLs of the other services. */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../notes.h"
#include "config/keyplace.h"

#define LOCAL "http://127.0.0.1:8080/v1"
#define MISTRAL "https://api.mistral.ai"
#define OPENAI "https://api.openai.com/v1"

static char dir[] = "/tmp/gm-vendors.XXXXXX";
static char credentials[PATH_MAX];

static const struct {
	enum gm_vendor vendor;
	const char *variable, *value;   /* of the environment */
	const char *credential, *local; /* files: of systemd, ./.env */
	size_t keys;
	const char *key;  /* the first */
	const char *from; /* its variable or credential */
	const char *url;
} rows[] = {
	{ GM_VENDOR_MISTRAL, NULL, NULL, NULL, NULL, 0, NULL, NULL, MISTRAL },
	{ GM_VENDOR_MISTRAL, "MISTRAL_API_KEYS", "a,b", NULL, NULL, 2, "a",
	    "MISTRAL_API_KEYS", MISTRAL },
	{ GM_VENDOR_MISTRAL, "MISTRAL_API_KEY", "c", "d", NULL, 1, "c",
	    "MISTRAL_API_KEY", MISTRAL },
	{ GM_VENDOR_MISTRAL, NULL, NULL, "d", NULL, 1, "d", "mistral-api-keys",
	    MISTRAL },
	{ GM_VENDOR_MISTRAL, NULL, NULL, NULL, "MISTRAL_API_KEY=e\n", 1, "e",
	    "MISTRAL_API_KEY", MISTRAL },
	/* keys of another service do not count */
	{ GM_VENDOR_MISTRAL, "GEMINI_API_KEY", "g", NULL, NULL, 0, NULL, NULL,
	    MISTRAL },
	{ GM_VENDOR_OPENAI, "MISTRAL_API_KEY", "c", NULL, NULL, 0, NULL, NULL,
	    OPENAI },
	{ GM_VENDOR_OPENAI, "OPENAI_API_KEY", "o", NULL, NULL, 1, "o",
	    "OPENAI_API_KEY", OPENAI },
	/* a server on this machine may need no key */
	{ GM_VENDOR_OPENAI, "OPENAI_BASE_URL", LOCAL, NULL, NULL, 1, "", NULL,
	    LOCAL },
	{ GM_VENDOR_OPENAI, "OPENAI_BASE_URL", LOCAL, NULL,
	    "OPENAI_API_KEY=o\n", 1, "o", "OPENAI_API_KEY", LOCAL },
	{ GM_VENDOR_OPENAI, "OPENAI_BASE_URL", "https://llm.example/v1", NULL,
	    NULL, 0, NULL, NULL, "https://llm.example/v1" },
	{ GM_VENDOR_MISTRAL, "MISTRAL_BASE_URL", LOCAL, NULL, NULL, 0, NULL,
	    NULL, LOCAL },
	/* ./.env: only loopback; a file without keys is not used */
	{ GM_VENDOR_OPENAI, NULL, NULL, NULL,
	    "OPENAI_API_KEY=o\nOPENAI_BASE_URL=" LOCAL "\n", 1, "o",
	    "OPENAI_API_KEY", LOCAL },
	{ GM_VENDOR_OPENAI, NULL, NULL, NULL,
	    "MISTRAL_API_KEY=e\nOPENAI_BASE_URL=" LOCAL "\n", 1, "", NULL,
	    LOCAL },
	{ GM_VENDOR_OPENAI, NULL, NULL, NULL, "OPENAI_BASE_URL=" LOCAL "\n", 0,
	    NULL, NULL, OPENAI },
	{ GM_VENDOR_MISTRAL, "MISTRAL_API_KEY", "c", NULL,
	    "MISTRAL_API_KEY=e\nMISTRAL_BASE_URL=" LOCAL "\n", 1, "c",
	    "MISTRAL_API_KEY", MISTRAL },
	{ GM_VENDOR_MISTRAL, NULL, NULL, NULL,
	    "MISTRAL_API_KEY=e\nMISTRAL_BASE_URL=https://evil.example\n", 1,
	    "e", "MISTRAL_API_KEY", MISTRAL },
};

static int
set_up(void **state)
{
	(void)state;
	(void)unsetenv("XDG_CONFIG_HOME");
	(void)unsetenv("HOME");
	return open_notes() != 0 || mkdtemp(dir) == NULL || chdir(dir) != 0 ||
	       mkdir("c", 0700) != 0 || realpath("c", credentials) == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	close_notes();
	return chdir("/") != 0 || rmdir(dir) != 0;
}

static void
make(const char *path, const char *text)
{
	int fd;

	if (text == NULL)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

/* The first key, and its variable or credential. */
static void
check_first(const struct gm_keyplace *place, size_t i)
{
	assert_true(gm_span_is(place->ring.keys[0].text, rows[i].key));
	assert_int_equal(place->variable == NULL, rows[i].from == NULL);
	if (place->variable != NULL && rows[i].from != NULL)
		assert_string_equal(place->variable, rows[i].from);
}

static void
test_places(void **state)
{
	struct gm_keyplace place;
	const struct gm_config_wanted wanted = { .env_file = NULL };
	struct gm_config config;
	struct gm_secrets secrets = { 0 };
	struct gm_err err;
	size_t i;

	(void)state;
	(void)setenv("CREDENTIALS_DIRECTORY", credentials, 1);
	for (i = 0; i < GM_LEN(rows); i++) {
		if (rows[i].variable != NULL)
			(void)setenv(rows[i].variable, rows[i].value, 1);
		make("c/mistral-api-keys", rows[i].credential);
		make(".env", rows[i].local);
		gm_config_init(&config);
		place = (struct gm_keyplace){ .vendor = rows[i].vendor };
		if (gm_config_load(&config, &wanted, &note, &err) != 0 ||
		    gm_keyplace_find(&place, &config, &secrets, &note, &err) !=
			0)
			fail_msg("row %zu: %s", i, err.msg);
		assert_int_equal(place.ring.len, rows[i].keys);
		if (place.ring.keys != NULL)
			check_first(&place, i);
		if (strcmp(
			config.values[gm_vendor(rows[i].vendor)->base_url].text,
			rows[i].url) != 0)
			fail_msg("row %zu: another URL", i);
		(void)said();
		gm_keyplace_release(&place);
		gm_config_release(&config);
		gm_secrets_release(&secrets);
		if (rows[i].variable != NULL)
			(void)unsetenv(rows[i].variable);
		(void)unlink("c/mistral-api-keys");
		(void)unlink(".env");
	}
	assert_int_equal(rmdir("c"), 0);
}

static void
test_none(void **state)
{
	const struct gm_keyplace place = { .vendor = GM_VENDOR_MISTRAL };
	const struct gm_config_wanted wanted = { .env_file = NULL };
	struct gm_config config;
	struct gm_err err;

	(void)state;
	gm_config_init(&config);
	assert_int_equal(gm_config_load(&config, &wanted, &note, &err), 0);
	assert_int_equal(gm_keyplace_fail(&place, &config, &err), -1);
	assert_int_equal(err.code, GM_ECONFIG);
	assert_string_equal(err.msg,
	    "no API key in /etc/gm/env, ./.env, the credential "
	    "mistral-api-keys or the environment; set MISTRAL_API_KEYS");
	gm_config_release(&config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
