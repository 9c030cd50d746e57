#ifndef GM_CONFIG_KEYCOMMAND_H
#define GM_CONFIG_KEYCOMMAND_H

/*
 * Run a command that prints keys, such as "pass show gemini", by sh -c.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/process.h"

/* Bytes that the command may print. */
#define GM_KEYCOMMAND_MAX (1024 * 1024)

struct gm_keycommand {
	const char *text;
	char *const *environment;
	int64_t limit_ms;                       /* 0: 30 s */
	const struct gm_process_limits *limits; /* at start; NULL: as now */
};

/*
 * Append its standard output to *keys, whose maximum is GM_KEYCOMMAND_MAX; its
 * standard error is ours.  Returns 0 if its exit status is 0, or -1:
 * GM_ECONFIG, GM_EOS, GM_ESIGNAL, GM_EUNAVAILABLE (the deadline).
 */
int gm_keycommand_run(const struct gm_keycommand *, struct gm_buf *keys,
    struct gm_err *) GM_MUST_CHECK;

/*
 * True if the command is a key, or a list of keys, by mistake; sh would print
 * it as a command that was not found.  Finds keys also with what may be pasted
 * with them: quotes, a label, invisible characters, a path to a program that
 * does not exist.
 */
bool gm_keycommand_is_key(const char *text);

#endif
