#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "config/dotenv.h"
#include "dotenv_notes.h"

struct row {
	const char *text, *want;
};

static void
check(const struct row *rows, size_t len)
{
	struct gm_buf out;
	size_t i;

	gm_buf_init(&out, TEXT_MAX);
	for (i = 0; i < len; i++) {
		describe(&out, gm_span_of(rows[i].text));
		if (strcmp(gm_buf_str(&out), rows[i].want) != 0)
			fail_msg("<%s> gives <%s>, not <%s>", rows[i].text,
			    gm_buf_str(&out), rows[i].want);
	}
	gm_buf_release(&out);
}

static void
test_values(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "\n", "" },
		{ "GM_A=fake", "1 GM_A=fake\n" },
		{ "GM_A=fake\n", "1 GM_A=fake\n" },
		{ "GM_A=", "1 GM_A=\n" },
		{ "GM_A='fake'", "1 GM_A=fake\n" },
		{ "GM_A=\"fake\"", "1 GM_A=fake\n" },
		{ "GM_A=''", "1 GM_A=\n" },
		{ "\n \n\t\nGM_A=1\n", "4 GM_A=1\n" },
		{ " \tGM_A=1 \t\n", "1 GM_A=1\n" },
		{ "GM_A= \n", "1 GM_A=\n" },
		{ "GM_A='a\n\nb'\nGM_B=2\n", "1 GM_A=a\n\nb\n4 GM_B=2\n" },
		{ "GM_A=\"a\nb\"\nGM_B=2\n", "1 GM_A=a\nb\n3 GM_B=2\n" },
		{ "GM_A=\"\\\"\\\\x\"", "1 GM_A=\"\\x\n" },
		{ "GM_A='\\x'", "1 GM_A=\\x\n" },
		{ "GM_A=a=b#c", "1 GM_A=a=b#c\n" },
		{ "GM_B=1\nGM_A=2\n", "1 GM_B=1\n2 GM_A=2\n" },
	};

	(void)state;
	check(rows, GM_LEN(rows));
}

static void
test_notes(void **state)
{
	static const struct row rows[] = {
		{ "GM_A =1", SPACED("1", "GM_A") "1 GM_A=1\n" },
		{ "GM_A= 1", SPACED("1", "GM_A") "1 GM_A=1\n" },
		{ "GM_A\t=\t'1'", SPACED("1", "GM_A") "1 GM_A=1\n" },
		{ "GM_A =", SPACED("1", "GM_A") "1 GM_A=\n" },
		{ "export GM_A=1", EXPORT("1", "GM_A") "1 GM_A=1\n" },
		{ "export\t GM_A=1", EXPORT("1", "GM_A") "1 GM_A=1\n" },
		{ "GM_A=1\r\n", CRLF("1", "GM_A") "1 GM_A=1\n" },
		{ "GM_A=1 \r\n", CRLF("1", "GM_A") "1 GM_A=1\n" },
		{ "GM_A=\r\n", CRLF("1", "GM_A") "1 GM_A=\n" },
		{ "GM_A= \r\n", CRLF("1", "GM_A") "1 GM_A=\n" },
		{ "GM_A=1\r", CRLF("1", "GM_A") "1 GM_A=1\n" },
		{ "GM_A='1'\r\n", CRLF("1", "GM_A") "1 GM_A=1\n" },
		{ "GM_A='1\r\n2'\n", CRLF("1", "GM_A") "1 GM_A=1\n2\n" },
		{ "GM_A=\"1\r\n2\"\r\n", CRLF("1", "GM_A") "1 GM_A=1\n2\n" },
		{ "# x\r\n\r\nOTHER=1\r\nGM_A=1\n", "4 GM_A=1\n" },
		{ "\xEF\xBB\xBFGM_A=1\n", BOM "1 GM_A=1\n" },
		{ "\xEF\xBB\xBF# x\nGM_A=1\nGM_B=2\n",
		    BOM "2 GM_A=1\n3 GM_B=2\n" },
		{ "\xEF\xBB\xBF", "" },
		{ "\xEF\xBB\xBFOTHER=1\n", "" },
		{ "GM_A=1\nGM_B=2\nGM_A=3\nGM_A=4\n",
		    "1 GM_A=1\n2 GM_B=2\n" TWICE("3",
			"GM_A") "3 GM_A=3\n" TWICE("4", "GM_A") "4 GM_A=4\n" },
		{ "GM_A=1\nGM_AA=2\nGM_=3\n",
		    "1 GM_A=1\n2 GM_AA=2\n3 GM_=3\n" },
		{ "OTHER=1\nOTHER=2\n", "" },
		{ "\xEF\xBB\xBF"
		  "export GM_A = 'fake'\r\nexport GM_A = 'fake'\r\n",
		    BOM EXPORT("1", "GM_A") SPACED("1", "GM_A")
			CRLF("1", "GM_A") "1 GM_A=fake\n" EXPORT("2", "GM_A")
			    SPACED("2", "GM_A") CRLF("2", "GM_A")
				TWICE("2", "GM_A") "2 GM_A=fake\n" },
	};

	(void)state;
	check(rows, GM_LEN(rows));
}

