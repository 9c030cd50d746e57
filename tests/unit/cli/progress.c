/* For posix_openpt(3). */
#define _XOPEN_SOURCE 700 /* NOLINT(*-reserved-identifier,cert-dcl*) */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "../notes.h"
#include "cli/progress.h"

#define START 1000000 /* ms */
#define HOUR_MS 3600000

static size_t shown;

static int
set_up(void **state)
{
	(void)state;
	note.status = &shown;
	return open_notes();
}

static int
tear_down(void **state)
{
	(void)state;
	close_notes();
	return 0;
}

/* The line that was written, without what erases the one before. */
static const char *
drawn(void)
{
	static char text[4096];

	(void)snprintf(text, sizeof(text), "%s", said());
	if (text[0] == '\0')
		return "(none)";
	assert_int_equal(text[0], '\r');
	return strrchr(text, '\r') + 1;
}

/* One drawing, after some time. */
static const struct {
	int64_t total;
	int64_t ms;
	struct gm_totals totals;
	size_t cooling, width;
	const char *want;
} rows[] = {
	/* nothing done */
	{ 5000, 0, { 0 }, 0, 80, "gm-x: 0/5000" },
	{ 5000, 1000, { 0 }, 0, 80, "gm-x: 0/5000" },
	{ 5000, 1000, { 0 }, 2, 80, "gm-x: 0/5000, 2 keys cooling down" },
	{ -1, 1000, { 0 }, 0, 80, "gm-x: 0 done" },
	{ 0, 1000, { 0 }, 0, 80, "gm-x: 0 done" },
	/* parts of what is under way */
	{ 2, 1000, { .parts = 40, .parts_done = 12 }, 0, 80,
	    "gm-x: 0/2, part 12/40" },
	/* rate and ETA */
	{ 5000, 2000, { .answered = 812 }, 0, 80,
	    "gm-x: 812/5000, 406/s, ETA 11 s" },
	{ -1, 2000, { .answered = 812 }, 0, 80, "gm-x: 812 done, 406/s" },
	{ 200, 10000, { .answered = 100 }, 0, 80,
	    "gm-x: 100/200, 10/s, ETA 10 s" },
	{ 3, 2000, { .answered = 2 }, 0, 80, "gm-x: 2/3, 1.0/s, ETA 1 s" },
	{ 5000, HOUR_MS, { .answered = 2000 }, 0, 80,
	    "gm-x: 2000/5000, 33.3/min, ETA 1 h 30 min" },
	{ 1000000, HOUR_MS, { .answered = 40000 }, 0, 80,
	    "gm-x: 40000/1000000, 11/s, ETA 1 d 00 h" },
	{ 1000000, HOUR_MS, { .answered = 1 }, 0, 80,
	    "gm-x: 1/1000000, 1.0/h" },
	{ 5, 1000, { .answered = 5 }, 0, 80, "gm-x: 5/5, 5.0/s" },
	/* a file that grows has no total any more */
	{ 5, 1000, { .answered = 6 }, 0, 80, "gm-x: 6 done, 6.0/s" },
	/* skipped ones are done, but took no time */
	{ 5000, 1000, { .answered = 90, .failed = 10, .skipped = 3900 }, 1, 80,
	    "gm-x: 4000/5000, 100/s, ETA 10 s, 10 failed, 1 key cooling down" },
};

static void
test_lines(void **state)
{
	struct gm_progress p;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_progress_init(&p, &note, rows[i].total, START);
		p.width = rows[i].width;
		gm_progress_draw(
		    &p, &rows[i].totals, rows[i].cooling, START + rows[i].ms);
		assert_string_equal(drawn(), rows[i].want);
	}
}

#define FULL "gm-x: 100/5000, 100/s, ETA 49 s, 10 failed, 1 key cooling down"

/* What is left at each width, one column always free. */
static void
test_widths(void **state)
{
	static const char *const forms[] = {
		"",
		"100/5000",
		"100/5000, 10 failed",
		"100/5000, ETA 49 s, 10 failed",
		"100/5000, ETA 49 s, 10 failed, 1 key cooling down",
		&FULL[6], /* without the name */
		FULL,
	};
	const struct gm_totals totals = { .answered = 90, .failed = 10 };
	struct gm_progress p;
	size_t width, form = 0;

	(void)state;
	shown = 0;
	for (width = 1; width <= 100; width++) {
		while (
		    form + 1 < GM_LEN(forms) && strlen(forms[form + 1]) < width)
			form++;
		gm_progress_init(&p, &note, 5000, START);
		p.width = width;
		gm_progress_draw(&p, &totals, 1, START + 1000);
		assert_string_equal(form > 0 ? drawn() : said(), forms[form]);
	}
	assert_int_equal(form, GM_LEN(forms) - 1);
	gm_progress_erase(&p);
	assert_string_equal(drawn(), "");
}

