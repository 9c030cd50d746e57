#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/outfile.h"
#include "base/stop.h"
#include "file_place.h"

/* Create, write and commit a file. */
static void
make(const char *path, const char *text)
{
	struct gm_outfile f;
	struct gm_err err;

	if (gm_outfile_create(&f, path, &err) != 0)
		fail_msg("%s", err.msg);
	assert_int_equal(gm_file_write(f.fd, span(text), GM_STOP_NOW, &err), 0);
	if (gm_outfile_commit(&f, &err) != 0)
		fail_msg("%s", err.msg);
	assert_int_equal(f.fd, -1);
	gm_outfile_release(&f);
}

static void
test_create(void **state)
{
	struct gm_outfile f;
	struct gm_err err;

	(void)state;
	umask(027);
	assert_int_equal(gm_outfile_create(&f, "new", &err), 0);
	assert_int_equal(access("new", F_OK), -1);
	assert_int_equal(strncmp(f.aside, ".new.gm-", 8), 0);
	assert_int_equal(mode_of(f.aside), 0600);
	assert_int_equal(fcntl(f.fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(
	    gm_file_write(f.fd, span("text"), GM_STOP_NOW, &err), 0);
	assert_int_equal(gm_outfile_commit(&f, &err), 0);
	assert_file("new", "text");
	assert_int_equal(mode_of("new"), 0640);
	assert_int_equal(count(".", false), 1);
	assert_int_equal(umask(022), 027); /* unchanged */
}

static void
test_create_mode(void **state)
{
	struct gm_outfile f;
	struct gm_err err;

	(void)state;
	put_file("old", "old");
	assert_int_equal(chmod("old", 0604), 0);
	assert_int_equal(gm_outfile_create(&f, "old", &err), 0);
	assert_int_equal(mode_of(f.aside), 0600);
	assert_file("old", "old");
	assert_int_equal(
	    gm_file_write(f.fd, span("new"), GM_STOP_NOW, &err), 0);
	assert_int_equal(gm_outfile_commit(&f, &err), 0);
	assert_file("old", "new");
	assert_int_equal(mode_of("old"), 0604);
	/* the caller sets the mode */
	assert_int_equal(gm_outfile_create(&f, "private", &err), 0);
	f.mode = 0600;
	assert_int_equal(gm_outfile_commit(&f, &err), 0);
	assert_int_equal(mode_of("private"), 0600);
}

static void
test_create_release(void **state)
{
	struct gm_outfile f = { 0 };
	struct gm_err err;
	int before;

	(void)state;
	before = fcntl(STDIN_FILENO, F_GETFD);
	gm_outfile_release(&f); /* does not close number 0 */
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), before);
	put_file("old", "old");
	assert_int_equal(gm_outfile_create(&f, "old", &err), 0);
	assert_int_equal(
	    gm_file_write(f.fd, span("new"), GM_STOP_NOW, &err), 0);
	gm_outfile_release(&f);
	gm_outfile_release(&f);
	assert_file("old", "old");
	assert_int_equal(count(".", false), 1);
}