/* Whatever a skipped line contains, GM_A on the next line is read. */
static void
test_skipped(void **state)
{
	static const char *const lines[] = {
		"# comment",
		"#GM_B=1",
		"# GM_B='",
		"; GM_B='",
		"#",
		"OTHER",
		"OTHER=",
		"OTHER='",
		"OTHER=\"",
		"OTHER='x' \"",
		"OTHER=x'",
		"OTHER=$(",
		"OTHER=\xFF\x01",
		"OTHER: x",
		"OTHER GM_B=1",
		"export",
		"export ",
		"export =1",
		"export=1",
		"export OTHER='",
		"export -p",
		"set -a",
		"=1",
		"='",
		"1GM_B=1",
		"GM-B=1",
		"XGM_B=1",
		"gm_b=1",
		"GM_B-OLD=1",
		"GM_B.OLD=1",
		"GM_B$=1",
		"\xC3\xA9=1",
		"\xFF\xFE",
		"{",
		"'",
		"\"",
		"x\\\\",
		"# x\\\\",
	};
	struct gm_buf text, out;
	size_t i;

	(void)state;
	gm_buf_init(&text, TEXT_MAX);
	gm_buf_init(&out, TEXT_MAX);
	for (i = 0; i < GM_LEN(lines); i++) {
		gm_buf_reset(&text);
		gm_buf_printf(&text, "%s\nGM_A=1\n", lines[i]);
		describe(&out, gm_buf_span(&text));
		if (strcmp(gm_buf_str(&out), "2 GM_A=1\n") != 0)
			fail_msg("<%s> gives <%s>", lines[i], gm_buf_str(&out));
	}
	gm_buf_release(&text);
	gm_buf_release(&out);
}

/* Values of other variables may span lines, too. */
static void
test_skipped_lines(void **state)
{
	static const struct row rows[] = {
		{ "OTHER='\nGM_A=1\n'\nGM_B=2\n", "4 GM_B=2\n" },
		{ "OTHER=\"\nGM_A=1\n\\\"\nGM_A=1\n\" x\nGM_B=2\n",
		    "6 GM_B=2\n" },
		{ "OTHER= '\nGM_A=1\n'\nGM_B=2\n", "4 GM_B=2\n" },
		{ "NO-NAME='\nGM_A=1\n'\nGM_B=2\n", "4 GM_B=2\n" },
		{ "export OTHER='\nGM_A=1\n'\nGM_B=2\n", "4 GM_B=2\n" },
		{ "OTHER='\\'\nGM_B='2'\n", "2 GM_B=2\n" },
		{ "#OTHER='\nGM_B='2'\n", "2 GM_B=2\n" },
		{ ";OTHER='\nGM_B='2'\n", "2 GM_B=2\n" },
		{ "OTHER=x '\nGM_B='2'\n", "2 GM_B=2\n" },
		{ "OTHER=\"\\\\\"\nGM_B=2\n", "2 GM_B=2\n" },
		{ "OTHER='\nGM_B=2\n\"\n", "2 GM_B=2\n" },
		{ "OTHER='x", "" },
		{ "OTHER=\"\\", "" },
		{ "OTHER='\n", "" },
	};

	(void)state;
	check(rows, GM_LEN(rows));
}

#define JOINED(line) \
	line ": GM_A: the line before ends in a backslash, which joins the " \
	     "lines; remove the backslash"

