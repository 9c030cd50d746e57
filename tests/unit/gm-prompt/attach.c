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
#include "gm-prompt/attach.h"

#define MORE \
	", but only text can be read; images, PDF and other data are not " \
	"supported yet"

static char dir[] = "/tmp/gm-unit-attach.XXXXXX";

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
#define FENCE(name, id, content) \
	"<file name=\"" name "\" id=\"" id "\">\n" content "</file id=\"" id \
	"\">\n"

/* The ids are the start of what sha256sum(1) prints for the content. */
static const struct {
	const char *path;
	struct gm_span raw;
	const char *want; /* NULL: rejected, for the reason in note */
	const char *note;
} rows[] = {
	{ "a.txt", SPAN("one\n"), FENCE("a.txt", "2c8b08da", "one\n"), "" },
	{ "a", SPAN("one"), FENCE("a", "7692c3ad", "one\n"), "" },
	{ "a", SPAN(""), FENCE("a", "e3b0c442", ""), "gm-x: a: empty\n" },
	{ "a", SPAN("\xEF\xBB\xBFone\n"), FENCE("a", "2c8b08da", "one\n"), "" },
	{ "a", SPAN("\xEF\xBB\xBF"), FENCE("a", "e3b0c442", ""),
	    "gm-x: a: empty\n" },
	{ "a", SPAN("a\r\n"), FENCE("a", "8e462137", "a\r\n"), "" },
	{ "a", SPAN("\xE9\n"), FENCE("a", "0ab5a955", "\xEF\xBF\xBD\n"),
	    "gm-x: a: not UTF-8 in 1 place: replaced by U+FFFD\n" },
	{ "a&<>\"'\n\t\x7F\xC2\x9B\xE2\x80\xA8\xFF\xC3\xA9", SPAN("one\n"),
	    FENCE("a&amp;&lt;&gt;&quot;'&#10;&#9;&#127;&#155;&#8232;"
		  "\xEF\xBF\xBD\xC3\xA9",
		"2c8b08da", "one\n"),
	    "" },
	{ "a", SPAN("%PDF-1.7\n"), NULL, "a: a PDF document" MORE },
	{ "b\n\x1b[1m", SPAN("GIF89a"), NULL, "b: a GIF image" MORE },
	{ " ", SPAN("GIF89a"), NULL, "'': a GIF image" MORE },
	{ "a", SPAN("\xFF\xFEh\0"), NULL,
	    "a: this is UTF-16: convert it with iconv -f UTF-16 -t UTF-8" },
};

static void
test_rows(void **state)
{
	struct gm_input in = { .note = &note };
	struct gm_attach a;
	struct gm_part part;
	struct gm_err err;
	size_t i;
	int rc;

	(void)state;
	gm_attach_init(&a);
	for (i = 0; i < GM_LEN(rows); i++) {
		make(rows[i].path, rows[i].raw);
		gm_attach_reset(&a);
		rc = gm_attach_file(&a, &in, rows[i].path, &err);
		assert_int_equal(unlink(rows[i].path), 0);
		assert_int_equal(rc, rows[i].want != NULL ? 0 : -1);
		if (rc != 0) {
			assert_int_equal(err.code, GM_EDATA);
			assert_string_equal(err.msg, rows[i].note);
			continue;
		}
		assert_string_equal(said(), rows[i].note);
		assert_int_equal(a.len, 1);
		part = gm_attach_part(&a, 0);
		assert_int_equal(part.kind, GM_PART_TEXT);
		assert_int_equal(part.text.len, strlen(rows[i].want));
		assert_string_equal(part.text.p, rows[i].want);
	}
	gm_attach_release(&a);
	gm_attach_release(&a);
}

