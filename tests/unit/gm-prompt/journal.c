/* For locks of open file descriptions. */
#define _GNU_SOURCE /* NOLINT(*-reserved-identifier,cert-dcl*) */

#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/stop.h"
#include "gm-prompt/journal.h"
#include "results.h"

#define RECORDS 300 /* of the run that is killed repeatedly */

static struct gm_note note = { .tool = "gm-x" };

/* Size of the file at the start of each sync; see fsync() below. */
static int begun[2] = { -1, -1 };
/* Each byte written to it lets one sync continue. */
static int gate[2] = { -1, -1 };
static int sync_errno; /* set while no thread runs */

/*
 * Replaces libc's: the size of a file at the start of a sync counts as written
 * to the disk.  Directories are not recorded.
 */
int
fsync(int fd)
{
	struct stat st;
	char byte;

	errno = EBADF;
	if (fstat(fd, &st) != 0)
		return -1;
	if (!S_ISREG(st.st_mode) || begun[1] == -1)
		return 0;
	if (write(begun[1], &st.st_size, sizeof(st.st_size)) !=
		(ssize_t)sizeof(st.st_size) ||
	    read(gate[0], &byte, 1) != 1)
		return -1;
	errno = sync_errno;
	return errno != 0 ? -1 : 0;
}

/* Replaces libc's: another run replaces the file between open and lock. */
static bool replaced_before_lock;

static bool without_locks; /* as on file systems without locks */

int
fcntl(int fd, int command, ...)
{
	va_list args;
	long arg;

	va_start(args, command);
	arg = va_arg(args, long);
	va_end(args);
	if (command == F_OFD_SETLK && replaced_before_lock) {
		replaced_before_lock = false;
		(void)rename("new", "file");
	}
	if (command == F_OFD_SETLK && without_locks) {
		errno = ENOLCK;
		return -1;
	}
	return (int)syscall(SYS_fcntl, fd, command, arg);
}

static off_t
next_sync(void)
{
	off_t size = -1;

	assert_int_equal(read(begun[0], &size, sizeof(size)), sizeof(size));
	return size;
}

static void
let_sync(void)
{
	assert_int_equal(write(gate[1], "", 1), 1);
}

static int
watch_syncs(void **state)
{
	(void)alarm(60); /* do not wait for a sync that never starts */
	assert_int_equal(pipe(begun), 0);
	assert_int_equal(pipe(gate), 0);
	return enter(state);
}

static int
unwatch_syncs(void **state)
{
	int i;

	for (i = 0; i < 2; i++) {
		(void)close(begun[i]);
		(void)close(gate[i]);
		begun[i] = gate[i] = -1;
	}
	sync_errno = 0;
	(void)alarm(0);
	return leave(state);
}

static void
hash_text(char text[GM_HASH_HEX], unsigned hash)
{
	text[0] = '\0'; /* of an invalid record */
	if (hash != 0)
		(void)snprintf(text, GM_HASH_HEX, HASH, hash);
}

static bool
skips(struct gm_journal *j, unsigned hash)
{
	char text[GM_HASH_HEX];

	hash_text(text, hash);
	return gm_journal_skip(j, text);
}

/* Write the lines of a list of results(). */
static int
put(struct gm_journal *j, const char *list, struct gm_err *err)
{
	char hash[GM_HASH_HEX], *all = results(list);
	struct gm_span rest = gm_span_of(all), line;
	const char *text;
	int rc = 0;

	while (rc == 0 && gm_span_split(&rest, "\n", &line) && line.len > 0) {
		text = strstr(line.p, "\"hash\":\"") + strlen("\"hash\":\"");
		(void)snprintf(
		    hash, sizeof(hash), "%.*s", (int)strcspn(text, "\""), text);
		line.len++; /* the newline */
		rc = gm_journal_write(j, hash, line, err);
	}
	free(all);
	return rc;
}

static void
assert_put(struct gm_journal *j, const char *list)
{
	struct gm_err err;

	if (put(j, list, &err) != 0)
		fail_msg("%s", err.msg);
}

