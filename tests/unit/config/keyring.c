#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "config/keyring.h"

#define KEYS_MAX 4
#define LABEL_64 \
	"abcdefghijklmnopabcdefghijklmnopabcdefghijklmnopabcdefghijklmnop"

static int
parse(struct gm_keyring *ring, struct gm_span text, struct gm_secrets *secrets,
    struct gm_err *err)
{
	*err = (struct gm_err){ .code = GM_OK };
	return gm_keyring_parse(ring, text, secrets, err);
}

static const struct {
	const char *text;
	size_t len;
	const char *keys[KEYS_MAX], *projects[KEYS_MAX];
	size_t doubles;
} good[] = {
	{ "", 0, { NULL }, { NULL }, 0 },
	{ " \t\n,, ,\r\n", 0, { NULL }, { NULL }, 0 },
	{ "fake-a", 1, { "fake-a" }, { "" }, 0 },
	{ "fake-a,fake-b,fake-c", 3, { "fake-a", "fake-b", "fake-c" },
	    { "", "", "" }, 0 },
	{ "  fake-a ,\tfake-b\t", 2, { "fake-a", "fake-b" }, { "", "" }, 0 },
	{ "fake-a\nfake-b\r\n fake-c\n", 3, { "fake-a", "fake-b", "fake-c" },
	    { "", "", "" }, 0 },
	{ ",fake-a,,\n,fake-b,", 2, { "fake-a", "fake-b" }, { "", "" }, 0 },
	{ "work:fake-a,home:fake-b,work:fake-c", 3,
	    { "fake-a", "fake-b", "fake-c" },
	    { "label:work", "label:home", "label:work" }, 0 },
	{ " work : fake-a , fake-b", 2, { "fake-a", "fake-b" },
	    { "label:work", "" }, 0 },
	{ ":fake-a", 1, { "fake-a" }, { "" }, 0 },
	{ LABEL_64 ":fake-a, a/b@c.d=e:fake-b", 2, { "fake-a", "fake-b" },
	    { "label:" LABEL_64, "label:a/b@c.d=e" }, 0 },
	{ " my project : fake-a", 1, { "fake-a" }, { "label:my_project" }, 0 },
	/* the first of equal keys stays, with its label */
	{ "fake-a,fake-a", 1, { "fake-a" }, { "" }, 1 },
	{ "fake-a,fake-b,fake-a\nfake-c,fake-b", 3,
	    { "fake-a", "fake-b", "fake-c" }, { "", "", "" }, 2 },
	{ "work:fake-a,home:fake-a,fake-a", 1, { "fake-a" }, { "label:work" },
	    2 },
	{ "fake-a,fake-ab,fake-A", 3, { "fake-a", "fake-ab", "fake-A" },
	    { "", "", "" }, 0 },
	/* printable characters except quotes, '\\', ';' and '|' */
	{ "!#$%&()*+-./09<=>?@AZ[]^_az{}~", 1,
	    { "!#$%&()*+-./09<=>?@AZ[]^_az{}~" }, { "" }, 0 },
	/*
	 * Base64 padding, a token, and words that look like "Bearer" or
	 * "export"
	 */
	{ "ZmFrZQ==,fake=,a.b-c_d.e~f+g/h,bearer-fake", 4,
	    { "ZmFrZQ==", "fake=", "a.b-c_d.e~f+g/h", "bearer-fake" },
	    { "", "", "", "" }, 0 },
	{ "exportfake,9a=b", 2, { "exportfake", "9a=b" }, { "", "" }, 0 },
};

static void
test_good(void **state)
{
	struct gm_secrets secrets = { 0 };
	struct gm_keyring ring;
	struct gm_err err;
	size_t i, k;

	(void)state;
	for (i = 0; i < GM_LEN(good); i++) {
		if (parse(&ring, gm_span_of(good[i].text), &secrets, &err) != 0)
			fail_msg("'%s': %s", good[i].text, err.msg);
		assert_int_equal(ring.len, good[i].len);
		for (k = 0; k < ring.len; k++)
			if (!gm_span_is(ring.keys[k].text, good[i].keys[k]) ||
			    strcmp(ring.keys[k].project, good[i].projects[k]) !=
				0)
				fail_msg("'%s': key %zu", good[i].text, k);
		assert_int_equal(ring.doubles, good[i].doubles);
		gm_keyring_release(&ring);
	}
	gm_secrets_release(&secrets);
}

