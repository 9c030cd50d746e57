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
#include "config/config.h"

static char dir[] = "/tmp/gm-unit-config.XXXXXX";

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
	(void)unsetenv("STATE_DIRECTORY");
	(void)unsetenv("XDG_STATE_HOME");
	(void)unsetenv("CACHE_DIRECTORY");
	(void)unsetenv("XDG_CACHE_HOME");
	return unsetenv("HOME");
}

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL || chdir(dir) != 0 || open_notes() != 0)
		return -1;
	note.verbose = 2;
	return clear_variables();
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink(".env");
	(void)unlink("env");
	close_notes();
	return rmdir(dir);
}

static void
make(const char *path, const char *text)
{
	int fd;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

static const char *const names[GM_SETTINGS] = {
	[GM_SET_GEMINI_MODEL] = "GEMINI_MODEL",
	[GM_SET_GEMINI_URL] = "GOOGLE_GEMINI_BASE_URL",
	[GM_SET_RESPONSE_TIMEOUT] = "GM_RESPONSE_TIMEOUT",
	[GM_SET_TIMEOUT] = "GM_TIMEOUT",
	[GM_SET_DEADLINE] = "GM_DEADLINE",
	[GM_SET_RETRIES] = "GM_RETRIES",
	[GM_SET_MAX_WAIT] = "GM_MAX_WAIT",
	[GM_SET_RPM] = "GM_RPM",
	[GM_SET_RPD] = "GM_RPD",
	[GM_SET_TPM] = "GM_TPM",
	[GM_SET_METRICS] = "GM_METRICS",
	[GM_SET_LOG_FILE] = "GM_LOG_FILE",
	[GM_SET_SYSLOG] = "GM_SYSLOG",
	[GM_SET_STATE_DIR] = "GM_STATE_DIR",
	[GM_SET_CACHE_DIR] = "GM_CACHE_DIR",
};

static void
load(struct gm_config *c, const char *env_file)
{
	const struct gm_config_wanted wanted = { .env_file = env_file };
	struct gm_err err;

	if (gm_config_load(c, &wanted, &note, &err) != 0)
		fail_msg("%s", err.msg);
}

/* The defaults are those of the manual. */
static void
test_defaults(void **state)
{
	static const struct {
		enum gm_setting id;
		const char *text;
		int64_t number;
	} rows[] = {
		{ GM_SET_GEMINI_MODEL, "gemini-flash-latest", 0 },
		{ GM_SET_GEMINI_URL,
		    "https://generativelanguage.googleapis.com", 0 },
		{ GM_SET_RESPONSE_TIMEOUT, "15m", 900000 },
		{ GM_SET_TIMEOUT, "120s", 120000 },
		{ GM_SET_CONNECT_TIMEOUT, "10s", 10000 },
		{ GM_SET_DEADLINE, NULL, 0 },
		{ GM_SET_RETRIES, "4", 4 },
		{ GM_SET_MAX_WAIT, "60s", 60000 },
		{ GM_SET_POLICY, "sticky", 0 },
		{ GM_SET_RPM, NULL, 0 },
		{ GM_SET_RPD, NULL, 0 },
		{ GM_SET_TPM, NULL, 0 },
		{ GM_SET_KEY_INDEX, NULL, 0 },
		{ GM_SET_METRICS, NULL, 0 },
		{ GM_SET_LOG_FILE, NULL, 0 },
		{ GM_SET_SYSLOG, NULL, 0 },
		{ GM_SET_STATE_DIR, NULL, 0 },
		{ GM_SET_CACHE_DIR, NULL, 0 },
	};
	struct gm_config c;
	size_t i;

	(void)state;
	gm_config_init(&c);
	load(&c, NULL);
	for (i = 0; i < GM_LEN(rows); i++) {
		const struct gm_value *v = &c.values[rows[i].id];

		if (rows[i].text == NULL)
			assert_null(v->text);
		else
			assert_string_equal(v->text, rows[i].text);
		assert_int_equal(v->number, rows[i].number);
		assert_int_equal(v->origin, GM_FROM_DEFAULT);
	}
	assert_string_equal(gm_config_file(&c), "");
	gm_config_release(&c);
}

/* Option, then environment, then env file, for settings that have all three. */
static void
test_precedence(void **state)
{
	static const enum gm_origin origins[] = { GM_FROM_NAMED,
		GM_FROM_ENVIRONMENT, GM_FROM_OPTION };
	static const char *const places[] = { "env", "environment", "option" };
	const struct gm_value *v;
	struct gm_config c;
	char line[100];
	size_t id, rank;

	(void)state;
	for (id = 0; id < GM_SETTINGS; id++)
		for (rank = 0; names[id] != NULL && rank < 3; rank++) {
			(void)snprintf(line, sizeof(line), "%s=1\n", names[id]);
			make("env", line);
			gm_config_init(&c);
			if (rank >= 1)
				(void)setenv(names[id], "1", 1);
			if (rank == 2)
				gm_config_option(
				    &c, (enum gm_setting)id, "opt", "1");
			load(&c, "env");
			v = &c.values[id];
			assert_string_equal(v->text, "1");
			assert_string_equal(
			    v->name, rank == 2 ? "opt" : names[id]);
			assert_int_equal(v->origin, origins[rank]);
			assert_string_equal(
			    gm_config_place(&c, v->origin), places[rank]);
			gm_config_release(&c);
			(void)unsetenv(names[id]);
		}
}

/* An empty variable counts as not set. */
static void
test_empty(void **state)
{
	struct gm_config c;

	(void)state;
	make("env", "GEMINI_MODEL=\nGM_RETRIES=7\n");
	(void)setenv("GEMINI_MODEL", "", 1);
	(void)setenv("GM_RETRIES", "", 1);
	(void)setenv("GOOGLE_API_KEY", "", 1);
	gm_config_init(&c);
	load(&c, "env");
	assert_int_equal(c.values[GM_SET_GEMINI_MODEL].origin, GM_FROM_DEFAULT);
	assert_int_equal(c.values[GM_SET_RETRIES].origin, GM_FROM_NAMED);
	assert_int_equal(c.values[GM_SET_RETRIES].number, 7);
	assert_null(c.around.keys[1]);
	gm_config_reset(&c, GM_SET_RETRIES);
	assert_int_equal(c.values[GM_SET_RETRIES].origin, GM_FROM_DEFAULT);
	assert_string_equal(c.values[GM_SET_RETRIES].text, "4");
	gm_config_release(&c);
	(void)clear_variables();
}

#define LOCAL "GEMINI_API_KEY=k\n"

/* Settings that ./.env may change. */
static void
test_local(void **state)
{
	static const struct {
		enum gm_setting id;
		const char *line;
		bool taken;
	} rows[] = {
		{ GM_SET_GEMINI_MODEL, "GEMINI_MODEL=m", true },
		{ GM_SET_RESPONSE_TIMEOUT, "GM_RESPONSE_TIMEOUT=5", true },
		{ GM_SET_TIMEOUT, "GM_TIMEOUT=5", true },
		{ GM_SET_DEADLINE, "GM_DEADLINE=5", true },
		{ GM_SET_RETRIES, "GM_RETRIES=5", true },
		{ GM_SET_MAX_WAIT, "GM_MAX_WAIT=5", true },
		{ GM_SET_LOG_FILE, "GM_LOG_FILE=log", false },
		{ GM_SET_GEMINI_COMMAND, "GOOGLE_API_KEYS_COMMAND=date",
		    false },
		{ GM_SET_CACHE_DIR, "GM_CACHE_DIR=cache", false },
		{ GM_SET_GEMINI_URL, "GOOGLE_GEMINI_BASE_URL=https://h.example",
		    false },
		{ GM_SET_GEMINI_URL, "GOOGLE_GEMINI_BASE_URL=http://h.example",
		    false },
		{ GM_SET_GEMINI_URL,
		    "GOOGLE_GEMINI_BASE_URL=http://localhost.h.example",
		    false },
		{ GM_SET_GEMINI_URL, "GOOGLE_GEMINI_BASE_URL='http://[::1]:1'",
		    true },
		{ GM_SET_GEMINI_URL, "GOOGLE_GEMINI_BASE_URL=http://localhost/",
		    true },
	};
	struct gm_config c;
	char text[200], want[300];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		(void)snprintf(text, sizeof(text), LOCAL "%s\n", rows[i].line);
		make(".env", text);
		gm_config_init(&c);
		load(&c, NULL);
		assert_int_equal(c.file_origin, GM_FROM_LOCAL);
		assert_int_equal(c.values[rows[i].id].origin,
		    rows[i].taken ? GM_FROM_LOCAL : GM_FROM_DEFAULT);
		(void)snprintf(want, sizeof(want),
		    "gm-x: ./.env: %.*s ignored: only keys, model names, "
		    "numbers and loopback base URLs are read from this file\n",
		    (int)strcspn(rows[i].line, "="), rows[i].line);
		assert_string_equal(said(), rows[i].taken ? "" : want);
		gm_config_release(&c);
	}
	(void)unlink(".env");
}

