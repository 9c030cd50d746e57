/* Another program in our place: a child's, for each case. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runner.h"

#define KEY "fake-good-key-0001"

static enum gm_vendor vendor = GM_VENDOR_GEMINI;

/* What a child ends with; when no program could be run, its error's status. */
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
		if (gm_runner_exec(argv, vendor, gm_span_of(KEY), &err) == -1)
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

/* Programs for other services look elsewhere, and other keys stay. */
static void
test_other_services(void **state)
{
	(void)state;
	assert_int_equal(setenv("MISTRAL_API_KEYS", "fake-a,fake-b", 1), 0);
	assert_int_equal(setenv("GEMINI_API_KEY", "fake-c", 1), 0);
	vendor = GM_VENDOR_MISTRAL;
	assert_int_equal(
	    run("sh", "test \"$MISTRAL_API_KEY$GEMINI_API_KEY\" = " KEY
		      "fake-c && test -z \"${MISTRAL_API_KEYS+set}\""),
	    0);
	vendor = GM_VENDOR_OPENAI;
	assert_int_equal(
	    run("sh", "test \"$OPENAI_API_KEY$MISTRAL_API_KEYS\" = " KEY
		      "fake-a,fake-b"),
	    0);
	vendor = GM_VENDOR_GEMINI;
	assert_int_equal(unsetenv("MISTRAL_API_KEYS"), 0);
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
		cmocka_unit_test(test_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
