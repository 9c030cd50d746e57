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
 * Let fd, a file of our own that only we may use, be used as the file at path,
 * whose status is *old.  If its group cannot be kept, members of the old group
 * and everybody else get what both had; an owner that cannot be kept is us.
 * Nobody gets more than before.  Returns 0, or -1 if there is an ACL that
 * cannot be kept.
 */
int
gm_access_copy(int fd, const char *path, const struct stat *old) GM_MUST_CHECK;

/* This mode and no ACL, as far as the file system can. */
void gm_access_set(int fd, mode_t);

#endif
