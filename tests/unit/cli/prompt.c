#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/prompt.h"

#define NO_PROMPT \
	"no prompt; give one as an operand, with -q or on standard input"
#define ALONE "gm-x: standard input is empty: the prompt is sent alone\n"

static int ends[2]; /* "standard error" */
static struct gm_note note = { .tool = "gm-x", .verbose = 1 };

static int
set_up(void **state)
{
	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0)
		return -1;
	note.fd = ends[1];
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)close(ends[0]);
	return close(ends[1]);
}

static const char *
said(void)
{
	static char text[4096];
	ssize_t n = recv(ends[0], text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
pipe_in(const char *text)
{
	int p[2];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], text, strlen(text)), strlen(text));
	(void)close(p[1]);
	assert_int_equal(dup2(p[0], STDIN_FILENO), STDIN_FILENO);
	(void)close(p[0]);
}

/* Everything that goes in, and what is sent. */
static const struct {
	const char *operands[4], *prompt, *system, *in;
	const char *want, *want_system, *note;
} rows[] = {
	{ { "a" }, NULL, NULL, "b\n", "a\n\nb\n", "", "" },
	{ { "a", "b", "c" }, NULL, NULL, "", "a b c", "", ALONE },
	{ { "a", "", "b" }, NULL, NULL, "", "a  b", "", ALONE },
	{ { "@a", "a" }, NULL, NULL, "b", "@a a\n\nb", "",
	    "gm-x: @a: no such file; sent as text\n" },
	{ { "@-" }, NULL, NULL, "b", "@-\n\nb", "",
	    "gm-x: @-: sent as text; to read standard input: -\n" },
	{ { "a@b", "@", "/" }, NULL, NULL, "b", "a@b @ /\n\nb", "", "" },
	{ { "/dev/null", "/dev/zero", "@x" }, NULL, NULL, "b",
	    "/dev/null /dev/zero @x\n\nb", "",
	    "gm-x: /dev/null and 2 more: sent as text; to send a file: -f "
	    "FILE\n" },
	/* "-" is no part of the text, wherever it stands */
	{ { "-" }, NULL, NULL, "b", "b", "", "" },
	{ { "-", "a" }, NULL, NULL, "b", "a\n\nb", "", "" },
	{ { "a", "-", "c" }, NULL, NULL, "b", "a c\n\nb", "", "" },
	{ { "a", "-" }, NULL, NULL, "", "a", "", ALONE },
	{ { NULL }, NULL, NULL, "b\r\nc", "b\r\nc", "", "" },
	{ { NULL }, NULL, NULL, "\n b\n\n", "\n b\n\n", "", "" },
	{ { NULL }, "a", NULL, "b", "a\n\nb", "", "" },
	{ { NULL }, "", NULL, "b", "b", "", "" },
	/* one blank line, however the prompt ends */
	{ { NULL }, "a\n", NULL, "b", "a\n\nb", "", "" },
	{ { NULL }, "a\n\n\n", NULL, "b", "a\n\nb", "", "" },
	{ { "a" }, NULL, NULL,
	    "\xEF\xBB\xBF"
	    "b",
	    "a\n\nb", "", "" },
	{ { "a" }, NULL, NULL, "\xEF\xBB\xBF", "a", "", ALONE },
	/* a prompt alone stays as it was given */
	{ { NULL }, "a\n", NULL, "", "a\n", "", ALONE },
	{ { "a" }, NULL, "be brief", "b", "a\n\nb", "be brief", "" },
	{ { "a" }, NULL, "@-", "from stdin", "a", "from stdin", "" },
	{ { NULL }, "@-", "s", "from stdin\n", "from stdin\n", "s", "" },
	{ { "caf\xE9" }, NULL, NULL, "b", "caf\xEF\xBF\xBD\n\nb", "",
	    "gm-x: prompt: not UTF-8 in 1 place: replaced by U+FFFD\n" },
	{ { "a" }, NULL, "caf\xE9", "b", "a\n\nb", "caf\xEF\xBF\xBD",
	    "gm-x: --system: not UTF-8 in 1 place: replaced by U+FFFD\n" },
};

static struct gm_prompt_sources
sources(const char *const *operands, char *room[4], const char *prompt,
    const char *system)
{
	struct gm_prompt_sources from = { .prompt = prompt, .system = system };

	while (from.operands_len < 4 && operands[from.operands_len] != NULL)
		from.operands_len++;
	(void)memcpy(room, operands, sizeof(char *[4]));
	from.operands = room;
	return from;
}

static void
test_rows(void **state)
{
	struct gm_prompt_sources from;
	struct gm_prompt p;
	struct gm_err err;
	char *room[4];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		struct gm_input in = { .note = &note };

		from = sources(
		    rows[i].operands, room, rows[i].prompt, rows[i].system);
		pipe_in(rows[i].in);
		if (gm_prompt_compose(&p, &from, &in, &err) != 0)
			fail_msg("row %zu: %s", i, err.msg);
		assert_string_equal(gm_buf_str(&p.text), rows[i].want);
		assert_string_equal(gm_buf_str(&p.system), rows[i].want_system);
		assert_string_equal(said(), rows[i].note);
		gm_prompt_release(&p);
	}
}

