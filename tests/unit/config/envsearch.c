/* The choice of the env file, by the keys in each and by its trust. */

#include <fcntl.h>
#include <limits.h>
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
#include "config/envsearch.h"

#define GEMINI "GOOGLE_API_KEYS=k\n"
#define MISTRAL "MISTRAL_API_KEY=k\n"
#define SETTING "GM_RETRIES=1\n"
#define LOOPBACK "OPENAI_BASE_URL=http://127.0.0.1:1\n"
#define THEN(who) "GM_FALLBACK=" who "\n"

static char dir[] = "/tmp/gm-unit-envsearch.XXXXXX";

static bool
is_wanted(struct gm_span name)
{
	return name.len > 0;
}

static void
make(const char *path, const char *text)
{
	int fd;

	(void)unlink(path);
	if (text == NULL)
		return;
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

/* Gemini is the first service; NULL: no such file or option. */
static const struct {
	const char *user, *local, *variable;
	const char *then; /* --fallback */
	bool keys;        /* Gemini has keys elsewhere */
	bool fallback;
	const char *path; /* the file that is used; "": none */
	enum gm_envsearch_trust trust;
	bool passed_over; /* with a note */
} rows[] = {
	{ NULL, NULL, NULL, NULL, false, true, "", GM_ENVSEARCH_NONE, false },
	{ GEMINI, NULL, NULL, NULL, false, true, "user", GM_ENVSEARCH_SYSTEM,
	    false },
	{ NULL, GEMINI, NULL, NULL, false, true, "./.env", GM_ENVSEARCH_LOCAL,
	    false },
	{ GEMINI, GEMINI, NULL, NULL, false, true, "user", GM_ENVSEARCH_SYSTEM,
	    true },
	{ GEMINI, SETTING, NULL, NULL, false, true, "user", GM_ENVSEARCH_SYSTEM,
	    false },
	/* a file with keys comes before one with settings alone */
	{ SETTING, GEMINI, NULL, NULL, false, true, "./.env",
	    GM_ENVSEARCH_LOCAL, false },
	{ SETTING, NULL, NULL, NULL, false, true, "user", GM_ENVSEARCH_SYSTEM,
	    false },
	{ NULL, SETTING, NULL, NULL, false, true, "", GM_ENVSEARCH_NONE,
	    false },
	{ "GOOGLE_API_KEYS=\n" SETTING, GEMINI, NULL, NULL, false, true,
	    "./.env", GM_ENVSEARCH_LOCAL, false },
	/* with keys elsewhere, the user's own file provides settings */
	{ SETTING, GEMINI, NULL, NULL, true, true, "user", GM_ENVSEARCH_SYSTEM,
	    false },
	{ NULL, GEMINI, NULL, NULL, true, true, "", GM_ENVSEARCH_NONE, false },
	{ NULL, MISTRAL, NULL, "mistral", true, true, "", GM_ENVSEARCH_NONE,
	    false },
	/* keys of the services that are used */
	{ MISTRAL, GEMINI, NULL, NULL, false, true, "./.env",
	    GM_ENVSEARCH_LOCAL, false },
	{ MISTRAL, GEMINI, NULL, "mistral", false, true, "user",
	    GM_ENVSEARCH_SYSTEM, true },
	{ MISTRAL THEN("mistral"), GEMINI, NULL, NULL, false, true, "user",
	    GM_ENVSEARCH_SYSTEM, true },
	{ MISTRAL THEN("mistral"), GEMINI, NULL, NULL, false, false, "./.env",
	    GM_ENVSEARCH_LOCAL, false },
	{ NULL, MISTRAL THEN("mistral"), NULL, NULL, false, true, "",
	    GM_ENVSEARCH_NONE, false },
	/* a command counts as a key */
	{ "GOOGLE_API_KEYS_COMMAND=x\n", GEMINI, NULL, NULL, false, true,
	    "user", GM_ENVSEARCH_SYSTEM, true },
	{ NULL, "GOOGLE_API_KEYS_COMMAND=x\n", NULL, NULL, false, true,
	    "./.env", GM_ENVSEARCH_LOCAL, false },
	/* a server on this machine needs no key */
	{ LOOPBACK, "OPENAI_API_KEY=k\n", NULL, "openai", false, true, "user",
	    GM_ENVSEARCH_SYSTEM, true },
	{ LOOPBACK THEN("openai"), GEMINI, NULL, NULL, false, true, "user",
	    GM_ENVSEARCH_SYSTEM, true },
	{ LOOPBACK, GEMINI, NULL, NULL, false, true, "./.env",
	    GM_ENVSEARCH_LOCAL, false },
	{ "OPENAI_BASE_URL=https://a.example\n", "OPENAI_API_KEY=k\n", NULL,
	    "openai", false, true, "./.env", GM_ENVSEARCH_LOCAL, false },
	/* $GM_ENV_FILE */
	{ GEMINI, NULL, "named", NULL, false, true, "user", GM_ENVSEARCH_SYSTEM,
	    true },
	{ NULL, NULL, "named", NULL, true, true, "", GM_ENVSEARCH_NONE, true },
	{ NULL, GEMINI, "named", NULL, false, true, "named", GM_ENVSEARCH_LOCAL,
	    false },
	{ GEMINI, GEMINI, "DIR/named", NULL, true, true, "DIR/named",
	    GM_ENVSEARCH_NAMED, false },
	{ NULL, GEMINI, "DIR/.env", NULL, false, true, "DIR/.env",
	    GM_ENVSEARCH_LOCAL, false },
	{ GEMINI, GEMINI, "DIR/.env", NULL, false, true, "user",
	    GM_ENVSEARCH_SYSTEM, true },
};

/* Replace DIR in a path of the table. */
static const char *
path_of(const char *text, char out[PATH_MAX])
{
	if (text == NULL || strncmp(text, "DIR/", 4) != 0)
		return text;
	(void)snprintf(out, PATH_MAX, "%s/%s", dir, text + 4);
	return out;
}

static void
test_choice(void **state)
{
	char variable[PATH_MAX], want[PATH_MAX];
	struct gm_envsearch_found found = { .trust = GM_ENVSEARCH_NONE };
	struct gm_envfile file;
	struct gm_err err;
	size_t i;

	(void)state;
	make("named", SETTING);
	for (i = 0; i < GM_LEN(rows); i++) {
		struct gm_envsearch s = {
			.variable = path_of(rows[i].variable, variable),
			.user = "user",
			.vendors = { { GM_VENDOR_GEMINI }, 1 },
			.keys = { [GM_VENDOR_GEMINI] = rows[i].keys },
			.fallback = rows[i].fallback,
			.wanted = is_wanted,
			.note = &note,
		};

		if (rows[i].then != NULL)
			assert_int_equal(
			    gm_vendors_add(&s.vendors, rows[i].then, &err), 0);
		make("user", rows[i].user);
		make(".env", rows[i].local);
		file = (struct gm_envfile){ 0 };
		if (gm_envsearch_run(&s, &found, &file, &err) != 0)
			fail_msg("row %zu: %s", i, err.msg);
		if (found.trust != rows[i].trust)
			fail_msg("row %zu: trust", i);
		if (strcmp(gm_buf_str(&found.path),
			path_of(rows[i].path, want)) != 0)
			fail_msg("row %zu: %s", i, gm_buf_str(&found.path));
		if ((strstr(said(), "; to use it, add --env-file ") != NULL) !=
		    rows[i].passed_over)
			fail_msg("row %zu: note", i);
		gm_envsearch_release(&found);
		gm_envfile_release(&file);
	}
}

/* A named file must exist, even if it is not used. */
static void
test_absent(void **state)
{
	static const struct {
		const char *option, *variable;
	} names[] = { { "none", NULL }, { NULL, "none" },
		{ NULL, "/none/of/these" } };
	struct gm_envsearch_found found = { .trust = GM_ENVSEARCH_NONE };
	struct gm_envfile file = { 0 };
	struct gm_err err;
	size_t i;

	(void)state;
	make(".env", GEMINI);
	for (i = 0; i < 2 * GM_LEN(names); i++) {
		struct gm_envsearch s = { .option = names[i / 2].option,
			.variable = names[i / 2].variable,
			.vendors = gm_vendors_all,
			.keys = { i % 2 != 0 },
			.wanted = is_wanted,
			.note = &note };

		assert_int_equal(gm_envsearch_run(&s, &found, &file, &err), -1);
		assert_int_equal(err.code, GM_ECONFIG);
		assert_non_null(strstr(err.msg, ": No such file or directory"));
		gm_envsearch_release(&found);
	}
	assert_string_equal(said(), "");
}

static int
set_up(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL || chdir(dir) != 0 || open_notes() != 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink("user");
	(void)unlink("named");
	(void)unlink(".env");
	close_notes();
	return chdir("/") != 0 || rmdir(dir) != 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_absent),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
