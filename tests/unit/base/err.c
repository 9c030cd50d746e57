/* Messages: prefixes, other parts, cuts; codes and their statuses. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "base/err.h"

#define LAST (GM_ERR_MAX - 1) /* characters in a full message */

static void
test_fail(void **state)
{
	struct gm_err err;

	(void)state;
	memset(&err, 'x', sizeof(err));
	assert_int_equal(gm_fail(&err, GM_EDATA, "%s:%d: %s", "keys.env", 3,
			     "no '=' in line"),
	    -1);
	assert_int_equal(err.code, GM_EDATA);
	assert_string_equal(err.msg, "keys.env:3: no '=' in line");
	assert_int_equal(gm_fail(&err, GM_EUSAGE, "again"), -1);
	assert_int_equal(err.code, GM_EUSAGE);
	assert_string_equal(err.msg, "again");
}

static void
test_fail_errno(void **state)
{
	struct gm_err err = { 0 };

	(void)state;
	errno = ENOENT;
	assert_int_equal(
	    gm_fail_errno(&err, GM_ENOINPUT, "%s", "some file"), -1);
	assert_int_equal(err.code, GM_ENOINPUT);
	assert_string_equal(err.msg, "some file: No such file or directory");
	assert_int_equal(errno, ENOENT);
	assert_int_equal(err.number, ENOENT);
	gm_err_prefix(&err, "%s", "before: ");
	gm_err_append(&err, "%s", "; after");
	assert_int_equal(err.number, ENOENT);
	assert_int_equal(gm_fail(&err, GM_ENOINPUT, "%s", "too large"), -1);
	assert_int_equal(err.number, 0);
}

/* Lack of memory or descriptors is GM_EOS, whatever code the caller gives. */
static void
test_fail_shortage(void **state)
{
	static const struct {
		int error;
		enum gm_code code;
		const char *words; /* NULL: strerror(3) */
	} rows[] = {
		{ EMFILE, GM_EOS, "Too many open files; raise ulimit -n" },
		{ ENFILE, GM_EOS, NULL },
		{ ENOMEM, GM_EOS, "out of memory" },
		{ EACCES, GM_ECONFIG, NULL },
		{ ENOSPC, GM_ECONFIG, NULL },
		{ ELOOP, GM_ECONFIG, NULL },
	};
	struct gm_err err = { 0 };
	char want[200];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		errno = rows[i].error;
		assert_int_equal(
		    gm_fail_errno(&err, GM_ECONFIG, "%s", "keys.env"), -1);
		assert_int_equal(err.code, rows[i].code);
		(void)snprintf(want, sizeof(want), "keys.env: %s",
		    rows[i].words != NULL ? rows[i].words
					  : strerror(rows[i].error));
		assert_string_equal(err.msg, want);
	}
}

static void
test_prefix(void **state)
{
	struct gm_err err = { 0 };

	(void)state;
	(void)gm_fail(&err, GM_ECONFIG, "no key");
	gm_err_prefix(&err, "key %d: ", 2);
	assert_string_equal(err.msg, "key 2: no key");
	gm_err_prefix(&err, "%s", "");
	assert_string_equal(err.msg, "key 2: no key");
	gm_err_prefix(&err, "%s and again ", err.msg);
	assert_string_equal(err.msg, "key 2: no key and again key 2: no key");
	assert_int_equal(err.code, GM_ECONFIG);
}

/* Fill text with len letters. */
static void
letters(char *text, size_t len)
{
	memset(text, 'a', len);
	text[len] = '\0';
}

/* Messages of all lengths near the limit, as a whole or in two parts. */
static void
test_cut(void **state)
{
	static const size_t heads[] = { 0, 5, 1000, LAST + 10 };
	char text[GM_ERR_MAX + 100];
	struct gm_err err;
	size_t len, i;

	(void)state;
	for (len = LAST + 20; len > LAST - 20; len--)
		for (i = 0; i < GM_LEN(heads) && heads[i] <= len; i++) {
			memset(&err, 'x', sizeof(err));
			letters(text, len - heads[i]);
			(void)gm_fail(&err, GM_EOS, "%s", text);
			letters(text, heads[i]);
			gm_err_prefix(&err, "%s", text);
			letters(text, len);
			if (len > LAST)
				memcpy(text + LAST - 3, "...", 4);
			assert_string_equal(err.msg, text);
		}
}

