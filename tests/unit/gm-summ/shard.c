#include <sys/resource.h>

#include "base/clock.h"
#include "gm-summ/shard.h"
#include "tree.h"

#define NAME \
	"000000000000000000000000000001" /* name for key_of(key, 0x5e, 1) */
#define PATH "5e/" NAME
#define ASIDE "5e/.0123456789abcdef"
#define DEATHS 4 /* points in gm_shard_write() where it can be killed */

static const struct gm_shard_limits no_limits = { 1000000, INT64_C(1) << 40 };

static void
open_shard(struct gm_shard *s)
{
	struct gm_err err;

	if (gm_shard_open(s, AT_FDCWD, "5e", true, &err) != 0)
		fail_msg("%s", err.msg);
	assert_string_equal(s->name, "5e");
}

static void
put_number(const struct gm_shard *s, unsigned int number, const char *text)
{
	char key[GM_HASH_HEX];
	struct gm_err err;

	if (gm_shard_write(s, key_of(key, 0x5e, number), span(text), &err) != 0)
		fail_msg("%s", err.msg);
}

/* Compare the numbers of the entries with "1 2 3 ". */
static void
assert_numbers(const char *want)
{
	char path[100], all[1000] = "";
	unsigned int i;
	size_t len = 0;

	for (i = 0; i < 100; i++) {
		(void)snprintf(path, sizeof(path), "5e/%030x", i);
		if (access(path, F_OK) == 0)
			len += (size_t)snprintf(
			    all + len, sizeof(all) - len, "%u ", i);
	}
	assert_string_equal(all, want);
}

static void
name_number(char path[100], unsigned int number)
{
	(void)snprintf(path, 100, "5e/%030x", number);
}

static void
test_open(void **state)
{
	struct gm_shard s = { .fd = -1 };
	struct gm_err err;

	(void)state;
	(void)umask(0);
	assert_int_equal(gm_shard_open(&s, AT_FDCWD, "5e", false, &err), -1);
	assert_error(&err, GM_EIO, "5e: No such file or directory");
	assert_int_equal(err.number, ENOENT);
	assert_int_equal(count(".", false), 0);
	open_shard(&s);
	assert_int_equal(mode_of("5e"), 0700);
	assert_int_equal(fcntl(s.fd, F_GETFD), FD_CLOEXEC);
	(void)close(s.fd);
	open_shard(&s);
	(void)close(s.fd);
}

static void
refuse(enum gm_code code, const char *msg)
{
	struct gm_shard s;
	struct gm_err err;

	assert_int_equal(gm_shard_open(&s, AT_FDCWD, "5e", true, &err), -1);
	assert_error(&err, code, msg);
	assert_int_not_equal(err.number, ENOENT);
}

static void
test_open_odd(void **state)
{
	static const mode_t modes[] = { 0710, 0701, 0755, 0720, 0740, 0704 };
	size_t i;

	(void)state;
	put_file("5e", "");
	refuse(GM_EIO, "5e: Not a directory");
	assert_int_equal(unlink("5e"), 0);
	assert_int_equal(mkdir("sub", 0700), 0);
	assert_int_equal(symlink("sub", "5e"), 0);
	refuse(GM_EIO, "5e: Not a directory");
	assert_int_equal(unlink("5e"), 0);
	assert_int_equal(mkdir("5e", 0700), 0);
	for (i = 0; i < GM_LEN(modes); i++) {
		assert_int_equal(chmod("5e", modes[i]), 0);
		refuse(GM_ECONFIG, "5e: accessible to other users");
	}
	if (geteuid() != 0)
		return;
	assert_int_equal(chmod("5e", 0700), 0);
	assert_int_equal(chown("5e", NOBODY, (gid_t)-1), 0);
	refuse(GM_ECONFIG, "5e: owned by another user");
}

/* Return the result of gm_shard_read(); the text is "" unless that is 1. */
static int
read_number(unsigned int number, struct gm_buf *out, struct gm_err *err)
{
	char key[GM_HASH_HEX];

	gm_buf_init(out, 20);
	return gm_shard_read(AT_FDCWD, key_of(key, 0x5e, number), out, err);
}

