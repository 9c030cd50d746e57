#include "gm-summ/cache.h"
#include "../notes.h"
#include "base/clock.h"
#include "tree.h"

#define NAME "000000000000000000000000000001" /* path of key_of(key, 0x5e, 1) */
#define DIR_NAME "sub/summaries"
#define ENTRY DIR_NAME "/5e/" NAME
#define TEXT_MAX 5000
#define UNUSED "gm-x: cached answer ignored: " ENTRY ": "
#define NOT_CACHED "gm-x: answers are not cached: "

static int
enter_noted(void **state)
{
	note.verbose = 0;
	return open_notes() == 0 ? enter(state) : -1;
}

static int
fell_noted(void **state)
{
	close_notes();
	return fell(state);
}

static void
init(struct gm_cache *c)
{
	struct gm_cache_options o = { .dir = "sub", .note = &note };

	gm_cache_init(c, &o);
}

/* Make the answer for a number: any bytes, up to TEXT_MAX of them. */
static void
make_answer(unsigned int number, struct gm_buf *text, struct gm_entry *e)
{
	unsigned int i, len = 1 + number * 37 % TEXT_MAX;

	gm_buf_init(text, TEXT_MAX);
	for (i = 0; i < len; i++)
		gm_buf_putc(text, (char)(unsigned char)(i * number + i / 7));
	*e = (struct gm_entry){
		.text = gm_buf_span(text),
		.model = number % 2 == 0 ? "even" : "odd",
		.input_tokens = number,
		.output_tokens = -(int64_t)number,
	};
}

static void
put_key(struct gm_cache *c, const char *key, unsigned int number)
{
	struct gm_entry e;
	struct gm_buf text;

	make_answer(number, &text, &e);
	gm_cache_put(c, key, &e);
	gm_buf_release(&text);
}

/* Returns 1 if the right answer is found, 0 if none, -1 if a wrong one. */
static int
get_key(struct gm_cache *c, const char *key, unsigned int number)
{
	struct gm_entry got = { .model = NULL }, want;
	struct gm_buf text;
	int rc = 0;

	make_answer(number, &text, &want);
	if (gm_cache_get(c, key, &got))
		rc = got.text.len == want.text.len &&
		             memcmp(got.text.p, want.text.p, want.text.len) ==
		                 0 &&
		             strcmp(got.model, want.model) == 0 &&
		             got.input_tokens == want.input_tokens &&
		             got.output_tokens == want.output_tokens
		         ? 1
		         : -1;
	gm_buf_release(&text);
	return rc;
}

/* Make a key in shard 5e. */
static void
put(struct gm_cache *c, unsigned int number)
{
	char key[GM_HASH_HEX];

	put_key(c, key_of(key, 0x5e, number), number);
}

static int
get(struct gm_cache *c, unsigned int number)
{
	char key[GM_HASH_HEX];

	return get_key(c, key_of(key, 0x5e, number), number);
}

/* Make a real key, which may be in any shard. */
static const char *
random_key(char key[GM_HASH_HEX], unsigned int number)
{
	char model[20];
	struct gm_entry_request r = { .model = model };

	(void)snprintf(model, sizeof(model), "%u", number);
	gm_entry_key(key, &r);
	return key;
}

static void
test_round_trip(void **state)
{
	struct gm_cache c, other;
	char key[GM_HASH_HEX];
	unsigned int i;

	(void)state;
	(void)umask(0);
	init(&c);
	init(&other);
	assert_int_equal(get(&c, 1), 0);
	assert_int_equal(
	    count(".", false), 0); /* no directory is created for it */
	put(&c, 1);
	for (i = 0; i < 600; i++)
		put_key(&c, random_key(key, i), i);
	for (i = 0; i < 600; i++)
		assert_int_equal(get_key(&other, random_key(key, i), i), 1);
	assert_int_equal(get(&other, 1), 1);
	assert_int_equal(get(&other, 2), 0);
	put_key(&c, random_key(key, 7), 8);
	assert_int_equal(get_key(&other, key, 8), 1);
	assert_int_equal(mode_of("sub"), 0700);
	assert_int_equal(mode_of(DIR_NAME), 0700);
	assert_int_equal(mode_of(DIR_NAME "/5e"), 0700);
	assert_int_equal(mode_of(ENTRY), 0600);
	assert_int_equal(count("sub", false), 1);
	assert_in_range(count(DIR_NAME, false), 200, GM_SHARDS);
	gm_cache_release(&c);
	gm_cache_release(&c);
	gm_cache_release(&other);
	assert_string_equal(said(), "");
}