/* Errors name the setting and its range or form. */
static void
test_bad(void **state)
{
	static const struct {
		enum gm_setting id;
		const char *text, *msg;
	} rows[] = {
		{ GM_SET_TIMEOUT, "0", "not a duration of at least 1ms" },
		{ GM_SET_TIMEOUT, "25h", "not a duration of at most 24h" },
		{ GM_SET_TIMEOUT, "soon",
		    "not a duration such as 250ms, 1.5, 90s, 5m or "
		    "1h" },
		{ GM_SET_DEADLINE, "0ms", "not a duration of at least 1ms" },
		{ GM_SET_MAX_WAIT, "1441m", "not a duration of at most 24h" },
		{ GM_SET_RETRIES, "-1", "not a whole number from 0 to 100" },
		{ GM_SET_RETRIES, "101", "not a whole number from 0 to 100" },
		{ GM_SET_METRICS, "maybe", "not 1 or 0" },
		{ GM_SET_SYSLOG, "2", "not 1 or 0" },
	};
	struct gm_config c;
	const struct gm_config_wanted wanted = { .env_file = NULL };
	struct gm_err err;
	char want[200];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_config_init(&c);
		(void)setenv(names[rows[i].id], rows[i].text, 1);
		assert_int_equal(gm_config_load(&c, &wanted, &note, &err), -1);
		assert_int_equal(err.code, GM_ECONFIG);
		(void)snprintf(want, sizeof(want), "environment: %s: %s",
		    names[rows[i].id], rows[i].msg);
		assert_string_equal(err.msg, want);
		(void)unsetenv(names[rows[i].id]);
		gm_config_release(&c);
		gm_config_init(&c);
		gm_config_option(&c, rows[i].id, "opt", rows[i].text);
		assert_int_equal(gm_config_load(&c, &wanted, &note, &err), -1);
		assert_int_equal(err.code, GM_EUSAGE);
		(void)snprintf(want, sizeof(want), "--opt: %s", rows[i].msg);
		assert_string_equal(err.msg, want);
		gm_config_release(&c);
	}
}

