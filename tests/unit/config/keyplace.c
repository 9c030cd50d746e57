#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../notes.h"
#include "config/keyplace.h"

#define URL "GOOGLE_GEMINI_BASE_URL="
#define DEFAULT_URL "https://generativelanguage.googleapis.com"
#define EXAMPLE "https://api.example/v1"

static char dir[] = "/tmp/gm-unit-keyplace.XXXXXX";
static char credentials[PATH_MAX];

/* A configuration, and the result. */
struct place {
	struct gm_config config;
	struct gm_secrets secrets;
	struct gm_keyplace place;
	struct gm_err err;
};

/* Unset all variables that are read. */
static int
clear_variables(void)
{
	const char *name;
	size_t i;

	for (i = 0; (name = gm_config_variable(i)) != NULL; i++)
		(void)unsetenv(name);
	(void)unsetenv("CREDENTIALS_DIRECTORY");
	(void)unsetenv("XDG_CONFIG_HOME");
	return unsetenv("HOME");
}

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL || chdir(dir) != 0 || mkdir("c", 0700) != 0 ||
	    realpath("c", credentials) == NULL || open_notes() != 0)
		return -1;
	return clear_variables();
}

static int
tear_down(void **state)
{
	(void)state;
	close_notes();
	return rmdir("c") != 0 || rmdir(dir) != 0 ? -1 : 0;
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

/* Remove all that a test has left. */
static void
clean(void)
{
	(void)unlink("c/google-api-keys");
	(void)unlink("env");
	(void)unlink(".env");
	(void)clear_variables();
}

static int
find(struct place *p, const char *env_file)
{
	const struct gm_config_wanted wanted = { .env_file = env_file };

	*p = (struct place){ .err = { .code = GM_OK } };
	(void)setenv("CREDENTIALS_DIRECTORY", credentials, 1);
	gm_config_init(&p->config);
	if (gm_config_load(&p->config, &wanted, &note, &p->err) != 0)
		return -1;
	if (gm_keyplace_find(
		&p->place, &p->config, &p->secrets, &note, &p->err) != 0)
		return -1;
	if (p->place.ring.len > 0)
		return 0;
	return gm_keyplace_fail(&p->place, &p->config, &p->err);
}

static void
release(struct place *p)
{
	gm_keyplace_release(&p->place);
	gm_config_release(&p->config);
	gm_secrets_release(&p->secrets);
	clean();
}

/* The first source with a key is used alone; in it, the list comes first. */
static void
test_places(void **state)
{
	static const struct {
		const char *list, *google, *gemini; /* the environment */
		const char *credentials, *file;
		size_t len;
		const char *first, *variable;
		enum gm_origin origin;
	} rows[] = {
		{ "a,b", "c", "d", "e", "GOOGLE_API_KEY=f\n", 2, "a",
		    "GOOGLE_API_KEYS", GM_FROM_ENVIRONMENT },
		{ NULL, "c", "d", "e", "GOOGLE_API_KEYS=f\n", 1, "c",
		    "GOOGLE_API_KEY", GM_FROM_ENVIRONMENT },
		{ NULL, NULL, "d", "e", "GOOGLE_API_KEYS=f\n", 1, "d",
		    "GEMINI_API_KEY", GM_FROM_ENVIRONMENT },
		{ "", " , ", "d", "e", "GOOGLE_API_KEYS=f\n", 1, "d",
		    "GEMINI_API_KEY", GM_FROM_ENVIRONMENT },
		{ NULL, NULL, NULL, "w: e\nx\n", "GOOGLE_API_KEYS=f\n", 2, "e",
		    "google-api-keys", GM_FROM_CREDENTIALS },
		{ NULL, NULL, NULL, "\n", "GEMINI_API_KEY=f\n", 1, "f",
		    "GEMINI_API_KEY", GM_FROM_NAMED },
		{ NULL, NULL, NULL, NULL,
		    "GEMINI_API_KEY=f\nGOOGLE_API_KEY=g\n", 1, "g",
		    "GOOGLE_API_KEY", GM_FROM_NAMED },
		{ NULL, NULL, NULL, NULL,
		    "GOOGLE_API_KEY=g\nGOOGLE_API_KEYS='h, i'\n", 2, "h",
		    "GOOGLE_API_KEYS", GM_FROM_NAMED },
	};
	struct place p;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		if (rows[i].list != NULL)
			(void)setenv("GOOGLE_API_KEYS", rows[i].list, 1);
		if (rows[i].google != NULL)
			(void)setenv("GOOGLE_API_KEY", rows[i].google, 1);
		if (rows[i].gemini != NULL)
			(void)setenv("GEMINI_API_KEY", rows[i].gemini, 1);
		make("c/google-api-keys", rows[i].credentials);
		make("env", rows[i].file);
		if (find(&p, "env") != 0)
			fail_msg("row %zu: %s", i, p.err.msg);
		assert_int_equal(p.place.ring.len, rows[i].len);
		assert_true(
		    gm_span_is(p.place.ring.keys[0].text, rows[i].first));
		assert_string_equal(p.place.variable, rows[i].variable);
		assert_int_equal(p.place.origin, rows[i].origin);
		release(&p);
	}
}

