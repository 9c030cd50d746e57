#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../notes.h"
#include "base/stop.h"
#include "gm-summ/doc.h"

#define LIMIT 300
#define PARTS_MAX 64

static char dir[] = "/tmp/gm-unit-doc.XXXXXX";
static const struct gm_text_options options = { .temporary = dir,
	.note = &note };
static const struct gm_wanted_summary wanted = { .words = 10 };

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
	(void)unlink("a");
	(void)unlink("b");
	(void)unlink("c");
	close_notes();
	return rmdir(dir);
}

/* Make a file of paragraphs, each with its number. */
static void
make(const char *path, int first, int count)
{
	FILE *f = fopen(path, "w");
	int i;

	assert_non_null(f);
	for (i = first; i < first + count; i++)
		assert_true(
		    fprintf(f,
			"Paragraph <%d> has one, two, three, four, five, six, "
			"seven, eight, nine and ten words more than it needs "
			"to have.\n\n",
			i) > 0);
	assert_int_equal(fclose(f), 0);
}

static void
open_docs(struct gm_doc *d, const char *const *paths, size_t len)
{
	struct gm_err err;
	int rc = 1;

	assert_int_equal(
	    gm_doc_open(d, paths, len, LIMIT, &wanted, &options, &err), 0);
	while (rc == 1)
		rc = gm_doc_scan(d, &err);
	assert_int_equal(rc, 0);
	assert_int_equal(d->phase, GM_DOC_SENDING);
}

/* Take the next section; *out gets its prompt. */
static struct gm_section *
next(struct gm_doc *d, struct gm_buf *out)
{
	struct gm_section *s = gm_doc_next(d);
	struct gm_err err;

	gm_buf_reset(out);
	if (s != NULL)
		assert_int_equal(gm_doc_compose(d, s, out, &err), 0);
	return s;
}

/* Append the numbers of the paragraphs in a text, each followed by more. */
static void
put_numbers(struct gm_buf *out, const char *text, const char *more)
{
	const char *p;
	size_t n;

	for (p = text; (p = strchr(p, '<')) != NULL; p++) {
		n = strspn(p + 1, "0123456789");
		if (n > 0 && p[1 + n] == '>')
			gm_buf_printf(out, "%.*s%s", (int)n + 2, p, more);
	}
}

static void
put_range(struct gm_buf *out, int first, int count)
{
	int i;

	for (i = first; i < first + count; i++)
		gm_buf_printf(out, "<%d>", i);
}

static void
scan(struct gm_doc *d)
{
	struct gm_err err;
	int rc = 1;

	while (d->phase == GM_DOC_SCANNING && rc == 1)
		rc = gm_doc_scan(d, &err);
	assert_int_equal(rc, d->phase == GM_DOC_SCANNING ? 1 : 0);
}

/* Answer each section with the numbers in its text, until the end. */
static void
run(struct gm_doc *d)
{
	struct gm_buf prompt, answer;
	struct gm_section *s;
	struct gm_err err;

	gm_buf_init(&prompt, 1000000);
	gm_buf_init(&answer, 1000000);
	while (d->phase != GM_DOC_ENDED) {
		if (d->phase == GM_DOC_SCANNING) {
			scan(d);
			continue;
		}
		s = next(d, &prompt);
		assert_non_null(s);
		gm_buf_reset(&answer);
		put_numbers(&answer, gm_buf_str(&prompt),
		    s->part.round == GM_ROUND_FACTS
			? " and words that are left out later\n"
			: "");
		gm_buf_puts(&answer, " \n");
		assert_int_equal(
		    gm_doc_answer(d, s, gm_buf_span(&answer), &err), 0);
	}
	gm_buf_release(&prompt);
	gm_buf_release(&answer);
}