/* Behind a "--" all is text, and nothing is told of it. */
static void
test_literal(void **state)
{
	static const char *const operands[4] = { "a", "-", "/dev/null" };
	struct gm_input in = { .note = &note };
	struct gm_prompt_sources from;
	struct gm_prompt p;
	struct gm_err err;
	char *room[4];

	(void)state;
	from = sources(operands, room, NULL, NULL);
	from.literal = 2;
	pipe_in("b");
	assert_int_equal(gm_prompt_check(&from, &err), 0);
	assert_int_equal(gm_prompt_compose(&p, &from, &in, &err), 0);
	assert_string_equal(gm_buf_str(&p.text), "a - /dev/null\n\nb");
	assert_string_equal(said(), "");
	gm_prompt_release(&p);
}

static void
test_check(void **state)
{
	static const char *const once[4] = { "a", "-" };
	static const char *const twice[4] = { "-", "a", "-" };
	struct gm_prompt_sources from;
	struct gm_err err;
	char *room[4];

	(void)state;
	from = sources(once, room, NULL, NULL);
	assert_int_equal(gm_prompt_check(&from, &err), 0);
	from.no_stdin = true;
	assert_int_equal(gm_prompt_check(&from, &err), -1);
	assert_int_equal(err.code, GM_EUSAGE);
	assert_string_equal(
	    err.msg, "--no-stdin and the operand - cannot be combined");
	from.literal = 1;
	assert_int_equal(gm_prompt_check(&from, &err), 0);
	from = sources(twice, room, NULL, NULL);
	assert_int_equal(gm_prompt_check(&from, &err), -1);
	assert_string_equal(err.msg, "operand -: given more than once");
	from.literal = 1;
	assert_int_equal(gm_prompt_check(&from, &err), 0);
}

/* -n: what is there stays there, for the loop around us. */
static void
test_no_stdin(void **state)
{
	struct gm_prompt_sources from = { .prompt = "a", .no_stdin = true };
	struct gm_input in = { .note = &note };
	struct gm_prompt p;
	struct gm_err err;
	char left[10];

	(void)state;
	pipe_in("left");
	assert_int_equal(gm_prompt_compose(&p, &from, &in, &err), 0);
	assert_string_equal(gm_buf_str(&p.text), "a");
	assert_int_equal(read(STDIN_FILENO, left, sizeof(left)), 4);
	assert_string_equal(said(), "");
	gm_prompt_release(&p);
}

static void
check_failure(const struct gm_prompt_sources *from, const char *text,
    enum gm_code code, const char *msg)
{
	struct gm_input in = { .note = &note };
	struct gm_err err = { .code = GM_OK };
	struct gm_prompt p;

	if (text != NULL)
		pipe_in(text);
	assert_int_equal(gm_prompt_compose(&p, from, &in, &err), -1);
	assert_int_equal(err.code, code);
	assert_string_equal(err.msg, msg);
	gm_prompt_release(&p);
	(void)said();
}

static void
test_failures(void **state)
{
	struct gm_prompt_sources from = { .prompt = NULL };

	(void)state;
	check_failure(&from, "", GM_EUSAGE, NO_PROMPT);
	check_failure(&from, " \n\t\r\n", GM_EUSAGE, NO_PROMPT);
	from.system = "s";
	check_failure(&from, "", GM_EUSAGE, NO_PROMPT);
	from.prompt = "@-";
	from.system = "@-";
	check_failure(
	    &from, "x", GM_EUSAGE, "standard input can be read only once");
	from = (struct gm_prompt_sources){ .no_stdin = true };
	check_failure(&from, "x", GM_EUSAGE, NO_PROMPT);
	from =
	    (struct gm_prompt_sources){ .prompt = "a", .require_stdin = true };
	check_failure(&from, "", GM_EDATA, "standard input: empty");
	check_failure(&from, "\n", GM_EDATA, "standard input: empty");
	from.system = "@-";
	check_failure(&from, "", GM_EDATA, "standard input: empty");
	from.system = NULL;
	from.prompt = "@-";
	check_failure(&from, "", GM_EDATA, "standard input: empty");
	from = (struct gm_prompt_sources){ .prompt = "a" };
	check_failure(&from, "%PDF-1.7", GM_EDATA,
	    "standard input: a PDF document, not text");
	from.system = "@/no/such/file";
	check_failure(&from, "x", GM_ENOINPUT,
	    "/no/such/file: No such file or directory");
}

/* A terminal is no input: a prompt goes alone, and without one it is wrong. */
static void
test_terminal(void **state)
{
	struct gm_prompt_sources from = { .prompt = "a" };
	struct gm_input in = { .note = &note };
	struct gm_prompt p;
	struct gm_err err;
	int master, slave;

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	assert_int_equal(dup2(slave, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(gm_prompt_compose(&p, &from, &in, &err), 0);
	assert_string_equal(gm_buf_str(&p.text), "a");
	assert_string_equal(said(), "");
	gm_prompt_release(&p);
	from.require_stdin = true;
	check_failure(
	    &from, NULL, GM_EDATA, "standard input: a terminal, not data");
	from = (struct gm_prompt_sources){ .prompt = NULL };
	check_failure(&from, NULL, GM_EUSAGE, NO_PROMPT);
	(void)close(master);
	(void)close(slave);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_literal),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_no_stdin),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_terminal),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