static void
open_journal(struct gm_journal *j, const struct gm_journal_options *o)
{
	struct gm_err err;

	if (gm_journal_open(j, o, &err) != 0)
		fail_msg("%s", err.msg);
}

static void
finish_journal(struct gm_journal *j, bool complete)
{
	struct gm_err err;

	if (gm_journal_finish(j, complete, &err) != 0)
		fail_msg("%s", err.msg);
	assert_int_equal(j->fd, -1);
	gm_journal_release(j);
}

static void
assert_refused(
    const struct gm_journal_options *o, enum gm_code code, const char *want)
{
	struct gm_journal j;
	struct gm_err err;

	assert_int_equal(gm_journal_open(&j, o, &err), -1);
	assert_error(&err, code, want);
	assert_int_equal(j.fd, -1);
	gm_journal_release(&j);
}

static void
test_new(void **state)
{
	const struct gm_journal_options o = { .path = "file", .note = &note };
	struct gm_journal j;

	(void)state;
	umask(027);
	open_journal(&j, &o);
	assert_int_equal(mode_of("file"), 0640);
	assert_int_equal(fcntl(j.fd, F_GETFD), FD_CLOEXEC);
	assert_false(skips(&j, 1));
	assert_put(&j, "1+a");
	assert_results("file", "1+a"); /* at once */
	assert_false(skips(&j, 1));
	assert_put(&j, "1-b 2+c");
	finish_journal(&j, true);
	/* two records are equal: the failed line stays */
	assert_results("file", "1+a 1-b 2+c");
	assert_int_equal(count(".", false), 1);
	umask(022);
}

static void
test_modes(void **state)
{
	struct gm_journal_options o = { .path = "file", .note = &note };
	struct gm_journal j;

	(void)state;
	put_results("file", "1+old");
	assert_refused(&o, GM_ECANTCREAT,
	    "file: not empty; --resume continues it, --force overwrites it");
	assert_results("file", "1+old");
	o.mode = GM_JOURNAL_RESUME;
	open_journal(&j, &o);
	assert_true(skips(&j, 1));
	assert_false(skips(&j, 2));
	assert_put(&j, "2+new");
	finish_journal(&j, true);
	assert_results("file", "1+old 2+new");
	o.mode = GM_JOURNAL_OVERWRITE;
	open_journal(&j, &o);
	assert_false(skips(&j, 1));
	assert_put(&j, "1+new");
	finish_journal(&j, true);
	assert_results("file", "1+new");
	put_file("file", ""); /* an empty file can be used in each mode */
	o.mode = GM_JOURNAL_NEW;
	open_journal(&j, &o);
	finish_journal(&j, true);
	o.mode = GM_JOURNAL_RESUME;
	open_journal(&j, &o);
	assert_put(&j, "1+new");
	finish_journal(&j, true);
	o.path = "absent";
	open_journal(&j, &o);
	assert_put(&j, "1+new");
	finish_journal(&j, true);
	assert_results("absent", "1+new");
}

static void
test_errors(void **state)
{
	static const struct {
		const char *path, *want;
		enum gm_journal_mode mode;
	} rows[] = {
		{ ".", ".: Is a directory", GM_JOURNAL_NEW },
		{ "", ": No such file or directory", GM_JOURNAL_NEW },
		{ "absent/new", "absent/new: No such file or directory",
		    GM_JOURNAL_RESUME },
		{ "file/new", "file/new: Not a directory", GM_JOURNAL_NEW },
		{ "loop", "loop: Too many levels of symbolic links",
		    GM_JOURNAL_NEW },
		{ "/dev/fd/9999", "/dev/fd/9999: Bad file descriptor",
		    GM_JOURNAL_NEW },
		{ "/dev/null",
		    "/dev/null: not a regular file; --resume needs one",
		    GM_JOURNAL_RESUME },
		{ "/dev/stdout",
		    "/dev/stdout: not a regular file; --resume needs one",
		    GM_JOURNAL_RESUME },
	};
	struct gm_journal_options o = { .note = &note };
	size_t i;

	(void)state;
	put_file("file", "");
	assert_int_equal(symlink("loop", "loop"), 0);
	for (i = 0; i < GM_LEN(rows); i++) {
		o.path = rows[i].path;
		o.mode = rows[i].mode;
		assert_refused(&o, GM_ECANTCREAT, rows[i].want);
	}
	assert_int_equal(count(".", false), 2);
	put_file("file", "text\n");
	o.path = "file";
	o.mode = GM_JOURNAL_RESUME;
	assert_refused(&o, GM_EDATA,
	    "file: line 1 is not a result of gm-prompt: bad JSON: unknown "
	    "word at byte 1; use another file");
	assert_file("file", "text\n");
}

