#ifndef GM_KEYS_BLAME_H
#define GM_KEYS_BLAME_H

/*
 * What a request teaches about keys, written into the table: marks after
 * faults, their end after a success, and what a person says by hand.  No I/O,
 * no clock.
 *
 * A mark ends no earlier than one that stands already.  A request that was on
 * its way when a mark was made neither doubles nor lifts it.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "fault.h"
#include "keys/rule.h"
#include "keys/table.h"

/* A request that has come to its end. */
struct gm_deed {
	const char *model;             /* NULL: it had none */
	const struct gm_keywish *wish; /* NULL: none */
	size_t index;                  /* of the key */
	int64_t sent_ms, now_ms;
	const char *why; /* of a mark by hand; NULL: the usual words */
};

/*
 * Mark what the fault is charged to: nothing, unless its scope is key, project,
 * quota or tool.  Remembers the project that the service named.  When every project
 * that could be asked is out of its minute's quota within seconds, that is one
 * pause of the service, for this list, and no mark of any key.  Returns 0, or -1 with GM_EOS.
 */
int gm_keyblame_fault(const struct gm_keyrule *, struct gm_keytable *,
    const struct gm_deed *, const struct gm_fault *,
    struct gm_err *) GM_MUST_CHECK;

/* Is there anything that a good reply would lift? */
bool gm_keyblame_is_marked(const struct gm_keyrule *,
    const struct gm_keytable *, const struct gm_deed *);

/* A good reply: the key, its project and its quota are well. */
void gm_keyblame_success(
    const struct gm_keyrule *, struct gm_keytable *, const struct gm_deed *);

/*
 * The same of a call that costs nothing, such as a list of models: it speaks
 * for key and project, but neither for credit nor for the quota of a model.
 */
void gm_keyblame_reached(
    const struct gm_keyrule *, struct gm_keytable *, const struct gm_deed *);

/*
 * By hand: this class for ms from the deed's now on.  GM_CLASS_OK is a success.
 * Returns 0, or -1: GM_EUSAGE (no key is charged with that class), GM_EOS.
 */
int gm_keyblame_mark(const struct gm_keyrule *, struct gm_keytable *,
    const struct gm_deed *, enum gm_class, int64_t ms,
    struct gm_err *) GM_MUST_CHECK;

/* Lift every mark of a key and its project, and drop turns, of all models. */
void gm_keyblame_reset(
    const struct gm_keyrule *, struct gm_keytable *, size_t index);

/* Of all keys; the first one is the list's current again, for all models. */
void gm_keyblame_reset_all(
    const struct gm_keyrule *, struct gm_keytable *, int64_t now_ms);

#endif