static void
test_cut_errno(void **state)
{
	const char *words = strerror(EACCES);
	char text[GM_ERR_MAX];
	struct gm_err err;
	size_t whole = LAST - strlen(words) - 2, len;

	(void)state;
	for (len = whole - 5; len < LAST; len++) {
		letters(text, len);
		errno = EACCES;
		(void)gm_fail_errno(&err, GM_EOS, "%s", text);
		if (len <= whole) {
			assert_string_equal(err.msg + len + 2, words);
		} else {
			assert_int_equal(strlen(err.msg), LAST);
			assert_string_equal(err.msg + LAST - 3, "...");
		}
	}
}

/* A long message is cut between characters, never within one. */
static void
test_cut_characters(void **state)
{
	char text[GM_ERR_MAX + 100];
	struct gm_err err;
	size_t shift, i, len;

	(void)state;
	for (shift = 0; shift < 4; shift++) {
		letters(text, shift);
		for (i = shift; i + 4 < sizeof(text); i += 4)
			memcpy(text + i, "\xF0\x9F\x98\x80", 5);
		(void)gm_fail(&err, GM_EOS, "%s", text);
		len = strlen(err.msg);
		assert_in_range(len, LAST - 3, LAST);
		assert_string_equal(err.msg + len - 3, "...");
		assert_int_equal((len - 3 - shift) % 4, 0);
		assert_memory_equal(err.msg, text, len - 3);
	}
}

static void
test_status(void **state)
{
	static const struct {
		enum gm_code code;
		int status;
		const char *word;
	} rows[] = {
		{ GM_OK, EX_OK, "SUCCESS" },
		{ GM_ENEGATIVE, 1, "FAILURE" },
		{ GM_EUSAGE, EX_USAGE, "USAGE" },
		{ GM_EDATA, EX_DATAERR, "DATAERR" },
		{ GM_ENOINPUT, EX_NOINPUT, "NOINPUT" },
		{ GM_EUNAVAILABLE, EX_UNAVAILABLE, "UNAVAILABLE" },
		{ GM_ESOFTWARE, EX_SOFTWARE, "SOFTWARE" },
		{ GM_EOS, EX_OSERR, "OSERR" },
		{ GM_ECANTCREAT, EX_CANTCREAT, "CANTCREAT" },
		{ GM_EIO, EX_IOERR, "IOERR" },
		{ GM_ETEMPFAIL, EX_TEMPFAIL, "TEMPFAIL" },
		{ GM_EPROTOCOL, EX_PROTOCOL, "PROTOCOL" },
		{ GM_ENOPERM, EX_NOPERM, "NOPERM" },
		{ GM_ECONFIG, EX_CONFIG, "CONFIG" },
		{ GM_ENOEXEC, 126, "NOEXEC" },
		{ GM_ENOCOMMAND, 127, "NOTFOUND" },
		{ GM_ESIGNAL, EX_SOFTWARE, "SIGNAL" },
	};
	size_t i;

	(void)state;
	assert_int_equal(GM_LEN(rows), GM_CODES);
	for (i = 0; i < GM_LEN(rows); i++) {
		assert_int_equal(gm_err_status(rows[i].code), rows[i].status);
		assert_string_equal(gm_err_word(rows[i].code), rows[i].word);
	}
}

/* A sentence without a full stop, for every code. */
static void
test_meaning(void **state)
{
	const char *text;
	int code;

	(void)state;
	for (code = 0; code < GM_CODES; code++) {
		text = gm_err_meaning((enum gm_code)code);
		assert_non_null(text);
		assert_true(strlen(text) > 5);
		assert_int_not_equal(text[strlen(text) - 1], '.');
		assert_null(strchr(text, '\n'));
	}
}