/* Such targets only get lines. */
static void
test_direct(void **state)
{
	struct gm_journal_options o = { .note = &note };
	char path[32], got[512] = "", *want = results("1+a 2-b");
	struct gm_journal j;
	struct gm_err err;
	int fd;

	(void)state;
	o.path = "/dev/null";
	open_journal(&j, &o);
	assert_put(&j, "1+a 2-b");
	finish_journal(&j, true);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	fd = gm_file_open("fifo", &err);
	assert_true(fd >= 0);
	o.path = "fifo";
	open_journal(&j, &o);
	assert_false(skips(&j, 1));
	assert_put(&j, "1+a 2-b");
	assert_int_equal(read(fd, got, sizeof(got) - 1), strlen(want));
	assert_string_equal(got, want);
	finish_journal(&j, true);
	(void)close(fd);
	/* as "-o /dev/fd/3 3>>log", which --force does not empty */
	put_file("log", "old\n");
	fd = open("log", O_WRONLY | O_APPEND);
	assert_true(fd >= 0);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	o.path = path;
	o.mode = GM_JOURNAL_OVERWRITE;
	open_journal(&j, &o);
	assert_put(&j, "1+a 2-b");
	finish_journal(&j, true);
	(void)close(fd);
	(void)snprintf(got, sizeof(got), "old\n%s", want);
	assert_file("log", got);
	free(want);
}

static void
test_links(void **state)
{
	struct gm_journal_options o = { .path = "link", .note = &note };
	struct gm_journal j;
	struct stat st;

	(void)state;
	assert_int_equal(mkdir("sub", 0700), 0);
	assert_int_equal(symlink("sub/file", "link"), 0);
	open_journal(&j, &o);
	assert_put(&j, "1-a");
	finish_journal(&j, true);
	o.mode = GM_JOURNAL_RESUME;
	open_journal(&j, &o);
	assert_put(&j, "1+b");
	finish_journal(&j, true);
	assert_results("sub/file", "1+b");
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(count("sub", false), 1);
}

/* No other process can use the file until the run ends. */
static void
test_lock(void **state)
{
	struct gm_journal_options o = { .path = "file", .note = &note };
	struct gm_journal j;
	struct gm_err err;
	char want[128];
	int mode;
	pid_t pid;

	(void)state;
	(void)snprintf(want, sizeof(want),
	    "file: in use by process %ld; "
	    "wait for it to end, or use another file",
	    (long)getpid());
	open_journal(&j, &o);
	assert_put(&j, "1+a");
	for (mode = GM_JOURNAL_NEW; mode <= GM_JOURNAL_OVERWRITE; mode++) {
		pid = start();
		if (pid == 0) {
			o.mode = (enum gm_journal_mode)mode;
			if (gm_journal_open(&j, &o, &err) == 0)
				_exit(1);
			_exit(err.code != GM_ECANTCREAT ||
			      strcmp(err.msg, want) != 0);
		}
		finish(pid);
	}
	assert_put(&j, "2+b");
	assert_results("file", "1+a 2+b");
	finish_journal(&j, true);
	o.mode = GM_JOURNAL_RESUME;
	open_journal(&j, &o);
	assert_true(skips(&j, 1));
	assert_true(skips(&j, 2));
	finish_journal(&j, true);
}

/* Another program holds a lock without a process number. */
static void
test_lock_unsigned(void **state)
{
	struct gm_journal_options o = { .path = "file", .note = &note };
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd;

	(void)state;
	put_results("file", "1+a");
	fd = open("file", O_RDWR);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &all), 0);
	o.mode = GM_JOURNAL_OVERWRITE;
	assert_refused(&o, GM_ECANTCREAT,
	    "file: in use by another process; "
	    "wait for it to end, or use another file");
	assert_results("file", "1+a");
	(void)close(fd);
}