#define AT(place, byte, what) "key " place ": byte " byte " is " what
#define BLANK(place, byte) AT(place, byte, "a blank; separate keys with commas")
#define COPY "; copy the key again"
#define CONTROL(place, byte) AT(place, byte, "a control character" COPY)
#define FOREIGN(place, byte) AT(place, byte, "not ASCII" COPY)
#define QUOTE(place, byte) AT(place, byte, "a quote; remove the quotes")
#define MARK(place, byte) \
	"key " place ": byte " byte " begins a byte order mark; remove it"
#define NAME(place) "key " place ": begins with NAME=; give only the key"
#define BEARER(place) "key " place ": begins with 'Bearer '; give only the key"
#define LABEL(place) \
	"key " place ": label longer than 64 characters, or not ASCII"

/* Messages have the index of the key, never its text. */
static const struct {
	struct gm_span text;
	const char *msg;
} bad[] = {
	{ { "fake secret", 11 }, BLANK("0", "5") },
	{ { "fake-a,secret\tb", 15 }, BLANK("1", "7") },
	{ { ",\n,fake-a,,secret b", 19 }, BLANK("1", "7") },
	{ { "work:secret b", 13 }, BLANK("0", "7") },
	{ { "secret\033[m", 9 }, CONTROL("0", "7") },
	{ { "secret\0", 7 }, CONTROL("0", "7") },
	{ { "secret\177", 7 }, CONTROL("0", "7") },
	{ { "secret\vb", 8 }, CONTROL("0", "7") },
	{ { "secr\xC3\xA9t", 7 }, FOREIGN("0", "5") },
	{ { "secret\"b", 8 }, QUOTE("0", "7") },
	{ { "\"secret\"", 8 }, QUOTE("0", "1") },
	{ { "'secret'", 8 }, QUOTE("0", "1") },
	{ { "`secret`", 8 }, QUOTE("0", "1") },
	{ { "\xE2\x80\x9Csecret\xE2\x80\x9D", 12 }, QUOTE("0", "1") },
	{ { "work:\"secret\"", 13 }, QUOTE("0", "1") },
	{ { "\"work:secret\"", 13 }, QUOTE("0", "1") },
	{ { "'work':secret", 13 }, QUOTE("0", "1") },
	{ { "secret\\b", 8 }, AT("0", "7", "a backslash; give only the key") },
	{ { "secret;secretb", 14 },
	    AT("0", "7", "a ';'; separate keys with commas") },
	{ { "fake-a,secret|b", 15 },
	    AT("1", "7", "a '|'; separate keys with commas") },
	{ { "\xEF\xBB\xBFsecret", 9 }, MARK("0", "1") },
	{ { "\xEF\xBB\xBFwork:secret", 14 }, MARK("0", "1") },
	{ { "work:\xEF\xBB\xBFsecret", 14 }, MARK("0", "1") },
	{ { "secret\xEF\xBB\xBF", 9 }, MARK("0", "7") },
	{ { "GOOGLE_API_KEYS=secret", 22 }, NAME("0") },
	{ { "fake-a,GOOGLE_API_KEYS=secret", 29 }, NAME("1") },
	{ { "GOOGLE_API_KEYS=work:secret", 27 }, NAME("0") },
	{ { "GOOGLE_API_KEYS=\"secret\"", 24 }, NAME("0") },
	{ { "export GEMINI_API_KEY=secret", 28 }, NAME("0") },
	{ { "work:key=secret", 15 }, NAME("0") },
	{ { "Bearer secret", 13 }, BEARER("0") },
	{ { "Authorization: bearer\tsecret", 28 }, BEARER("0") },
	{ { "work:", 5 }, "key 0: a label without a key" },
	{ { "fake-a, secret: ", 16 }, "key 1: a label without a key" },
	/* duplicates count for the index, so that the user finds the key */
	{ { "fake-a,fake-a,secret b", 22 }, BLANK("2", "7") },
	/* labels are in the key state, a file of words, and on terminals */
	{ { "fake-a,secret\tb:fake-b", 22 }, LABEL("1") },
	{ { "secret\033[m:fake-a", 16 }, LABEL("0") },
	{ { "secr\xC3\xA9t:fake-a", 14 }, LABEL("0") },
	{ { "secret\177:fake-a", 14 }, LABEL("0") },
	{ { LABEL_64 "x:fake-a", 72 }, LABEL("0") },
};

#define SWAPPED(place) \
	"key " place ": its label looks like a key; write label:key"

