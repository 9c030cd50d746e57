/* Files and directories of certificates: accepted ones and errors. */

#include <sys/resource.h>

#include "../base/file_place.h"
#include "net/trust.h"

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define NAME_A_FILE "; set it to a file of PEM certificates"
#define NONE ": no PEM certificate in it" NAME_A_FILE
#define UNHASHED \
	": no certificate under a hashed name in it; run openssl rehash"

/* The message of the check; "" if it succeeds. */
static const char *
told(const char *file, const char *dir)
{
	static struct gm_err err;
	const struct gm_trust trust = {
		.file = file, .dir = dir, .variable = "V"
	};

	(void)gm_fail(&err, GM_OK, "%s", "");
	if (gm_trust_check(&trust, &err) != 0)
		assert_int_equal(err.code, GM_ECONFIG);
	return err.msg;
}

static void
test_file(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ BEGIN "MII\n-----END CERTIFICATE-----\n", "" },
		{ "# my CA\r\n\r\n" BEGIN, "" },
		{ "-----BEGIN TRUSTED CERTIFICATE-----\n", "" },
		{ "-----BEGIN X509 CERTIFICATE-----\n", "" },
		{ "-----BEGIN PRIVATE KEY-----\nMII\n" BEGIN, "" },
		{ "", "V: ca" NONE },
		{ "nonsense\n", "V: ca" NONE },
		{ "0\x82\x01\x0a", "V: ca" NONE },
		{ "-----BEGIN PRIVATE KEY-----\n", "V: ca" NONE },
		{ "-----BEGIN CERTIFICATE REQUEST-----\n", "V: ca" NONE },
		{ "-----BEGIN X509 CRL-----\n", "V: ca" NONE },
		{ "-----END CERTIFICATE-----\n", "V: ca" NONE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		put_file("ca", rows[i].text);
		assert_string_equal(told("ca", NULL), rows[i].want);
	}
}

static void
test_file_place(void **state)
{
	(void)state;
	assert_string_equal(
	    told("absent", NULL), "V: absent: No such file or directory");
	assert_int_equal(mkdir("sub", 0700), 0);
	assert_string_equal(
	    told("sub", NULL), "V: sub: a directory" NAME_A_FILE);
	/* A FIFO would block, and cannot be read a second time. */
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_string_equal(
	    told("pipe", NULL), "V: pipe: not a regular file" NAME_A_FILE);
	assert_string_equal(told("/dev/null", NULL),
	    "V: /dev/null: not a regular file" NAME_A_FILE);
	put_file("ca", BEGIN);
	assert_int_equal(symlink("ca", "link"), 0);
	assert_string_equal(told("link", NULL), "");
	/* With a file the directory does not count. */
	assert_string_equal(told("ca", "absent"), "");
	assert_string_equal(told(NULL, NULL), "");
}

static void
test_dir(void **state)
{
	(void)state;
	assert_string_equal(
	    told(NULL, "absent"), "V: absent: No such file or directory");
	put_file("ca", BEGIN);
	assert_string_equal(told(NULL, "ca"), "V: ca: Not a directory");
	assert_int_equal(mkdir("sub", 0700), 0);
	assert_string_equal(told(NULL, "sub"), "V: sub" UNHASHED);
	put_file("sub/ca.pem", BEGIN);
	assert_string_equal(told(NULL, "sub"), "V: sub" UNHASHED);
	assert_string_equal(told(NULL, "sub:"), "V: sub:" UNHASHED);
	assert_string_equal(told(NULL, "sub:absent"),
	    "V: sub:absent: No such file or directory");
	put_file("sub/2e5ac55d.0", BEGIN);
	assert_string_equal(told(NULL, "sub"), "");
	/* One good directory of several is enough. */
	assert_string_equal(told(NULL, "absent:sub"), "");
	assert_string_equal(told(NULL, "sub:absent"), "");
	assert_string_equal(told(NULL, ":sub"), "");
}

static void
test_is_hashed(void **state)
{
	static const struct {
		const char *name;
		bool want;
	} rows[] = {
		{ "2e5ac55d.0", true },
		{ "00000000.12", true },
		{ "2e5ac55d", false },
		{ "2e5ac55d.", false },
		{ "2e5ac55d.r0", false },
		{ "2e5ac55d.0x", false },
		{ "2e5ac55.0", false },
		{ "2e5ac55dd.0", false },
		{ "2E5AC55D.0", false },
		{ "ca-certificates.crt", false },
	};
	size_t i;

	(void)state;
	assert_int_equal(mkdir("sub", 0700), 0);
	assert_false(gm_trust_is_hashed("sub"));
	assert_false(gm_trust_is_hashed("absent"));
	for (i = 0; i < GM_LEN(rows); i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "sub/%s", rows[i].name);
		put_file(path, "");
		if (gm_trust_is_hashed("sub") != rows[i].want)
			fail_msg("%s: %d", rows[i].name, !rows[i].want);
		assert_int_equal(unlink(path), 0);
	}
}

/* Without descriptors the status is GM_EOS, not GM_ECONFIG. */
static void
test_shortage(void **state)
{
	const struct gm_trust file = { .file = "ca", .variable = "V" };
	const struct gm_trust dir = { .dir = "sub", .variable = "V" };
	struct rlimit before, none;
	struct gm_err err;
	int of_file, of_dir;

	(void)state;
	put_file("ca", BEGIN);
	assert_int_equal(mkdir("sub", 0700), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	of_file = gm_trust_check(&file, &err) == -1 ? (int)err.code : -1;
	of_dir = gm_trust_check(&dir, &err) == -1 ? (int)err.code : -1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(of_file, GM_EOS);
	assert_int_equal(of_dir, GM_EOS);
	assert_string_equal(
	    err.msg, "V: sub: Too many open files; raise ulimit -n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_file),
		TEST(test_file_place),
		TEST(test_dir),
		TEST(test_is_hashed),
		TEST(test_shortage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
