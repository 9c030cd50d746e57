#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

/* The first 128 bits of examples in FIPS 180-4 and of sha256sum(1). */
static void
test_vectors(void **state)
{
	static const struct {
		const char *salt, *text, *want;
	} rows[] = {
		{ NULL, NULL, "e3b0c44298fc1c149afbf4c8996fb924" },
		{ "", "", "e3b0c44298fc1c149afbf4c8996fb924" },
		{ "", "abc", "ba7816bf8f01cfea414140de5dae2223" },
		{ "abc", "", "ba7816bf8f01cfea414140de5dae2223" },
		{ "a", "bc", "ba7816bf8f01cfea414140de5dae2223" },
		{ "abcdbcdecdefdefgefghfghighijhi",
		    "jkijkljklmklmnlmnomnopnopq",
		    "248d6a61d20638b8e5c026930c3e6039" },
	};
	char out[GM_HASH_HEX];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		memset(out, 'x', sizeof(out));
		gm_hash_hex(
		    out, gm_span_of(rows[i].salt), gm_span_of(rows[i].text));
		assert_string_equal(out, rows[i].want);
	}
}

/* More than one block, and bytes of any value. */
static void
test_long(void **state)
{
	char text[1000], out[GM_HASH_HEX];

	(void)state;
	memset(text, 'a', sizeof(text));
	gm_hash_hex(out, gm_span_of(NULL), (struct gm_span){ text, 1000 });
	assert_string_equal(out, "41edece42d63e8d9bf515a9ba6932e1c");
	memset(text, 0xff, sizeof(text));
	gm_hash_hex(out, gm_span_of(NULL), (struct gm_span){ text, 3 });
	assert_string_equal(out, "5ae7e6a42304dc6e4176210b83c43024");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
