#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../notes.h"
#include "base/stop.h"
#include "gm-summ/text.h"

static char dir[] = "/tmp/gm-unit-text.XXXXXX";
static struct gm_text_options options = { .temporary = dir, .note = &note };

static int
set_up(void **state)
{
	struct gm_err err;

	(void)state;
	if (mkdtemp(dir) == NULL || chdir(dir) != 0 || open_notes() != 0)
		return -1;
	return gm_stop_install(false, &err);
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
make(const char *path, struct gm_span bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.p, bytes.len), bytes.len);
	assert_int_equal(close(fd), 0);
}

#define SPAN(text) \
	{ \
		text, sizeof(text) - 1 \
	}

static const struct {
	struct gm_span bytes;
	const char *text;  /* NULL: rejected */
	const char *error; /* with this message */
} rows[] = {
	{ SPAN("One\r\n"), "One\r\n", NULL },
	{ SPAN("\xEF\xBB\xBFOne"), "One", NULL },
	{ SPAN("Caf\xE9"), "Caf\xE9", NULL }, /* as it is sent */
	{ SPAN(""), NULL, "file: empty" },
	{ SPAN(" \t\r\n\n"), NULL, "file: empty" },
	{ SPAN("\xEF\xBB\xBF"), NULL, "file: empty" },
	{ SPAN("a\0b"), NULL,
	    "file: a NUL byte at offset 1: only text can be read" },
	{ SPAN("%PDF-1.7\n"), NULL,
	    "file: a PDF document, but only text can be read" },
};

static void
test_files(void **state)
{
	struct gm_text t;
	struct gm_buf out;
	struct gm_err err;
	size_t i;

	(void)state;
	gm_buf_init(&out, 1000);
	for (i = 0; i < GM_LEN(rows); i++) {
		make("file", rows[i].bytes);
		if (rows[i].text == NULL) {
			assert_int_equal(
			    gm_text_open(&t, &options, "file", &err), -1);
			assert_int_equal(err.code, GM_EDATA);
			assert_string_equal(err.msg, rows[i].error);
			gm_text_close(&t);
			continue;
		}
		assert_int_equal(gm_text_open(&t, &options, "file", &err), 0);
		assert_int_equal(t.size, strlen(rows[i].text));
		gm_buf_reset(&out);
		assert_int_equal(
		    gm_text_read(&t, 0, (size_t)t.size, &out, &err), 0);
		assert_string_equal(gm_buf_str(&out), rows[i].text);
		gm_buf_reset(&out);
		assert_int_equal(gm_text_read(&t, 1, 2, &out, &err), 0);
		assert_memory_equal(out.data, rows[i].text + 1, 2);
		gm_text_close(&t);
		gm_text_close(&t);
	}
	gm_buf_release(&out);
	assert_string_equal(said(), "");
}

static void
test_no_files(void **state)
{
	static const struct {
		const char *path, *error;
	} none[] = {
		{ "gone", "gone: No such file or directory" },
		{ "a\nb", "a b: No such file or directory" },
		{ ".", ".: Is a directory" },
		{ "/dev/zero", "/dev/zero: a device, not a file" },
	};
	struct gm_text t;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(none); i++) {
		assert_int_equal(
		    gm_text_open(&t, &options, none[i].path, &err), -1);
		assert_int_equal(err.code, GM_ENOINPUT);
		if (strchr(none[i].path, '\n') == NULL)
			assert_string_equal(err.msg, none[i].error);
		gm_text_close(&t);
	}
}

/* A file that shrinks is an error; one that grows is not. */
static void
test_changes(void **state)
{
	struct gm_text t;
	struct gm_buf out;
	struct gm_err err;

	(void)state;
	gm_buf_init(&out, 1000);
	make("file", gm_span_of("0123456789"));
	assert_int_equal(gm_text_open(&t, &options, "file", &err), 0);
	make("file", gm_span_of("0123456789abc"));
	assert_int_equal(t.size, 10);
	assert_int_equal(gm_text_read(&t, 5, 5, &out, &err), 0);
	assert_string_equal(gm_buf_str(&out), "56789");
	make("file", gm_span_of("0123456"));
	assert_int_equal(gm_text_read(&t, 5, 5, &out, &err), -1);
	assert_int_equal(err.code, GM_ENOINPUT);
	assert_string_equal(err.msg, "file: became shorter while it was read");
	gm_text_close(&t);
	gm_buf_release(&out);
}

