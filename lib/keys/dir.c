#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/aside.h"
#include "base/dir.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/stop.h"
#include "keys/dir.h"

/* Tries to lock a file that others remove between our open and our lock. */
#define TRIES 100

/* Reject a directory in which other users could replace our files. */
static int
check_directory(int fd, const char *path, struct gm_err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return gm_fail_errno(err, GM_ECANTCREAT, "%s", path);
	if (st.st_uid != geteuid())
		return gm_fail(
		    err, GM_ECANTCREAT, "%s: owned by another user", path);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return gm_fail(
		    err, GM_ECANTCREAT, "%s: writable by others", path);
	return 0;
}

/* Follow a symbolic link: systemd makes StateDirectory= one. */
static int
open_directory(const char *path)
{
	return gm_file_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
}

int
gm_keydir_open(struct gm_keydir *d, const char *path, struct gm_err *err)
{
	int fd;

	gm_keydir_close(d);
	if (strlen(path) >= PATH_MAX)
		return gm_fail(err, GM_ECANTCREAT,
		    "the path of the state directory is longer than %d bytes",
		    PATH_MAX - 1);
	gm_buf_init(&d->path, PATH_MAX);
	gm_buf_puts(&d->path, path);
	if (gm_buf_check(&d->path, err) != 0)
		return -1;
	fd = open_directory(path);
	if (fd == -1 && errno == ENOENT && path[0] != '\0') {
		/* If it cannot be made, the second open says why. */
		if (gm_dir_make(path, err) != 0 && err->code == GM_EOS)
			return -1;
		fd = open_directory(path);
	}
	if (fd == -1)
		return gm_file_fail_open(GM_ECANTCREAT, path, err);
	if (check_directory(fd, path, err) != 0)
		return gm_file_drop(fd);
	d->fd = fd;
	d->open = true;
	return 0;
}

/* Report a failed call for a file of the directory.  Keeps errno. */
static int
fail_file(const struct gm_keydir *d, const char *name, enum gm_code code,
    struct gm_err *err)
{
	(void)gm_file_fail_open(code, name, err);
	gm_err_prefix(err, "%s/", gm_buf_str(&d->path));
	return -1;
}

static int
fail_odd(const struct gm_keydir *d, const char *name, struct gm_err *err)
{
	return gm_fail(err, GM_ECANTCREAT, "%s/%s: not a regular file",
	    gm_buf_str(&d->path), name);
}

/* Reject a file that is not regular or not ours, and make it private. */
static int
check_file(
    const struct gm_keydir *d, const char *name, int fd, struct gm_err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fail_file(d, name, GM_ECANTCREAT, err);
	if (!S_ISREG(st.st_mode))
		return fail_odd(d, name, err);
	if (st.st_uid != geteuid())
		return gm_fail(err, GM_ECANTCREAT,
		    "%s/%s: owned by another user", gm_buf_str(&d->path), name);
	/* A failure is ignored: some file systems have no modes. */
	if ((st.st_mode & 07777) != 0600)
		(void)fchmod(fd, 0600);
	return 0;
}

int
gm_keydir_file(
    const struct gm_keydir *d, const char *name, int flags, struct gm_err *err)
{
	int fd = gm_file_openat(d->fd, name, flags | O_NOFOLLOW);

	if (fd == -1 && (errno == ELOOP || errno == EISDIR || errno == ENXIO))
		return fail_odd(d, name, err);
	if (fd == -1)
		return fail_file(d, name, GM_ECANTCREAT, err);
	if (check_file(d, name, fd, err) == 0)
		return fd;
	(void)gm_file_drop(fd);
	errno = EINVAL; /* not ENOENT: the file exists */
	return -1;
}

int
gm_keydir_read(const struct gm_keydir *d, const char *name, int fd,
    struct gm_buf *out, struct gm_err *err)
{
	struct stat st;
	size_t before;

	if (fstat(fd, &st) != 0)
		return fail_file(d, name, GM_ENOINPUT, err);
	if ((uintmax_t)st.st_size > out->max)
		return gm_fail(err, GM_EDATA, "%s/%s: larger than %zu bytes",
		    gm_buf_str(&d->path), name, out->max);
	if (gm_buf_room(out, (size_t)st.st_size) == NULL)
		return gm_buf_check(out, err);
	before = out->len;
	if (gm_file_read(fd, name, out, err) != 0) {
		if (err->code != GM_EOS)
			gm_err_prefix(err, "%s/", gm_buf_str(&d->path));
		return -1;
	}
	/* Our files never shrink: a short read is a failure of the disk or of a
	 * network file system, not the end of the file. */
	errno = EIO;
	return out->len - before < (size_t)st.st_size
	           ? fail_file(d, name, GM_ENOINPUT, err)
	           : 0;
}

int
gm_keydir_aside(const struct gm_keydir *d, const char *name,
    struct gm_span text, struct gm_err *err)
{
	int fd;