/* The command that may be run; for a named file, depending on its path. */
static void
test_command(void **state)
{
	const char *line = "MISTRAL_API_KEYS_COMMAND=file\n";
	const struct gm_value *v;
	struct gm_config c;
	const char *why;
	char path[100];

	(void)state;
	make("env", line);
	(void)snprintf(path, sizeof(path), "%s/env", dir);
	gm_config_init(&c);
	load(&c, path);
	v = gm_config_command(&c, GM_VENDOR_MISTRAL, &why);
	assert_non_null(v);
	assert_null(why);
	assert_string_equal(v->text, "file");
	assert_null(gm_config_command(&c, GM_VENDOR_GEMINI, &why));
	assert_null(why);
	gm_config_trace(&c, &note);
	assert_null(strstr(said(), ": file"));
	gm_config_release(&c);
	gm_config_init(&c);
	load(&c, "env");
	assert_null(gm_config_command(&c, GM_VENDOR_MISTRAL, &why));
	assert_string_equal(why, "its path is relative; use an absolute path");
	gm_config_release(&c);
	(void)setenv("MISTRAL_API_KEYS_COMMAND", "variable", 1);
	gm_config_init(&c);
	load(&c, "env");
	v = gm_config_command(&c, GM_VENDOR_MISTRAL, &why);
	assert_non_null(v);
	assert_string_equal(v->text, "variable");
	gm_config_release(&c);
	(void)setenv("GM_ALLOW_UNSAFE_ENV", "1", 1);
	gm_config_init(&c);
	load(&c, NULL);
	assert_null(gm_config_command(&c, GM_VENDOR_MISTRAL, &why));
	assert_string_equal(why, "GM_ALLOW_UNSAFE_ENV is set");
	gm_config_release(&c);
	assert_int_equal(clear_variables(), 0);
}

