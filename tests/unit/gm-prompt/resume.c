#include "gm-prompt/resume.h"
#include "results.h"

#define H1 "\"hash\":\"00000000000000000000000000000001\""
#define H2 "\"hash\":\"00000000000000000000000000000002\""
#define MANY 100000
#define LONG ((size_t)20 << 20)

static struct gm_hash
hash_of(uint64_t n)
{
	return (struct gm_hash){ 0, n };
}

static int
open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* Returns the descriptor of the file "file". */
static int
read_file(struct gm_resume *r)
{
	struct gm_err err;
	int fd = open_file("file");

	*r = (struct gm_resume){ 0 };
	if (gm_resume_read(r, fd, "file", &err) != 0)
		fail_msg("%s", err.msg);
	return fd;
}

static void
rewrite_file(struct gm_resume *r, int fd)
{
	struct gm_err err;

	if (gm_resume_rewrite(r, fd, "file", &err) != 0)
		fail_msg("%s", err.msg);
	(void)close(fd);
	gm_resume_release(r);
}

static void
put_bytes(const char *path, const char *bytes, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* Each line is rejected, and the file is not changed. */
static void
test_strangers(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "\n", "bad JSON: ends too soon at byte 0" },
		{ "text\n", "bad JSON: unknown word at byte 1" },
		{ "[1]\n", "no \"record\"" },
		{ "{}\n", "no \"record\"" },
		{ "{\"record\":1}\n", "no \"hash\"" },
		{ "{\"record\":\"1\"," H1 ",\"ok\":true}\n", "no \"record\"" },
		{ "{\"record\":0," H1 ",\"ok\":true}\n", "no \"record\"" },
		{ "{\"record\":1.5," H1 ",\"ok\":true}\n", "no \"record\"" },
		{ "{\"record\":1,\"hash\":1,\"ok\":true}\n", "no \"hash\"" },
		{ "{\"record\":1,\"hash\":\"\",\"ok\":true}\n", "no \"hash\"" },
		{ "{\"record\":1,\"hash\":\"12\",\"ok\":true}\n",
		    "no \"hash\"" },
		{ "{\"record\":1,\"x\":{" H1 "},\"ok\":true}\n",
		    "no \"hash\"" },
		{ "{\"record\":1,\"x\":\",\\" H1 "\",\"ok\":true}\n",
		    "bad JSON: expected a comma or the end of the list at byte "
		    "25" },
		{ "{\"record\":1," H1 "}\n", "no \"ok\"" },
		{ "{\"record\":1," H1 ",\"ok\":1}\n", "no \"ok\"" },
		{ "{\"record\":1," H1 ",\"ok\":false}\n",
		    "\"error\" does not agree with \"ok\"" },
		{ "{\"record\":1," H1 ",\"ok\":false,\"error\":null}\n",
		    "\"error\" does not agree with \"ok\"" },
		{ "{\"record\":1," H1 ",\"ok\":true,\"error\":{}}\n",
		    "\"error\" does not agree with \"ok\"" },
		{ "{\"record\":1," H1 ",\"ok\":true} x\n",
		    "bad JSON: unexpected text after the value at byte 65" },
		{ "{\"record\":1," H1 ",\"ok\":true,\"text\":\"\x80\"}\n",
		    "bad JSON: ill-formed UTF-8 at byte 72" },
		{ "\xEF\xBB\xBF{\"record\":1," H1 ",\"ok\":true}\n",
		    "bad JSON: byte order mark at byte 0" },
		/* incomplete lines that do not begin as results do */
		{ "text", "bad JSON: unknown word at byte 1" },
		{ "{", NULL },
		{ "{\"records\":", "bad JSON: ends too soon at byte 11" },
		{ "{\"record\":x", "bad JSON: expected a value at byte 10" },
		{ "{\"record\":0", "bad JSON: ends too soon at byte 11" },
		{ "{}", "no \"record\"" },
		{ " {\"record\":1", "bad JSON: ends too soon at byte 12" },
	};
	struct gm_resume r = { 0 };
	char want[256], whole[512], *first = results("1+a 2-b");
	struct gm_err err;
	size_t i;
	int fd, rc;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		(void)snprintf(
		    whole, sizeof(whole), "%s%s", first, rows[i].text);
		(void)snprintf(want, sizeof(want),
		    "file: line 3 is not a result of gm-prompt: %s; "
		    "use another file",
		    rows[i].want != NULL ? rows[i].want : "");
		put_file("file", whole);
		fd = open_file("file");
		rc = gm_resume_read(&r, fd, "file", &err);
		if (rows[i].want == NULL) {
			assert_int_equal(rc, 0);
			assert_file("file", first);
		} else {
			assert_int_equal(rc, -1);
			assert_error(&err, GM_EDATA, want);
			assert_file("file", whole);
		}
		(void)close(fd);
		gm_resume_release(&r);
	}
	free(first);
}