/* A wait takes the place of the keys in cooldown, and is drawn at once. */
static void
test_wait(void **state)
{
	const struct gm_totals totals = { .answered = 90, .failed = 10 };
	struct gm_progress p;

	(void)state;
	shown = 0;
	gm_progress_init(&p, &note, 5000, START);
	p.width = 120;
	gm_progress_draw(&p, &totals, 1, START + 1000);
	assert_string_equal(drawn(), FULL);
	assert_true(gm_progress_wait(&p, gm_span_of("GM_RPM: waiting 5 s")));
	assert_false(gm_progress_wait(&p, gm_span_of("GM_RPM: waiting 5 s")));
	gm_progress_draw(&p, &totals, 1, START + 1000);
	assert_string_equal(drawn(),
	    "gm-x: 100/5000, 100/s, ETA 49 s, 10 failed, GM_RPM: waiting 5 s");
	p.width = 56; /* it outlives name and rate */
	assert_true(gm_progress_wait(&p, gm_span_of("GM_RPM: waiting 4 s")));
	gm_progress_draw(&p, &totals, 1, START + 1000);
	assert_string_equal(
	    drawn(), "100/5000, ETA 49 s, 10 failed, GM_RPM: waiting 4 s");
	p.width = 120;
	assert_true(gm_progress_wait(&p, gm_span_of("")));
	gm_progress_draw(&p, &totals, 1, START + 1000);
	assert_string_equal(drawn(), FULL);
	gm_progress_erase(&p);
	(void)drawn();
}

/* At most five times a second; what was left out is due later. */
static void
test_times(void **state)
{
	struct gm_totals totals = { 0 };
	struct gm_progress p;
	int64_t at;
	int count = 0;

	(void)state;
	gm_progress_init(&p, &note, -1, START);
	for (at = START; at < START + 10000; at++) {
		totals.answered++;
		gm_progress_draw(&p, &totals, 0, at);
		count += strcmp(drawn(), "(none)") != 0;
		if (p.due_ms != 0)
			assert_in_range(p.due_ms, at + 1, at + GM_PROGRESS_MS);
	}
	assert_int_equal(count, 50);
	gm_progress_draw(&p, &totals, 0, p.due_ms);
	assert_string_equal(drawn(), "gm-x: 10000 done, 1000/s");
	assert_int_equal(p.due_ms, 0);
	gm_progress_erase(&p);
	assert_string_equal(drawn(), "");
	gm_progress_erase(&p);
	assert_string_equal(said(), "");
}

/* The rate is that of late: a fast start is forgotten after minutes. */
static void
test_rate(void **state)
{
	struct gm_totals totals = { .answered = 10000 };
	struct gm_progress p;
	int64_t at = START + 1000;
	char last[100] = "";
	int i;

	(void)state;
	gm_progress_init(&p, &note, -1, START);
	p.width = 80;
	gm_progress_draw(&p, &totals, 0, at);
	assert_string_equal(drawn(), "gm-x: 10000 done, 10000/s");
	for (i = 0; i < 600; i++) {
		totals.answered += 20;
		at += 1000;
		gm_progress_draw(&p, &totals, 0, at);
		(void)snprintf(last, sizeof(last), "%s", drawn());
	}
	assert_string_equal(last, "gm-x: 22000 done, 20/s");
}

/* A line that was erased comes back before its next drawing. */
static void
test_erased(void **state)
{
	struct gm_totals totals = { .answered = 1 };
	struct gm_progress p;

	(void)state;
	gm_progress_init(&p, &note, 5, START);
	gm_progress_draw(&p, &totals, 0, START + 1000);
	assert_string_equal(drawn(), "gm-x: 1/5, 1.0/s, ETA 4 s");
	totals.answered = 2;
	gm_progress_draw(&p, &totals, 0, START + 1001);
	assert_string_equal(drawn(), "(none)");
	gm_progress_erase(&p);
	assert_string_equal(drawn(), "");
	gm_progress_draw(&p, &totals, 0, START + 1002);
	assert_string_equal(drawn(), "gm-x: 1/5, 1.0/s, ETA 4 s");
	assert_int_equal(p.due_ms, START + 1000 + GM_PROGRESS_MS);
	gm_progress_erase(&p);
	assert_string_equal(drawn(), "");
}

/* No terminal, --quiet or TERM=dumb: there is no line. */
static void
test_no_place(void **state)
{
	const struct gm_totals totals = { .answered = 1 };
	struct gm_note elsewhere = note;
	struct gm_progress p;

	(void)state;
	elsewhere.status = NULL;
	gm_progress_init(&p, &elsewhere, 5, START);
	gm_progress_draw(&p, &totals, 0, START + 1000);
	gm_progress_draw(&p, &totals, 0, START + 1001);
	assert_int_equal(p.due_ms, 0);
	gm_progress_erase(&p);
	assert_string_equal(said(), "");
}