/* A run that locks a replaced file uses the new one. */
static void
test_lock_replaced(void **state)
{
	struct gm_journal_options o = { .path = "file", .note = &note };
	struct gm_journal j;

	(void)state;
	put_results("file", "1-a");
	put_results("new", "2+b");
	o.mode = GM_JOURNAL_RESUME;
	replaced_before_lock = true;
	open_journal(&j, &o);
	assert_false(replaced_before_lock);
	assert_true(skips(&j, 2));
	assert_put(&j, "3+c");
	finish_journal(&j, true);
	assert_results("file", "2+b 3+c");
	assert_int_equal(count(".", false), 1);
}

static int
notes_open(void)
{
	note.fd = open("notes", O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(note.fd >= 0);
	return note.fd;
}

static void
assert_notes(const char *want)
{
	assert_file("notes", want);
	(void)close(note.fd);
	note.fd = STDERR_FILENO;
}

static void
test_lock_none(void **state)
{
	struct gm_journal_options o = { .path = "file", .note = &note };
	struct gm_journal j;

	(void)state;
	(void)notes_open();
	without_locks = true;
	open_journal(&j, &o);
	without_locks = false;
	assert_put(&j, "1+a");
	finish_journal(&j, true);
	assert_results("file", "1+a");
	assert_notes("gm-x: file: file locks are not supported here; use the "
		     "file in one run at a time\n");
}

/* Lines that are left by a resumed run. */
static void
test_superseded(void **state)
{
	struct gm_journal_options o = {
		.path = "file", .mode = GM_JOURNAL_RESUME, .note = &note
	};
	struct gm_journal j;

	(void)state;
	put_results("file", "1-a 2+b 9+c 3-d 9-e");
	(void)notes_open();
	open_journal(&j, &o);
	assert_false(skips(&j, 1));
	assert_true(skips(&j, 2));
	assert_false(skips(&j, 3));
	assert_put(&j, "3-f 1+g");
	assert_results("file", "1-a 2+b 9+c 3-d 9-e 3-f 1+g");
	finish_journal(&j, true);
	assert_results("file", "2+b 9+c 9-e 3-f 1+g");
	assert_notes(
	    "gm-x: file: kept 2 lines of other records or parameters\n");
	/* invalid records have no hash */
	put_results("file", "0-a 1+b 0-c");
	(void)notes_open();
	open_journal(&j, &o);
	assert_false(skips(&j, 0));
	assert_put(&j, "0-d");
	assert_true(skips(&j, 1));
	finish_journal(&j, false);
	assert_results("file", "1+b 0-c 0-d");
	assert_notes("");
	/* with --keep-failed all lines stay */
	put_results("file", "1-a 2+b 9+c");
	(void)notes_open();
	o.keep_failed = true;
	open_journal(&j, &o);
	assert_false(skips(&j, 1));
	assert_true(skips(&j, 2));
	assert_put(&j, "1+d");
	finish_journal(&j, true);
	assert_results("file", "1-a 2+b 9+c 1+d");
	assert_notes(
	    "gm-x: file: kept 1 line of other records or parameters\n");
	/* if a run ends early, other records may still claim the lines */
	put_results("file", "1-a 2-b 9+c");
	(void)notes_open();
	o.keep_failed = false;
	open_journal(&j, &o);
	assert_false(skips(&j, 1));
	assert_put(&j, "1+d");
	finish_journal(&j, false);
	assert_results("file", "2-b 9+c 1+d");
	assert_notes("");
}

/* In a child: limit the size of files. */
static void
limit_size(rlim_t size)
{
	struct rlimit limit = { size, size };

	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR ||
	    setrlimit(RLIMIT_FSIZE, &limit) != 0)
		_exit(99);
}

