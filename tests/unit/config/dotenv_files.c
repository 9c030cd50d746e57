#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "config/dotenv.h"
#include "dotenv_notes.h"

#define AGREE "tests/fixtures/env/agree"
#define LENIENT "tests/fixtures/env/lenient"
#define REFUSE "tests/fixtures/env/refuse"

/* Bytes of a file. */
static void
load(struct gm_buf *text, const char *dir, const char *name)
{
	char path[512];
	struct gm_err err;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	gm_buf_reset(text);
	if (gm_file_slurp(path, text, &err) != 0)
		fail_msg("%s", err.msg);
}

static bool
is_env(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".env") == 0;
}

#define PREFIX "GOOGLE_API_KEY: "
#define QUOTE_IT "a character that needs quotes; use single quotes"
#define EXPANSION "'$' or a backquote: nothing is expanded; use single quotes"
#define BLANK_INSIDE "blank in a value without quotes; use single quotes"
#define COMMENT "'#' after a blank; put the comment on a separate line"
#define TAIL "text after the closing quote"
#define INSIDE "quote inside the value; put the whole value in quotes"
#define CONTROL "control character in the value"
#define NOT_UTF8 "value is not UTF-8"
#define NO_EQUALS "no '=' after the name"
#define NO_END "no closing quote"
#define ESCAPE \
	"in double quotes, a backslash may precede only '\"' or a " \
	"backslash; use single quotes"
#define ESCAPED_END \
	"python-dotenv reads a backslash before the closing quote as \\\""
#define SINGLE_ESCAPE \
	"python-dotenv drops a backslash before a quote or a backslash, " \
	"even in single quotes; use double quotes"
#define SINGLE_BRACE \
	"python-dotenv expands '${', even in single quotes; put the command " \
	"into a script"
#define JOINS \
	"the line before ends in a backslash, which joins the lines; remove " \
	"the backslash"

static const struct {
	const char *name, *want;
} refused[] = {
	{ "ampersand", "1: " PREFIX QUOTE_IT },
	{ "append", "2: GOOGLE_API_KEYS: " NO_EQUALS },
	{ "backquote", "1: " PREFIX EXPANSION },
	{ "backquote-double", "1: " PREFIX EXPANSION },
	{ "backslash", "1: " PREFIX QUOTE_IT },
	{ "backslash-dollar", "1: " PREFIX ESCAPE },
	{ "backslash-double", "1: " PREFIX ESCAPE },
	{ "backslash-last-double", "1: " PREFIX ESCAPED_END },
	{ "backslash-last-single", "1: " PREFIX SINGLE_ESCAPE },
	{ "backslash-newline", "1: GOOGLE_API_KEYS: " QUOTE_IT },
	{ "backslash-newline-double", "1: GOOGLE_API_KEYS: " ESCAPE },
	{ "backslash-twice-single", "1: " PREFIX SINGLE_ESCAPE },
	{ "blank", "2: " PREFIX BLANK_INSIDE },
	{ "blank-after-comma", "1: GOOGLE_API_KEYS: " BLANK_INSIDE },
	{ "brace", "1: " PREFIX QUOTE_IT },
	{ "comment", "2: " PREFIX COMMENT },
	{ "comment-after-quote", "1: " PREFIX TAIL },
	{ "comment-only", "1: " PREFIX COMMENT },
	{ "control", "1: " PREFIX CONTROL },
	{ "control-c1", "1: " PREFIX CONTROL },
	{ "control-quoted", "1: " PREFIX CONTROL },
	{ "cr", "1: " PREFIX CONTROL },
	{ "cut-utf8", "1: " PREFIX NOT_UTF8 },
	{ "dollar", "1: " PREFIX EXPANSION },
	{ "dollar-brace", "1: " PREFIX EXPANSION },
	{ "dollar-double", "1: " PREFIX EXPANSION },
	{ "dollar-single", "1: " PREFIX SINGLE_BRACE },
	{ "joined-comment", "2: " PREFIX JOINS },
	{ "joined-foreign", "2: " PREFIX JOINS },
	{ "joined-semicolon", "2: " PREFIX JOINS },
	{ "latin1", "1: " PREFIX NOT_UTF8 },
	{ "nbsp", "1: " PREFIX QUOTE_IT },
	{ "no-equals", "1: " PREFIX NO_EQUALS },
	{ "no-equals-export", "2: " PREFIX NO_EQUALS },
	{ "no-equals-value", "1: " PREFIX NO_EQUALS },
	{ "not-ascii", "1: " PREFIX QUOTE_IT },
	{ "not-utf8", "1: " PREFIX NOT_UTF8 },
	{ "nul", "1: " PREFIX CONTROL },
	{ "nul-quoted", "1: " PREFIX CONTROL },
	{ "open-double", "1: " PREFIX NO_END },
	{ "open-single", "2: " PREFIX NO_END },
	{ "parenthesis", "1: " PREFIX QUOTE_IT },
	{ "pipe", "1: " PREFIX QUOTE_IT },
	{ "quote-after-quote", "1: " PREFIX TAIL },
	{ "quote-inside", "1: " PREFIX INSIDE },
	{ "quote-inside-double", "1: " PREFIX INSIDE },
	{ "redirect", "1: " PREFIX QUOTE_IT },
	{ "semicolon", "1: " PREFIX QUOTE_IT },
	{ "star", "1: " PREFIX QUOTE_IT },
	{ "text-after-quote", "1: " PREFIX TAIL },
	{ "third-line", "3: GOOGLE_API_KEYS: " SINGLE_BRACE },
	{ "tilde", "1: GM_STATE_DIR: " QUOTE_IT },
	{ "yaml", "1: " PREFIX NO_EQUALS },
};