/* Check that the summary has each paragraph from first on once, in order. */
static void
assert_summary(const struct gm_doc *d, int first, int count)
{
	struct gm_buf got, want;

	gm_buf_init(&got, 1000000);
	gm_buf_init(&want, 1000000);
	assert_int_equal(d->phase, GM_DOC_ENDED);
	assert_non_null(d->summary);
	put_numbers(&got, d->summary, "");
	put_range(&want, first, count);
	assert_string_equal(gm_buf_str(&got), gm_buf_str(&want));
	gm_buf_release(&got);
	gm_buf_release(&want);
}

static const char *const a[] = { "a" };
static const char *const abc[] = { "a", "b", "c" };

static void
test_a_text_that_fits(void **state)
{
	struct gm_doc d;

	(void)state;
	make("a", 1, 5);
	open_docs(&d, a, 1);
	assert_int_equal(d.first->part.round, GM_ROUND_SUMMARY);
	assert_false(d.first->part.facts);
	run(&d);
	/* White space at the end of an answer is dropped. */
	assert_string_equal(d.summary, "<1><2><3><4><5>");
	assert_int_equal(d.parts, 1);
	assert_int_equal(d.rounds, 1);
	gm_doc_close(&d);
	gm_doc_close(&d);
}

static void
test_rounds(void **state)
{
	struct gm_doc d;
	size_t i = 0;
	struct gm_section *s;

	(void)state;
	make("a", 1, 45);
	open_docs(&d, a, 1);
	for (s = d.first; s != NULL; s = s->next) {
		assert_int_equal(s->part.round, GM_ROUND_FACTS);
		assert_int_equal(s->part.index, ++i);
		assert_int_equal(s->part.count, d.sections);
		assert_true(s->tokens * 125 / 100 <= LIMIT);
	}
	assert_int_equal(i, d.parts);
	assert_true(i > 5);
	run(&d);
	assert_int_equal(d.rounds, 3);
	assert_summary(&d, 1, 45);
	gm_doc_close(&d);
}

/* Answers in reverse order make the same text of the next round. */
static void
test_order_of_answers(void **state)
{
	struct gm_section *due[PARTS_MAX];
	struct gm_buf prompt, answers[PARTS_MAX];
	struct gm_doc d;
	struct gm_err err;
	size_t len = 0, i;

	(void)state;
	gm_buf_init(&prompt, 100000);
	make("a", 1, 30);
	open_docs(&d, a, 1);
	while ((due[len] = next(&d, &prompt)) != NULL) {
		gm_buf_init(&answers[len], 10000);
		put_numbers(&answers[len++], gm_buf_str(&prompt), "");
		assert_true(len < PARTS_MAX);
	}
	assert_true(len > 2);
	for (i = len; i-- > 0;) {
		assert_int_equal(d.phase, GM_DOC_SENDING);
		assert_int_equal(
		    gm_doc_answer(&d, due[i], gm_buf_span(&answers[i]), &err),
		    0);
		gm_buf_release(&answers[i]);
	}
	run(&d);
	assert_summary(&d, 1, 30);
	gm_buf_release(&prompt);
	gm_doc_close(&d);
}

/* The number of the part is in the prompt, but not in the cache's key. */
static void
test_identity(void **state)
{
	struct gm_buf prompt, identity;
	struct gm_section *s;
	struct gm_doc d;
	struct gm_err err;

	(void)state;
	gm_buf_init(&prompt, 100000);
	gm_buf_init(&identity, 100000);
	make("a", 1, 30);
	open_docs(&d, a, 1);
	s = next(&d, &prompt);
	assert_non_null(strstr(gm_buf_str(&prompt), "part 1 of "));
	assert_int_equal(gm_doc_identity(&d, s, &identity, &err), 0);
	assert_null(strstr(gm_buf_str(&identity), "part 1"));
	assert_non_null(strstr(gm_buf_str(&identity), "<1>"));
	gm_buf_release(&prompt);
	gm_buf_release(&identity);
	gm_doc_close(&d);
}

