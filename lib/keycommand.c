#include <signal.h>
#include <string.h>

#include "child.h"
#include "keycommand.h"

#define LIMIT_MS 30000

/* The error of a command that has not done what it should have. */
static int
fail(enum gm_child_end end, int number, int64_t limit_ms, struct gm_err *err)
{
	switch (end) {
	case GM_CHILD_EXITED:
		return gm_fail(err, GM_ECONFIG,
		    "the command ended with status %d", number);
	case GM_CHILD_KILLED:
		return gm_fail(err, GM_ECONFIG,
		    "the command was killed by signal %d (%s)", number,
		    strsignal(number));
	case GM_CHILD_LATE:
		return gm_fail(err, GM_ECONFIG,
		    "the command did not end within %g s, and was killed",
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
	    "the command printed more than %d MiB, and was killed",
	    GM_KEYCOMMAND_MAX >> 20);
}

int
gm_keycommand_run(
    const struct gm_keycommand *c, struct gm_buf *keys, struct gm_err *err)
{
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