static const struct {
	const char *name, *want;
} lenient[] = {
	{ "all",
	    BOM EXPORT("1", "GOOGLE_API_KEY") SPACED(
		"1", "GOOGLE_API_KEY") CRLF("1",
		"GOOGLE_API_KEY") "1 GOOGLE_API_KEY=fake-key-0001\n" EXPORT("2",
		"GOOGLE_API_KEY") SPACED("2", "GOOGLE_API_KEY")
		CRLF("2", "GOOGLE_API_KEY") TWICE(
		    "2", "GOOGLE_API_KEY") "2 GOOGLE_API_KEY=fake-key-0002\n" },
	{ "bom", BOM "2 GOOGLE_API_KEY=fake-key-0001\n"
		     "3 GEMINI_API_KEY=fake-key-0002\n" },
	{ "crlf",
	    CRLF("4",
		"GOOGLE_API_KEYS") "4 "
				   "GOOGLE_API_KEYS=fake-key-0001,\nfake-key-"
				   "0002\n" CRLF("6",
				       "GEMINI_MODEL") "6 "
						       "GEMINI_MODEL=gemini-"
						       "flash-latest\n" CRLF(
							   "7",
							   "GM_RPM") "7 "
								     "GM_RPM="
								     "\n" },
	{ "export",
	    EXPORT("1",
		"GOOGLE_API_KEY") "1 GOOGLE_API_KEY=fake-key-0001\n" EXPORT("2",
		"GEMINI_API_KEY") "2 GEMINI_API_KEY=fake-key-0002\n" EXPORT("3",
		"GEMINI_MODEL") "3 GEMINI_MODEL=gemini-flash-latest\n" EXPORT("4",
		"GM_RPM") "4 GM_RPM=\n" },
	{ "spaced",
	    SPACED("1",
		"GOOGLE_API_KEY") "1 GOOGLE_API_KEY=fake-key-0001\n" SPACED("2",
		"GEMINI_API_KEY") "2 GEMINI_API_KEY=fake-key-0002\n" SPACED("3",
		"GEMINI_MODEL") "3 GEMINI_MODEL=gemini-flash-latest\n" SPACED("4",
		"GM_STATE_DIR") "4 GM_STATE_DIR=/var/lib/gm\n" },
	{ "twice",
	    "1 GOOGLE_API_KEY=fake-key-0001\n2 "
	    "GEMINI_API_KEY=fake-key-0002\n" TWICE("3",
		"GOOGLE_API_KEY") "3 GOOGLE_API_KEY=fake-key-0003\n" TWICE("4",
		"GEMINI_API_KEY") "4 GEMINI_API_KEY=\n" TWICE("5",
		"GOOGLE_API_KEY") "5 GOOGLE_API_KEY=fake-key-0004\n" },
};

static size_t
count(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		n += is_env(entry->d_name);
	(void)closedir(dir);
	return n;
}

/* Each file of the corpus is in the table, and each row has its file. */
static void
test_lenient(void **state)
{
	struct gm_buf text, out;
	char name[64];
	size_t i;

	(void)state;
	gm_buf_init(&text, TEXT_MAX);
	gm_buf_init(&out, TEXT_MAX);
	for (i = 0; i < GM_LEN(lenient); i++) {
		(void)snprintf(name, sizeof(name), "%s.env", lenient[i].name);
		load(&text, LENIENT, name);
		describe(&out, gm_buf_span(&text));
		assert_string_equal(gm_buf_str(&out), lenient[i].want);
	}
	assert_int_equal(count(LENIENT), GM_LEN(lenient));
	gm_buf_release(&text);
	gm_buf_release(&out);
}

