#ifndef GM_ROTATE_REPORTFILE_H
#define GM_ROTATE_REPORTFILE_H

/*
 * Reports, as report.h takes them, from a descriptor into what all processes
 * know.  What is there is taken at once, with one hold of the lock, which is
 * never held while more is waited for.
 */

#include "base/base.h"
#include "base/err.h"
#include "keys/keys.h"

/*
 * Read fd to its end; reports about another provider are skipped.  Returns 0, or -1: GM_EDATA (a line is no JSON object or
 * too long; it says which is the first, and all others are taken), GM_ENOINPUT,
 * GM_ESIGNAL, GM_EUNAVAILABLE (deadline), GM_EOS, or what gm_keys_store() has
 * to say.  name is for messages.
 */
int gm_reportfile_read(struct gm_keys *, const char *provider, int fd,
    const char *name, struct gm_err *) GM_MUST_CHECK;

#endif