/* Small texts share a section, each with its name; a large one does not. */
static void
test_several_texts(void **state)
{
	struct gm_buf prompt;
	struct gm_doc d;

	(void)state;
	gm_buf_init(&prompt, 100000);
	make("a", 1, 2);
	make("b", 3, 2);
	make("c", 5, 2);
	open_docs(&d, abc, 3);
	assert_int_equal(d.sections, 1);
	assert_int_equal(d.first->len, 3);
	assert_non_null(next(&d, &prompt));
	assert_non_null(strstr(gm_buf_str(&prompt), "<text name=\"a\" id="));
	assert_non_null(strstr(gm_buf_str(&prompt), "<text name=\"c\" id="));
	gm_doc_close(&d);

	make("b", 3, 40);
	make("c", 43, 2);
	open_docs(&d, abc, 3);
	assert_true(d.sections > 3);
	run(&d);
	assert_summary(&d, 1, 44);
	gm_buf_release(&prompt);
	gm_doc_close(&d);
}

/* A section is sent once more; then the document fails and names it. */
static void
test_failures(void **state)
{
	struct gm_buf prompt;
	struct gm_section *s, *again;
	struct gm_err why;
	struct gm_doc d;

	(void)state;
	gm_buf_init(&prompt, 100000);
	make("a", 1, 20);
	open_docs(&d, a, 1);
	(void)next(&d, &prompt);
	s = next(&d, &prompt);
	(void)gm_fail(&why, GM_ENEGATIVE, "blocked");
	gm_doc_fail(&d, s, true, &why);
	assert_int_equal(d.phase, GM_DOC_SENDING);
	again = next(&d, &prompt);
	assert_ptr_equal(again, s);
	assert_int_not_equal(s->part.count, 2);
	gm_doc_fail(&d, s, true, &why);
	assert_int_equal(d.phase, GM_DOC_ENDED);
	assert_null(d.summary);
	assert_null(gm_doc_next(&d));
	assert_int_equal(d.failure.code, GM_ENEGATIVE);
	gm_buf_reset(&prompt);
	gm_buf_printf(&prompt, "a: part 2 of %zu, round 1: blocked", d.parts);
	assert_string_equal(d.failure.msg, gm_buf_str(&prompt));
	/* The first failure counts. */
	(void)gm_fail(&why, GM_EPROTOCOL, "other");
	gm_doc_fail(&d, d.first, false, &why);
	assert_int_equal(d.failure.code, GM_ENEGATIVE);
	gm_doc_close(&d);

	make("a", 1, 1);
	open_docs(&d, a, 1);
	gm_doc_fail(&d, next(&d, &prompt), false, &why);
	assert_string_equal(d.failure.msg, "a: other");
	gm_buf_release(&prompt);
	gm_doc_close(&d);
}

static void
test_changed_file(void **state)
{
	struct gm_buf prompt;
	struct gm_doc d;
	struct gm_err err;

	(void)state;
	gm_buf_init(&prompt, 100000);
	make("a", 1, 20);
	open_docs(&d, a, 1);
	make("a", 2, 21);
	assert_int_equal(
	    gm_doc_compose(&d, gm_doc_next(&d), &prompt, &err), -1);
	assert_int_equal(d.phase, GM_DOC_ENDED);
	assert_int_equal(d.failure.code, GM_ENOINPUT);
	assert_string_equal(d.failure.msg, "a: changed while it was read");
	gm_buf_release(&prompt);
	gm_doc_close(&d);
}