	(void)unlinkat(d->fd, GM_KEYDIR_ASIDE, 0);
	fd = gm_file_openat(
	    d->fd, GM_KEYDIR_ASIDE, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
	if (fd == -1)
		return fail_file(d, GM_KEYDIR_ASIDE, GM_EIO, err);
	if (gm_aside_fill(fd, text) == 0)
		return fd;
	(void)!gm_keydir_publish(d, name, errno, err);
	return gm_file_drop(fd);
}

int
gm_keydir_publish(
    const struct gm_keydir *d, const char *name, int error, struct gm_err *err)
{
	if (error == 0 && renameat(d->fd, GM_KEYDIR_ASIDE, d->fd, name) == 0)
		return 0;
	if (error != 0)
		errno = error;
	(void)gm_fail_errno(err, GM_EIO, "%s/%s", gm_buf_str(&d->path), name);
	(void)unlinkat(d->fd, GM_KEYDIR_ASIDE, 0);
	return -1;
}

/* Replace a file and sync it on this thread.  Returns 0, or -1 with GM_EIO. */
static int
replace(const struct gm_keydir *d, const char *name, struct gm_span text,
    struct gm_err *err)
{
	int fd = gm_keydir_aside(d, name, text, err);
	int rc;

	if (fd == -1)
		return -1;
	rc = gm_keydir_publish(d, name, gm_file_sync(fd) == 0 ? 0 : errno, err);
	if (rc == 0 && gm_file_sync(d->fd) != 0)
		rc = fail_file(d, name, GM_EIO, err);
	(void)close(fd);
	return rc;
}

#define HEX "0123456789abcdef"
#define SALT_DIGITS ((size_t)GM_KEYDIR_SALT - 1)

int
gm_keydir_read_salt(
    const struct gm_keydir *d, char salt[GM_KEYDIR_SALT], struct gm_err *err)
{
	struct gm_buf text;
	int fd, rc;

	fd = gm_keydir_file(d, "salt", O_RDONLY, err);
	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	gm_buf_init(&text, SALT_DIGITS + 2);
	rc = gm_keydir_read(d, "salt", fd, &text, err);
	(void)close(fd);
	if (rc == 0 &&
	    (text.len != SALT_DIGITS + 1 || text.data[SALT_DIGITS] != '\n' ||
		strspn(text.data, HEX) != SALT_DIGITS))
		rc = gm_fail(err, GM_ECANTCREAT, "%s/salt: damaged; remove it",
		    gm_buf_str(&d->path));
	if (rc == 0)
		memcpy(salt, text.data, SALT_DIGITS);
	gm_buf_release(&text);
	return rc == 0 ? 1 : -1;
}

int
gm_keydir_make_salt(
    const struct gm_keydir *d, char salt[GM_KEYDIR_SALT], struct gm_err *err)
{
	unsigned char random[SALT_DIGITS / 2];
	char text[SALT_DIGITS + 1];
	ssize_t n;
	size_t i;

	do
		n = getrandom(random, sizeof(random), 0);
	while (n == -1 && errno == EINTR && gm_stop_stage() != GM_STOP_NOW);
	if (n != (ssize_t)sizeof(random))
		return gm_fail_errno(err, GM_EOS, "getrandom");
	for (i = 0; i < SALT_DIGITS; i++)
		text[i] = HEX[random[i / 2] >> (i % 2 == 0 ? 4 : 0) & 0xf];
	text[SALT_DIGITS] = '\n';
	if (replace(d, "salt", (struct gm_span){ text, sizeof(text) }, err) !=
	    0)
		return -1;
	memcpy(salt, text, SALT_DIGITS);
	return 1;
}

bool
gm_keydir_is_same(
    const struct gm_keydir *d, const char *name, int fd, off_t *size)
{
	struct stat there, ours;

	if (fstat(fd, &ours) != 0 ||
	    fstatat(d->fd, name, &there, AT_SYMLINK_NOFOLLOW) != 0 ||
	    there.st_dev != ours.st_dev || there.st_ino != ours.st_ino)
		return false;
	*size = ours.st_size;
	return true;
}

struct gm_keystamp
gm_keydir_stamp(const struct gm_keydir *d, const char *name)
{
	struct stat st;

	if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return (struct gm_keystamp){ .inode = 0 };
	return (struct gm_keystamp){ st.st_ino, st.st_mtim };
}

/*
 * A wait in fcntl(2) would end by a signal only, so this tries without waiting.
 */
int
gm_keydir_lock(
    const struct gm_keydir *d, const char *name, int *fd, struct gm_err *err)
{
	enum gm_lock lock;
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		if (*fd == -1)
			*fd = gm_keydir_file(d, name, O_RDWR | O_CREAT, err);
		if (*fd == -1)
			return -1;
		lock = gm_lock_try(*fd);
		if (lock == GM_LOCK_NONE && errno != EINTR)
			return gm_fail_errno(err, GM_ECANTCREAT, "%s/%s: fcntl",
			    gm_buf_str(&d->path), name);
		if (lock != GM_LOCK_HELD)
			return 0;
		if (gm_lock_is_named(*fd, d->fd, name, AT_SYMLINK_NOFOLLOW))
			return 1;
		/* The file was removed between open and lock: another process
		 * may make and lock a new one. */

		(void)close(*fd);
		*fd = -1;
	}
	return 0;
}

void
gm_keydir_close(struct gm_keydir *d)
{
	if (d->open)
		(void)close(d->fd);
	gm_buf_release(&d->path);
	*d = (struct gm_keydir){ 0 };
}