static void
test_refused(void **state)
{
	struct gm_buf text, out;
	const char *last;
	char name[64];
	size_t i;

	(void)state;
	gm_buf_init(&text, TEXT_MAX);
	gm_buf_init(&out, TEXT_MAX);
	for (i = 0; i < GM_LEN(refused); i++) {
		(void)snprintf(name, sizeof(name), "%s.env", refused[i].name);
		load(&text, REFUSE, name);
		describe(&out, gm_buf_span(&text));
		last = strrchr(gm_buf_str(&out), '\n');
		last = last != NULL ? last + 1 : gm_buf_str(&out);
		if (strcmp(last, refused[i].want) != 0)
			fail_msg("%s gives <%s>", name, gm_buf_str(&out));
	}
	assert_int_equal(count(REFUSE), GM_LEN(refused));
	gm_buf_release(&text);
	gm_buf_release(&out);
}

/* The environment of the shell after it has read a file. */
static void
ask_shell(struct gm_buf *out, const char *path)
{
	static char script[] = "set -a; . \"$1\" 2>/dev/null; exec env -0";
	char sh[] = "/bin/sh", c[] = "-c", *file = strdup(path);
	char *const argv[] = { sh, c, script, sh, file, NULL };
	char env_path[] = "PATH=/usr/bin:/bin";
	char *const envp[] = { env_path, NULL };
	struct gm_err err;
	int ends[2], status;
	pid_t pid;

	assert_non_null(file);
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (dup2(ends[1], STDOUT_FILENO) != -1)
			(void)execve(sh, argv, envp);
		_exit(127);
	}
	(void)close(ends[1]);
	gm_buf_reset(out);
	assert_int_equal(gm_file_read(ends[0], "sh", out, &err), 0);
	(void)close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("%s: sh ends with status %x", path, status);
	free(file);
}

/* The value of a name among "NAME=VALUE" items, each ended by a NUL. */
static const char *
find(const struct gm_buf *items, struct gm_span name)
{
	const char *p = gm_buf_str(items), *end = p + items->len, *found = NULL;

	for (; p < end; p += strlen(p) + 1)
		if (strncmp(p, name.p, name.len) == 0 && p[name.len] == '=')
			found = p + name.len + 1;
	return found;
}

static int
put_item(struct gm_span name, struct gm_span value, size_t line, void *arg,
    struct gm_err *err)
{
	(void)line;
	gm_buf_put_span(arg, name);
	gm_buf_putc(arg, '=');
	gm_buf_put_span(arg, value);
	gm_buf_put(arg, "", 1);
	return gm_buf_check(arg, err);
}

static void
ignore_note(size_t line, const char *text, void *arg)
{
	(void)line;
	(void)text;
	(void)arg;
}

/* Every wanted item of one side is on the other, with the same value. */
static int
compare(const char *path, const struct gm_buf *from, const struct gm_buf *to)
{
	const char *p = gm_buf_str(from), *end = p + from->len, *value, *other;
	int n = 0;

	for (; p < end; p += strlen(p) + 1) {
		struct gm_span name = { p, strcspn(p, "=") };

		if (!is_wanted(name, NULL))
			continue;
		value = find(from, name);
		other = find(to, name);
		if (value == NULL || other == NULL || strcmp(value, other) != 0)
			fail_msg("%s: %.*s differs", path, (int)name.len, p);
		n++;
	}
	return n;
}

static void
forbid_note(size_t line, const char *text, void *arg)
{
	(void)arg;
	fail_msg("%zu: %s", line, text);
}

static int
compare_with_shell(const char *dir, const char *name, bool noted)
{
	struct gm_buf text, ours, theirs;
	const struct gm_dotenv_fns fns = { is_wanted, put_item,
		noted ? ignore_note : forbid_note, &ours };
	struct gm_err err;
	char path[512];
	int items;

	gm_buf_init(&text, TEXT_MAX);
	gm_buf_init(&ours, TEXT_MAX);
	gm_buf_init(&theirs, TEXT_MAX);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	load(&text, dir, name);
	if (parse(gm_buf_span(&text), &fns, &err) != 0)
		fail_msg("%s: %s", path, err.msg);
	ask_shell(&theirs, path);
	items = compare(path, &ours, &theirs);
	(void)compare(path, &theirs, &ours);
	gm_buf_release(&text);
	gm_buf_release(&ours);
	gm_buf_release(&theirs);
	return items;
}

static void
test_agree(void **state)
{
	DIR *dir = opendir(AGREE);
	struct dirent *entry;
	int items = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		if (is_env(entry->d_name))
			items +=
			    compare_with_shell(AGREE, entry->d_name, false);
	(void)closedir(dir);
	assert_int_equal(items, 69);
	/* sh accepts two of the lenient forms. */
	assert_int_equal(compare_with_shell(LENIENT, "export.env", true), 4);
	assert_int_equal(compare_with_shell(LENIENT, "twice.env", true), 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lenient),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