static void
test_nul(void **state)
{
	static const char text[] = "{\"record\":1," H1 ",\"ok\":true}\0\n";
	struct gm_resume r = { 0 };
	struct gm_err err;
	int fd;

	(void)state;
	put_bytes("file", text, sizeof(text) - 1);
	fd = open_file("file");
	assert_int_equal(gm_resume_read(&r, fd, "file", &err), -1);
	assert_error(&err, GM_EDATA,
	    "file: line 1 is not a result of gm-prompt: bad JSON: unexpected "
	    "text after the value at byte 64; use another file");
	assert_int_equal(lseek(fd, 0, SEEK_END), sizeof(text) - 1);
	(void)close(fd);
	gm_resume_release(&r);
}

/* Only members of the outer object count; of two equal ones the last. */
static void
test_members(void **state)
{
	static const char text[] =
	    "{\"record\":1,\"id\":\",\\\"hash\\\":\\\""
	    "00000000000000000000000000000002\\\",\"," H1
	    ",\"ok\":true,\"usage\":{" H2 ",\"ok\":false},\"sources\":[{" H2
	    "}]}\n"
	    "{\"record\":1," H2 ",\"ok\":false,\"ok\":true,\"error\":{}," H1
	    ",\"error\":null}\r\n"
	    " { \"record\" : 3 , \"h\\u0061sh\" : "
	    "\"00000000000000000000000000000003\" , \"ok\" : true } \n";
	struct gm_resume r;
	int fd;

	(void)state;
	put_file("file", text);
	fd = read_file(&r);
	assert_int_equal(r.failed.len, 0);
	assert_int_equal(r.finished.len, 3);
	assert_false(gm_resume_skip(&r, hash_of(2)));
	assert_true(gm_resume_skip(&r, hash_of(1)));
	assert_true(gm_resume_skip(&r, hash_of(1)));
	assert_false(gm_resume_skip(&r, hash_of(1)));
	assert_true(gm_resume_skip(&r, hash_of(3)));
	assert_file("file", text);
	(void)close(fd);
	gm_resume_release(&r);
}

/*
 * Cut text to the lines that are whole in its first cut bytes; a line that
 * lacks only its newline counts.  Returns their number.
 */
static size_t
cut_lines(char *text, size_t cut)
{
	char *end = text, *newline;
	size_t lines = 0;

	while ((newline = strchr(end, '\n')) != NULL && newline <= text + cut) {
		end = newline + 1;
		lines++;
	}
	*end = '\0';
	return lines;
}

/* A file cut after any byte keeps its whole lines. */
static void
test_cuts(void **state)
{
	char *all = results("1+text 2-class 3+\xC3\xA4"), *want;
	size_t len = strlen(all), cut, lines;
	struct gm_resume r;
	int fd;

	(void)state;
	for (cut = 0; cut <= len; cut++) {
		put_bytes("file", all, cut);
		fd = read_file(&r);
		want = strdup(all);
		assert_non_null(want);
		lines = cut_lines(want, cut);
		assert_file("file", want);
		assert_int_equal(r.finished.len + r.failed.len, lines);
		assert_int_equal(r.size, strlen(want));
		free(want);
		(void)close(fd);
		gm_resume_release(&r);
	}
	free(all);
}

/* The n-th record of a hash is finished if n lines of it are. */
static void
test_skip(void **state)
{
	struct gm_resume r;
	int fd;

	(void)state;
	put_results("file", "1+a 2-b 3+c 1+d 2+e 4-f");
	fd = read_file(&r);
	assert_true(gm_resume_skip(&r, hash_of(1)));
	assert_true(gm_resume_skip(&r, hash_of(1)));
	assert_false(gm_resume_skip(&r, hash_of(1)));
	assert_true(gm_resume_skip(&r, hash_of(2)));
	assert_false(gm_resume_skip(&r, hash_of(2)));
	assert_true(gm_resume_skip(&r, hash_of(3)));
	assert_false(gm_resume_skip(&r, hash_of(4)));
	assert_false(gm_resume_skip(&r, hash_of(5)));
	(void)close(fd);
	gm_resume_release(&r);
}

