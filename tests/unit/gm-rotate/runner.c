/* A child of the test runs another program, for each case. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "gm-rotate/runner.h"

#define KEY "fake-good-key-0001"

static const char *const more[] = { "LLM_GEMINI_KEY", "PATH_OF_x1" };
static struct gm_runner runner = { .vendor = GM_VENDOR_GEMINI,
	.key = { KEY, sizeof(KEY) - 1 } };

/* Return the child's status; if no program was run, that of the error. */
static int
run(const char *program, const char *script)
{
	char command[200], flag[] = "-c", text[400];
	char *argv[] = { command, flag, text, NULL };
	struct gm_err err = { .code = GM_OK };
	int status;
	pid_t pid;

	(void)snprintf(command, sizeof(command), "%s", program);
	(void)snprintf(text, sizeof(text), "%s", script);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		if (gm_runner_exec(argv, &runner, &err) == -1)
			_exit(gm_err_status(err.code));
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void
test_environment(void **state)
{
	(void)state;
	assert_int_equal(setenv("GOOGLE_API_KEYS", "fake-a,fake-b", 1), 0);
	assert_int_equal(setenv("GEMINI_API_KEY", "fake-c", 1), 0);
	assert_int_equal(
	    run("sh", "test \"$GEMINI_API_KEY$GOOGLE_API_KEY\" = " KEY KEY), 0);
	assert_int_equal(
	    run("sh", "test \"${GOOGLE_API_KEYS-unset}\" = unset"), 0);
}

/* Other services have other variables; keys in these are left alone. */
static void
test_other_services(void **state)
{
	(void)state;
	assert_int_equal(setenv("MISTRAL_API_KEYS", "fake-a,fake-b", 1), 0);
	assert_int_equal(setenv("GEMINI_API_KEY", "fake-c", 1), 0);
	runner.vendor = GM_VENDOR_MISTRAL;
	assert_int_equal(
	    run("sh", "test \"$MISTRAL_API_KEY$GEMINI_API_KEY\" = " KEY
		      "fake-c && test -z \"${MISTRAL_API_KEYS+set}\""),
	    0);
	runner.vendor = GM_VENDOR_OPENAI;
	assert_int_equal(
	    run("sh", "test \"$OPENAI_API_KEY$MISTRAL_API_KEYS\" = " KEY
		      "fake-a,fake-b"),
	    0);
	runner.vendor = GM_VENDOR_GEMINI;
	assert_int_equal(unsetenv("MISTRAL_API_KEYS"), 0);
}

static void
test_more_names(void **state)
{
	(void)state;
	assert_int_equal(setenv("LLM_GEMINI_KEY", "fake-other", 1), 0);
	runner.names = more;
	runner.len = GM_LEN(more);
	assert_int_equal(
	    run("sh",
		"test \"$LLM_GEMINI_KEY$PATH_OF_x1$GEMINI_API_KEY\" = " KEY KEY
		    KEY),
	    0);
	runner.len = 0;
	assert_int_equal(run("sh", "test $LLM_GEMINI_KEY = fake-other"), 0);
	assert_int_equal(unsetenv("LLM_GEMINI_KEY"), 0);
}

static void
test_names(void **state)
{
	static const char *const good[] = { "A", "_", "a1_B", "LLM_GEMINI_KEY",
		"GEMINI_API_KEY", "MISTRAL_API_KEY" };
	static const char *const bad[] = { "", "1A", "A=B", "A B", "=", "A-B",
		"A.B", "\xC3\xA9", KEY, "A\n" };
	static const char *const ours[] = { "GOOGLE_API_KEYS",
		"MISTRAL_API_KEYS", "GM_LOG_FILE", "GEMINI_MODEL" };
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(good); i++)
		assert_int_equal(gm_runner_check(good[i], &err), 0);
	for (i = 0; i < GM_LEN(bad); i++) {
		assert_int_equal(gm_runner_check(bad[i], &err), -1);
		assert_int_equal(err.code, GM_EUSAGE);
		assert_string_equal(err.msg,
		    "not a variable name (letters, digits and _; no digit "
		    "first)");
	}
	for (i = 0; i < GM_LEN(ours); i++) {
		assert_int_equal(gm_runner_check(ours[i], &err), -1);
		assert_memory_equal(err.msg, ours[i], strlen(ours[i]));
	}
}

static void
test_status(void **state)
{
	(void)state;
	assert_int_equal(run("sh", "exit 3"), 3);
	assert_int_equal(run("sh", "kill -9 $$"), -9);
	assert_int_equal(run("/bin/sh", "true"), 0);
	assert_int_equal(run("no-such-program", ""), 127);
	assert_int_equal(run("/no/such/program", ""), 127);
	assert_int_equal(run("/", ""), 126);
	assert_int_equal(run("/etc/passwd", ""), 126);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_other_services),
		cmocka_unit_test(test_more_names),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