/* The base URL that is used with keys from each source; "!" begins an error. */
static const struct {
	const char *env_key, *credentials, *local, *file, *env_url;
	const char *want;
} urls[] = {
	{ "k", NULL, NULL, NULL, NULL, DEFAULT_URL },
	{ "k", NULL, NULL, NULL, EXAMPLE, EXAMPLE },
	{ NULL, "k", NULL, NULL, EXAMPLE, EXAMPLE },
	{ NULL, NULL, NULL, "GEMINI_API_KEY=k\n", EXAMPLE, EXAMPLE },
	{ NULL, NULL, NULL, "GEMINI_API_KEY=k\n" URL EXAMPLE "\n", NULL,
	    EXAMPLE },
	{ NULL, NULL, "GEMINI_API_KEY=k\n", NULL, EXAMPLE, EXAMPLE },
	{ "k", NULL, NULL, URL EXAMPLE "\n", NULL,
	    "!env: GOOGLE_GEMINI_BASE_URL is less trusted than the keys "
	    "(environment); set both in one file, or both in the environment" },
	{ "k", NULL, NULL, URL "http://127.0.0.1:1\n", NULL,
	    "!env: GOOGLE_GEMINI_BASE_URL is less trusted than the keys "
	    "(environment); set both in one file, or both in the environment" },
	{ NULL, "k", NULL, URL EXAMPLE "\n", NULL,
	    "!env: GOOGLE_GEMINI_BASE_URL is less trusted than the keys "
	    "(credentials directory); set both in one file, or both in the "
	    "environment" },
	/* ./.env: only loopback, and only with its own keys */
	{ NULL, NULL, "GEMINI_API_KEY=k\n" URL "http://localhost:1\n", NULL,
	    NULL, "http://localhost:1" },
	{ NULL, NULL, "GEMINI_API_KEY=k\n" URL EXAMPLE "\n", NULL, NULL,
	    DEFAULT_URL },
	{ "k", NULL, "GEMINI_API_KEY=l\n" URL "http://localhost:1\n", NULL,
	    NULL, DEFAULT_URL },
	{ NULL, "k", "GEMINI_API_KEY=l\n" URL "'http://[::1]:1'\n", NULL, NULL,
	    DEFAULT_URL },
	/* URLs to which no key is sent */
	{ "k", NULL, NULL, NULL, "http://api.example",
	    "!environment: GOOGLE_GEMINI_BASE_URL: plain http would send the "
	    "API key unencrypted; use https, or an SSH tunnel to 127.0.0.1" },
	{ NULL, NULL, NULL, "GEMINI_API_KEY=k\n" URL "api.example\n", NULL,
	    "!env: GOOGLE_GEMINI_BASE_URL: the URL does not begin with "
	    "https://; write it as in https://api.example/v1" },
};

static int
find_row(struct place *p, size_t i)
{
	if (urls[i].env_key != NULL)
		(void)setenv("GEMINI_API_KEY", urls[i].env_key, 1);
	if (urls[i].env_url != NULL)
		(void)setenv("GOOGLE_GEMINI_BASE_URL", urls[i].env_url, 1);
	make("c/google-api-keys", urls[i].credentials);
	make(".env", urls[i].local);
	make("env", urls[i].file);
	return find(p, urls[i].file != NULL ? "env" : NULL);
}

