#ifndef GM_BASE_ACCESS_H
#define GM_BASE_ACCESS_H

/*
 * The permissions of a file: owner, group, mode and POSIX ACL (acl(5)), which
 * Linux keeps in an extended attribute.  With an ACL the bits of the group in
 * the mode are the ACL's mask.
 */

#include <sys/stat.h>
#include <sys/types.h>

#include "base/base.h"

/*
 * Copy owner, group, mode and ACL of the file at path, whose status is *old, to
 * fd, a new file with mode 0600.  If the owner cannot be kept, we stay the
 * owner; if the group cannot be kept, group and others get the permissions that
 * both had.  Nobody gets more access than before.  Returns 0, or -1 if the ACL
 * cannot be kept.
 */
int
gm_access_copy(int fd, const char *path, const struct stat *old) GM_MUST_CHECK;

/* Set this mode and remove the ACL, as far as the file system can. */
void gm_access_set(int fd, mode_t);

#endif