static void
assert_text(unsigned int number, const char *want)
{
	struct gm_buf out;
	struct gm_err err;

	if (read_number(number, &out, &err) != 1)
		fail_msg("%s", want);
	assert_string_equal(gm_buf_str(&out), want);
	gm_buf_release(&out);
}

static void
test_write(void **state)
{
	struct gm_shard s;
	struct gm_buf out;
	struct gm_err err;

	(void)state;
	(void)umask(0);
	assert_int_equal(read_number(1, &out, &err), 0); /* no shard */
	open_shard(&s);
	assert_int_equal(read_number(1, &out, &err), 0);
	put_number(&s, 1, "text");
	put_number(&s, 2, "other");
	assert_int_equal(count("5e", false), 2);
	assert_file(PATH, "text");
	assert_int_equal(mode_of(PATH), 0600);
	put_number(&s, 1, "twenty bytes of text");
	assert_text(1, "twenty bytes of text");
	assert_text(2, "other");
	put_number(&s, 2, "");
	assert_text(2, "");
	assert_int_equal(count("5e", false), 2);
	put_number(&s, 1, "twenty-one byte text!");
	assert_int_equal(read_number(1, &out, &err), -1);
	assert_error(&err, GM_EDATA, PATH ": larger than 20 bytes");
	gm_buf_release(&out);
	(void)close(s.fd);
}

static void
read_fails(enum gm_code code, const char *msg)
{
	struct gm_buf out;
	struct gm_err err;

	assert_int_equal(read_number(1, &out, &err), -1);
	assert_error(&err, code, msg);
	assert_int_equal(out.len, 0);
	gm_buf_release(&out);
}

static void
write_fails(const struct gm_shard *s, const char *msg)
{
	char key[GM_HASH_HEX];
	int before = count("5e", false);
	struct gm_err err;

	assert_int_equal(
	    gm_shard_write(s, key_of(key, 0x5e, 1), span("text"), &err), -1);
	assert_error(&err, GM_EIO, msg);
	assert_int_equal(count("5e", false), before);
}

/*
 * An untrusted entry is not read, and replaced if possible; no link is
 * followed.
 */
static void
test_odd_files(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0610, 0666 };
	struct gm_shard s;
	size_t i;

	(void)state;
	open_shard(&s);
	put_file("other", "text");
	assert_int_equal(chmod("other", 0600), 0);
	assert_int_equal(symlink("../other", PATH), 0);
	read_fails(GM_ECONFIG, PATH ": not a regular file");
	put_number(&s, 1, "new");
	assert_text(1, "new");
	assert_file("other", "text");
	for (i = 0; i < GM_LEN(modes); i++) {
		assert_int_equal(chmod(PATH, modes[i]), 0);
		read_fails(GM_ECONFIG, PATH ": accessible to other users");
		assert_int_equal(mode_of(PATH), modes[i]);
		put_number(&s, 1, "new");
		assert_text(1, "new");
	}
	if (geteuid() == 0) {
		assert_int_equal(chown(PATH, NOBODY, (gid_t)-1), 0);
		read_fails(GM_ECONFIG, PATH ": owned by another user");
		put_number(&s, 1, "new");
		assert_text(1, "new");
	}
	assert_int_equal(unlink(PATH), 0);
	assert_int_equal(mkfifo(PATH, 0600), 0);
	read_fails(GM_ECONFIG, PATH ": not a regular file");
	put_number(&s, 1, "new");
	assert_text(1, "new");
	assert_int_equal(unlink(PATH), 0);
	assert_int_equal(mkdir(PATH, 0700), 0);
	read_fails(GM_ECONFIG, PATH ": not a regular file");
	write_fails(&s, PATH ": Is a directory");
	(void)close(s.fd);
}

