#ifndef GM_NET_TRUST_H
#define GM_NET_TRUST_H

/*
 * The certificates to trust: those of a file, or of a directory with hashed
 * names.  A file or directory that the user has set is checked before anything
 * is sent, as TLS libraries accept an empty directory and report other faults
 * late.
 *
 * Source: RFC 7468 for PEM; openssl-rehash(1) for hashed names.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"

/* At most one of file and dir; none: the system's default.  Borrowed. */
struct gm_trust {
	const char *file;     /* of PEM certificates */
	const char *dir;      /* or several directories, joined by ':' */
	const char *variable; /* that set it; NULL: the default */
};

/*
 * Check that the file holds a PEM certificate, or that one of the directories
 * has hashed names; the certificates themselves are not examined.  Returns 0,
 * or -1: GM_ECONFIG with the variable's name, GM_EOS, GM_ESIGNAL.
 */
int gm_trust_check(const struct gm_trust *, struct gm_err *) GM_MUST_CHECK;

/* True if the directory has a certificate under a hashed name: "2e5ac55d.0". */
bool gm_trust_is_hashed(const char *dir);

#endif
