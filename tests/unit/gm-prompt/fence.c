#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gm-prompt/fence.h"

/* Examples of CommonMark 0.31, section 4.5, with their numbers. */
static const struct {
	const char *name, *input, *want; /* NULL: there is no block */
} rows[] = {
	{ "nothing", "", NULL },
	{ "text alone", "a `b` c\n", NULL },
	{ "119, backticks", "```\n<\n >\n```\n", "<\n >\n" },
	{ "120, tildes", "~~~\n<\n >\n~~~\n", "<\n >\n" },
	{ "121, two are too few", "``\nfoo\n``\n", NULL },
	{ "122, tildes in backticks", "```\naaa\n~~~\n```\n", "aaa\n~~~\n" },
	{ "123, backticks in tildes", "~~~\naaa\n```\n~~~\n", "aaa\n```\n" },
	{ "124, a shorter one does not close", "````\naaa\n```\n``````\n",
	    "aaa\n```\n" },
	{ "125, nor of tildes", "~~~~\naaa\n~~~\n~~~~\n", "aaa\n~~~\n" },
	{ "126, never closed, empty", "```\n", "" },
	{ "126, without a newline", "```", "" },
	{ "127, never closed", "`````\n\n```\naaa\n", "\n```\naaa\n" },
	{ "never closed, without a newline", "```\naaa", "aaa\n" },
	{ "never closed, empty lines", "```\naaa\n\n\n", "aaa\n\n\n" },
	{ "129, empty lines", "```\n\n  \n```\n", "\n  \n" },
	{ "130, empty", "```\n```\n", "" },
	{ "131, indented by one", " ```\n aaa\naaa\n```\n", "aaa\naaa\n" },
	{ "132, by two", "  ```\naaa\n  aaa\naaa\n  ```\n", "aaa\naaa\naaa\n" },
	{ "133, by three", "   ```\n   aaa\n    aaa\n  aaa\n   ```\n",
	    "aaa\n aaa\naaa\n" },
	{ "134, by four: another kind of block", "    ```\n    aaa\n    ```\n",
	    NULL },
	{ "by a tab: the same", "\t```\n\taaa\n\t```\n", NULL },
	{ "135, the end indented otherwise", "```\naaa\n  ```\n", "aaa\n" },
	{ "136, both indented", "   ```\naaa\n  ```\n", "aaa\n" },
	{ "137, an end by four", "```\naaa\n    ```\n", "aaa\n    ```\n" },
	{ "138, a code span", "``` ```\naaa\n", NULL },
	{ "139, text after the end", "~~~~~~\naaa\n~~~ ~~\n", "aaa\n~~~ ~~\n" },
	{ "140, after a paragraph", "foo\n```\nbar\n```\nbaz\n", "bar\n" },
	{ "141, after a heading", "foo\n---\n~~~\nbar\n~~~\n# baz\n", "bar\n" },
	{ "142, a language", "```ruby\ndef foo(x)\n  return 3\nend\n```\n",
	    "def foo(x)\n  return 3\nend\n" },
	{ "143, many words after the begin",
	    "~~~~    ruby startline=3 $%@#$\ndef foo(x)\n~~~~~~~\n",
	    "def foo(x)\n" },
	{ "144, a sign", "````;\n````\n", "" },
	{ "145, backticks after the begin", "``` aa ```\nfoo\n", NULL },
	{ "146, both kinds after tildes", "~~~ aa ``` ~~~\nfoo\n~~~\n",
	    "foo\n" },
	{ "147, words after the end", "```\n``` aaa\n```\n", "``` aaa\n" },
	{ "blanks and tabs after the end", "```\na\n``` \t \nb\n", "a\n" },
	{ "the first of two", "x\n```\none\n```\n```\ntwo\n```\n", "one\n" },
	{ "the end without a newline", "```\na\n```", "a\n" },
	{ "the other mark does not close", "```\na\n~~~\n", "a\n~~~\n" },
	{ "CRLF is kept inside", "```c\r\na\r\n\r\n```\r\nb\r\n", "a\r\n\r\n" },
	{ "in a list only what begins a line counts", "- ```\n  a\n  ```\n",
	    "" },
	{ "a quote's block is none", "> ```\n> a\n> ```\n", NULL },
	{ "UTF-8", "```\n\xC3\xA9\n```\n", "\xC3\xA9\n" },
	{ "a tab stays", "  ```\n\ta\n  ```\n", "\ta\n" },
};

static void
test_rows(void **state)
{
	struct gm_buf out;
	bool found;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_init(&out, 1000);
		found = gm_fence_first(gm_span_of(rows[i].input), &out);
		if (found != (rows[i].want != NULL))
			fail_msg("%s: a block is %sfound", rows[i].name,
			    found ? "" : "not ");
		if (found && strcmp(gm_buf_str(&out), rows[i].want) != 0)
			fail_msg("%s: '%s'", rows[i].name, gm_buf_str(&out));
		if (!found)
			assert_int_equal(out.len, 0);
		gm_buf_release(&out);
	}
}

/* Bytes that the buffer already has are kept. */
static void
test_append(void **state)
{
	struct gm_buf out;

	(void)state;
	gm_buf_init(&out, 100);
	gm_buf_puts(&out, "before ");
	assert_true(gm_fence_first(gm_span_of("```\na\n```\n"), &out));
	assert_string_equal(gm_buf_str(&out), "before a\n");
	gm_buf_release(&out);
}

/* NUL bytes are content, and no byte after the text is read. */
static void
test_bytes(void **state)
{
	const char text[] = "```\na\0b\n```\nmore";
	struct gm_buf out;
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(text); len++) {
		gm_buf_init(&out, 100);
		assert_int_equal(
		    gm_fence_first((struct gm_span){ text, len }, &out),
		    len >= 3);
		if (len >= 11) {
			assert_int_equal(out.len, 4);
			assert_memory_equal(out.data, "a\0b\n", 4);
		}
		gm_buf_release(&out);
	}
	assert_false(gm_fence_first((struct gm_span){ NULL, 0 }, &out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