static void
test_urls(void **state)
{
	const char *want, *local;
	struct place p;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < GM_LEN(urls); i++) {
		want = urls[i].want;
		local = urls[i].local != NULL ? urls[i].local : "";
		rc = find_row(&p, i);
		if (rc != 0 && want[0] != '!')
			fail_msg("row %zu: %s", i, p.err.msg);
		assert_int_equal(rc, want[0] == '!' ? -1 : 0);
		assert_true(rc == 0 || p.err.code == GM_ECONFIG);
		assert_string_equal(
		    rc != 0 ? p.err.msg
			    : p.config.values[GM_SET_GEMINI_URL].text,
		    rc != 0 ? want + 1 : want);
		/* one note if the base URL of ./.env is ignored */
		assert_int_equal(
		    said()[0] != '\0', p.config.file_origin == GM_FROM_LOCAL &&
					   strstr(local, URL) != NULL &&
					   strcmp(want, DEFAULT_URL) == 0);
		assert_string_equal(said(), "");
		release(&p);
	}
}

static void
test_bad(void **state)
{
	char want[PATH_MAX + 100];
	struct place p;
	int fd;

	(void)state;
	assert_int_equal(find(&p, NULL), -1);
	assert_int_equal(p.err.code, GM_ECONFIG);
	assert_string_equal(p.err.msg,
	    "no API key in /etc/gm/env, ./.env, the credential google-api-keys "
	    "or the environment; set GOOGLE_API_KEYS");
	release(&p);
	(void)setenv("GOOGLE_API_KEYS", "a,secret text", 1);
	assert_int_equal(find(&p, NULL), -1);
	assert_int_equal(p.err.code, GM_ECONFIG);
	assert_string_equal(p.err.msg,
	    "environment: GOOGLE_API_KEYS: key 1: byte 7 is a blank; "
	    "separate keys with commas");
	release(&p);
	/* A source that exists but cannot be read is an error. */
	assert_int_equal(mkdir("c/google-api-keys", 0700), 0);
	make("env", "GEMINI_API_KEY=k\n");
	assert_int_equal(find(&p, "env"), -1);
	assert_int_equal(p.err.code, GM_ECONFIG);
	(void)snprintf(want, sizeof(want), "%s/google-api-keys: Is a directory",
	    credentials);
	assert_string_equal(p.err.msg, want);
	release(&p);
	assert_int_equal(rmdir("c/google-api-keys"), 0);
	fd = open("c/google-api-keys", O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 1024 * 1024 + 1), 0);
	(void)close(fd);
	make("env", "GEMINI_API_KEY=k\n");
	assert_int_equal(find(&p, "env"), -1);
	assert_int_equal(p.err.code, GM_ECONFIG);
	release(&p);
}

/* Keys from standard input, with a base URL from each source. */
static void
test_typed(void **state)
{
	static const struct {
		const char *file, *typed; /* file: of --env-file */
		enum gm_code code;
		size_t keys;
		const char *text; /* of error or note; "": neither */
	} rows[] = {
		{ NULL, "fake-good-key-0001\nx:fake-good-key-0002\n", GM_OK, 2,
		    "" },
		{ "GEMINI_API_KEY=fake-good-key-0009\n", "fake-good-key-0001",
		    GM_OK, 1, "" },
		{ NULL, "fake-good-key-0001\nfake-good-key-0001\n", GM_OK, 1,
		    "gm-x: standard input: 1 duplicate key ignored\n" },
		{ NULL, "\n, \n", GM_ECONFIG, 0,
		    "standard input: no API key; type one on each line" },
		{ NULL, "a b", GM_ECONFIG, 0,
		    "standard input: key 0: byte 2 is a blank; separate keys "
		    "with commas" },
		{ URL "https://127.0.0.1:1\n", "fake-good-key-0001", GM_ECONFIG,
		    1,
		    "named: GOOGLE_GEMINI_BASE_URL is less trusted than the "
		    "keys (standard input); set both in one file, or both in "
		    "the environment" },
	};
	struct place p;
	size_t i;
	const struct gm_config_wanted named = { .env_file = "named" };
	int rc;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		p = (struct place){ 0 };
		make("named", rows[i].file != NULL ? rows[i].file : "");
		gm_config_init(&p.config);
		assert_int_equal(
		    gm_config_load(&p.config, &named, &note, &p.err), 0);
		rc = gm_keyplace_take(&p.place, &p.config,
		    gm_span_of(rows[i].typed), &p.secrets, &note, &p.err);
		assert_int_equal(rc, rows[i].code == GM_OK ? 0 : -1);
		assert_int_equal(p.err.code, rows[i].code);
		assert_string_equal(rc != 0 ? p.err.msg : said(), rows[i].text);
		if (rc == 0)
			assert_int_equal(p.place.ring.len, rows[i].keys);
		gm_keyplace_release(&p.place);
		gm_config_release(&p.config);
		gm_secrets_release(&p.secrets);
	}
	assert_int_equal(unlink("named"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_typed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
