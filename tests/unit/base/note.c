#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/note.h"

#define KEY "fake-good-key-0001"
#define TEXT_MAX 20000

/* The two ends of what stands for standard error: each write is one piece. */
static int ends[2];

static int
set_up(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends);
}

static int
tear_down(void **state)
{
	(void)state;
	(void)close(ends[0]);
	(void)close(ends[1]);
	return 0;
}

static struct gm_note
plain(void)
{
	return (struct gm_note){ .tool = "gm-x", .fd = ends[1] };
}

/* The next piece that was written, "" if there is none. */
static const char *
said(void)
{
	static char text[TEXT_MAX];
	ssize_t n = recv(ends[0], text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
test_levels(void **state)
{
	static const struct {
		int verbose;
		bool quiet;
		bool want[5]; /* error, metrics, note, detail, trace */
	} rows[] = {
		{ 0, false, { true, true, true, false, false } },
		{ 1, false, { true, true, true, true, false } },
		{ 2, false, { true, true, true, true, true } },
		{ 3, false, { true, true, true, true, true } },
		{ 0, true, { true, true, false, false, false } },
		{ 2, true, { true, true, false, true, true } },
	};
	struct gm_note n = plain();
	size_t i, level;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++)
		for (level = 0; level < 5; level++) {
			n.verbose = rows[i].verbose;
			n.quiet = rows[i].quiet;
			gm_note(&n, (enum gm_level)level, "%s %d", "text", 1);
			assert_string_equal(said(),
			    rows[i].want[level] ? "gm-x: text 1\n" : "");
		}
}

static void
test_clean(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "plain text", "plain text" },
		{ "", "" },
		{ "two\nlines\r\n", "two lines" },
		{ "a\033]0;title\007b\033[31mred\033[m", "abred" },
		{ "a\xC2\x9B"
		  "31mb",
		    "ab" },
		{ "right\xE2\x80\xAEleft", "rightleft" },
		{ "bell\007 back\010", "bell back" },
		{ "caf\xE9", "caf\xEF\xBF\xBD" },
		{ "100% %s %n", "100% %s %n" },
	};
	struct gm_note n = plain();
	char want[200];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_note(&n, GM_LEVEL_NOTE, "%s", rows[i].text);
		(void)snprintf(want, sizeof(want), "gm-x: %s\n", rows[i].want);
		assert_string_equal(said(), want);
		assert_string_equal(said(), "");
	}
}

static void
test_masked(void **state)
{
	struct gm_secrets secrets = { 0 };
	struct gm_note n = plain();
	struct gm_err err;

	(void)state;
	n.secrets = &secrets;
	assert_int_equal(gm_secrets_add(&secrets, gm_span_of(KEY), &err), 0);
	gm_note(&n, GM_LEVEL_ERROR, "key %s, and in " KEY "/x", KEY);
	assert_string_equal(said(), "gm-x: key ...0001, and in ...0001/x\n");
	gm_secrets_release(&secrets);
}

/* sd-daemon(3): the journal takes a priority in front of a line. */
static void
test_journal(void **state)
{
	static const struct {
		enum gm_level level;
		const char *want;
	} rows[] = {
		{ GM_LEVEL_ERROR, "<3>gm-x: text\n" },
		{ GM_LEVEL_METRICS, "<6>gm-x: text\n" },
		{ GM_LEVEL_NOTE, "<5>gm-x: text\n" },
		{ GM_LEVEL_DETAIL, "<6>gm-x: text\n" },
		{ GM_LEVEL_TRACE, "<7>gm-x: text\n" },
	};
	struct gm_note n = plain();
	size_t i;

	(void)state;
	n.journal = true;
	n.verbose = 2;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_note(&n, rows[i].level, "text");
		assert_string_equal(said(), rows[i].want);
		assert_memory_equal(
		    gm_note_priority(&n, rows[i].level), rows[i].want, 4 - 1);
	}
	n.journal = false;
	assert_string_equal(gm_note_priority(&n, GM_LEVEL_ERROR), "");
}

/* The program's name stands out; what it says does not. */
static void
test_color(void **state)
{
	static const char end[] = "mgm-x:\033[m text\n";
	struct gm_note n = plain();
	const char *line;
	size_t level;

	(void)state;
	n.color = true;
	n.verbose = 2;
	for (level = GM_LEVEL_ERROR; level <= GM_LEVEL_TRACE; level++) {
		gm_note(&n, (enum gm_level)level, "text");
		line = said();
		assert_memory_equal(line, "\033[", 2);
		line += 2 + strspn(line + 2, "0123456789;");
		assert_string_equal(line, end);
	}
}

/* Characters of several bytes: cut between two, to what a pipe takes whole. */
static void
test_long_bytes(void **state)
{
	static char text[3 * 3000 + 8], want[PIPE_BUF + 1];
	struct gm_note n = plain();
	size_t shift, i, len;

	(void)state;
	for (shift = 0; shift < 3; shift++) {
		memset(text, 'x', shift);
		for (i = 0; i < 2900; i++)
			memcpy(text + shift + 3 * i, "\xE2\x82\xAC", 4);
		gm_note(&n, GM_LEVEL_ERROR, "%s", text);
		len = (PIPE_BUF - strlen("gm-x: ...\n") - shift) / 3 * 3;
		(void)snprintf(want, sizeof(want), "gm-x: %.*s...\n",
		    (int)(shift + len), text);
		assert_string_equal(said(), want);
		assert_string_equal(said(), "");
	}
	/* What just fits is left alone. */
	len = PIPE_BUF - strlen("gm-x: \n");
	len -= len % 3;
	gm_note(&n, GM_LEVEL_ERROR, "%.*s", (int)len, text + 2);
	(void)snprintf(want, sizeof(want), "gm-x: %.*s\n", (int)len, text + 2);
	assert_string_equal(said(), want);
}

