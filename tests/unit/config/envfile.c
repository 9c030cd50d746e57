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
#include "config/envfile.h"

#define SECRET "fake-good-key-0001"
#define NOBODY 65534

static char dir[] = "/tmp/gm-unit-envfile.XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL || chdir(dir) != 0 || mkdir("folder", 0700) ||
	    open_notes() != 0)
		return -1;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink("env");
	(void)rmdir("folder");
	close_notes();
	return rmdir(dir);
}

static void
make(const char *text, mode_t mode)
{
	int fd;

	(void)unlink("env");
	fd = open("env", O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

static bool
is_ours(struct gm_span name)
{
	return gm_span_is(name, "KEY") || gm_span_is(name, "MODEL");
}

static bool
is_deciding(struct gm_span name, const void *arg)
{
	return gm_span_is(name, arg);
}

static bool
is_set(const struct gm_envfile *file, const void *arg)
{
	const struct gm_buf *value = gm_envfile_get(file, arg);

	return value != NULL && value->len > 0;
}

static const struct gm_envfile_rules by_default = { .wanted = is_ours };
static const struct gm_envfile_rules local = { .wanted = is_ours,
	.deciding = is_deciding,
	.needed = is_set,
	.arg = "KEY" };
static const struct gm_envfile_rules own = { .wanted = is_ours,
	.whose = GM_ENVFILE_OWN };
static const struct gm_envfile_rules named = { .wanted = is_ours,
	.whose = GM_ENVFILE_NAMED };
static const struct gm_envfile_rules unsafe = { .wanted = is_ours,
	.allow_unsafe = true };

static enum gm_envfile_found
load(struct gm_envfile *file, const char *path,
    const struct gm_envfile_rules *rules, struct gm_err *err)
{
	*file = (struct gm_envfile){ 0 };
	*err = (struct gm_err){ .code = GM_OK };
	return gm_envfile_load(file, path, rules, &note, err);
}

static void
test_values(void **state)
{
	struct gm_envfile file;
	struct gm_err err;

	(void)state;
	make("# comment\nKEY=one\nOTHER=$(it is not ours)\nMODEL='a b'\n"
	     "KEY=two\n",
	    0600);
	assert_int_equal(
	    load(&file, "env", &by_default, &err), GM_ENVFILE_USED);
	assert_int_equal(file.len, 3);
	assert_string_equal(gm_buf_str(gm_envfile_get(&file, "KEY")), "two");
	assert_string_equal(gm_buf_str(gm_envfile_get(&file, "MODEL")), "a b");
	assert_null(gm_envfile_get(&file, "OTHER"));
	assert_null(gm_envfile_get(&file, "KE"));
	assert_string_equal(said(),
	    "gm-x: env:5: KEY: set more than once; the last value is used\n");
	assert_string_equal(said(), "");
	gm_envfile_release(&file);
	gm_envfile_release(&file);
	assert_null(gm_envfile_get(&file, "KEY"));
}

/* At a default path, a file is used only if it sets a deciding variable. */
static void
test_needed(void **state)
{
	static const struct {
		const char *text;
		enum gm_envfile_found found;
	} rows[] = {
		{ "MODEL=$(x)\nexport OTHER=1\n", GM_ENVFILE_OTHER },
		{ "", GM_ENVFILE_OTHER },
		{ "KEY=\n", GM_ENVFILE_OTHER },
		{ "KEY=k\nKEY=''\n", GM_ENVFILE_OTHER },
		{ "MODEL=x\nKEY=k\n", GM_ENVFILE_USED },
		/* a malformed line of a key is an error */
		{ "KEY=$(x)\n", GM_ENVFILE_BAD },
		{ "MODEL=$(x)\nKEY=k\n", GM_ENVFILE_BAD },
	};
	struct gm_envfile file;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		make(rows[i].text,
		    rows[i].found == GM_ENVFILE_USED ? 0600 : 0666);
		assert_int_equal(gm_envfile_is_needed("env", &local),
		    rows[i].found != GM_ENVFILE_OTHER);
		assert_int_equal(
		    load(&file, "env", &local, &err), rows[i].found);
		assert_int_equal(
		    file.len, rows[i].found == GM_ENVFILE_USED ? 2 : 0);
		assert_string_equal(said(), "");
		gm_envfile_release(&file);
	}
	assert_false(gm_envfile_is_needed("none", &local));
	assert_false(gm_envfile_is_needed("folder", &local));
	make("export KEY=k\n", 0600);
	assert_int_equal(load(&file, "env", &local, &err), GM_ENVFILE_USED);
	assert_string_equal(said(),
	    "gm-x: env:1: KEY: systemd ignores lines that begin with export\n");
	gm_envfile_release(&file);
}

/* A message names file, line and variable, and never the value. */
static void
test_bad_line(void **state)
{
	struct gm_envfile file;
	struct gm_err err;

	(void)state;
	make("\nMODEL=x\nKEY=" SECRET "$(date)\n", 0600);
	assert_int_equal(load(&file, "env", &by_default, &err), GM_ENVFILE_BAD);
	assert_int_equal(err.code, GM_ECONFIG);
	assert_memory_equal(err.msg, "env:3: KEY: ", 12);
	assert_null(strstr(err.msg, SECRET));
	gm_envfile_release(&file);
}

/*
 * A missing file is an error only if the user has named it; an unreadable one,
 * also if it is the user's own.
 */
static void
test_unreadable(void **state)
{
	static const struct {
		const char *path, *why; /* NULL: no note */
	} rows[] = {
		{ "none", NULL },
		{ "none/env", NULL },
		{ "env/env", NULL },
		{ "folder", "folder: not a regular file" },
	};
	struct gm_envfile file;
	struct gm_err err;
	char want[100] = "";
	size_t i;

	(void)state;
	make("", 0600);
	for (i = 0; i < GM_LEN(rows); i++) {
		assert_int_equal(load(&file, rows[i].path, &by_default, &err),
		    GM_ENVFILE_ABSENT);
		if (rows[i].why != NULL)
			(void)snprintf(want, sizeof(want),
			    "gm-x: %s; skipped\n", rows[i].why);
		assert_string_equal(said(), want);
		assert_int_equal(load(&file, rows[i].path, &own, &err),
		    rows[i].why != NULL ? GM_ENVFILE_BAD : GM_ENVFILE_ABSENT);
		if (rows[i].why != NULL)
			assert_string_equal(err.msg, rows[i].why);
		assert_string_equal(said(), "");
		assert_int_equal(
		    load(&file, rows[i].path, &named, &err), GM_ENVFILE_BAD);
		assert_int_equal(err.code, GM_ECONFIG);
		assert_memory_equal(
		    err.msg, rows[i].path, strlen(rows[i].path));
		assert_string_equal(said(), "");
	}
}

/* A dangling link counts as existing; an impossible path does not. */
static void
test_own(void **state)
{
	static char path[2 * PATH_MAX];
	struct gm_envfile file;
	struct gm_err err;

	(void)state;
	assert_int_equal(symlink("absent", "link"), 0);
	assert_int_equal(
	    load(&file, "link", &by_default, &err), GM_ENVFILE_ABSENT);
	assert_int_equal(load(&file, "link", &own, &err), GM_ENVFILE_BAD);
	assert_int_equal(err.code, GM_ECONFIG);
	assert_string_equal(err.msg, "link: No such file or directory");
	assert_int_equal(unlink("link"), 0);
	memset(path, 'x', NAME_MAX + 1);
	assert_int_equal(load(&file, path, &own, &err), GM_ENVFILE_ABSENT);
	assert_non_null(strstr(said(), ": File name too long; skipped\n"));
	memset(path, 'x', sizeof(path) - 1);
	assert_int_equal(load(&file, path, &own, &err), GM_ENVFILE_ABSENT);
	assert_string_equal(said(),
	    "gm-x: env file: path longer than 4095 bytes; "
	    "skipped\n");
	assert_int_equal(load(&file, path, &named, &err), GM_ENVFILE_BAD);
	assert_int_equal(err.code, GM_ECONFIG);
}

static void
test_encoding(void **state)
{
	struct gm_envfile file;
	struct gm_err err;

	(void)state;
	make("\xFF\xFEKEY", 0600);
	assert_int_equal(load(&file, "env", &local, &err), GM_ENVFILE_BAD);
	assert_int_equal(err.code, GM_ECONFIG);
	assert_string_equal(err.msg,
	    "env: this is UTF-16; convert it with iconv -f UTF-16 -t UTF-8");
	assert_false(gm_envfile_is_needed("env", &local));
}

#define UNSAFE(mode) \
	"env: others can read or change it; run chmod 600 env (mode " mode ")"

static void
test_modes(void **state)
{
	static const struct {
		mode_t mode;
		const char *msg; /* NULL: good */
	} rows[] = {
		{ 0600, NULL },
		{ 0400, NULL },
		{ 0640, NULL },
		{ 0700, NULL },
		{ 0604, UNSAFE("604") },
		{ 0620, UNSAFE("620") },
		{ 0602, UNSAFE("602") },
		{ 0644, UNSAFE("644") },
		{ 0666, UNSAFE("666") },
		{ 0777, UNSAFE("777") },
	};
	enum gm_envfile_found found;
	struct gm_envfile file;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		make("KEY=" SECRET "\n", rows[i].mode);
		found = load(&file, "env", &by_default, &err);
		gm_envfile_release(&file);
		if (rows[i].msg == NULL) {
			assert_int_equal(found, GM_ENVFILE_USED);
			continue;
		}
		assert_int_equal(found, GM_ENVFILE_BAD);
		assert_int_equal(err.code, GM_ECONFIG);
		assert_string_equal(err.msg, rows[i].msg);
		assert_int_equal(
		    load(&file, "env", &unsafe, &err), GM_ENVFILE_USED);
		assert_true(file.unsafe);
		gm_envfile_release(&file);
		/* without values of ours the mode does not matter */
		make("OTHER=1\n", rows[i].mode);
		assert_int_equal(
		    load(&file, "env", &named, &err), GM_ENVFILE_USED);
		assert_false(file.unsafe);
		gm_envfile_release(&file);
	}
}

static void
test_owner(void **state)
{
	struct gm_envfile file;
	struct gm_err err;

	(void)state;
	make("KEY=" SECRET "\n", 0600);
	if (geteuid() != 0 || chown("env", NOBODY, NOBODY) != 0)
		skip(); /* only root can give a file away */
	assert_int_equal(load(&file, "env", &named, &err), GM_ENVFILE_BAD);
	assert_int_equal(err.code, GM_ECONFIG);
	assert_string_equal(err.msg,
	    "env: owned by another user, who could change it; make your own "
	    "copy and run chmod 600 on it");
	gm_envfile_release(&file);
	assert_int_equal(load(&file, "env", &unsafe, &err), GM_ENVFILE_USED);
	assert_true(file.unsafe);
	gm_envfile_release(&file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_needed),
		cmocka_unit_test(test_bad_line),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_owner),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