static void
test_no_cache(void **state)
{
	struct gm_cache c = { .note = NULL };
	struct gm_shard_sum sum;
	struct gm_err err;

	(void)state;
	put(&c, 1);
	assert_int_equal(get(&c, 1), 0);
	assert_int_equal(count(".", false), 0);
	assert_int_equal(gm_cache_stats(&c, &sum, &err), -1);
	gm_cache_release(&c);
}

static void
test_sizes(void **state)
{
	struct gm_cache_options o = {
		.dir = "sub", .note = &note, .max_bytes = 512 * 1000
	};
	char key[GM_HASH_HEX], *text = calloc(1, 1000);
	struct gm_entry e = { .text = { text, 0 }, .model = "m" };
	struct gm_cache c;

	(void)state;
	assert_non_null(text);
	note.verbose = 1;
	gm_cache_init(&c, &o);
	gm_cache_put(&c, key_of(key, 0x5e, 1), &e);
	assert_int_equal(count(".", false), 0); /* empty text */
	/* "0 0", the model and the checksum take 39 bytes */
	e.text.len = 961;
	gm_cache_put(&c, key, &e);
	assert_true(gm_cache_get(&c, key, &e));
	assert_int_equal(e.text.len, 961);
	assert_string_equal(said(), "");
	e.text.p = text;
	e.text.len = 962;
	gm_cache_put(&c, key_of(key, 0x5e, 2), &e);
	assert_false(gm_cache_get(&c, key, &e));
	assert_string_equal(
	    said(), "gm-x: answer not cached: 962 bytes are too large\n");
	assert_string_equal(said(), "");
	gm_cache_release(&c);
	free(text);
}