/* However long: one line, in one piece. */
static void
test_long(void **state)
{
	static char text[10000];
	struct gm_note n = plain();
	const char *line;
	size_t len;

	(void)state;
	memset(text, '\033', sizeof(text) - 1);
	gm_note(&n, GM_LEVEL_ERROR, "%s", text);
	assert_string_equal(said(), "gm-x: \n");
	memset(text, 'x', sizeof(text) - 1);
	gm_note(&n, GM_LEVEL_ERROR, "%s", text);
	line = said();
	len = strlen(line);
	assert_true(len >= GM_ERR_MAX);
	assert_ptr_equal(strchr(line, '\n'), line + len - 1);
	assert_string_equal(said(), "");
}

/* Nobody listens: no harm. */
static void
test_nowhere(void **state)
{
	struct gm_note n = plain();

	(void)state;
	n.fd = open("/dev/null", O_RDONLY); /* what holds a closed one */
	assert_true(n.fd >= 0);
	gm_note(&n, GM_LEVEL_ERROR, "text");
	assert_string_equal(said(), "");
	(void)close(n.fd);
}

/* Labels and values: masked by the caller, so that labels stay. */
static void
test_masked_text(void **state)
{
	struct gm_secrets secrets = { 0 };
	struct gm_note n = plain();
	struct gm_err err;

	(void)state;
	n.secrets = &secrets;
	assert_int_equal(
	    gm_secrets_add(&secrets, gm_span_of("attempts"), &err), 0);
	gm_note(&n, GM_LEVEL_ERROR, "attempts=1");
	assert_string_equal(said(), "gm-x: ...=1\n");
	gm_note_masked(&n, GM_LEVEL_METRICS, gm_span_of("attempts=1\t\n x"));
	assert_string_equal(said(), "gm-x: attempts=1 x\n");
	gm_note_masked(&n, GM_LEVEL_DETAIL, gm_span_of("attempts=1"));
	assert_string_equal(said(), "");
	gm_secrets_release(&secrets);
}

/*
 * The status line is rewritten in place, and erased before a note, by blanks:
 * a terminal may show escape sequences as text.
 */
static void
test_status(void **state)
{
	size_t shown = 0;
	struct gm_note n = plain();
	char long_text[600], want[81];

	(void)state;
	gm_note_status(&n, gm_span_of("none"));
	assert_string_equal(said(), "");
	n.status = &shown;
	gm_note_status(&n, gm_span_of(""));
	assert_string_equal(said(), "");
	gm_note_status(&n, gm_span_of("1/2"));
	assert_string_equal(said(), "\r1/2");
	assert_int_equal(shown, 3);
	gm_note_status(&n, gm_span_of("2/2 x"));
	assert_string_equal(said(), "\r2/2 x");
	gm_note_status(&n, gm_span_of("2/2"));
	assert_string_equal(said(), "\r       \r2/2");
	gm_note_status(&n, (struct gm_span){ NULL, 0 });
	assert_string_equal(said(), "\r     \r");
	assert_int_equal(shown, 0);
	gm_note_status(&n, gm_span_of("3/4"));
	assert_string_equal(said(), "\r3/4");
	gm_note(&n, GM_LEVEL_NOTE, "text");
	assert_string_equal(said(), "\r     \rgm-x: text\n");
	assert_int_equal(shown, 0);
	gm_note(&n, GM_LEVEL_NOTE, "text");
	assert_string_equal(said(), "gm-x: text\n");
	/* A note that is not printed erases nothing. */
	gm_note_status(&n, gm_span_of("4/4"));
	assert_string_equal(said(), "\r4/4");
	gm_note(&n, GM_LEVEL_TRACE, "text");
	assert_string_equal(said(), "");
	assert_int_equal(shown, 3);
	/* A long line leaves the last column free, so that it does not wrap. */
	memset(long_text, 'x', sizeof(long_text));
	gm_note_status(&n, (struct gm_span){ long_text, sizeof(long_text) });
	(void)snprintf(want, sizeof(want), "\r%.79s", long_text);
	assert_string_equal(said(), want);
	assert_int_equal(shown, 79);
}

/* A terminal that takes nothing now is not waited for. */
static void
test_status_waits_not(void **state)
{
	size_t shown = 0;
	struct gm_note n = plain();
	char bytes[4096] = { 0 };
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(fcntl(p[1], F_SETFL, O_NONBLOCK), 0);
	while (write(p[1], bytes, sizeof(bytes)) > 0)
		;
	assert_int_equal(fcntl(p[1], F_SETFL, 0), 0);
	n.fd = p[1];
	n.status = &shown;
	gm_note_status(&n, gm_span_of("1/2"));
	assert_int_equal(shown, 0);
	(void)close(p[0]);
	(void)close(p[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_masked),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_color),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_long_bytes),
		cmocka_unit_test(test_nowhere),
		cmocka_unit_test(test_masked_text),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_status_waits_not),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
