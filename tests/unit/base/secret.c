#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/secret.h"

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
	add(&s, "x");
	add(&s, "openai");
	add(&s, "1234567");
	add(&s, "NULL");
	add(&s, "b=");
	add(&s, "a1b");
	add(&s, "OpenAI");
	assert_int_equal(s.len, 0);
	add(&s, "fake-key-0001");
	add(&s, "fake-key-0002");
	add(&s, "fake-key-0001");
	add(&s, "fake-key");
	assert_int_equal(s.len, 3);
	assert_true(gm_secrets_have(&s, gm_span_of("fake-key")));
	assert_false(gm_secrets_have(&s, gm_span_of("fake-key-000")));
	assert_false(gm_secrets_have(&s, gm_span_of("openai")));
	gm_secrets_release(&s);
	assert_int_equal(s.len, 0);
	gm_secrets_release(&s);
}

/* The secret is copied. */
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
	/* nothing of a short key is shown */
	{ { "abcdefgh" }, "xabcdefghx", "x...x" },
	{ { "abcdefghijk" }, "xabcdefghijkx", "x...x" },
	/* dummies are not masked, so that words stay whole */
	{ { "a", "key", "openai", "1234567" }, "a banana key: openai 1234567",
	    "a banana key: openai 1234567" },
	{ { "abcdefg" }, "abcde... abcdef***", "abcde... abcdef***" },
	/* short mixtures are masked as whole words only */
	{ { "sk-1234" }, "Bearer sk-1234", "Bearer ..." },
	{ { "abc1234" }, "Invalid API key: abc1234 was given",
	    "Invalid API key: ... was given" },
	{ { "abc1234", "p$ss", "ab-cd" }, "(abc1234),p$ss:\"ab-cd\".",
	    "(...),...:\"...\"." },
	{ { "abc1234" }, "abc1234abc1234 abc1234", "abc1234abc1234 ..." },
	{ { "abc1" }, "xabc1 abc1x _abc1 abc1_ -abc1 abc1- 1abc1 abc12",
	    "xabc1 abc1x _abc1 abc1_ -abc1 abc1- 1abc1 abc12" },
	{ { "abc1234" }, "abc12... abc1*** xabc12...", "... *** xabc12..." },
	{ { "abc1234", "abc1234.x-0001" }, "abc1234.x-0001", "...0001" },
	/* a secret within another: the longer one is masked */
	{ { "key-0001", "fake-key-0001-long" }, "fake-key-0001-long",
	    "...long" },
	{ { "fake-key-0001-long", "key-0001" }, "fake-key-0001-long",
	    "...long" },
	{ { "fake-key-0001", "fake-key-0001-long" },
	    "fake-key-0001-long fake-key-0001-short", "...long ...0001-short" },
	{ { "fake-key-0001-long", "fake-key-0001" },
	    "fake-key-0001-long fake-key-0001-short", "...long ...0001-short" },
	/* secrets that overlap: nothing of them is left */
	{ { "fake-key-0001", "0001-other-key-2" },
	    "<fake-key-0001-other-key-2>", "<...ey-2>" },
	{ { "0001-other-key-2", "fake-key-0001" },
	    "<fake-key-0001-other-key-2>", "<...ey-2>" },
	{ { "aaaabbbbcccc", "bbbbccccdddd", "ccccddddeeee" },
	    "aaaabbbbccccddddeeeeffff", "...eeeeffff" },
	{ { "fake-key-0001", "key-0001" }, "fake-key-0001-key-0001",
	    "...0001-..." },
	{ { "fake-key-0001", "001-xyzw" }, "fake-key-0001-xyzwvu", "...vu" },
	{ { "aaaaaaaa" }, "aaaaaaaaaaaaa", "..." },
	/* cut short: the beginning is masked if it has more than a few bytes */
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

/* NUL bytes are ordinary bytes, in a secret and around it. */
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

