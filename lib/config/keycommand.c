#include <ctype.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/secret.h"
#include "config/keycommand.h"

#define LIMIT_MS 30000

/* Separators of words in sh, and characters around names within a word. */
#define BLANKS " \t\r\n"
#define AROUND_NAMES ",;:|&'\"`()<>{}[]!?*^%@#$\\~"
#define FILL "-._="

/* Words of sh whose error messages show the word after them. */
static const char *const leading[] = { "exec", "command", "export", "readonly",
	"eval", "unset", "cd", ".", "alias" };

static bool
is_leading(struct gm_span word)
{
	size_t i;

	for (i = 0; i < GM_LEN(leading); i++)
		if (gm_span_is(word, leading[i]))
			return true;
	for (i = 0; i < word.len; i++)
		if (isalnum((unsigned char)word.p[i]))
			return false;
	return true; /* punctuation, such as "{" */
}

/* True for NAME=value before a command, which sh does not show. */
static bool
is_assignment(struct gm_span word)
{
	size_t n = 0, end;

	while (n < word.len &&
	       (isalnum((unsigned char)word.p[n]) || word.p[n] == '_'))
		n++;
	for (end = n; end < word.len && word.p[end] == '=';)
		end++;
	return n > 0 && end > n && end < word.len;
}

/* True if path is an executable file. */
static bool
is_program(struct gm_span path)
{
	struct gm_buf name;
	bool is;

	gm_buf_init(&name, PATH_MAX);
	gm_buf_put_span(&name, path);
	is = name.failed == GM_OK && access(gm_buf_str(&name), X_OK) == 0;
	gm_buf_release(&name);
	return is;
}

/* True if a name, without punctuation at its ends, looks like a key. */
static bool
is_key(struct gm_span name)
{
	while (name.len > 0 && strchr(FILL, name.p[0]) != NULL) {
		name.p++;
		name.len--;
	}
	while (name.len > 0 && strchr(FILL, name.p[name.len - 1]) != NULL)
		name.len--;
	return gm_secret_is_key(name);
}

/* A path to a program may look like a key, such as one with a hash in it. */
static bool
holds_key(struct gm_span word)
{
	struct gm_span part, name;

	while (gm_span_split(&word, AROUND_NAMES, &part)) {
		if (memchr(part.p, '/', part.len) != NULL && is_program(part))
			continue;
		while (gm_span_split(&part, "/+", &name))
			if (is_key(name))
				return true;
	}
	return false;
}

/* True if the first word that sh would show in a message holds a key. */
static bool
begins_with_key(const char *text)
{
	struct gm_span word;

	while (*(text += strspn(text, BLANKS)) != '\0') {
		word = (struct gm_span){ text, strcspn(text, BLANKS) };
		if (holds_key(word) && !is_assignment(word))
			return true;
		if (!is_leading(word) && !is_assignment(word))
			return false;
		text += word.len;
	}
	return false;
}

/*
 * Append text with invisible and non-ASCII bytes replaced by other (NUL:
 * removed).
 */
static void
put_visible(struct gm_buf *out, const char *text, char other)
{
	for (; *text != '\0'; text++)
		if (strchr(BLANKS, *text) != NULL ||
		    isprint((unsigned char)*text))
			gm_buf_putc(out, *text);
		else if (other != '\0')
			gm_buf_putc(out, other);
}

bool
gm_keycommand_is_key(const char *text)
{
	static const char others[] = { '\0', ' ' };
	struct gm_buf visible;
	bool is = begins_with_key(text);
	size_t i;

	for (i = 0; i < GM_LEN(others) && !is; i++) {
		gm_buf_init(&visible, strlen(text));
		put_visible(&visible, text, others[i]);
		is = begins_with_key(gm_buf_str(&visible));
		gm_buf_release(&visible);
	}
	return is;
}

/* Fill *err for a command that did not end with status 0. */
static int
fail(enum gm_child_end end, int number, int64_t limit_ms, struct gm_err *err)
{
	switch (end) {
	case GM_CHILD_EXITED:
		return gm_fail(err, GM_ECONFIG,
		    "the command failed with exit status %d", number);
	case GM_CHILD_KILLED:
		return gm_fail(err, GM_ECONFIG,
		    "the command was killed by signal %d (%s)", number,
		    strsignal(number));
	case GM_CHILD_LATE:
		return gm_fail(err, GM_ECONFIG,
		    "the command did not end within %g s and was killed",
		    (double)limit_ms / 1000);
	case GM_CHILD_STOPPED:
		if (number == SIGTTIN || number == SIGTTOU)
			return gm_fail(err, GM_ECONFIG,
			    "the command was stopped, as it used the terminal");
		return gm_fail(err, GM_ECONFIG,
		    "the command was stopped by signal %d (%s)", number,
		    strsignal(number));
	case GM_CHILD_FULL:
		break;
	}
	return gm_fail(err, GM_ECONFIG,
	    "the command printed more than %d MiB and was killed",
	    GM_KEYCOMMAND_MAX >> 20);
}

int
gm_keycommand_run(
    const struct gm_keycommand *c, struct gm_buf *keys, struct gm_err *err)
{
	/* "--", as the command may begin with a dash. */
	char shell[] = "/bin/sh", flag[] = "-c", end_of_flags[] = "--";
	char *argv[] = { shell, flag, end_of_flags, NULL, NULL };
	const struct gm_child child = { .argv = argv,
		.env = c->environment,
		.limit_ms = c->limit_ms > 0 ? c->limit_ms : LIMIT_MS,
		.limits = c->limits };
	enum gm_child_end end = GM_CHILD_EXITED;
	struct gm_buf command;
	int number = 0, rc;

	gm_buf_init(&command, strlen(c->text));
	gm_buf_puts(&command, c->text);
	rc = gm_buf_check(&command, err);
	argv[3] = command.data;
	if (rc == 0)
		rc = gm_child_run(&child, keys, &end, &number, err);
	if (rc == 0 && (end != GM_CHILD_EXITED || number != 0))
		rc = fail(end, number, child.limit_ms, err);
	gm_buf_release(&command);
	return rc;
}