#define ROWS 6
#define COLUMNS 200

/* As much of a terminal as is used here. */
struct screen {
	char rows[ROWS][COLUMNS + 1];
	size_t row, column;
};

static void
show(struct screen *s, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (text[i] == '\r') {
			s->column = 0;
		} else if (text[i] == '\n') {
			assert_true(++s->row < ROWS);
			s->column = 0;
		} else {
			assert_int_not_equal(text[i], '\033');
			assert_true(s->column < COLUMNS);
			s->rows[s->row][s->column++] = text[i];
		}
	}
}

/* A row without the blanks at its end. */
static const char *
row_of(struct screen *s, size_t i)
{
	size_t len = strlen(s->rows[i]);

	while (len > 0 && s->rows[i][len - 1] == ' ')
		s->rows[i][--len] = '\0';
	return s->rows[i];
}

/* Show what was written up to now: the terminal takes its time. */
static void
show_all(struct screen *s, int master, int slave)
{
	static char bytes[4096];
	size_t len = 0;
	ssize_t n;

	assert_int_equal(write(slave, "!", 1), 1);
	do {
		n = read(master, bytes + len, sizeof(bytes) - len);
		assert_true(n > 0);
		len += (size_t)n;
	} while (bytes[len - 1] != '!');
	show(s, bytes, len - 1);
}

/* A new terminal of so many columns, which changes nothing on its way. */
static int
open_terminal(int *slave, unsigned short columns)
{
	const struct winsize size = { .ws_row = ROWS, .ws_col = columns };
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	struct termios settings;

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	*slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(*slave >= 0);
	assert_int_equal(tcgetattr(*slave, &settings), 0);
	settings.c_oflag &= (tcflag_t)~OPOST;
	assert_int_equal(tcsetattr(*slave, TCSANOW, &settings), 0);
	assert_int_equal(ioctl(*slave, TIOCSWINSZ, &size), 0);
	return master;
}

/* What stands on the terminal in the end: notes whole, and nothing of lines. */
static void
test_terminal(void **state)
{
	struct gm_note n = { .tool = "gm-x", .status = &shown };
	struct gm_totals totals = { .answered = 10, .failed = 1 };
	struct screen screen = { 0 };
	struct gm_progress p;
	int master = open_terminal(&n.fd, 33);

	(void)state;
	gm_progress_init(&p, &n, 5000, START);
	gm_progress_draw(&p, &totals, 0, START + 1000);
	gm_note(&n, GM_LEVEL_NOTE, "record 3: blocked");
	gm_note(&n, GM_LEVEL_NOTE, "two");
	totals.answered = 1000;
	gm_progress_draw(&p, &totals, 2, START + 2000);
	totals.answered = 4999;
	gm_progress_draw(&p, &totals, 0, START + 3000);
	show_all(&screen, master, n.fd);
	assert_string_equal(row_of(&screen, 0), "gm-x: record 3: blocked");
	assert_string_equal(row_of(&screen, 1), "gm-x: two");
	assert_string_equal(row_of(&screen, 2), "5000/5000, 1710/s, 1 failed");
	assert_int_equal(screen.row, 2);
	gm_progress_erase(&p);
	gm_note(&n, GM_LEVEL_METRICS, "5000 records");
	show_all(&screen, master, n.fd);
	assert_string_equal(row_of(&screen, 2), "gm-x: 5000 records");
	assert_string_equal(row_of(&screen, 3), "");
	assert_int_equal(screen.row, 3);
	(void)close(master);
	(void)close(n.fd);
}

/* In the background of its terminal a process draws nothing. */
static void
test_background(void **state)
{
	struct gm_note n = { .tool = "gm-x", .status = &shown };
	const struct gm_totals totals = { .answered = 1 };
	struct gm_progress p;
	int master = open_terminal(&n.fd, 80), status = -1;
	bool before, behind;
	pid_t child;

	(void)state;
	shown = 0;
	child = fork();
	if (child == 0) {
		(void)setsid();
		(void)ioctl(n.fd, TIOCSCTTY, 0);
		gm_progress_init(&p, &n, 5, START);
		gm_progress_draw(&p, &totals, 0, START + 1000);
		before = shown > 0;
		gm_progress_erase(&p);
		/* The child of a child is in a group of its own. */
		if (fork() == 0) {
			(void)setpgid(0, 0);
			gm_progress_draw(&p, &totals, 0, START + 2000);
			behind = shown > 0;
			_exit(behind ? 2 : 0);
		}
		(void)wait(&status);
		_exit(before && status == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	(void)close(master);
	(void)close(n.fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_erased),
		cmocka_unit_test(test_no_place),
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_background),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
