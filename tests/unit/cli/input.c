#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../base/late.h"
#include "../notes.h"
#include "base/stop.h"
#include "cli/input.h"

static char dir[] = "/tmp/gm-unit-input.XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL || chdir(dir) != 0 || open_notes() != 0)
		return -1;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink("file");
	close_notes();
	return rmdir(dir);
}

static void
make(struct gm_span bytes)
{
	int fd = open("file", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.p, bytes.len), bytes.len);
	assert_int_equal(close(fd), 0);
}

/* Standard input becomes fd. */
static void
become_stdin(int fd)
{
	assert_true(fd >= 0);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	(void)close(fd);
}

static void
pipe_in(struct gm_span bytes)
{
	int p[2];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], bytes.p, bytes.len), bytes.len);
	(void)close(p[1]);
	become_stdin(p[0]);
}

#define SPAN(text) \
	{ \
		text, sizeof(text) - 1 \
	}

static const struct {
	struct gm_span raw;
	const char *want; /* NULL: refused, for the reason in note */
	const char *note;
} rows[] = {
	{ SPAN(""), "", NULL },
	{ SPAN("text\n"), "text\n", NULL },
	{ SPAN("caf\xC3\xA9 \xF0\x9F\x98\x80"), "caf\xC3\xA9 \xF0\x9F\x98\x80",
	    NULL },
	{ SPAN("\xEF\xBB\xBFtext"), "text", NULL },
	{ SPAN("\xEF\xBB\xBF"), "", NULL },
	{ SPAN("a\xEF\xBB\xBF"), "a\xEF\xBB\xBF", NULL },
	{ SPAN("a\r\nb\r\n"), "a\r\nb\r\n", NULL },
	{ SPAN("\033[31mred\t\001"), "\033[31mred\t\001", NULL },
	{ SPAN("caf\xE9"), "caf\xEF\xBF\xBD",
	    "not UTF-8 in 1 place: replaced by U+FFFD" },
	{ SPAN("\xFF\xC3\xA9\xC3"), "\xEF\xBF\xBD\xC3\xA9\xEF\xBF\xBD",
	    "not UTF-8 in 2 places: replaced by U+FFFD" },
	{ SPAN("a\0b"), NULL, "a NUL byte at offset 1: only text can be read" },
	{ SPAN("\0"), NULL, "a NUL byte at offset 0: only text can be read" },
	{ SPAN("%PDF-1.7\n"), NULL,
	    "a PDF document, but only text can be read" },
	{ SPAN("\x89PNG\r\n\x1A\n"), NULL,
	    "a PNG image, but only text can be read" },
	{ SPAN("\xFF\xD8\xFF\xE0"), NULL,
	    "a JPEG image, but only text can be read" },
	{ SPAN("GIF89a\1"), NULL, "a GIF image, but only text can be read" },
	{ SPAN("PK\x03\x04"), NULL,
	    "a ZIP archive or office document, but only text can be read" },
	{ SPAN("\x1F\x8B\x08"), NULL,
	    "a gzip file, but only text can be read" },
	{ SPAN("BZh91AY&SY"), NULL, "a bzip2 file, but only text can be read" },
	{ SPAN("\xFD"
	       "7zXZ\0"),
	    NULL, "an xz file, but only text can be read" },
	{ SPAN("\x28\xB5\x2F\xFD"), NULL,
	    "a zstd file, but only text can be read" },
	{ SPAN("\x7F"
	       "ELF\2"),
	    NULL, "an ELF program, but only text can be read" },
	{ SPAN("OggS\0\2"), NULL, "an Ogg file, but only text can be read" },
	{ SPAN("fLaC\0"), NULL, "a FLAC file, but only text can be read" },
	{ SPAN("ID3\4"), NULL, "an MP3 file, but only text can be read" },
	/* words that only look like the beginning of a format */
	{ SPAN("ID3 tags"), "ID3 tags", NULL },
	{ SPAN("BZh"), "BZh", NULL },
	{ SPAN("OggS"), "OggS", NULL },
	{ SPAN("PK"), "PK", NULL },
	{ SPAN("GIF, PNG"), "GIF, PNG", NULL },
	{ SPAN("see %PDF-1.7"), "see %PDF-1.7", NULL },
};

/* One row, from a file by its name, or from standard input. */
static void
check_row(size_t i, const char *argument, const char *name)
{
	struct gm_input in = { .note = &note };
	struct gm_err err = { .code = GM_OK };
	struct gm_buf out;
	char want[200];
	int rc;

	gm_buf_init(&out, 1000);
	gm_buf_puts(&out, "before ");
	rc = gm_input_argument(&in, "--prompt", argument, &out, &err);
	(void)snprintf(want, sizeof(want), "gm-x: %s: %s\n", name,
	    rows[i].note != NULL ? rows[i].note : "");
	if (rows[i].want == NULL) {
		assert_int_equal(rc, -1);
		assert_int_equal(err.code, GM_EDATA);
		want[strlen(want) - 1] = '\0';
		assert_string_equal(err.msg, want + strlen("gm-x: "));
	} else {
		assert_int_equal(rc, 0);
		assert_string_equal(said(), rows[i].note != NULL ? want : "");
		assert_memory_equal(out.data, "before ", 7);
		assert_string_equal(out.data + 7, rows[i].want);
	}
	gm_buf_release(&out);
}