static void
test_append(void **state)
{
	struct gm_err err;
	char text[GM_ERR_MAX];

	(void)state;
	(void)gm_fail(&err, GM_EDATA, "a: b");
	gm_err_append(&err, "; %s: %d", "c", 5);
	assert_int_equal(err.code, GM_EDATA);
	assert_string_equal(err.msg, "a: b; c: 5");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	gm_err_append(&err, "%s", text);
	assert_int_equal(strlen(err.msg), GM_ERR_MAX - 1);
	assert_string_equal(err.msg + GM_ERR_MAX - 5, "x...");
	gm_err_append(&err, "more"); /* no room left */
	assert_string_equal(err.msg + GM_ERR_MAX - 5, "x...");
}

/* Identifiers stay after what callers append, and move with a prefix. */
static void
test_ids(void **state)
{
	struct gm_err err;
	char text[GM_ERR_MAX];

	(void)state;
	(void)gm_fail(&err, GM_ETEMPFAIL, "key 0: rate-limited");
	assert_int_equal(err.ids_at, 0);
	gm_err_ids(&err, "HTTP %d, %s", 429, "quota_minute");
	assert_string_equal(
	    err.msg, "key 0: rate-limited (HTTP 429, quota_minute)");
	gm_err_append(&err, "; %s", "wait");
	gm_err_prefix(&err, "gemini: ");
	gm_err_append(&err, "; using %s", "mistral");
	gm_err_end(&err, ": %s", "Slow down.");
	assert_string_equal(err.msg,
	    "gemini: key 0: rate-limited; wait; using mistral (HTTP 429, "
	    "quota_minute): Slow down.");
	(void)gm_fail(&err, GM_EDATA, "a");
	assert_int_equal(err.ids_at, 0);
	gm_err_append(&err, "%s", "b");
	assert_string_equal(err.msg, "ab");

	/* Advice is before them, and replaces earlier advice. */
	(void)gm_fail(&err, GM_ETEMPFAIL, "key 0: rate-limited");
	gm_err_advise(&err, "wait");
	gm_err_ids(&err, "quota_minute");
	gm_err_end(&err, ": %s", "Slow down.");
	gm_err_prefix(&err, "gemini: ");
	assert_string_equal(err.msg,
	    "gemini: key 0: rate-limited; wait (quota_minute): Slow down.");
	gm_err_advise(&err, "using %s", "mistral");
	assert_string_equal(err.msg,
	    "gemini: key 0: rate-limited; using mistral (quota_minute): Slow "
	    "down.");
	gm_err_drop_advice(&err);
	gm_err_drop_advice(&err);
	assert_string_equal(
	    err.msg, "gemini: key 0: rate-limited (quota_minute): Slow down.");
	(void)gm_fail(&err, GM_EDATA, "a");
	gm_err_advise(&err, "b");
	gm_err_advise(&err, "%s", "c");
	assert_string_equal(err.msg, "a; c");
	gm_err_drop_advice(&err);
	assert_string_equal(err.msg, "a");

	/* All of it is cut like any other text. */
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 4] = '\0';
	(void)gm_fail(&err, GM_EDATA, "%s", text);
	gm_err_ids(&err, "data");
	gm_err_advise(&err, "b");
	assert_int_equal(strlen(err.msg), GM_ERR_MAX - 1);
	text[sizeof(text) - 12] = '\0';
	(void)gm_fail(&err, GM_EDATA, "%s", text);
	gm_err_ids(&err, "data");
	gm_err_append(&err, "%s", text);
	assert_int_equal(strlen(err.msg), GM_ERR_MAX - 1);
	assert_string_equal(err.msg + GM_ERR_MAX - 5, "x...");
	gm_err_append(&err, "more");
	gm_err_prefix(&err, "a: ");
	assert_int_equal(strlen(err.msg), GM_ERR_MAX - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_fail),
		cmocka_unit_test(test_fail_errno),
		cmocka_unit_test(test_fail_shortage),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_errno),
		cmocka_unit_test(test_cut_characters),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_meaning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