/* A backslash at the end of a line joins the next line. */
static void
test_joined(void **state)
{
	static const struct row rows[] = {
		{ "# x\\\nGM_A=1\n", JOINED("2") },
		{ "\\\nGM_A=1\n", JOINED("2") },
		{ "; x\\\nGM_A=1\n", JOINED("2") },
		{ "OTHER=x\\\nGM_A=1\n", JOINED("2") },
		{ "OTHER='x'\\\nGM_A=1\n", JOINED("2") },
		{ "garbage \\\n  GM_A=1\n", JOINED("2") },
		{ "# x\\\\\\\nexport GM_A=1\n", JOINED("2") },
		{ "# x\\\n#\\\nGM_A=1\n", JOINED("3") },
		{ "OTHER=\"x\\\nGM_A=1\n", JOINED("2") },
		{ "# x\\\\\nGM_A=1\n", "2 GM_A=1\n" },
		{ "# x\\ \nGM_A=1\n", "2 GM_A=1\n" },
		{ "# x\\\r\nGM_A=1\n", "2 GM_A=1\n" },
		{ "# x\\\n\nGM_A=1\n", "3 GM_A=1\n" },
		{ "# x\\\n# y\nGM_A=1\n", "3 GM_A=1\n" },
		{ "# x\\\nOTHER=1\nGM_A=1\n", "3 GM_A=1\n" },
		{ "OTHER='\\\n'\nGM_A=1\n", "3 GM_A=1\n" },
		{ "GM_B='\\\n'\nGM_A=1\n", "1 GM_B=\\\n\n3 GM_A=1\n" },
	};

	(void)state;
	check(rows, GM_LEN(rows));
}

/* Messages show only the beginning of a long name. */
static void
test_long_name(void **state)
{
	struct gm_buf text, out, want;

	(void)state;
	gm_buf_init(&text, TEXT_MAX);
	gm_buf_init(&out, TEXT_MAX);
	gm_buf_init(&want, TEXT_MAX);
	gm_buf_printf(&text, "GM_%0500d fake\n", 0);
	gm_buf_printf(&want, "1: GM_%061d: no '=' after the name", 0);
	describe(&out, gm_buf_span(&text));
	assert_string_equal(gm_buf_str(&out), gm_buf_str(&want));
	gm_buf_reset(&text);
	gm_buf_reset(&want);
	gm_buf_printf(&text, "export GM_%0500d=1\n", 0);
	gm_buf_printf(&want,
	    "1: GM_%061d: systemd ignores lines that begin with export\n"
	    "1 GM_%0500d=1\n",
	    0, 0);
	describe(&out, gm_buf_span(&text));
	assert_string_equal(gm_buf_str(&out), gm_buf_str(&want));
	gm_buf_release(&text);
	gm_buf_release(&out);
	gm_buf_release(&want);
}

static bool
list_name(struct gm_span name, void *arg)
{
	gm_buf_put_span(arg, name);
	gm_buf_putc(arg, '\n');
	return false;
}

/* wanted() is called only with valid names. */
static void
test_names(void **state)
{
	static const char text[] =
	    "a=1\n_=2\nA_9z = 3\nexport B=4\nexport C\nD\nE: 5\nF+=6\n"
	    "export=7\n9=x\n9A=x\nA-B=x\nA.B=x\n=x\n\xC3\xA9=x\n#A=x\n"
	    ";A=x\n\"A\"=x\n'A'=x\n$A=x\nexport 9=x\nexport =x\n\n";
	struct gm_buf names;
	const struct gm_dotenv_fns fns = { list_name, NULL, NULL, &names };
	struct gm_err err;

	(void)state;
	gm_buf_init(&names, TEXT_MAX);
	assert_int_equal(parse(gm_span_of(text), &fns, &err), 0);
	assert_string_equal(gm_buf_str(&names), "a\n_\nA_9z\nB\nC\nD\nE\nF\n");
	gm_buf_release(&names);
}

static int
refuse(struct gm_span name, struct gm_span value, size_t line, void *arg,
    struct gm_err *err)
{
	(void)name;
	(void)value;
	*(size_t *)arg += line;
	return gm_fail(err, GM_EDATA, "enough");
}

/* The first error of set() ends parsing. */
static void
test_set_error(void **state)
{
	size_t lines = 0;
	const struct gm_dotenv_fns fns = { is_wanted, refuse, NULL, &lines };
	struct gm_err err;

	(void)state;
	assert_int_equal(parse(gm_span_of("GM_A=1\nGM_B=2\n"), &fns, &err), -1);
	assert_int_equal(err.code, GM_EDATA);
	assert_string_equal(err.msg, "enough");
	assert_int_equal(lines, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_skipped_lines),
		cmocka_unit_test(test_joined),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_set_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