/*
 * Lines that a run leaves: lists as for results(); the input is a list of
 * hashes, and the run adds the new lines.
 */
static void
test_superseded(void **state)
{
	static const struct {
		const char *old, *input, *new;
		bool complete;
		size_t others;
		const char *left;
	} rows[] = {
		/* a failed record succeeds, fails again, is not sent */
		{ "1+a 2-b 3+c", "1 2 3", "2+d", true, 0, "1+a 3+c 2+d" },
		{ "1+a 2-b 3+c", "1 2 3", "2-d", true, 0, "1+a 3+c 2-d" },
		{ "1+a 2-b 3+c", "1 2 3", "", false, 0, "1+a 2-b 3+c" },
		{ "2-a 3-b", "2 3", "3+c", false, 0, "2-a 3+c" },
		/* an earlier run was killed before it could drop lines */
		{ "1-a 1+b", "1", "", true, 0, "1+b" },
		{ "1-a 1+b", "1", "", false, 0, "1-a 1+b" },
		{ "1-a 1-b 1-c", "1", "1-d", true, 0, "1-d" },
		{ "1-a 1-b 1-c", "1", "1-d", false, 0, "1-b 1-c 1-d" },
		{ "1-a 1-b 1-c", "1", "1+d", true, 0, "1+d" },
		/* two records are equal */
		{ "1-a 1+b", "1 1", "1+c", true, 0, "1+b 1+c" },
		{ "1-a 1+b", "1 1", "1-c", true, 0, "1+b 1-c" },
		{ "1-a 1-b", "1 1", "1-c", false, 0, "1-b 1-c" },
		{ "1-a 1-b", "1 1", "1-c 1+d", true, 0, "1-c 1+d" },
		{ "1+a 1+b", "1", "", true, 1, "1+a 1+b" },
		/* lines of other parameters stay in their order */
		{ "9-a 1-b 8+c 9+d 7-e", "1 2", "2+f 1+g", true, 4,
		    "9-a 8+c 9+d 7-e 2+f 1+g" },
		{ "9-a 9-b", "1", "1-c", true, 2, "9-a 9-b 1-c" },
		{ "", "1", "1-c", true, 0, "1-c" },
		/* invalid records: two, one and none */
		{ "0-a 1+b 0-c", "0 1 0", "0-d 0-e", true, 0, "1+b 0-d 0-e" },
		{ "0-a 1+b 0-c", "0 1 0", "0-d", false, 0, "1+b 0-c 0-d" },
		{ "0-a 1+b 0-c", "0 1", "0-d", true, 0, "1+b 0-d" },
		{ "0-a 1+b 0-c", "1 2", "2+d", true, 0, "1+b 2+d" },
	};
	struct gm_span rest, item;
	struct gm_resume r;
	char *new;
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		put_results("file", rows[i].old);
		fd = read_file(&r);
		rest = gm_span_of(rows[i].input);
		while (gm_span_split(&rest, " ", &item))
			(void)gm_resume_skip(
			    &r, hash_of((uint64_t)(item.p[0] - '0')));
		new = results(rows[i].new);
		assert_int_equal(write(fd, new, strlen(new)), strlen(new));
		free(new);
		rest = gm_span_of(rows[i].new);
		while (gm_span_split(&rest, " ", &item))
			if (item.len > 0)
				gm_resume_supersede(
				    &r, hash_of((uint64_t)(item.p[0] - '0')));
		if (rows[i].complete)
			assert_int_equal(
			    gm_resume_complete(&r), rows[i].others);
		rewrite_file(&r, fd);
		assert_results("file", rows[i].left);
	}
}

/* The new file replaces the old one, and the link stays. */
static void
test_rewrite_access(void **state)
{
	struct gm_resume r;
	struct gm_err err;
	struct stat st;
	int fd;

	(void)state;
	put_results("file", "1-a 2+b");
	assert_int_equal(chmod("file", 0604), 0);
	assert_int_equal(symlink("file", "link"), 0);
	fd = read_file(&r);
	gm_resume_supersede(&r, hash_of(1));
	assert_int_equal(gm_resume_rewrite(&r, fd, "link", &err), 0);
	assert_results("file", "2+b");
	assert_int_equal(mode_of("file"), 0604);
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(count(".", false), 2);
	(void)close(fd);
	gm_resume_release(&r);
}

