#ifndef GM_NET_TRUST_H
#define GM_NET_TRUST_H

/*
 * Which certificates are trusted: those of a file, or of a directory with
 * hashed names.  What the user has named is looked at before anything is sent,
 * as TLS libraries take an empty directory, and report others late.
 *
 * Source: RFC 7468 for PEM; openssl-rehash(1) for hashed names.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"

/* At most one of file and dir is set; none: the system's.  All is borrowed. */
struct gm_trust {
	const char *file;     /* of PEM certificates */
	const char *dir;      /* or several, joined by ':' */
	const char *variable; /* that named it; NULL: nobody has */
};

/*
 * Can the file be read, and is there a PEM certificate in it?  Has one of the
 * directories hashed names?  What the certificates say is not looked at.
 * Returns 0, or -1: GM_ECONFIG with the variable's name, GM_EOS, GM_ESIGNAL.
 */
int gm_trust_check(const struct gm_trust *, struct gm_err *) GM_MUST_CHECK;

/* Does the directory hold OpenSSL's hashed certificates ("2e5ac55d.0")? */
bool gm_trust_is_hashed(const char *dir);

#endif