/* A line that does not fit leaves no part; the file can be resumed. */
static void
test_full(void **state)
{
	struct gm_journal_options o = { .path = "file", .note = &note };
	char *whole = results("1+a 2-b");
	struct gm_journal j;
	struct gm_err err;
	pid_t pid;

	(void)state;
	pid = start();
	if (pid == 0) {
		limit_size(strlen(whole) + 20);
		open_journal(&j, &o);
		assert_put(&j, "1+a 2-b");
		if (put(&j, "3+c", &err) == 0 || err.code != GM_EIO ||
		    strcmp(err.msg, "file: File too large") != 0)
			_exit(1);
		/* and in all later calls */
		if (put(&j, "4+d", &err) == 0 ||
		    strcmp(err.msg, "file: File too large") != 0)
			_exit(2);
		if (gm_journal_finish(&j, false, &err) == 0 ||
		    strcmp(err.msg, "file: File too large") != 0)
			_exit(3);
		_exit(0);
	}
	finish(pid);
	assert_file("file", whole);
	o.mode = GM_JOURNAL_RESUME;
	open_journal(&j, &o);
	assert_true(skips(&j, 1));
	assert_put(&j, "2+e 3+f");
	finish_journal(&j, true);
	assert_results("file", "1+a 2+e 3+f");
	free(whole);
}

/* If the new file cannot be created or written, the old one stays. */
static void
test_rewrite_fails(void **state)
{
	struct gm_journal_options o = {
		.path = "sub/file", .mode = GM_JOURNAL_RESUME, .note = &note
	};
	struct gm_journal j;
	pid_t pid;

	(void)state;
	assert_int_equal(mkdir("sub", 0755), 0);
	assert_int_equal(chmod(".", 0755), 0);
	put_results("sub/file", "1-a 2+b 3+c 4+d");
	assert_int_equal(chmod("sub/file", 0666), 0);
	(void)notes_open();
	pid = start();
	if (pid == 0) {
		open_journal(&j, &o);
		assert_put(&j, "1+e");
		limit_size(100);
		finish_journal(&j, false);
		_exit(0);
	}
	finish(pid);
	assert_results("sub/file", "1-a 2+b 3+c 4+d 1+e");
	assert_notes("gm-x: sub/file: File too large; the old lines of retried "
		     "records remain\n");
	(void)notes_open();
	pid = start();
	if (pid == 0) {
		if (getuid() == 0 ? setuid(65534) != 0
				  : chmod("sub", 0555) != 0)
			_exit(1);
		open_journal(&j, &o);
		finish_journal(&j, false);
		open_journal(&j, &o);
		(void)skips(&j, 1);
		finish_journal(&j, true);
		_exit(0);
	}
	finish(pid);
	assert_int_equal(chmod("sub", 0755), 0);
	assert_results("sub/file", "1-a 2+b 3+c 4+d 1+e");
	assert_notes(
	    "gm-x: sub/file: kept 3 lines of other records or parameters\n"
	    "gm-x: sub/file: cannot be replaced: it is a mount point, or its "
	    "directory is not writable; the old lines of retried records "
	    "remain\n");
	assert_int_equal(count("sub", false), 1);
}

/* After a signal the file is not rewritten. */
static void
test_stopped(void **state)
{
	struct gm_journal_options o = {
		.path = "file", .mode = GM_JOURNAL_RESUME, .note = &note
	};
	struct gm_journal j;
	struct gm_err err;
	pid_t pid;

	(void)state;
	put_results("file", "1-a 2+b");
	(void)notes_open();
	pid = start();
	if (pid == 0) {
		if (gm_stop_install(true, &err) != 0)
			_exit(1);
		open_journal(&j, &o);
		if (raise(SIGINT) != 0)
			_exit(2);
		assert_put(&j, "1-b");
		finish_journal(&j, false);
		_exit(0);
	}
	finish(pid);
	assert_results("file", "1-a 2+b 1-b");
	pid = start();
	if (pid == 0) {
		if (gm_stop_install(false, &err) != 0)
			_exit(1);
		open_journal(&j, &o);
		if (raise(SIGTERM) != 0)
			_exit(2);
		assert_put(&j, "1+c"); /* the answer was paid for */
		finish_journal(&j, false);
		_exit(0);
	}
	finish(pid);
	assert_results("file", "1-a 2+b 1-b 1+c");
	assert_notes("");
	open_journal(&j, &o);
	assert_true(skips(&j, 1));
	assert_true(skips(&j, 2));
	finish_journal(&j, true);
	assert_results("file", "2+b 1+c");
}

