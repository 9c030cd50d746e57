#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "secret.h"

static void
add(struct gm_secrets *s, const char *text)
{
	struct gm_err err;

	assert_int_equal(gm_secrets_add(s, gm_span_of(text), &err), 0);
}

static void
test_add(void **state)
{
	struct gm_secrets s = { 0 };

	(void)state;
	add(&s, "");
	assert_int_equal(s.len, 0);
	add(&s, "fake-key-0001");
	add(&s, "fake-key-0002");
	add(&s, "fake-key-0001");
	add(&s, "fake-key");
	assert_int_equal(s.len, 3);
	gm_secrets_release(&s);
	assert_int_equal(s.len, 0);
	gm_secrets_release(&s);
}

/* The copy is ours: the original may go. */
static void
test_add_copies(void **state)
{
	char key[] = "fake-key-0001";
	struct gm_secrets s = { 0 };
	struct gm_buf out;

	(void)state;
	add(&s, key);
	memset(key, 'x', sizeof(key) - 1);
	gm_buf_init(&out, 100);
	gm_secret_mask(&s, &out, gm_span_of("fake-key-0001 xxxxxxxxxxxxx"));
	assert_string_equal(gm_buf_str(&out), "...0001 xxxxxxxxxxxxx");
	gm_buf_release(&out);
	gm_secrets_release(&s);
}

static void
test_show(void **state)
{
	static const struct {
		const char *key, *want;
	} rows[] = {
		{ "", "..." },
		{ "a", "..." },
		{ "fake-key-01", "..." },
		{ "fake-key-001", "...-001" },
		{ "fake-key-0001", "...0001" },
	};
	struct gm_buf out;
	size_t i;

	(void)state;
	gm_buf_init(&out, 100);
	for (i = 0; i < GM_LEN(rows); i++) {
		gm_buf_reset(&out);
		gm_secret_show(&out, gm_span_of(rows[i].key));
		assert_string_equal(gm_buf_str(&out), rows[i].want);
	}
	gm_buf_release(&out);
}

static const struct {
	const char *secrets[4];
	const char *text, *want;
} masks[] = {
	{ { "fake-key-0001" }, "", "" },
	{ { "fake-key-0001" }, "no key here", "no key here" },
	{ { "fake-key-0001" }, "fake-key-0001", "...0001" },
	{ { "fake-key-0001" }, "fake-key-000", "..." },
	{ { "fake-key-0001" }, "<fake-key-00*>", "<...*>" },
	{ { "fake-key-0001" }, "<fake***0001>", "<***0001>" },
	{ { "fake-key-0001" }, "fake-key-fake-key-0001", "fake-key-...0001" },
	{ { "fake-key-0001" }, "x=fake-key-0001&y", "x=...0001&y" },
	{ { "fake-key-0001" }, "fake-key-0001fake-key-0001", "...0001...0001" },
	{ { "fake-key-0001", "fake-key-0002" }, "fake-key-0002,fake-key-0001",
	    "...0002,...0001" },
	/* short ones show nothing of themselves */
	{ { "abc" }, "xabcx", "x...x" },
	{ { "abcdefghijk" }, "xabcdefghijkx", "x...x" },
	{ { "a" }, "banana", "b...n...n..." },
	/* one inside the other: the longer counts */
	{ { "key-0001", "fake-key-0001-long" }, "fake-key-0001-long",
	    "...long" },
	{ { "fake-key-0001-long", "key-0001" }, "fake-key-0001-long",
	    "...long" },
	{ { "fake-key-0001", "fake-key-0001-long" },
	    "fake-key-0001-long fake-key-0001-short", "...long ...0001-short" },
	{ { "fake-key-0001-long", "fake-key-0001" },
	    "fake-key-0001-long fake-key-0001-short", "...long ...0001-short" },
	/* one begins inside the other: nothing of either is left */
	{ { "fake-key-0001", "0001-other-key-2" },
	    "<fake-key-0001-other-key-2>", "<...ey-2>" },
	{ { "0001-other-key-2", "fake-key-0001" },
	    "<fake-key-0001-other-key-2>", "<...ey-2>" },
	{ { "aaaabbbbcccc", "bbbbccccdddd", "ccccddddeeee" },
	    "aaaabbbbccccddddeeeeffff", "...eeeeffff" },
	{ { "fake-key-0001", "0001" }, "fake-key-0001-0001", "...0001-..." },
	{ { "fake-key-0001", "1-x" }, "fake-key-0001-xyz", "...yz" },
	{ { "aaa" }, "aaaaa", "..." },
	/* cut short: its beginning goes, but for a few bytes */
	{ { "fake-key-0001" }, "<fake-key-00...", "<..." },
	{ { "fake-key-0001" }, "<fake...>", "<...>" },
	{ { "fake-key-0001" }, "<fak...>", "<fak...>" },
	{ { "fake-key-0001" }, "<fake-key..>", "<fake-key..>" },
	{ { "fake-key-0001", "fake-keys" }, "<fake-key...>", "<...>" },
};