static void
test_rows(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		make(rows[i].raw);
		check_row(i, "@file", "file");
		pipe_in(rows[i].raw);
		check_row(i, "@-", "standard input");
		become_stdin(open("file", O_RDONLY));
		check_row(i, "@-", "standard input");
	}
}

/* What is typed stands for itself, but for ill-formed UTF-8. */
static void
test_literal(void **state)
{
	static const struct {
		const char *text, *want, *note;
	} texts[] = {
		{ "", "", "" },
		{ "a@file", "a@file", "" },
		{ "\xEF\xBB\xBFx", "\xEF\xBB\xBFx", "" },
		{ "%PDF-", "%PDF-", "" },
		{ "caf\xE9", "caf\xEF\xBF\xBD",
		    "gm-x: prompt: not UTF-8 in 1 place: replaced by "
		    "U+FFFD\n" },
	};
	struct gm_input in = { .note = &note };
	struct gm_buf out;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(texts); i++) {
		gm_buf_init(&out, 1000);
		assert_int_equal(
		    gm_input_argument(&in, "prompt", texts[i].text, &out, &err),
		    0);
		assert_string_equal(gm_buf_str(&out), texts[i].want);
		assert_string_equal(said(), texts[i].note);
		gm_buf_release(&out);
	}
	/* operands are literal, whatever they begin with */
	gm_buf_init(&out, 1000);
	assert_int_equal(
	    gm_input_literal(&in, "prompt", "@file", &out, &err), 0);
	assert_string_equal(gm_buf_str(&out), "@file");
	gm_buf_release(&out);
	assert_false(in.used);
}

/* Fails with a code and a message; standard input is what it is now. */
static void
check_failure(struct gm_input *in, const char *argument, enum gm_code code,
    const char *msg)
{
	struct gm_err err = { .code = GM_OK };
	struct gm_buf out;

	gm_buf_init(&out, 2 * (size_t)GM_INPUT_MAX);
	assert_int_equal(
	    gm_input_argument(in, "--prompt", argument, &out, &err), -1);
	assert_int_equal(err.code, code);
	assert_string_equal(err.msg, msg);
	gm_buf_release(&out);
}

static struct gm_input
fresh(void)
{
	return (struct gm_input){ .note = &note };
}

static void
test_failures(void **state)
{
	struct gm_input in = fresh();
	struct gm_buf out;
	struct gm_err err;
	int p[2];

	(void)state;
	check_failure(
	    &in, "@none", GM_ENOINPUT, "none: No such file or directory");
	check_failure(&in, "@.", GM_ENOINPUT, ".: Is a directory");
	become_stdin(open(".", O_RDONLY));
	check_failure(&in, "@-", GM_ENOINPUT, "standard input: Is a directory");
	check_failure(
	    &in, "@-", GM_EUSAGE, "standard input can be read only once");
	in = fresh();
	become_stdin(open("/dev/zero", O_RDONLY)); /* it has no end */
	check_failure(
	    &in, "@-", GM_EDATA, "standard input: larger than 64 MiB");
	in = fresh();
	become_stdin(open("/dev/null", O_WRONLY));
	check_failure(
	    &in, "@-", GM_ENOINPUT, "standard input: Bad file descriptor");
	in = fresh(); /* the same, known from the start: it is empty */
	in.closed = true;
	gm_buf_init(&out, 10);
	assert_int_equal(gm_input_stdin(&in, &out, &err), 0);
	assert_int_equal(out.len, 0);
	assert_true(in.used);
	in = fresh();
	assert_int_equal(pipe(p), 0);
	become_stdin(p[0]);
	be_late();
	check_failure(
	    &in, "@-", GM_EUNAVAILABLE, "standard input: deadline exceeded");
	be_on_time();
	(void)close(p[1]);
}

/* A signal ends the wait for a writer that is silent. */
static void
test_signal(void **state)
{
	struct gm_input in = fresh();
	struct gm_err err = { .code = GM_OK };
	struct gm_buf out;
	int p[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(p), 0);
	become_stdin(p[0]);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		gm_buf_init(&out, 10);
		if (gm_stop_install(false, &err) != 0 || raise(SIGINT) != 0)
			_exit(1);
		_exit(gm_input_stdin(&in, &out, &err) != -1 ||
		      err.code != GM_ESIGNAL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)close(p[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_literal),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_signal),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