static off_t
size_of(const char *list)
{
	char *all = results(list);
	off_t size = (off_t)strlen(all);

	free(all);
	return size;
}

/*
 * A power cut leaves the bytes that were written before the last sync started.
 * The next sync covers lines written during a sync, without another call.
 */
static void
test_sync(void **state)
{
	const struct gm_journal_options o = { .path = "file", .note = &note };
	struct gm_journal j;
	off_t size;

	(void)state;
	open_journal(&j, &o);
	assert_put(&j, "1+a");
	assert_int_equal(next_sync(), size_of("1+a"));
	assert_put(&j, "2+b 3+c");
	let_sync();
	size = next_sync();
	assert_int_equal(size, size_of("1+a 2+b 3+c"));
	assert_put(&j, "4+d");
	let_sync();
	assert_int_equal(next_sync(), size_of("1+a 2+b 3+c 4+d"));
	let_sync();
	/* the end does not nap */
	let_sync();
	let_sync();
	assert_put(&j, "5+e");
	finish_journal(&j, true);
	assert_int_equal(next_sync(), size_of("1+a 2+b 3+c 4+d 5+e"));
}

/* A journal without lines is synced, too. */
static void
test_sync_empty(void **state)
{
	const struct gm_journal_options o = {
		.path = "file", .mode = GM_JOURNAL_OVERWRITE, .note = &note
	};
	struct gm_journal j;

	(void)state;
	put_results("file", "1+a");
	open_journal(&j, &o);
	let_sync();
	finish_journal(&j, true);
	assert_int_equal(next_sync(), 0);
}

/* A file after a power cut can be resumed. */
static void
test_power_cut(void **state)
{
	struct gm_journal_options o = { .path = "file", .note = &note };
	struct gm_journal j;
	off_t size;

	(void)state;
	open_journal(&j, &o);
	assert_put(&j, "1+a 2-b");
	size = next_sync();
	assert_put(&j, "3+c");
	let_sync();
	let_sync();
	let_sync();
	finish_journal(&j, false);
	assert_int_equal(truncate("file", size + 30), 0);
	o.mode = GM_JOURNAL_RESUME;
	open_journal(&j, &o);
	assert_results("file", "1+a 2-b");
	assert_true(skips(&j, 1));
	assert_false(skips(&j, 3));
	let_sync();
	let_sync();
	let_sync();
	gm_journal_release(&j);
}

/* A failed sync ends the run, at the next line or at the end. */
static void
test_sync_error(void **state)
{
	const struct gm_journal_options o = { .path = "file", .note = &note };
	struct pollfd done = { .events = POLLIN };
	struct gm_journal j;
	struct gm_err err;

	(void)state;
	sync_errno = EIO;
	open_journal(&j, &o);
	assert_put(&j, "1+a");
	(void)next_sync();
	let_sync();
	done.fd = gm_sync_fd(&j.sync);
	assert_int_equal(poll(&done, 1, 60000), 1);
	assert_int_equal(put(&j, "2+b", &err), -1);
	assert_error(&err, GM_EIO, "file: Input/output error");
	assert_int_equal(put(&j, "3+c", &err), -1);
	assert_int_equal(gm_journal_finish(&j, true, &err), -1);
	assert_error(&err, GM_EIO, "file: Input/output error");
	assert_results("file", "1+a 2+b");
	assert_int_equal(unlink("file"), 0);
	open_journal(&j, &o);
	assert_put(&j, "1+a");
	let_sync();
	let_sync();
	let_sync();
	assert_int_equal(gm_journal_finish(&j, true, &err), -1);
	assert_error(&err, GM_EIO, "file: Input/output error");
}

/* Records 7 and 107 are equal. */
static unsigned
hash_for(unsigned record)
{
	return record == 107 ? 7 : record;
}

/*
 * A run over all records, some of which fail; it reports the number of each
 * that it has written.  Returns 0 if all are finished, 6 if not.
 */
