#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/access.h"

#define ACL "system.posix_acl_access"
#define ACL_MAX ((size_t)65536) /* XATTR_SIZE_MAX of Linux */

/*
 * Give group and others only what both had: "0604" keeps the old group out, and
 * its members would be among the others of a file with another group.
 */
static mode_t
without_group(mode_t mode)
{
	mode_t both = mode & mode >> 3 & 07;

	return (mode & 0700) | both << 3 | both;
}

static bool
has_none(int error)
{
	return error == ENODATA || error == ENOTSUP || error == ENOSYS;
}

/*
 * Remove the ACL.  A new file gets one from the default ACL of its directory,
 * which the old file may not have had.
 */
static int
drop_acl(int fd)
{
	return fremovexattr(fd, ACL) != 0 && !has_none(errno) ? -1 : 0;
}

int
gm_access_copy(int fd, const char *path, const struct stat *old)
{
	mode_t mode = old->st_mode & 0777;
	bool owner = fchown(fd, old->st_uid, (gid_t)-1) == 0;
	bool group = fchown(fd, (uid_t)-1, old->st_gid) == 0;
	char *acl = malloc(ACL_MAX);
	ssize_t len = -1;
	int rc = -1;

	errno = ENOMEM;
	if (acl != NULL)
		len = getxattr(path, ACL, acl, ACL_MAX);
	if (len > 0) {
		if (owner && group)
			rc = fsetxattr(fd, ACL, acl, (size_t)len, 0);
	} else if (has_none(errno)) {
		rc = drop_acl(fd);
		if (rc == 0) /* a file system without modes keeps 0600 */
			(void)fchmod(fd, group ? mode : without_group(mode));
	}
	free(acl);
	return rc;
}

void
gm_access_set(int fd, mode_t mode)
{
	if (drop_acl(fd) == 0)
		(void)fchmod(fd, mode);
}