static void
test_mask(void **state)
{
	struct gm_buf out;
	size_t i, n;

	(void)state;
	gm_buf_init(&out, 1000);
	for (i = 0; i < GM_LEN(masks); i++) {
		struct gm_secrets s = { 0 };

		for (n = 0; n < 4 && masks[i].secrets[n] != NULL; n++)
			add(&s, masks[i].secrets[n]);
		gm_buf_reset(&out);
		gm_secret_mask(&s, &out, gm_span_of(masks[i].text));
		if (strcmp(gm_buf_str(&out), masks[i].want) != 0)
			fail_msg(
			    "%s gives %s", masks[i].text, gm_buf_str(&out));
		gm_secrets_release(&s);
	}
	gm_buf_release(&out);
}

static void
test_mask_none(void **state)
{
	const struct gm_secrets none = { 0 };
	struct gm_buf out;

	(void)state;
	gm_buf_init(&out, 100);
	gm_secret_mask(&none, &out, gm_span_of("text"));
	gm_secret_mask(NULL, &out, gm_span_of(" and more"));
	assert_string_equal(gm_buf_str(&out), "text and more");
	gm_buf_release(&out);
}

/* NUL bytes are bytes like others, in a secret and around it. */
static void
test_mask_nul(void **state)
{
	static const char secret[] = "fake\0key\00001";
	static const char text[] = "\0fake\0key\00001\0";
	struct gm_secrets s = { 0 };
	struct gm_buf out;
	struct gm_err err;

	(void)state;
	assert_int_equal(
	    gm_secrets_add(
		&s, (struct gm_span){ secret, sizeof(secret) - 1 }, &err),
	    0);
	gm_buf_init(&out, 100);
	gm_secret_mask(&s, &out, (struct gm_span){ text, sizeof(text) - 1 });
	assert_int_equal(out.len, 2 + strlen("..."));
	assert_memory_equal(out.data, "\0...\0", out.len);
	gm_buf_release(&out);
	gm_secrets_release(&s);
}

/* All texts of up to 10 letters a and b: whatever is left holds no secret. */
static void
test_mask_all(void **state)
{
	static const char *const secrets[] = { "aab", "abab", "bb" };
	struct gm_secrets s = { 0 };
	char text[11];
	struct gm_buf out;
	size_t len, i;
	unsigned bits;

	(void)state;
	for (i = 0; i < GM_LEN(secrets); i++)
		add(&s, secrets[i]);
	gm_buf_init(&out, 1000);
	for (len = 0; len <= 10; len++) {
		for (bits = 0; bits < 1U << len; bits++) {
			for (i = 0; i < len; i++)
				text[i] = (bits >> i & 1) != 0 ? 'b' : 'a';
			text[len] = '\0';
			gm_buf_reset(&out);
			gm_secret_mask(&s, &out, gm_span_of(text));
			for (i = 0; i < GM_LEN(secrets); i++)
				assert_null(
				    strstr(gm_buf_str(&out), secrets[i]));
		}
	}
	gm_buf_release(&out);
	gm_secrets_release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_add_copies),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_mask_none),
		cmocka_unit_test(test_mask_nul),
		cmocka_unit_test(test_mask_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