static void
test_parked(void **state)
{
	struct gm_text t;
	struct gm_buf out;
	struct gm_err err;

	(void)state;
	gm_buf_init(&out, 1000);
	make("file", gm_span_of("0123456789"));
	assert_int_equal(gm_text_open(&t, &options, "file", &err), 0);
	gm_text_park(&t, "file");
	assert_int_equal(t.fd, -1);
	assert_int_equal(gm_text_read(&t, 5, 5, &out, &err), 0);
	assert_string_equal(gm_buf_str(&out), "56789");
	make("other", gm_span_of("0123456789"));
	assert_int_equal(rename("other", "file"), 0);
	assert_int_equal(gm_text_read(&t, 5, 5, &out, &err), -1);
	assert_int_equal(err.code, GM_ENOINPUT);
	assert_string_equal(err.msg, "file: replaced while it was read");
	assert_int_equal(unlink("file"), 0);
	assert_int_equal(gm_text_read(&t, 5, 5, &out, &err), -1);
	assert_int_equal(err.code, GM_ENOINPUT);
	gm_text_close(&t);
	gm_buf_release(&out);
}

/* A child writes so many bytes, with a marked end, to standard input. */
static void
feed(size_t len)
{
	int p[2];
	size_t i;

	assert_int_equal(pipe(p), 0);
	if (fork() == 0) {
		(void)close(p[0]);
		for (i = 0; i < len; i++)
			if (write(p[1], i + 1 == len ? "$" : "x", 1) != 1)
				_exit(1);
		_exit(0);
	}
	(void)close(p[1]);
	assert_int_equal(dup2(p[0], STDIN_FILENO), STDIN_FILENO);
	(void)close(p[0]);
}

static void
test_pipes(void **state)
{
	static const size_t sizes[] = { 1, 70000, 1024 * 1024 + 5 };
	struct gm_text t;
	struct gm_buf out;
	struct gm_err err;
	size_t i;

	(void)state;
	gm_buf_init(&out, 1000);
	for (i = 0; i < GM_LEN(sizes); i++) {
		feed(sizes[i]);
		assert_int_equal(gm_text_open(&t, &options, NULL, &err), 0);
		assert_string_equal(t.name, "standard input");
		assert_int_equal(t.size, sizes[i]);
		/* A large pipe is copied to a file that has no name. */
		assert_int_equal(t.fd != -1, sizes[i] > 1024 * 1024);
		gm_buf_reset(&out);
		assert_int_equal(
		    gm_text_read(&t, (off_t)sizes[i] - 1, 1, &out, &err), 0);
		assert_string_equal(gm_buf_str(&out), "$");
		gm_text_close(&t);
	}
	gm_buf_release(&out);
}

static void
test_no_room_for_a_pipe(void **state)
{
	const struct gm_text_options nowhere = { .temporary = "/nowhere",
		.note = &note };
	const struct gm_text_options closed = {
		.temporary = dir, .stdin_closed = true, .note = &note
	};
	struct gm_text t;
	struct gm_err err;

	(void)state;
	feed(1024 * 1024 + 5);
	assert_int_equal(gm_text_open(&t, &nowhere, NULL, &err), -1);
	assert_int_equal(err.code, GM_EIO);
	assert_string_equal(err.msg,
	    "standard input: temporary copy in /nowhere: No such file or "
	    "directory; set TMPDIR to another directory");
	gm_text_close(&t);
	assert_int_equal(gm_text_open(&t, &closed, NULL, &err), -1);
	assert_string_equal(err.msg, "standard input: empty");
	gm_text_close(&t);
}

static void
test_what_is_sent(void **state)
{
	struct gm_text t;
	struct gm_buf out;
	struct gm_err err;

	(void)state;
	gm_buf_init(&out, 1000);
	assert_int_equal(gm_text_make(&t, &options, "answers", &err), 0);
	gm_buf_puts(&t.memory, "One");
	gm_text_grow(&t);
	assert_int_equal(t.size, 3);
	assert_int_equal(gm_text_read(&t, 1, 2, &out, &err), 0);
	assert_int_equal(gm_text_put(&t, gm_span_of(" \xFF."), &out, &err), 0);
	assert_int_equal(gm_text_put(&t, gm_span_of("\xFF"), &out, &err), 0);
	assert_string_equal(gm_buf_str(&out), "ne \xEF\xBF\xBD.\xEF\xBF\xBD");
	assert_string_equal(
	    said(), "gm-x: answers: not UTF-8 in places: replaced by U+FFFD\n");
	assert_string_equal(said(), ""); /* reported once */
	assert_int_equal(
	    gm_text_put(&t, (struct gm_span){ "a\0b", 3 }, &out, &err), -1);
	assert_int_equal(err.code, GM_EDATA);
	assert_string_equal(err.msg,
	    "answers: contains a NUL byte; only text can be summarised");
	gm_text_close(&t);
	gm_buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_no_files),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_parked),
		cmocka_unit_test(test_pipes),
		cmocka_unit_test(test_no_room_for_a_pipe),
		cmocka_unit_test(test_what_is_sent),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