static int
run_once(unsigned attempt, int told)
{
	struct gm_journal_options o = {
		.path = "file", .mode = GM_JOURNAL_RESUME, .note = &note
	};
	struct gm_journal j;
	struct gm_err err;
	unsigned i;
	char item[16];
	bool good = true, all = true;

	if (gm_journal_open(&j, &o, &err) != 0)
		return 3;
	for (i = 1; i <= RECORDS; i++) {
		if (skips(&j, hash_for(i)))
			continue;
		good = attempt > 40 || (i + attempt) % 9 != 0;
		all = all && good;
		(void)snprintf(
		    item, sizeof(item), "%u%ca", hash_for(i), good ? '+' : '-');
		if (put(&j, item, &err) != 0 ||
		    write(told, &i, sizeof(i)) != (ssize_t)sizeof(i))
			return 4;
	}
	if (gm_journal_finish(&j, true, &err) != 0)
		return 5;
	return all ? 0 : 6;
}

/*
 * Kill the run after some lines; those that it has reported must be in the
 * file.  Returns its status, or 128 if it was killed.
 */
static int
run_and_kill(unsigned attempt, unsigned after)
{
	struct gm_resume r = { 0 };
	struct gm_err err;
	int told[2], status, fd;
	unsigned i, n = 0;
	pid_t pid;

	assert_int_equal(pipe(told), 0);
	pid = start();
	if (pid == 0) {
		(void)close(told[0]);
		_exit(run_once(attempt, told[1]));
	}
	(void)close(told[1]);
	while (read(told[0], &i, sizeof(i)) == (ssize_t)sizeof(i))
		if (++n == after)
			(void)kill(pid, SIGKILL);
	(void)close(told[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	fd = open("file", O_RDWR | O_APPEND);
	assert_true(fd >= 0);
	if (gm_resume_read(&r, fd, "file", &err) != 0)
		fail_msg("%s", err.msg);
	if (WIFSIGNALED(status))
		assert_true(r.finished.len + r.failed.len >= n);
	(void)close(fd);
	gm_resume_release(&r);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* After kills at any moment each record has one line in the end. */
static void
test_killed(void **state)
{
	unsigned attempt, chance = 1, i;
	struct gm_resume r = { 0 };
	struct gm_err err;
	int status = 128, fd;

	(void)state;
	for (attempt = 1; status != 0; attempt++) {
		assert_true(attempt < 200);
		chance = chance * 1103515245 + 12345;
		status = run_and_kill(
		    attempt, attempt > 50 ? UINT_MAX : 1 + chance / 65536 % 20);
		assert_true(status == 0 || status == 6 || status == 128);
	}
	fd = open("file", O_RDWR | O_APPEND);
	assert_true(fd >= 0);
	if (gm_resume_read(&r, fd, "file", &err) != 0)
		fail_msg("%s", err.msg);
	assert_int_equal(r.failed.len, 0);
	assert_int_equal(r.finished.len, RECORDS);
	for (i = 1; i <= RECORDS; i++)
		assert_true(
		    gm_resume_skip(&r, (struct gm_hash){ 0, hash_for(i) }));
	assert_int_equal(r.finished.marked, RECORDS);
	(void)close(fd);
	gm_resume_release(&r);
	assert_int_equal(count(".", false), 1);
}

#define SYNC_TEST(name) \
	cmocka_unit_test_setup_teardown(name, watch_syncs, unwatch_syncs)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_new),
		TEST(test_modes),
		TEST(test_errors),
		TEST(test_direct),
		TEST(test_links),
		TEST(test_lock),
		TEST(test_lock_unsigned),
		TEST(test_lock_replaced),
		TEST(test_lock_none),
		TEST(test_superseded),
		TEST(test_full),
		TEST(test_rewrite_fails),
		TEST(test_stopped),
		SYNC_TEST(test_sync),
		SYNC_TEST(test_sync_empty),
		SYNC_TEST(test_power_cut),
		SYNC_TEST(test_sync_error),
		TEST(test_killed),
	};

	note.fd = STDERR_FILENO;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
