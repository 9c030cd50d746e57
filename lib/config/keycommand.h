#ifndef GM_CONFIG_KEYCOMMAND_H
#define GM_CONFIG_KEYCOMMAND_H

/*
 * Run the command that prints keys, such as "pass show gemini", by sh -c.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/process.h"

/* Bytes that it may print. */
#define GM_KEYCOMMAND_MAX (1024 * 1024)

struct gm_keycommand {
	const char *text;
	char *const *environment;
	int64_t limit_ms;                       /* 0: 30 s */
	const struct gm_process_limits *limits; /* at start; NULL: as now */
};

/*
 * Append what it prints to *keys, which has room for GM_KEYCOMMAND_MAX; what it
 * says on standard error passes through.  Returns 0 if it ended with status 0,
 * or -1: GM_ECONFIG, GM_EOS, GM_ESIGNAL, GM_EUNAVAILABLE (the deadline).
 */
int gm_keycommand_run(const struct gm_keycommand *, struct gm_buf *keys,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Is a key, or a list of them, where the name of a program belongs?  sh would
 * show it as what it has not found.  What was pasted with it does not matter:
 * quotes, a label, invisible characters, a path to a program that is not there.
 */
bool gm_keycommand_is_key(const char *text);

#endif