/* From the least trusted source to the most trusted. */
static const struct {
	enum gm_config_dir dir;
	const char *variable, *value, *want;
} dirs[] = {
	{ GM_DIR_CACHE, NULL, NULL, "" },
	{ GM_DIR_STATE, NULL, NULL, "" },
	{ GM_DIR_CACHE, "HOME", "relative", "" },
	{ GM_DIR_CACHE, "HOME", "/home/a", "/home/a/.cache/gm" },
	{ GM_DIR_STATE, NULL, NULL, "/home/a/.local/state/gm" },
	{ GM_DIR_CACHE, "XDG_CACHE_HOME", "relative", "/home/a/.cache/gm" },
	{ GM_DIR_CACHE, "XDG_CACHE_HOME", "", "/home/a/.cache/gm" },
	{ GM_DIR_CACHE, "XDG_CACHE_HOME", "/x", "/x/gm" },
	{ GM_DIR_STATE, "XDG_STATE_HOME", "/y", "/y/gm" },
	{ GM_DIR_CACHE, "CACHE_DIRECTORY", "/var/cache/a:/var/cache/b",
	    "/var/cache/a" },
	{ GM_DIR_STATE, "STATE_DIRECTORY", "/var/lib/a", "/var/lib/a" },
	{ GM_DIR_CACHE, "GM_CACHE_DIR", "", "/var/cache/a" },
	{ GM_DIR_CACHE, "GM_CACHE_DIR", "here", "here" },
	{ GM_DIR_STATE, "GM_STATE_DIR", "there", "there" },
};

static void
test_dirs(void **state)
{
	struct gm_config c;
	struct gm_buf path;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(dirs); i++) {
		if (dirs[i].variable != NULL)
			(void)setenv(dirs[i].variable, dirs[i].value, 1);
		gm_config_init(&c);
		load(&c, NULL);
		gm_buf_init(&path, 4096);
		gm_config_dir(&c, dirs[i].dir, &path);
		assert_string_equal(gm_buf_str(&path), dirs[i].want);
		gm_buf_release(&path);
		gm_config_release(&c);
	}
	assert_int_equal(clear_variables(), 0);
}

/* All variables that are read, those of keys first, by rank. */
static void
test_variables(void **state)
{
	static const char *const want[] = { "GOOGLE_API_KEYS", "GOOGLE_API_KEY",
		"GEMINI_API_KEY", "MISTRAL_API_KEYS", "MISTRAL_API_KEY",
		"OPENAI_API_KEY", "GOOGLE_API_KEYS_COMMAND",
		"MISTRAL_API_KEYS_COMMAND", "OPENAI_API_KEY_COMMAND",
		"GEMINI_MODEL", "GOOGLE_GEMINI_BASE_URL", "MISTRAL_MODEL_NAME",
		"MISTRAL_BASE_URL", "OPENAI_MODEL", "OPENAI_BASE_URL",
		"GM_FALLBACK", "GM_RESPONSE_TIMEOUT", "GM_TIMEOUT",
		"GM_DEADLINE", "GM_RETRIES", "GM_MAX_WAIT", "GM_POLICY",
		"GM_RPM", "GM_RPD", "GM_TPM", "GM_METRICS", "GM_LOG_FILE",
		"GM_SYSLOG", "GM_STATE_DIR", "GM_CACHE_DIR", "GM_ENV_FILE",
		"GM_ALLOW_UNSAFE_ENV" };
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(want); i++)
		assert_string_equal(gm_config_variable(i), want[i]);
	assert_null(gm_config_variable(i));
	assert_null(gm_config_variable(i + 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_dirs),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