static void
test_several(void **state)
{
	struct gm_input in = { .note = &note, .closed = true };
	char old[GM_HASH_HEX];
	struct gm_attach a;
	struct gm_part part;
	struct gm_err err;

	(void)state;
	make("a", (struct gm_span)SPAN("one\n"));
	make("b", (struct gm_span)SPAN(" \n"));
	gm_attach_init(&a);
	assert_int_equal(gm_attach_file(&a, &in, "b", &err), 0);
	assert_int_equal(gm_attach_stdin(&a, &in, &err), 0);
	assert_int_equal(a.filled, 0);
	assert_string_equal(said(), "");
	assert_int_equal(gm_attach_file(&a, &in, "a", &err), 0);
	assert_int_equal(a.filled, 1);
	assert_int_equal(a.len, 3);
	part = gm_attach_part(&a, 1);
	assert_int_equal(
	    part.text.len, strlen(FENCE("standard input", "e3b0c442", "")));
	assert_memory_equal(part.text.p,
	    FENCE("standard input", "e3b0c442", ""), part.text.len);
	part = gm_attach_part(&a, 2);
	assert_string_equal(part.text.p, FENCE("a", "2c8b08da", "one\n"));
	/* The hash covers content and name. */
	(void)memcpy(old, gm_attach_hash(&a, 2), sizeof(old));
	assert_string_not_equal(old, gm_attach_hash(&a, 0));
	gm_attach_reset(&a);
	assert_int_equal(gm_attach_file(&a, &in, "a", &err), 0);
	assert_string_equal(gm_attach_hash(&a, 0), old);
	assert_int_equal(rename("a", "b"), 0);
	assert_int_equal(gm_attach_file(&a, &in, "b", &err), 0);
	assert_string_not_equal(old, gm_attach_hash(&a, 1));
	assert_int_equal(gm_attach_stdin(&a, &in, &err), -1);
	assert_int_equal(err.code, GM_EUSAGE);
	assert_int_equal(unlink("b"), 0);
	gm_attach_release(&a);
}

/*
 * The content contains the first eight digits of its hash; tests/files.bats
 * shows how it was found.
 */
static void
test_hostile(void **state)
{
	struct gm_input in = { .note = &note };
	char hash[GM_HASH_HEX], number[8];
	struct gm_attach a;
	struct gm_part part;
	struct gm_buf text;
	struct gm_err err;
	int i;

	(void)state;
	gm_buf_init(&text, 100000);
	for (i = 0; i < 2048; i++) {
		(void)snprintf(number, sizeof(number), "%d", i);
		gm_hash_hex(hash, gm_span_of(""), gm_span_of(number));
		gm_buf_puts(&text, hash);
	}
	gm_buf_puts(&text, "36753");
	assert_non_null(strstr(text.data, "1ffa6b60"));
	make("a", gm_buf_span(&text));
	gm_attach_init(&a);
	assert_int_equal(gm_attach_file(&a, &in, "a", &err), 0);
	part = gm_attach_part(&a, 0);
	assert_memory_equal(part.text.p, "<file name=\"a\" id=\"1ffa6b608\">\n",
	    strlen("<file name=\"a\" id=\"1ffa6b608\">\n"));
	assert_int_equal(unlink("a"), 0);
	gm_attach_release(&a);
	gm_buf_release(&text);
}

static const struct {
	const char *path, *msg;
} unread[] = {
	{ "absent", "absent: No such file or directory" },
	{ "no\nfile", "no file: No such file or directory" },
	{ "", "'': No such file or directory" },
	{ ".", ".: Is a directory" },
	{ "/dev/null", "/dev/null: a device, not a file" },
};

static void
test_unread(void **state)
{
	struct gm_input in = { .note = &note };
	struct gm_attach a;
	struct gm_err err;
	size_t i;

	(void)state;
	gm_attach_init(&a);
	for (i = 0; i < GM_LEN(unread); i++) {
		assert_int_equal(
		    gm_attach_file(&a, &in, unread[i].path, &err), -1);
		assert_int_equal(err.code, GM_ENOINPUT);
		assert_string_equal(err.msg, unread[i].msg);
		assert_int_equal(a.len, 0);
	}
	gm_attach_release(&a);
}

/* Each file may have the full size, but not all together. */
static void
test_limits(void **state)
{
	struct gm_input in = { .note = &note };
	struct gm_attach a;
	struct gm_err err;

	(void)state;
	make("a", (struct gm_span)SPAN("one\n"));
	gm_attach_init(&a);
	a.texts.max = 100; /* room for one file */
	assert_int_equal(gm_attach_file(&a, &in, "a", &err), 0);
	assert_int_equal(gm_attach_file(&a, &in, "a", &err), -1);
	assert_int_equal(err.code, GM_EDATA);
	assert_string_equal(
	    err.msg, "a: all files together are larger than 0 MiB");
	gm_attach_reset(&a);
	assert_int_equal(gm_attach_file(&a, &in, "a", &err), 0);
	assert_string_equal(
	    gm_attach_part(&a, 0).text.p, FENCE("a", "2c8b08da", "one\n"));
	assert_int_equal(truncate("a", GM_ATTACH_FILE_MAX + 1), 0);
	assert_int_equal(gm_attach_file(&a, &in, "a", &err), -1);
	assert_int_equal(err.code, GM_EDATA);
	assert_string_equal(err.msg, "a: larger than 16 MiB");
	assert_int_equal(unlink("a"), 0);
	gm_attach_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_unread),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