/* Damage the entry of number 1, check, and put it back. */
static void
write_entry(const char *bytes, size_t len)
{
	int fd = open(ENTRY, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(close(fd), 0);
}

static void
assert_damaged(struct gm_cache *c)
{
	assert_int_equal(get(c, 1), 0);
	assert_string_equal(
	    said(), "gm-x: " ENTRY ": damaged cache entry removed\n");
	assert_int_equal(access(ENTRY, F_OK), -1);
	assert_int_equal(get(c, 1), 0);
	assert_string_equal(said(), "");
}

/* Damage at each byte, at each length, a wrong name, and a large file. */
static void
test_damaged(void **state)
{
	char bytes[1000], good[1000];
	struct gm_cache c;
	ssize_t i, len;
	int fd;

	(void)state;
	note.verbose = 1;
	init(&c);
	put(&c, 1);
	fd = open(ENTRY, O_RDONLY);
	len = read(fd, good, sizeof(good));
	(void)close(fd);
	assert_true(len > 50);
	memcpy(bytes, good, sizeof(bytes));
	for (i = 0; i < len; i++) {
		bytes[i] = (char)(bytes[i] ^ 0x10);
		write_entry(bytes, (size_t)len);
		assert_damaged(&c);
		bytes[i] = good[i];
	}
	for (i = 0; i < len; i++) {
		write_entry(good, (size_t)i);
		assert_damaged(&c);
	}
	write_entry(good, (size_t)len + 1);
	assert_damaged(&c);
	put(&c, 2);
	assert_int_equal(rename(DIR_NAME "/5e/"
					 "000000000000000000000000000002",
			     ENTRY),
	    0);
	assert_damaged(&c);
	write_entry("", 0);
	assert_int_equal(truncate(ENTRY, GM_CACHE_BYTES), 0);
	assert_damaged(&c);
	write_entry(good, (size_t)len);
	assert_int_equal(get(&c, 1), 1);
	assert_string_equal(said(), "");
	gm_cache_release(&c);
}

/* Nothing is used or changed; one note reports it, others only with -v. */
static void
refuse(const char *dir, const char *words)
{
	struct gm_cache_options o = { .dir = dir, .note = &note };
	struct gm_shard_sum sum;
	struct gm_cache c;
	struct gm_err err;
	char want[2000];

	(void)snprintf(want, sizeof(want), NOT_CACHED "%s\n", words);
	gm_cache_init(&c, &o);
	put(&c, 1);
	assert_int_equal(get(&c, 1), 0);
	assert_string_equal(said(), want);
	assert_string_equal(said(), "");
	note.verbose = 1;
	put(&c, 1);
	assert_string_equal(said(), want);
	note.verbose = 0;
	assert_int_equal(gm_cache_stats(&c, &sum, &err), -1);
	assert_error(&err, GM_ECONFIG, words);
	assert_int_equal(gm_cache_clear(&c, &sum, &err), -1);
	assert_error(&err, GM_ECONFIG, words);
	gm_cache_release(&c);
}

static void
test_directory(void **state)
{
	static const mode_t modes[] = { 0755, 0710, 0701, 0770, 0720, 0704 };
	struct gm_cache c;
	size_t i;

	(void)state;
	refuse("", "no cache directory; set GM_CACHE_DIR");
	refuse(NULL, "no cache directory; set GM_CACHE_DIR");
	put_file("file", "");
	refuse("file", "file/summaries: Not a directory");
	init(&c);
	put(&c, 1);
	gm_cache_release(&c);
	for (i = 0; i < GM_LEN(modes); i++) {
		assert_int_equal(chmod(DIR_NAME, modes[i]), 0);
		refuse("sub",
		    DIR_NAME ": accessible to other users; use chmod 700");
		assert_int_equal(mode_of(DIR_NAME), modes[i]);
	}
	assert_int_equal(chmod(DIR_NAME, 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(DIR_NAME, NOBODY, NOBODY), 0);
		refuse("sub",
		    DIR_NAME ": owned by another user; set GM_CACHE_DIR");
		assert_int_equal(chown(DIR_NAME, 0, 0), 0);
	}
	init(&c);
	assert_int_equal(get(&c, 1), 1);
	gm_cache_release(&c);
	assert_int_equal(rename(DIR_NAME, "sub/real"), 0);
	assert_int_equal(symlink("real", DIR_NAME), 0);
	refuse("sub", DIR_NAME ": Not a directory");
	assert_int_equal(unlink(DIR_NAME), 0);
	put_file(DIR_NAME, "");
	refuse("sub", DIR_NAME ": Not a directory");
	assert_file(DIR_NAME, "");
}

/* An absent cache is no failure; one that cannot be created is. */
static void
test_cannot_make(void **state)
{
	struct gm_cache_options o = { .dir = "/proc/gm-none", .note = &note };
	struct gm_shard_sum sum;
	struct gm_cache c;
	struct gm_err err;

	(void)state;
	gm_cache_init(&c, &o);
	assert_int_equal(get(&c, 1), 0);
	assert_string_equal(said(), "");
	put(&c, 1);
	assert_string_equal(said(),
	    NOT_CACHED "/proc/gm-none/summaries: No such file or directory\n");
	put(&c, 1);
	assert_string_equal(said(), "");
	assert_int_equal(gm_cache_stats(&c, &sum, &err), 0);
	assert_int_equal(sum.entries, 0);
	gm_cache_release(&c);
}

/* CacheDirectory= of systemd is a link, and readable by all users. */
static void
test_parent(void **state)
{
	struct gm_cache c;

	(void)state;
	assert_int_equal(mkdir("real", 0755), 0);
	assert_int_equal(symlink("real", "sub"), 0);
	init(&c);
	put(&c, 1);
	assert_int_equal(get(&c, 1), 1);
	assert_int_equal(mode_of("real"), 0755);
	assert_int_equal(mode_of("real/summaries"), 0700);
	gm_cache_release(&c);
	assert_string_equal(said(), "");
}

/* An untrusted entry is not used, with one note, and is replaced. */
static void
test_odd_entry(void **state)
{
	struct gm_cache c;

	(void)state;
	init(&c);
	put(&c, 1);
	assert_int_equal(chmod(ENTRY, 0644), 0);
	assert_int_equal(get(&c, 1), 0);
	assert_string_equal(said(), UNUSED "accessible to other users\n");
	assert_int_equal(get(&c, 1), 0);
	assert_string_equal(said(), "");
	put(&c, 1);
	assert_int_equal(get(&c, 1), 1);
	assert_int_equal(unlink(ENTRY), 0);
	assert_int_equal(symlink("../../../other", ENTRY), 0);
	note.verbose = 1;
	assert_int_equal(get(&c, 1), 0);
	assert_string_equal(said(), UNUSED "not a regular file\n");
	put(&c, 1);
	assert_int_equal(get(&c, 1), 1);
	assert_int_equal(access("other", F_OK), -1);
	assert_int_equal(unlink(ENTRY), 0);
	assert_int_equal(mkdir(ENTRY, 0700), 0);
	assert_int_equal(get(&c, 1), 0);
	assert_string_equal(said(), UNUSED "not a regular file\n");
	put(&c, 1);
	assert_string_equal(said(), NOT_CACHED ENTRY ": Is a directory\n");
	assert_string_equal(said(), "");
	gm_cache_release(&c);
}

/* Cached answers are still found if none can be written. */
static void
test_read_only(void **state)
{
	struct gm_cache c;
	pid_t pid;

	(void)state;
	pid = start_as_nobody();
	if (pid == 0) {
		init(&c);
		put(&c, 1);
		set_used(ENTRY, HOUR_MS);
		assert_int_equal(chmod(DIR_NAME, 0500), 0);
		assert_int_equal(chmod(DIR_NAME "/5e", 0500), 0);
		assert_int_equal(get(&c, 1), 1);
		put(&c, 2);
		assert_string_equal(said(),
		    NOT_CACHED DIR_NAME "/5e/"
					"000000000000000000000000000002"
					": Permission denied\n");
		put(&c, 3);
		put_key(&c, "00000000000000000000000000000001", 1);
		assert_int_equal(get(&c, 1), 1);
		assert_int_equal(get(&c, 2), 0);
		assert_string_equal(said(), "");
		assert_int_equal(chmod(DIR_NAME, 0700), 0);
		assert_int_equal(chmod(DIR_NAME "/5e", 0700), 0);
		put(&c, 2);
		assert_int_equal(get(&c, 2), 1);
		_exit(0);
	}
	finish(pid);
}

static void
test_full(void **state)
{
	struct gm_cache c;

	(void)state;
	init(&c);
	put(&c, 1);
	rig.write_errno = ENOSPC;
	put(&c, 2);
	put(&c, 1);
	put(&c, 3);
	rig.write_errno = 0;
	assert_string_equal(said(), NOT_CACHED DIR_NAME
	    "/5e/000000000000000000000000000002: No space left on device\n");
	assert_string_equal(said(), "");
	assert_int_equal(get(&c, 1), 1);
	assert_int_equal(get(&c, 2), 0);
	assert_int_equal(count(DIR_NAME "/5e", false), 1);
	put(&c, 2);
	assert_int_equal(get(&c, 2), 1);
	gm_cache_release(&c);
}

/* Another process removes files by rm -r or --cache-clear. */
static void
test_removed(void **state)
{
	struct gm_cache c;

	(void)state;
	init(&c);
	put(&c, 1);
	fell_all();
	assert_int_equal(get(&c, 1), 0);
	put(&c, 1);
	assert_int_equal(get(&c, 1), 1);
	assert_int_equal(access(ENTRY, F_OK), 0);
	/* in each attempt */
	rig.rename_errno = ENOENT;
	put(&c, 2);
	rig.rename_errno = 0;
	assert_int_equal(get(&c, 2), 0);
	assert_int_equal(count(DIR_NAME "/5e", false), 1);
	assert_string_equal(said(), "");
	gm_cache_release(&c);
}

/* A put does not always trim, and never removes its own answer. */
static void
test_evict(void **state)
{
	struct gm_cache_options o = {
		.dir = "sub", .note = &note, .max_entries = 16 * GM_SHARDS
	};
	const unsigned int high = 0xf0000000;
	struct gm_cache c;
	char path[100];
	unsigned int i;

	(void)state;
	gm_cache_init(&c, &o);
	for (i = 0; i < 40; i++) {
		put(&c, high + i);
		(void)snprintf(
		    path, sizeof(path), DIR_NAME "/5e/%030x", high + i);
		set_used(path, (1 + i) * HOUR_MS);
	}
	assert_int_equal(get(&c, high), 1); /* used once more */
	assert_int_equal(count(DIR_NAME "/5e", false), 40);
	put(&c, 1);
	assert_int_equal(count(DIR_NAME "/5e", false), 12);
	assert_int_equal(get(&c, 1), 1);
	assert_int_equal(get(&c, high), 1);
	for (i = 1; i < 40; i++)
		assert_int_equal(get(&c, high + i), i >= 30);
	gm_cache_release(&c);
	assert_string_equal(said(), "");
}

/* With real keys the cache keeps its limits. */
static void
test_bounded(void **state)
{
	struct gm_cache_options o = { .dir = "sub", .note = &note };
	char key[GM_HASH_HEX];
	struct gm_shard_sum sum;
	struct gm_cache c;
	struct gm_err err;
	unsigned int i, step;

	(void)state;
	for (step = 0; step < 2; step++) {
		o.max_entries = step == 0 ? 6 * GM_SHARDS : 0;
		o.max_bytes = step == 0 ? 0 : INT64_C(10000) * GM_SHARDS;
		gm_cache_init(&c, &o);
		for (i = 0; i < 2500; i++)
			put_key(&c, random_key(key, i), i);
		assert_int_equal(gm_cache_stats(&c, &sum, &err), 0);
		if (step == 0)
			assert_in_range(sum.entries, 800, o.max_entries);
		else
			assert_in_range(
			    sum.bytes, o.max_bytes / 2, o.max_bytes);
		assert_int_equal(gm_cache_clear(&c, &sum, &err), 0);
		gm_cache_release(&c);
	}
	assert_string_equal(said(), "");
}

static void
test_stats(void **state)
{
	char key[GM_HASH_HEX];
	struct gm_shard_sum sum;
	struct gm_cache c;
	struct gm_err err;
	struct stat st;
	int64_t bytes = 0;
	unsigned int i;

	(void)state;
	init(&c);
	assert_int_equal(gm_cache_stats(&c, &sum, &err), 0);
	assert_int_equal(sum.entries, 0);
	assert_int_equal(gm_cache_clear(&c, &sum, &err), 0);
	assert_int_equal(count(".", false), 0);
	for (i = 0; i < GM_SHARDS; i++) {
		char path[100];

		put_key(&c, key_of(key, i, 1), i);
		(void)snprintf(path, sizeof(path), DIR_NAME "/%.2s/" NAME, key);
		assert_int_equal(stat(path, &st), 0);
		bytes += st.st_size;
		set_used(path, (1 + i) * HOUR_MS);
	}
	assert_int_equal(gm_cache_stats(&c, &sum, &err), 0);
	assert_int_equal(sum.entries, GM_SHARDS);
	assert_true(sum.bytes == bytes);
	assert_true(sum.oldest_ms == HOUR_MS);
	assert_true(sum.newest_ms == GM_SHARDS * HOUR_MS);
	/* files of others stay */
	put_file("sub/models.json", "theirs");
	put_file(DIR_NAME "/README", "theirs");
	put_file(DIR_NAME "/5e/README", "theirs");
	put_file(DIR_NAME "/" NAME, "theirs");
	assert_int_equal(mkdir(DIR_NAME "/5e0", 0700), 0);
	put_file(DIR_NAME "/5e0/" NAME, "theirs");
	assert_int_equal(gm_cache_clear(&c, &sum, &err), 0);
	assert_int_equal(sum.entries, GM_SHARDS);
	assert_true(sum.bytes == bytes);
	assert_file("sub/models.json", "theirs");
	assert_file(DIR_NAME "/README", "theirs");
	assert_file(DIR_NAME "/5e/README", "theirs");
	assert_file(DIR_NAME "/" NAME, "theirs");
	assert_file(DIR_NAME "/5e0/" NAME, "theirs");
	assert_int_equal(gm_cache_stats(&c, &sum, &err), 0);
	assert_int_equal(sum.entries, 0);
	put(&c, 1);
	assert_int_equal(get(&c, 1), 1);
	gm_cache_release(&c);
	assert_string_equal(said(), "");
}

/* Other shards are still counted and cleared. */
static void
test_odd_shard(void **state)
{
	char key[GM_HASH_HEX];
	struct gm_shard_sum sum;
	struct gm_cache c;
	struct gm_err err;

	(void)state;
	init(&c);
	put_key(&c, key_of(key, 0, 1), 1);
	put_key(&c, key_of(key, 1, 1), 1);
	put_key(&c, key_of(key, 0xff, 1), 1);
	put_file(DIR_NAME "/5e", "");
	assert_int_equal(chmod(DIR_NAME "/01", 0755), 0);
	assert_int_equal(gm_cache_stats(&c, &sum, &err), -1);
	assert_error(
	    &err, GM_ECONFIG, DIR_NAME "/01: accessible to other users");
	assert_int_equal(sum.entries, 2);
	assert_int_equal(gm_cache_clear(&c, &sum, &err), -1);
	assert_error(
	    &err, GM_ECONFIG, DIR_NAME "/01: accessible to other users");
	assert_int_equal(sum.entries, 2);
	assert_int_equal(count(DIR_NAME "/01", false), 1);
	put_key(&c, key_of(key, 1, 2), 2);
	assert_string_equal(
	    said(), NOT_CACHED DIR_NAME "/01: accessible to other users\n");
	assert_int_equal(get(&c, 1), 0);
	assert_string_equal(said(), UNUSED "Not a directory\n");
	gm_cache_release(&c);
}

/* Return the next number of a fixed random sequence. */
static unsigned int
next(unsigned int *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/*
 * Put, get, evict and sometimes clear.  Returns 0 if answers were found and all
 * were right.
 */
static int
use_at_random(unsigned int seed, unsigned int turns)
{
	struct gm_cache_options o = {
		.dir = "sub", .note = &note, .max_entries = 2 * GM_SHARDS
	};
	char key[GM_HASH_HEX];
	unsigned int i, number, right = 0;
	struct gm_shard_sum sum;
	struct gm_cache c;
	struct gm_err err;
	int rc;

	gm_cache_init(&c, &o);
	for (i = 0; i < turns; i++) {
		number = next(&seed) % 500;
		rc = get_key(&c, random_key(key, number), number);
		if (rc == -1)
			return 1;
		right += rc == 1;
		if (rc == 0)
			put_key(&c, key, number);
		if (next(&seed) % 500 == 0 &&
		    gm_cache_clear(&c, &sum, &err) != 0)
			return 2;
	}
	gm_cache_release(&c);
	return right > 0 ? 0 : 3;
}

static void
test_shared(void **state)
{
	pid_t pids[16];
	struct gm_cache c;
	struct gm_shard_sum sum;
	struct gm_err err;
	unsigned int i;

	(void)state;
	note.verbose = 1;
	for (i = 0; i < GM_LEN(pids); i++) {
		pids[i] = start();
		if (pids[i] == 0)
			_exit(use_at_random(i, 400));
	}
	for (i = 0; i < GM_LEN(pids); i++)
		finish(pids[i]);
	/* no damaged entry was found, and nothing else was reported */
	assert_string_equal(said(), "");
	init(&c);
	assert_int_equal(gm_cache_stats(&c, &sum, &err), 0);
	assert_in_range(sum.entries, 1, 2 * GM_SHARDS);
	gm_cache_release(&c);
}

/* Count files that are not entries in all shards, and make them old. */
static int
age_asides(void)
{
	char path[1000];
	struct dirent *entry;
	unsigned int i;
	DIR *dir;
	int n = 0;

	for (i = 0; i < GM_SHARDS; i++) {
		(void)snprintf(path, sizeof(path), DIR_NAME "/%02x", i);
		dir = opendir(path);
		while (dir != NULL && (entry = readdir(dir)) != NULL) {
			if (entry->d_name[0] != '.' ||
			    strlen(entry->d_name) < 3)
				continue;
			(void)snprintf(path, sizeof(path), DIR_NAME "/%02x/%s",
			    i, entry->d_name);
			set_used(path, HOUR_MS);
			n++;
		}
		if (dir != NULL)
			(void)closedir(dir);
	}
	return n;
}

/* Killed at any moment, repeatedly: entries are whole, other files go. */
static void
test_killed(void **state)
{
	unsigned int i, seed = 7;
	char key[GM_HASH_HEX];
	struct gm_cache c;
	int status;
	pid_t pid;

	(void)state;
	note.verbose = 1;
	for (i = 0; i < 60; i++) {
		pid = start();
		if (pid == 0) {
			rig.deaths = 1 + (int)(next(&seed) % 60);
			_exit(use_at_random(i, 10000));
		}
		(void)next(&seed);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGKILL);
	}
	init(&c);
	for (i = 0; i < 500; i++)
		assert_int_not_equal(get_key(&c, random_key(key, i), i), -1);
	assert_string_equal(said(), "");
	assert_true(age_asides() > 0);
	for (i = 0; i < GM_SHARDS; i++)
		put_key(&c, key_of(key, i, 0), i);
	assert_int_equal(age_asides(), 0);
	gm_cache_release(&c);
}

#define NOTED(name) \
	cmocka_unit_test_setup_teardown(name, enter_noted, fell_noted)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		NOTED(test_round_trip),
		NOTED(test_no_cache),
		NOTED(test_sizes),
		NOTED(test_damaged),
		NOTED(test_directory),
		NOTED(test_cannot_make),
		NOTED(test_parent),
		NOTED(test_odd_entry),
		NOTED(test_read_only),
		NOTED(test_full),
		NOTED(test_removed),
		NOTED(test_evict),
		NOTED(test_bounded),
		NOTED(test_stats),
		NOTED(test_odd_shard),
		NOTED(test_shared),
		NOTED(test_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
