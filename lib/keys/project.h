#ifndef GM_KEYS_PROJECT_H
#define GM_KEYS_PROJECT_H

/*
 * What the service tells of the project that a key belongs to.  No I/O.
 */

#include "base/base.h"
#include "base/err.h"
#include "keys/rule.h"
#include "keys/table.h"

/*
 * The service named the project of a key by this number ("": it did not).  Keys
 * of one number share their quotas from now on, and what is known of this one's
 * so far is known of the project's.  Returns 0, or -1 with GM_EOS.
 */
int gm_keyproject_learn(const struct gm_keyrule *, struct gm_keytable *,
    size_t index, const char *number, struct gm_err *) GM_MUST_CHECK;

#endif