/* All texts of up to 13 letters a and b: no secret is left in any. */
static void
test_mask_all(void **state)
{
	static const char *const secrets[] = { "aababaab", "abababab",
		"bbbbbbbba" };
	struct gm_secrets s = { 0 };
	char text[14];
	struct gm_buf out;
	size_t len, i;
	unsigned bits;

	(void)state;
	for (i = 0; i < GM_LEN(secrets); i++)
		add(&s, secrets[i]);
	gm_buf_init(&out, 1000);
	for (len = 0; len <= 13; len++) {
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

static void
test_is_key(void **state)
{
	static const char *const keys[] = {
		"AIzaSyFakeTypedKeyForTheTests-0123456_01",
		"AQ.FakeTypedKey",
		"ya29.FakeToken",
		"sk-fake-0001",
		"sk-proj-FakeTypedKey_01",
		"gsk_FakeTypedKey",
		"eyJGYWtlIjoxfQ.eyJUeXBlZCI6MX0.Fake",
		"FakeTypedKeyForTheTests012345678",
		"fa4e0123456789abcdef0123456789abcdeffa4e",
		"FAKETYPEDKEYFORTHETESTS012345678",
		"abcdefghijklmnopqrstuvwxABCDEFGH",
		"0123456789abcdef01234567",
		"nvapi-Fake_TypedKey-0123",
		"ghp_FakeTypedKeyForTheTests012345678",
		"github_pat_FakeTypedKey_0123",
		"pplx-fa4e0123456789abcdef0123456789abcdeffa4e",
		"csk-faketypedkeyforthetests012345678",
		"r8_FakeTypedKeyForTheTests012345678",
		"fw_FakeTypedKeyForTheTests0",
		"fa4e0123456789abcdef0123456789ab.FakeTypedKey0123",
		"fa4e0123-4567-89ab-cdef-0123456789ab",
		"FA4E0123-4567-89AB-CDEF-0123456789AB",
		"key-fa4e0123-4567-89ab-cdef-0123456789ab",
	};
	static const char *const names[] = {
		"",
		"AIza",
		"sk-fake",
		"gemini-2.5-flash-preview-native-audio-dialog-0001",
		"models/AIzaSyFakeTypedKey",
		"AIzaSy FakeTypedKey",
		"risk-management-0001",
		"fake-good-key-0001",
		"12345678901234567890123456789012",
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
		"0123456789abcdef0123456789abcdef.txt",
		"0123456789abcdef0123456",
		"key-0123456789abcdef0123456-0123456789abcdef",
		"key-abcdefghijklmnopqrstuvwxyz",
		"fa4e0123-4567-89ab-cdef-0123456789a",
		"fa4e0123-4567-89ab-cdef-0123456789ag",
		"fa4e0123-4567-89ab-cdef0-123456789ab",
		"key_fa4e0123-4567-89ab-cdef-0123456789ab.json",
		"gemini-flash-latest",
		"gemini-2.5-computer-use-preview-10-2025",
		"mistral-large-latest",
		"gpt-4o-mini-search-preview-2025-03-11",
		"qwen3-8b-q4_k_m",
		"Llama-3.3-70B-Instruct-Turbo",
		"Qwen2.5-Coder-32B-Instruct-GGUF",
		"DeepSeek-R1-Distill-Qwen-32B-bnb-4bit",
		"Meta-Llama-3.1-405B-Instruct-FP8",
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(keys); i++)
		if (!gm_secret_is_key(gm_span_of(keys[i])))
			fail_msg("no key: %s", keys[i]);
	for (i = 0; i < GM_LEN(names); i++)
		if (gm_secret_is_key(gm_span_of(names[i])))
			fail_msg("a key: %s", names[i]);
}

static const struct {
	const char *text,
	    *want; /* want: the secrets, each with a blank after it */
} typed[] = {
	{ "", "" },
	{ "an ordinary text, https://a.example/x", "" },
	{ "AIzaSyFakeTypedKey", "AIzaSyFakeTypedKey " },
	{ "-kAIzaSyFakeTypedKey", "AIzaSyFakeTypedKey " },
	{ "--AIzaSyFakeTypedKey", "AIzaSyFakeTypedKey " },
	{ "--key=AIzaSyFakeTypedKey", "AIzaSyFakeTypedKey " },
	{ "a:AIzaSyFakeTypedKey1, b:sk-FakeTypedKey2",
	    "AIzaSyFakeTypedKey1 sk-FakeTypedKey2 " },
	{ "dir/@AIzaSyFakeTypedKey.", "AIzaSyFakeTypedKey " },
	{ "http://joe:password@a.example:80", "password " },
	{ "joe:password@a.example", "password " },
	{ "socks5://password@a.example", "password " },
	{ "http://joe:p%61ss%zzword%@a", "p%61ss%zzword% pass%zzword% " },
	{ "http://joe:pass@word/1@a.example", "pass@word/1 " },
	{ "http://joe:short@a.example", "" },
	{ "http://joe:s3cret@a.example", "s3cret " },
	{ "somebody@mail.example", "" },
	{ "http://a.example/?x=y@z", "a.example/?x=y " },
};

static void
test_add_from(void **state)
{
	struct gm_secrets s;
	struct gm_buf got;
	struct gm_err err;
	size_t i, n;

	(void)state;
	gm_buf_init(&got, 1000);
	for (i = 0; i < GM_LEN(typed); i++) {
		s = (struct gm_secrets){ 0 };
		assert_int_equal(
		    gm_secrets_add_from(&s, typed[i].text, &err), 0);
		gm_buf_reset(&got);
		for (n = 0; n < s.len; n++)
			gm_buf_printf(&got, "%s ", gm_buf_str(&s.items[n]));
		assert_string_equal(gm_buf_str(&got), typed[i].want);
		gm_secrets_release(&s);
	}
	gm_buf_release(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_add_copies),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_is_key),
		cmocka_unit_test(test_add_from),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_mask_none),
		cmocka_unit_test(test_mask_nul),
		cmocka_unit_test(test_mask_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
