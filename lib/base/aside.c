#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/aside.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/lock.h"

#define MARK ".gm-"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define CHANCE ((size_t)6)           /* random letters */
#define OURS (sizeof(MARK) + CHANCE) /* bytes added to a name, "." included */
#define NAME_LEN 255                 /* bytes in a name if pathconf(3) fails */
#define TRIES 100                    /* names that are tried */
#define SWEEP_MS 100

#define CAREFUL (O_NOFOLLOW | O_CLOEXEC | O_NOCTTY)

/* The length of the directory in the target's path, "/" included. */
static size_t
directory_len(const char *target)
{
	const char *slash = strrchr(target, '/');

	return slash != NULL ? (size_t)(slash + 1 - target) : 0;
}

/* Append ".NAME.gm-"; a long name is cut between characters to leave room. */
static void
put_prefix(const char *target, struct gm_buf *out)
{
	const char *name = target + directory_len(target);
	size_t len = strlen(name), max = NAME_LEN;
	struct gm_buf dir;
	long limit;

	gm_buf_init(&dir, strlen(target) + 2);
	gm_buf_put(&dir, target, directory_len(target));
	gm_buf_putc(&dir, '.');
	limit = pathconf(gm_buf_str(&dir), _PC_NAME_MAX);
	gm_buf_release(&dir);
	if (limit > (long)OURS && limit < NAME_LEN)
		max = (size_t)limit;
	if (len > max - OURS) {
		len = max - OURS;
		while (len > 0 && ((unsigned char)name[len] & 0xc0) == 0x80)
			len--;
	}
	gm_buf_putc(out, '.');
	gm_buf_put(out, name, len);
	gm_buf_puts(out, MARK);
}

static void
put_chance(struct gm_buf *out)
{
	uint64_t bits;
	size_t i;

	/* Random only against collisions, so the clock will do as well. */
	if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(bits))
		bits =
		    (uint64_t)gm_clock_mono_ms() * 32768 + (uint64_t)getpid();
	for (i = 0; i < CHANCE; i++) {
		gm_buf_putc(out, LETTERS[bits % strlen(LETTERS)]);
		bits /= strlen(LETTERS);
	}
}

/*
 * Lock a new file; false if gm_aside_sweep() of another process took it for an
 * old one between open(2) and the lock: it has the lock, or removed the file.
 * On a file system without locks nothing is swept.
 */
static bool
claim(int fd, const char *path)
{
	return gm_lock_try(fd) != GM_LOCK_BUSY &&
	       gm_lock_is_named(fd, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW);
}

static int
open_one(const char *path, mode_t mode)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | CAREFUL, mode);

	if (fd == -1 || claim(fd, path))
		return fd;
	(void)close(fd);
	errno = EEXIST;
	return -1;
}

int
gm_aside_open(const char *target, mode_t mode, char **path)
{
	struct gm_buf at;
	size_t fixed;
	int fd = -1, tries;

	*path = NULL;
	gm_buf_init(&at, strlen(target) + OURS + 1);
	gm_buf_put(&at, target, directory_len(target));
	put_prefix(target, &at);
	fixed = at.len;
	for (tries = 0; tries < TRIES && fd == -1; tries++) {
		gm_buf_cut(&at, fixed);
		put_chance(&at);
		errno = ENOMEM;
		if (at.failed == GM_OK)
			fd = open_one(gm_buf_str(&at), mode);
		if (fd == -1 && errno != EEXIST && errno != EINTR)
			break;
	}
	if (fd != -1)
		*path = gm_buf_take(&at);
	gm_buf_release(&at);
	return fd;
}

int
gm_aside_fill(int fd, struct gm_span text)
{
	ssize_t n;

	while (text.len > 0) {
		n = write(fd, text.p, text.len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		text.p += n;
		text.len -= (size_t)n;
	}
	return 0;
}

int
gm_aside_sync_directory(int dir, const char *target)
{
	size_t len = directory_len(target);
	char path[PATH_MAX + 1];
	int fd, rc;

	if (len == 0 && dir != AT_FDCWD)
		return gm_file_sync(dir);
	/* The path fits: the file exists under one that is no shorter. */
	(void)snprintf(path, sizeof(path), "%.*s.", (int)len, target);
	fd = gm_file_openat(dir, path, O_RDONLY | O_DIRECTORY);
	if (fd == -1)
		return 0; /* we may write there, but not read it */
	rc = gm_file_sync(fd);
	(void)gm_file_drop(fd);
	return rc;
}

int
gm_aside_rename(int dir, const char *aside, const char *target)
{
	if (renameat(dir, aside, dir, target) != 0)
		return -1;
	return gm_aside_sync_directory(dir, target) == 0 ? 0 : 1;
}

static bool
matches(const char *name, struct gm_span prefix)
{
	return strncmp(name, prefix.p, prefix.len) == 0 &&
	       strspn(name + prefix.len, LETTERS) == CHANCE &&
	       name[prefix.len + CHANCE] == '\0';
}

static void
sweep_one(int dir, const char *name)
{
	struct stat st;
	int fd;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return;
	fd = openat(dir, name, O_WRONLY | O_NONBLOCK | CAREFUL, 0);
	if (fd == -1)
		return;
	/* Its owner may rename it, and another file take its name. */
	if (gm_lock_try(fd) == GM_LOCK_HELD &&
	    gm_lock_is_named(fd, dir, name, AT_SYMLINK_NOFOLLOW))
		(void)unlinkat(dir, name, 0);
	(void)close(fd);
}

void
gm_aside_sweep(const char *target)
{
	int64_t until = gm_clock_mono_ms() + SWEEP_MS;
	struct gm_buf path, prefix;
	struct dirent *entry;
	DIR *dir = NULL;

	gm_buf_init(&path, strlen(target) + 2);
	gm_buf_init(&prefix, strlen(target) + OURS + 1);
	gm_buf_put(&path, target, directory_len(target));
	gm_buf_putc(&path, '.');
	put_prefix(target, &prefix);
	if (path.failed == GM_OK && prefix.failed == GM_OK)
		dir = opendir(gm_buf_str(&path));
	while (dir != NULL && gm_clock_mono_ms() < until &&
	       (entry = readdir(dir)) != NULL)
		if (matches(entry->d_name, gm_buf_span(&prefix)))
			sweep_one(dirfd(dir), entry->d_name);
	if (dir != NULL)
		(void)closedir(dir);
	gm_buf_release(&prefix);
	gm_buf_release(&path);
}