static void
test_write_fails(void **state)
{
	struct rlimit small = { 3, 0 }, before;
	struct gm_shard s;
	pid_t pid;

	(void)state;
	open_shard(&s);
	put_number(&s, 1, "old");
	rig.write_errno = ENOSPC;
	write_fails(&s, PATH ": No space left on device");
	rig.write_errno = 0;
	rig.close_errno = EDQUOT;
	write_fails(&s, PATH ": Disk quota exceeded");
	rig.close_errno = 0;
	rig.rename_errno = EROFS;
	write_fails(&s, PATH ": Read-only file system");
	rig.rename_errno = 0;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	write_fails(&s, PATH ": File too large");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_text(1, "old");
	(void)close(s.fd);
	assert_int_equal(chmod("5e", 0700), 0);
	if (geteuid() == 0)
		assert_int_equal(chown("5e", NOBODY, NOBODY), 0);
	pid = start_as_nobody();
	if (pid == 0) {
		open_shard(&s);
		put_number(&s, 1, "older");
		assert_int_equal(chmod("5e", 0500), 0);
		write_fails(&s, PATH ": Permission denied");
		assert_text(1, "older");
		assert_int_equal(chmod("5e", 0700), 0);
		_exit(0);
	}
	finish(pid);
}

/* Killed at each point, a write leaves the old entry or the new one. */
static void
test_killed(void **state)
{
	struct gm_shard s;
	int deaths, status, aside = 0;
	bool is_new;
	pid_t pid;

	(void)state;
	open_shard(&s);
	for (deaths = 1; deaths <= DEATHS + 1; deaths++) {
		put_number(&s, 1, "old");
		pid = start();
		if (pid == 0) {
			rig.deaths = deaths;
			put_number(&s, 1, "new");
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(WIFSIGNALED(status), deaths <= DEATHS);
		is_new = deaths >= DEATHS;
		assert_text(1, is_new ? "new" : "old");
		aside += !is_new;
		assert_int_equal(count("5e", false), 1 + aside);
	}
	/* for an hour the file may belong to a process that still writes */
	gm_shard_trim(&s, &no_limits, gm_clock_wall_ms());
	assert_int_equal(count("5e", false), 1 + aside);
	gm_shard_trim(&s, &no_limits, gm_clock_wall_ms() + HOUR_MS + 60000);
	assert_int_equal(count("5e", false), 1);
	assert_text(1, "new");
	(void)close(s.fd);
}

/* A use is recorded if the last one was over an hour ago or in the future. */
static void
test_use(void **state)
{
	int64_t now = gm_clock_wall_ms();
	struct gm_shard s;

	(void)state;
	open_shard(&s);
	put_number(&s, 1, "text");
	assert_true(used_ms(PATH) > now - 60000);
	set_used(PATH, now - HOUR_MS / 2);
	assert_text(1, "text");
	assert_true(used_ms(PATH) == now - HOUR_MS / 2);
	set_used(PATH, now - 2 * HOUR_MS);
	assert_text(1, "text");
	assert_true(used_ms(PATH) > now - 60000);
	set_used(PATH, now + 2 * HOUR_MS);
	assert_text(1, "text");
	assert_true(used_ms(PATH) < now + HOUR_MS);
	(void)close(s.fd);
}

/* Make entries 1 to n of len bytes, each used an hour after the one before. */
static void
fill_shard(const struct gm_shard *s, unsigned int n, const char *text)
{
	char path[100];
	unsigned int i;

	for (i = 1; i <= n; i++) {
		put_number(s, i, text);
		name_number(path, i);
		set_used(path, i * HOUR_MS);
	}
}

static void
test_trim_entries(void **state)
{
	const struct gm_shard_limits eight = { 8, INT64_C(1) << 40 };
	struct gm_shard s;
	char path[100];

	(void)state;
	open_shard(&s);
	fill_shard(&s, 7, "text");
	gm_shard_trim(&s, &eight, 10 * HOUR_MS);
	assert_numbers("1 2 3 4 5 6 7 ");
	fill_shard(&s, 8, "text");
	name_number(path, 2);
	set_used(path, 9 * HOUR_MS);
	gm_shard_trim(&s, &eight, 10 * HOUR_MS);
	assert_numbers("2 4 5 6 7 8 ");
	/* entries from the future, from a wrong clock, go first */
	fill_shard(&s, 8, "text");
	set_used(path, 11 * HOUR_MS + 1);
	name_number(path, 5);
	set_used(path, 1000000 * HOUR_MS);
	gm_shard_trim(&s, &eight, 10 * HOUR_MS);
	assert_numbers("1 3 4 6 7 8 ");
	/* slightly in the future, as the clock of a file server may be */
	fill_shard(&s, 8, "text");
	name_number(path, 2);
	set_used(path, 11 * HOUR_MS);
	gm_shard_trim(&s, &eight, 10 * HOUR_MS);
	assert_numbers("2 4 5 6 7 8 ");
	/* before 1970 */
	fill_shard(&s, 8, "text");
	name_number(path, 8);
	set_used(path, -1000 * HOUR_MS);
	gm_shard_trim(&s, &eight, 10 * HOUR_MS);
	assert_numbers("2 3 4 5 6 7 ");
	(void)close(s.fd);
}

static void
test_trim_bytes(void **state)
{
	const struct gm_shard_limits limits = { 1000, 80 };
	struct gm_shard s;

	(void)state;
	open_shard(&s);
	fill_shard(&s, 7, "ten bytes.");
	gm_shard_trim(&s, &limits, 10 * HOUR_MS);
	assert_numbers("1 2 3 4 5 6 7 ");
	put_number(&s, 8, "x");
	gm_shard_trim(&s, &limits, gm_clock_wall_ms());
	assert_numbers("3 4 5 6 7 8 ");
	/* entries of half a shard: the newest stays */
	put_number(&s, 9, "0123456789012345678901234567890123456789");
	gm_shard_trim(&s, &limits, gm_clock_wall_ms());
	assert_numbers("7 8 9 ");
	(void)close(s.fd);
}

/* Files of others, and names that only look like entries. */
static const char *const foreign[] = { "5e/README",
	"5e/00000000000000000000000000000a",
	"5e/0000000000000000000000000000000",
	"5e/00000000000000000000000000000A", "5e/.0123456789abcdeg",
	"5e/.0123456789abcde", "5e/.0123456789abcdef0", "5e/0123456789abcdef",
	"5e/..0123456789abcde", "5e/00000000000000000000000000000e.bak",
	"5e/.0123456789abcdef~" };

static int
put_foreign(void)
{
	int n = (int)GM_LEN(foreign) + 3;
	size_t i;

	for (i = 0; i < GM_LEN(foreign); i++)
		put_file(foreign[i], "text");
	/* the second has the name of an entry */
	assert_int_equal(unlink(foreign[1]), 0);
	assert_int_equal(mkdir(foreign[1], 0700), 0);
	assert_int_equal(
	    symlink("../x", "5e/00000000000000000000000000000b"), 0);
	assert_int_equal(mkfifo("5e/00000000000000000000000000000c", 0600), 0);
	assert_int_equal(symlink("../x", "5e/.0123456789abcded"), 0);
	if (geteuid() != 0)
		return n;
	put_file("5e/00000000000000000000000000000d", "text");
	assert_int_equal(
	    chown("5e/00000000000000000000000000000d", NOBODY, NOBODY), 0);
	put_file("5e/.0123456789abcdec", "text");
	assert_int_equal(chown("5e/.0123456789abcdec", NOBODY, NOBODY), 0);
	return n + 2;
}

static void
test_foreign(void **state)
{
	const struct gm_shard_limits none = { 0, 0 };
	struct gm_shard_sum sum = { .entries = 0 };
	struct gm_shard s;
	struct gm_err err;
	int n;

	(void)state;
	open_shard(&s);
	n = put_foreign();
	assert_int_equal(gm_shard_count(&s, &sum, &err), 0);
	assert_int_equal(sum.entries, 0);
	gm_shard_trim(&s, &none, gm_clock_wall_ms() + 100 * HOUR_MS);
	assert_int_equal(gm_shard_clear(&s, &sum, &err), 0);
	assert_int_equal(sum.entries, 0);
	assert_int_equal(count("5e", false), n);
	fill_shard(&s, 3, "text");
	put_file(ASIDE, "half");
	assert_int_equal(count("5e", false), n + 4);
	gm_shard_trim(&s, &none, gm_clock_wall_ms() + 100 * HOUR_MS);
	assert_int_equal(count("5e", false), n);
	fill_shard(&s, 3, "text");
	put_file(ASIDE, "half");
	assert_int_equal(gm_shard_clear(&s, &sum, &err), 0);
	assert_int_equal(sum.entries, 3);
	assert_int_equal(count("5e", false), n);
	(void)close(s.fd);
}

static void
test_sum(void **state)
{
	struct gm_shard_sum sum = { .entries = 0 };
	struct gm_shard s;
	struct gm_err err;

	(void)state;
	open_shard(&s);
	assert_int_equal(gm_shard_count(&s, &sum, &err), 0);
	assert_int_equal(sum.entries, 0);
	fill_shard(&s, 3, "text");
	put_file(ASIDE, "half");
	assert_int_equal(gm_shard_count(&s, &sum, &err), 0);
	assert_int_equal(sum.entries, 3);
	assert_int_equal(sum.bytes, 12);
	assert_true(sum.oldest_ms == HOUR_MS);
	assert_true(sum.newest_ms == 3 * HOUR_MS);
	/* sums of several shards */
	assert_int_equal(gm_shard_count(&s, &sum, &err), 0);
	assert_int_equal(sum.entries, 6);
	sum = (struct gm_shard_sum){ .entries = 0 };
	assert_int_equal(gm_shard_clear(&s, &sum, &err), 0);
	assert_int_equal(sum.entries, 3);
	assert_int_equal(sum.bytes, 12);
	assert_int_equal(count("5e", false), 0);
	(void)close(s.fd);
}

/* Two processes remove at once, or one counts meanwhile. */
static void
test_late(void **state)
{
	const struct gm_shard_limits none = { 0, 0 };
	struct gm_shard_sum sum = { .entries = 0 };
	struct gm_shard s;
	struct gm_err err;

	(void)state;
	open_shard(&s);
	fill_shard(&s, 3, "text");
	rig.unlink_late = true;
	assert_int_equal(gm_shard_clear(&s, &sum, &err), 0);
	assert_int_equal(sum.entries, 0); /* the other process counts them */
	rig.unlink_late = false;
	assert_int_equal(count("5e", false), 0);
	fill_shard(&s, 3, "text");
	rig.stat_late = true;
	assert_int_equal(gm_shard_count(&s, &sum, &err), 0);
	assert_int_equal(sum.entries, 0);
	gm_shard_trim(&s, &none, gm_clock_wall_ms());
	rig.stat_late = false;
	assert_int_equal(count("5e", false), 0);
	(void)close(s.fd);
}

static void
test_clear_fails(void **state)
{
	struct gm_shard_sum sum = { .entries = 0 };
	struct gm_shard s;
	struct gm_err err;
	pid_t pid;

	(void)state;
	pid = start_as_nobody();
	if (pid == 0) {
		open_shard(&s);
		put_number(&s, 1, "text");
		assert_int_equal(chmod("5e", 0500), 0);
		assert_int_equal(gm_shard_clear(&s, &sum, &err), -1);
		assert_error(&err, GM_EIO, PATH ": Permission denied");
		assert_int_equal(sum.entries, 0);
		assert_int_equal(chmod("5e", 0300), 0);
		assert_int_equal(gm_shard_count(&s, &sum, &err), -1);
		assert_error(&err, GM_EIO, "5e: Permission denied");
		gm_shard_trim(&s, &no_limits, 0);
		assert_int_equal(chmod("5e", 0700), 0);
		_exit(0);
	}
	finish(pid);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(test_open),
		TREE_TEST(test_open_odd),
		TREE_TEST(test_write),
		TREE_TEST(test_odd_files),
		TREE_TEST(test_write_fails),
		TREE_TEST(test_killed),
		TREE_TEST(test_use),
		TREE_TEST(test_trim_entries),
		TREE_TEST(test_trim_bytes),
		TREE_TEST(test_foreign),
		TREE_TEST(test_sum),
		TREE_TEST(test_late),
		TREE_TEST(test_clear_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