/* A label is shown, so it must not be a key. */
static const struct {
	const char *text, *msg;
} swapped[] = {
	{ "AIzaSyFake-secret-0123456789:work", SWAPPED("0") },
	{ "AQ.secret-0123456789:work", SWAPPED("0") },
	{ "sk-secret-0123456789:work", SWAPPED("0") },
	{ "gsk_secret0123456789:work", SWAPPED("0") },
	{ "Secret0123456789abcdefghijklmnop:work", SWAPPED("0") },
	{ "5ec4e7aa-0123-4567-89ab-0123456789ab:work", SWAPPED("0") },
	{ "5ec4e70123456789abcdef0123456789.secr0123456789AB:work",
	    SWAPPED("0") },
	{ "fake-a,AIzaSyFake-secret-0123456789 : fake-b", SWAPPED("1") },
	{ "fake-a\n\tAIzaSyFake-secret-0123456789\t:fake-b", SWAPPED("1") },
	{ "AIzaSyFake-secret-1:AIzaSyFake-secret-2", SWAPPED("0") },
	{ "AIzaSyFake-secret-1::work", SWAPPED("0") },
	{ "(AIzaSyFake-secret-1):work", SWAPPED("0") },
	{ "my AIzaSyFake-secret-1:work", SWAPPED("0") },
	{ "Bearer AIzaSyFake-secret-1:work", SWAPPED("0") },
	{ "AIzaSyFake-secret-1:", SWAPPED("0") },
	/* too long for a label */
	{ "eyJsecret." LABEL_64 "." LABEL_64 ":work", SWAPPED("0") },
};

static void
test_swapped(void **state)
{
	struct gm_secrets secrets = { 0 };
	struct gm_keyring ring;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(swapped); i++) {
		if (parse(&ring, gm_span_of(swapped[i].text), &secrets, &err) !=
		    -1)
			fail_msg("'%s' is taken", swapped[i].text);
		assert_int_equal(err.code, GM_ECONFIG);
		assert_string_equal(err.msg, swapped[i].msg);
		gm_keyring_release(&ring);
	}
	gm_secrets_release(&secrets);
}

static void
test_bad(void **state)
{
	struct gm_secrets secrets = { 0 };
	struct gm_keyring ring;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(bad); i++) {
		assert_int_equal(parse(&ring, bad[i].text, &secrets, &err), -1);
		assert_int_equal(err.code, GM_ECONFIG);
		assert_string_equal(err.msg, bad[i].msg);
		assert_null(strstr(err.msg, "secr"));
		gm_keyring_release(&ring);
	}
	gm_secrets_release(&secrets);
}

static void
test_length(void **state)
{
	static char text[2 * 1024 * 1024];
	struct gm_secrets secrets = { 0 };
	struct gm_span s = { text, GM_KEY_MAX };
	struct gm_keyring ring;
	struct gm_err err;

	(void)state;
	memset(text, 'k', sizeof(text));
	assert_int_equal(parse(&ring, s, &secrets, &err), 0);
	assert_int_equal(ring.len, 1);
	assert_int_equal(ring.keys[0].text.len, GM_KEY_MAX);
	gm_keyring_release(&ring);
	s.len++;
	assert_int_equal(parse(&ring, s, &secrets, &err), -1);
	assert_int_equal(err.code, GM_ECONFIG);
	assert_string_equal(err.msg, "key 0: longer than 4096 bytes");
	gm_keyring_release(&ring);
	/* too large for a list of keys: an error of the configuration, too */
	s.len = sizeof(text);
	assert_int_equal(parse(&ring, s, &secrets, &err), -1);
	assert_int_equal(err.code, GM_ECONFIG);
	gm_keyring_release(&ring);
	gm_secrets_release(&secrets);
}

/* All keys that were read are masked; labels are not. */
static void
test_secrets(void **state)
{
	struct gm_secrets secrets = { 0 };
	struct gm_keyring ring;
	struct gm_buf out;
	struct gm_err err;

	(void)state;
	assert_int_equal(
	    parse(&ring,
		gm_span_of("project:fake-good-key-0001, fake-good-key-0002"),
		&secrets, &err),
	    0);
	gm_keyring_release(&ring);
	gm_buf_init(&out, 200);
	gm_secret_mask(&secrets, &out,
	    gm_span_of("project fake-good-key-0002 fake-good-key-0001"));
	assert_string_equal(gm_buf_str(&out), "project ...0002 ...0001");
	gm_buf_release(&out);
	gm_secrets_release(&secrets);
}

static void
test_release(void **state)
{
	struct gm_keyring ring = { 0 };

	(void)state;
	gm_keyring_release(&ring);
	gm_keyring_release(&ring);
	assert_int_equal(ring.len, 0);
	assert_null(ring.keys);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_swapped),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