static void
test_create_links(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(mkdir("sub", 0700), 0);
	put_file("sub/real", "old");
	assert_int_equal(symlink("real", "sub/link"), 0);
	assert_int_equal(symlink("sub/link", "link"), 0);
	assert_int_equal(symlink("sub/absent", "dangling"), 0);
	make("link", "one");
	assert_file("sub/real", "one");
	make("dangling", "two");
	assert_file("sub/absent", "two");
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(lstat("dangling", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(count(".", false), 3);
	assert_int_equal(count("sub", false), 3);
}

/* An absolute link, and a name of the maximum length. */
static void
test_create_names(void **state)
{
	const struct place *place = *state;
	char target[128], name[256];

	(void)snprintf(target, sizeof(target), "%s/real", place->dir);
	assert_int_equal(symlink(target, "link"), 0);
	make("./link", "text");
	assert_file("real", "text");
	memset(name, 'n', 255);
	name[255] = '\0';
	make(name, "text");
	assert_file(name, "text");
	assert_int_equal(count(".", false), 3);
}

static void
test_create_errors(void **state)
{
	static const struct {
		const char *path, *want;
	} rows[] = {
		{ ".", ".: Is a directory" },
		{ "sub", "sub: Is a directory" },
		{ "sub/", "sub/: Is a directory" },
		{ "", ": No such file or directory" },
		{ "absent/new", "absent/new: No such file or directory" },
		{ "absent/", "absent/: No such file or directory" },
		{ "file/new", "file/new: Not a directory" },
		{ "loop", "loop: Too many levels of symbolic links" },
		{ "astray", "astray: No such file or directory" },
		{ "/dev/fd/9999", "/dev/fd/9999: Bad file descriptor" },
	};
	struct gm_outfile f;
	struct gm_err err;
	size_t i;

	(void)state;
	assert_int_equal(mkdir("sub", 0700), 0);
	put_file("file", "");
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_int_equal(symlink("absent/new", "astray"), 0);
	for (i = 0; i < GM_LEN(rows); i++) {
		assert_int_equal(gm_outfile_create(&f, rows[i].path, &err), -1);
		assert_error(&err, GM_ECANTCREAT, rows[i].want);
		assert_int_equal(f.fd, -1);
		gm_outfile_release(&f);
	}
	assert_int_equal(count(".", false), 4);
}

/* A user who may write the directory, but not the file. */
static void
test_create_protected(void **state)
{
	struct gm_outfile f;
	struct gm_err err;
	pid_t pid;

	(void)state;
	put_file("old", "old");
	assert_int_equal(chmod("old", 0444), 0);
	assert_int_equal(chmod(".", 0777), 0);
	pid = start();
	if (pid == 0) {
		if (getuid() == 0 && setuid(65534) != 0)
			_exit(1);
		if (gm_outfile_create(&f, "old", &err) == 0)
			_exit(2);
		_exit(strcmp(err.msg, "old: Permission denied") != 0);
	}
	finish(pid);
	assert_file("old", "old");
}

/* The commit fails if a directory has taken the name meanwhile. */
static void
test_commit_error(void **state)
{
	struct gm_outfile f;
	struct gm_err err;

	(void)state;
	assert_int_equal(gm_outfile_create(&f, "sub", &err), 0);
	assert_int_equal(mkdir("sub", 0700), 0);
	assert_int_equal(gm_outfile_commit(&f, &err), -1);
	assert_error(&err, GM_EIO, "sub: Is a directory");
	assert_int_equal(f.fd, -1);
	assert_int_equal(count(".", false), 1);
}

/* With keep, the new content stays under a name that is not swept. */
static void
test_commit_keep(void **state)
{
	char want[128], kept[32];
	struct gm_outfile f;
	struct gm_err err;

	(void)state;
	assert_int_equal(gm_outfile_create(&f, "./sub", &err), 0);
	f.keep = true;
	(void)snprintf(kept, sizeof(kept), "./%s", f.aside + 3);
	(void)snprintf(want, sizeof(want),
	    "./sub: Is a directory; the output is in %s", kept);
	assert_int_equal(
	    gm_file_write(f.fd, span("text"), GM_STOP_NOW, &err), 0);
	assert_int_equal(mkdir("sub", 0700), 0);
	assert_int_equal(gm_outfile_commit(&f, &err), -1);
	assert_error(&err, GM_EIO, want);
	assert_file(kept, "text");
	assert_int_equal(count(".", false), 2);
	assert_int_equal(gm_outfile_create(&f, "sub2", &err), 0);
	f.keep = true; /* but not without a commit */
	gm_outfile_release(&f);
	assert_int_equal(count(".", false), 2);
}

/* The new file gets the access of the file that exists at the commit. */
static void
test_commit_changed(void **state)
{
	struct gm_outfile f;
	struct gm_err err;

	(void)state;
	put_file("old", "old");
	assert_int_equal(gm_outfile_create(&f, "old", &err), 0);
	assert_int_equal(chmod("old", 0600), 0);
	assert_int_equal(gm_outfile_commit(&f, &err), 0);
	assert_int_equal(mode_of("old"), 0600);
	assert_int_equal(gm_outfile_create(&f, "new", &err), 0);
	put_file("new", "first");
	assert_int_equal(chmod("new", 0604), 0);
	assert_int_equal(gm_outfile_commit(&f, &err), 0);
	assert_int_equal(mode_of("new"), 0604);
	assert_file("new", "");
}

/* The path, in /proc, of another process's descriptor of a removed file. */
static void
test_create_nameless(void **state)
{
	char path[64], got[16] = "";
	pid_t other;
	int fd;

	(void)state;
	put_file("old", "old and long");
	fd = open("old", O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(unlink("old"), 0);
	other = fork();
	assert_true(other >= 0);
	if (other == 0) {
		(void)alarm(60);
		(void)pause();
		_exit(0);
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)other, fd);
	make(path, "new");
	assert_int_equal(kill(other, SIGKILL), 0);
	assert_int_equal(waitpid(other, NULL, 0), other);
	assert_int_equal(read(fd, got, sizeof(got)), 3);
	assert_string_equal(got, "new");
	assert_int_equal(count(".", false), 0);
	(void)close(fd);
}

/* As user nobody: write one letter, a different number of times each. */
static int
put_letters(size_t i)
{
	char *mine = malloc(BIG);
	struct gm_span text = { mine, BIG - i * 5000 };
	struct gm_outfile f;
	struct gm_err err;
	int rc = 0;

	if (mine == NULL || (getuid() == 0 && setuid(65534) != 0)) {
		free(mine);
		return 1;
	}
	memset(mine, 'a' + (int)i, BIG);
	if (gm_outfile_create(&f, "sub/file", &err) != 0)
		rc = 2;
	else if (f.aside != NULL || !f.in_place)
		rc = 3;
	else if (gm_file_write(f.fd, text, GM_STOP_NOW, &err) != 0 ||
		 gm_outfile_commit(&f, &err) != 0)
		rc = 4;
	free(mine);
	return rc;
}

/* Several children, which may not write the directory, write at once. */
static void
test_in_place(void **state)
{
	struct gm_err err;
	struct stat st;
	struct gm_buf text;
	pid_t pid[4];
	size_t i;

	(void)state;
	assert_int_equal(mkdir("sub", 0755), 0);
	put_file("sub/file", "old");
	assert_int_equal(chmod("sub/file", 0666), 0);
	if (getuid() != 0)
		assert_int_equal(chmod("sub", 0555), 0);
	assert_int_equal(chmod(".", 0755), 0);
	for (i = 0; i < GM_LEN(pid); i++) {
		pid[i] = start();
		if (pid[i] == 0)
			_exit(put_letters(i));
	}
	for (i = 0; i < GM_LEN(pid); i++)
		finish(pid[i]);
	assert_int_equal(chmod("sub", 0755), 0);
	gm_buf_init(&text, BIG);
	if (gm_file_slurp("sub/file", &text, &err) != 0)
		fail_msg("%s", err.msg);
	i = (size_t)(text.data[0] - 'a');
	assert_true(i < GM_LEN(pid));
	assert_int_equal(text.len, BIG - i * 5000);
	assert_int_equal(
	    strspn(gm_buf_str(&text), (char[]){ (char)('a' + i), '\0' }),
	    text.len);
	gm_buf_release(&text);
	assert_int_equal(stat("sub/file", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	assert_int_equal(count("sub", false), 1);
}

/* With must_rename, a file is never written in place. */
static void
test_in_place_never(void **state)
{
	struct gm_outfile f;
	struct gm_err err;

	(void)state;
	put_file("old", "old");
	assert_int_equal(gm_outfile_create(&f, "old", &err), 0);
	f.in_place = true; /* as for a mount point */
	f.must_rename = true;
	assert_int_equal(
	    gm_file_write(f.fd, span("new"), GM_STOP_NOW, &err), 0);
	assert_int_equal(gm_outfile_commit(&f, &err), -1);
	assert_error(&err, GM_EIO, "old: Permission denied");
	assert_file("old", "old");
	assert_int_equal(count(".", false), 1);
}

/* The commit waits for another lock of the target, until the deadline. */
static void
test_in_place_locked(void **state)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct gm_outfile f;
	struct gm_err err;
	pid_t pid;
	int fd;

	(void)state;
	put_file("old", "old");
	fd = open("old", O_RDWR);
	assert_int_equal(fcntl(fd, F_SETLK, &all), 0);
	pid = start();
	if (pid == 0) {
		if (gm_stop_install(false, &err) != 0 ||
		    gm_stop_deadline(50, &err) != 0 ||
		    gm_outfile_create(&f, "old", &err) != 0)
			_exit(1);
		f.in_place = true;
		if (gm_file_write(f.fd, span("new"), GM_STOP_NOW, &err) == 0 &&
		    gm_outfile_commit(&f, &err) == 0)
			_exit(2);
		_exit(strcmp(err.msg, "old: Device or resource busy") != 0);
	}
	finish(pid);
	assert_file("old", "old");
	assert_int_equal(count(".", false), 1);
	(void)close(fd);
}

/* GM_STOP_DRAIN does not end that wait, so that no answer is lost. */
static void
test_in_place_draining(void **state)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct gm_outfile f;
	struct gm_err err;
	pid_t pid;
	int fd;

	(void)state;
	put_file("old", "old");
	fd = open("old", O_RDWR);
	assert_int_equal(fcntl(fd, F_SETLK, &all), 0);
	pid = start();
	if (pid == 0) {
		if (gm_stop_install(true, &err) != 0 ||
		    gm_stop_deadline(50, &err) != 0 || raise(SIGINT) != 0 ||
		    gm_outfile_create(&f, "old", &err) != 0)
			_exit(1);
		f.in_place = true;
		if (gm_outfile_commit(&f, &err) == 0)
			_exit(2);
		_exit(gm_stop_is_late() ? 0 : 3);
	}
	finish(pid);
	(void)close(fd);
}

static void
test_create_direct(void **state)
{
	char path[32], got[16] = "";
	struct gm_outfile f;
	struct gm_err err;
	int fd;

	(void)state;
	assert_int_equal(gm_outfile_create(&f, "/dev/null", &err), 0);
	assert_null(f.aside);
	assert_int_equal(
	    gm_file_write(f.fd, span("text"), GM_STOP_NOW, &err), 0);
	assert_int_equal(gm_outfile_commit(&f, &err), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	fd = gm_file_open("fifo", &err);
	assert_true(fd >= 0);
	make("fifo", "text");
	assert_int_equal(read(fd, got, sizeof(got)), 4);
	assert_string_equal(got, "text");
	(void)close(fd);
	/* as "-o /dev/fd/3 3>>log": append, do not replace */
	put_file("log", "old");
	fd = open("log", O_WRONLY | O_APPEND);
	assert_true(fd >= 0);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	make(path, " and new");
	assert_file("log", "old and new");
	assert_int_equal(close(fd), 0); /* still open */
}

static volatile sig_atomic_t alarms;
static int bell[2];

/* Start the reader only now. */
static void
on_fifth_alarm(int signal)
{
	(void)signal;
	if (++alarms == 5)
		(void)!write(bell[1], "", 1);
}

/* A signal that is no request to stop does not end the wait for a reader. */
static void
test_create_fifo_signals(void **state)
{
	struct sigaction action = { .sa_handler = on_fifth_alarm };
	struct itimerval every = { { 0, 1000 }, { 0, 1000 } };
	char byte, got[16] = "";
	pid_t pid;
	int fd;

	(void)state;
	assert_int_equal(pipe(bell), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	pid = start();
	if (pid == 0) {
		(void)alarm(20); /* not for ever, if the parent gives up */
		if (read(bell[0], &byte, 1) != 1 ||
		    (fd = open("fifo", O_RDONLY)) == -1)
			_exit(1);
		_exit(read(fd, got, sizeof(got)) != 4);
	}
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
	make("fifo", "text");
	set_alarms(false);
	assert_true(alarms >= 5);
	finish(pid);
	(void)close(bell[0]);
	(void)close(bell[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create),
		TEST(test_create_mode),
		TEST(test_create_release),
		TEST(test_create_links),
		TEST(test_create_names),
		TEST(test_create_errors),
		TEST(test_create_protected),
		TEST(test_commit_error),
		TEST(test_commit_keep),
		TEST(test_commit_changed),
		TEST(test_create_nameless),
		TEST(test_in_place),
		TEST(test_in_place_never),
		TEST(test_in_place_locked),
		TEST(test_in_place_draining),
		TEST(test_create_direct),
		TEST(test_create_fifo_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
