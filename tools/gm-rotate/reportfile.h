#ifndef GM_ROTATE_REPORTFILE_H
#define GM_ROTATE_REPORTFILE_H

/*
 * Reports (report.h) from a descriptor, applied to the key state.  All lines
 * that are available are applied under one lock, which is not held while the
 * tool waits for more.
 */

#include "base/base.h"
#include "base/err.h"
#include "keys/keys.h"

/*
 * Read fd to its end, and skip reports about other providers.  Returns 0, or
 * -1: GM_EDATA (a line is too long or no JSON object: the message names the
 * first one, and all other lines were applied), GM_ENOINPUT, GM_ESIGNAL,
 * GM_EUNAVAILABLE (the deadline), GM_EOS, or as gm_keys_store().  name is for
 * messages.
 */

int gm_reportfile_read(struct gm_keys *, const char *provider, int fd,
    const char *name, struct gm_err *) GM_MUST_CHECK;

#endif
