#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/dir.h"

/* Succeed as well if another process makes it at the same time. */
static int
make_one(const char *path)
{
	struct stat st;
	int saved;

	if (mkdir(path, 0700) == 0)
		return 0;
	saved = errno;
	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return 0;
		saved = ENOTDIR;
	}
	errno = saved;
	return -1;
}

/* Make each directory of the path, from the top down. */
static int
make_all(const char *path, struct gm_buf *part)
{
	const char *end = path;
	int rc;

	do {
		end += strspn(end, "/");
		end += strcspn(end, "/");
		gm_buf_reset(part);
		gm_buf_put(part, path, (size_t)(end - path));
		errno = ENOMEM;
		rc = part->failed == GM_OK ? make_one(gm_buf_str(part)) : -1;
	} while (rc == 0 && *end != '\0');
	return rc;
}

int
gm_dir_make(const char *path, struct gm_err *err)
{
	struct gm_buf part;
	int rc = make_one(path); /* it mostly exists */

	gm_buf_init(&part, PATH_MAX);
	if (rc != 0 && errno == ENOENT)
		rc = make_all(path, &part);
	if (rc != 0)
		(void)gm_fail_errno(
		    err, errno == ENOMEM ? GM_EOS : GM_ECANTCREAT, "%s", path);
	gm_buf_release(&part);
	return rc;
}