/* A file that another program replaced or changed is left alone. */
static void
test_rewrite_refused(void **state)
{
	struct gm_resume r;
	struct gm_err err;
	int fd;

	(void)state;
	put_results("file", "1-a 2+b");
	fd = read_file(&r);
	gm_resume_supersede(&r, hash_of(1));
	put_results("new", "3+c");
	assert_int_equal(rename("new", "file"), 0);
	assert_int_equal(gm_resume_rewrite(&r, fd, "file", &err), -1);
	assert_error(&err, GM_EIO, "file: replaced by another program");
	assert_results("file", "3+c");
	(void)close(fd);
	gm_resume_release(&r);

	put_results("file", "1-a 2+b");
	fd = read_file(&r);
	gm_resume_supersede(&r, hash_of(1));
	assert_int_equal(pwrite(fd, "tail", 4, 0), 4); /* at the end */
	assert_int_equal(gm_resume_rewrite(&r, fd, "file", &err), -1);
	assert_error(&err, GM_EDATA, "file: changed by another program");
	assert_int_equal(count(".", false), 1);
	(void)close(fd);
	gm_resume_release(&r);

	put_results("file", "1-a 2+b");
	fd = read_file(&r);
	gm_resume_supersede(&r, hash_of(1));
	put_file("file", "text\ntext\n");
	assert_int_equal(gm_resume_rewrite(&r, fd, "file", &err), -1);
	assert_error(&err, GM_EDATA,
	    "file: line 1 is not a result of gm-prompt: bad JSON: unknown "
	    "word at byte 1; use another file");
	assert_file("file", "text\ntext\n");
	assert_int_equal(count(".", false), 1);
	(void)close(fd);
	gm_resume_release(&r);
}

/* A long line is read and copied. */
static void
test_long(void **state)
{
	char *text = malloc(LONG + 1), *first = results("2-a");
	struct gm_resume r;
	struct gm_buf all;
	int fd;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', LONG);
	text[LONG] = '\0';
	gm_buf_init(&all, LONG * 2);
	gm_buf_puts(&all, first);
	gm_buf_printf(&all, HEAD, 1, 1);
	gm_buf_puts(&all, "true,\"text\":\"");
	gm_buf_puts(&all, text);
	gm_buf_puts(&all, "\"}\n");
	assert_int_equal(all.failed, GM_OK);
	put_bytes("file", all.data, all.len);
	fd = read_file(&r);
	assert_true(gm_resume_skip(&r, hash_of(1)));
	gm_resume_supersede(&r, hash_of(2));
	rewrite_file(&r, fd);
	fd = read_file(&r);
	assert_int_equal(r.size, all.len - strlen(first));
	assert_true(gm_resume_skip(&r, hash_of(1)));
	assert_int_equal(r.failed.len, 0);
	(void)close(fd);
	gm_resume_release(&r);
	gm_buf_release(&all);
	free(first);
	free(text);
}

/* Every third record has failed. */
static void
test_many(void **state)
{
	struct gm_buf all;
	struct gm_resume r;
	unsigned i;
	int fd;

	(void)state;
	gm_buf_init(&all, (size_t)1 << 30);
	for (i = 0; i < MANY; i++)
		put_result(&all, (int)i + 1, i, i % 3 != 0, "text");
	assert_int_equal(all.failed, GM_OK);
	put_bytes("file", all.data, all.len);
	gm_buf_release(&all);
	fd = read_file(&r);
	assert_int_equal(r.finished.len + r.failed.len, MANY);
	for (i = 0; i < MANY; i++) {
		assert_int_equal(gm_resume_skip(&r, hash_of(i)), i % 3 != 0);
		if (i % 3 == 0)
			gm_resume_supersede(&r, hash_of(i));
	}
	assert_int_equal(gm_resume_complete(&r), 0);
	rewrite_file(&r, fd);
	fd = read_file(&r);
	assert_int_equal(r.failed.len, 0);
	assert_int_equal(r.finished.len, MANY - MANY / 3 - 1);
	(void)close(fd);
	gm_resume_release(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_strangers),
		TEST(test_nul),
		TEST(test_members),
		TEST(test_cuts),
		TEST(test_skip),
		TEST(test_superseded),
		TEST(test_rewrite_access),
		TEST(test_rewrite_refused),
		TEST(test_long),
		TEST(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