/* Several sections that are too large halve the limit only once. */
static void
test_split(void **state)
{
	struct gm_section *due[4];
	struct gm_buf prompt;
	struct gm_doc d;
	struct gm_err err;
	size_t i;

	(void)state;
	gm_buf_init(&prompt, 100000);
	make("a", 1, 60);
	assert_int_equal(
	    gm_doc_open(&d, a, 1, 1000, &wanted, &options, &err), 0);
	scan(&d);
	for (i = 0; i < GM_LEN(due); i++) {
		due[i] = next(&d, &prompt);
		assert_non_null(due[i]);
	}
	for (i = GM_LEN(due); i-- > 0;) /* in any order */
		assert_int_equal(gm_doc_split(&d, due[i], &err), 0);
	assert_int_equal(d.limit, 500);
	run(&d);
	assert_summary(&d, 1, 60);
	gm_doc_close(&d);

	/* The last round is cut into parts, too. */
	make("a", 1, 20);
	assert_int_equal(
	    gm_doc_open(&d, a, 1, 1000, &wanted, &options, &err), 0);
	scan(&d);
	assert_int_equal(d.sections, 1);
	assert_int_equal(gm_doc_split(&d, next(&d, &prompt), &err), 0);
	scan(&d);
	assert_true(d.sections > 1);
	assert_int_equal(d.first->part.round, GM_ROUND_FACTS);
	run(&d);
	assert_summary(&d, 1, 20);
	assert_int_equal(d.rounds, 2);
	gm_doc_close(&d);

	/* The limit is not halved without end. */
	open_docs(&d, a, 1);
	while (d.phase != GM_DOC_ENDED)
		if (gm_doc_split(&d, next(&d, &prompt), &err) != 0)
			break;
	assert_int_equal(d.failure.code, GM_EDATA);
	assert_string_equal(
	    d.failure.msg, "a: the service rejects even parts of 300 tokens");
	gm_buf_release(&prompt);
	gm_doc_close(&d);
}

static void
test_no_end(void **state)
{
	struct gm_buf prompt;
	struct gm_section *s;
	struct gm_doc d;
	struct gm_err err;
	int rc = 0;

	(void)state;
	gm_buf_init(&prompt, 100000);
	make("a", 1, 30);
	open_docs(&d, a, 1);
	while (rc == 0 && d.phase != GM_DOC_ENDED) {
		if (d.phase == GM_DOC_SCANNING) {
			scan(&d);
			continue;
		}
		s = next(&d, &prompt);
		assert_non_null(s);
		rc = gm_doc_answer(&d, s, gm_buf_span(&prompt), &err);
	}
	assert_int_equal(d.failure.code, GM_EPROTOCOL);
	assert_non_null(strstr(
	    d.failure.msg, "a: the model does not shorten the text: round 2"));
	assert_null(d.summary);
	gm_buf_release(&prompt);
	gm_doc_close(&d);
}

static void
test_no_text(void **state)
{
	static const char *const with_gone[] = { "a", "gone" };
	struct gm_doc d;
	struct gm_err err;
	FILE *f;
	int rc = 1;

	(void)state;
	make("a", 1, 1);
	assert_int_equal(
	    gm_doc_open(&d, with_gone, 2, LIMIT, &wanted, &options, &err), 0);
	assert_int_equal(d.phase, GM_DOC_SCANNING);
	assert_int_equal(d.missing, 1);
	gm_doc_close(&d);
	assert_int_equal(
	    gm_doc_open(&d, with_gone + 1, 1, LIMIT, &wanted, &options, &err),
	    -1);
	assert_int_equal(d.phase, GM_DOC_ENDED);
	assert_string_equal(d.failure.msg, "gone: No such file or directory");
	gm_doc_close(&d);

	/* A NUL byte is found before anything is sent. */
	make("a", 1, 100);
	f = fopen("a", "a");
	assert_non_null(f);
	assert_int_equal(fputc('\0', f), 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(
	    gm_doc_open(&d, a, 1, LIMIT, &wanted, &options, &err), 0);
	while (rc == 1)
		rc = gm_doc_scan(&d, &err);
	assert_int_equal(rc, -1);
	assert_int_equal(d.failure.code, GM_EDATA);
	assert_string_equal(d.failure.msg,
	    "a: contains a NUL byte; only text can be summarised");
	gm_doc_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_text_that_fits),
		cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_order_of_answers),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_several_texts),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_changed_file),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_no_end),
		cmocka_unit_test(test_no_text),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
