#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gm-summ/entry.h"

#define KEY "1730aff6ed0263608eb0ac6018f19913"
#define SUM "1e27b254da1d1512dbd6360a0bbd43be"
#define BODY "12 -3\nm1-001\0text"
#define TEXT(string) \
	{ \
		(string), sizeof(string) - 1 \
	}

static const struct gm_span two_parts[] = { TEXT("part one"),
	TEXT("part two") };

static struct gm_entry_request
request(void)
{
	return (struct gm_entry_request){
		.origin = "https://example.org:443",
		.model = "m1",
		.prompts = "chunk 1",
		.params = "thinking=low",
		.system = TEXT("sys"),
		.parts = two_parts,
		.parts_len = 2,
	};
}

/* Files of earlier runs are found by this key. */
static void
test_key(void **state)
{
	struct gm_entry_request r = request();
	char key[GM_HASH_HEX];

	(void)state;
	gm_entry_key(key, &r);
	assert_string_equal(key, KEY);
}

/* Requests that differ in a field, or only in the border of two fields. */
static void
test_key_differs(void **state)
{
	static const struct gm_span none[] = { TEXT("part one"),
		TEXT("part two"), TEXT("") },
				    moved[] = { TEXT("part onep"),
					    TEXT("art two") },
				    one[] = { TEXT("part onepart two") },
				    swapped[] = { TEXT("part two"),
					    TEXT("part one") },
				    nul[] = { TEXT("part one"),
					    TEXT("part two\0") };
	struct gm_entry_request r[14];
	char keys[GM_LEN(r)][GM_HASH_HEX];
	size_t i, j;

	(void)state;
	for (i = 0; i < GM_LEN(r); i++)
		r[i] = request();
	r[1].origin = "https://example.org:444";
	r[2].model = "m2";
	r[3].prompts = "chunk 2";
	r[4].params = NULL;
	r[5].system = gm_span_of(NULL);
	r[6].parts_len = 1;
	r[7].parts = none;
	r[7].parts_len = 3;
	r[8].parts = moved;
	r[9].parts = one;
	r[9].parts_len = 1;
	r[10].parts = swapped;
	r[11].parts = nul;
	r[12].origin = "m1";
	r[12].model = "https://example.org:443";
	r[13].model = "m1chunk 1";
	r[13].prompts = "";
	for (i = 0; i < GM_LEN(r); i++) {
		gm_entry_key(keys[i], &r[i]);
		assert_int_equal(
		    strspn(keys[i], "0123456789abcdef"), GM_HASH_HEX - 1);
		for (j = 0; j < i; j++)
			assert_string_not_equal(keys[i], keys[j]);
	}
	/* NULL is the same as empty */
	r[4].params = "";
	gm_entry_key(keys[0], &r[4]);
	assert_string_equal(keys[0], keys[4]);
}

static void
test_write(void **state)
{
	static const char want[] = SUM "\n" BODY;
	struct gm_entry e = {
		.text = TEXT("text"),
		.model = "m1-001",
		.input_tokens = 12,
		.output_tokens = -3,
	};
	struct gm_buf out;

	(void)state;
	gm_buf_init(&out, 100);
	gm_buf_puts(&out, "before ");
	gm_entry_write(&out, KEY, &e);
	assert_int_equal(out.failed, GM_OK);
	assert_int_equal(out.len, 7 + sizeof(want) - 1);
	assert_memory_equal(out.data, "before ", 7);
	assert_memory_equal(out.data + 7, want, sizeof(want) - 1);
	/* without room nothing is read or written out of bounds */
	gm_buf_release(&out);
	gm_buf_init(&out, 40);
	gm_entry_write(&out, KEY, &e);
	assert_int_equal(out.failed, GM_EDATA);
	gm_buf_release(&out);
}

static void
check_same(const struct gm_entry *e)
{
	struct gm_entry got = { .model = NULL };
	struct gm_buf out;

	gm_buf_init(&out, 1000000);
	gm_entry_write(&out, KEY, e);
	assert_int_equal(out.failed, GM_OK);
	assert_true(out.len <= e->text.len + strlen(e->model) + GM_ENTRY_EXTRA);
	assert_true(gm_entry_parse(&got, KEY, gm_buf_span(&out)));
	assert_int_equal(got.text.len, e->text.len);
	assert_memory_equal(got.text.p, e->text.p, e->text.len);
	assert_string_equal(got.model, e->model);
	assert_true(got.input_tokens == e->input_tokens);
	assert_true(got.output_tokens == e->output_tokens);
	gm_buf_release(&out);
}

static void
test_any_bytes(void **state)
{
	struct gm_entry e = { .model = "" };
	char bytes[1024];
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(unsigned char)(i * 7 + i / 256);
	e.text.p = bytes;
	for (len = 1; len <= sizeof(bytes); len++) {
		e.text.len = len;
		check_same(&e);
	}
	e.model = "a model\n12 13\nof \xff any name";
	e.input_tokens = INT64_MIN;
	e.output_tokens = INT64_MIN;
	check_same(&e);
	e.input_tokens = INT64_MAX;
	e.output_tokens = 0;
	check_same(&e);
}

/* Parse a copy on the heap: sanitizers see reads beyond its end. */
static bool
parses(const char *key, const char *bytes, size_t len)
{
	char *copy = malloc(len + 1);
	struct gm_entry e = { .model = NULL };
	bool rc;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	copy[len] = '\0';
	rc = gm_entry_parse(&e, key, (struct gm_span){ copy, len });
	free(copy);
	return rc;
}

/* A change of any bit, length or name is detected. */
static void
test_damaged(void **state)
{
	static const char good[] = SUM "\n" BODY;
	char bytes[sizeof(good) + 1];
	size_t i, bit, len = sizeof(good) - 1;

	(void)state;
	memcpy(bytes, good, sizeof(good));
	bytes[sizeof(good)] = '\0';
	assert_true(parses(KEY, bytes, len));
	for (i = 0; i < len; i++)
		for (bit = 0; bit < 8; bit++) {
			bytes[i] = (char)(bytes[i] ^ 1 << bit);
			assert_false(parses(KEY, bytes, len));
			bytes[i] = good[i];
		}
	for (i = 0; i < len; i++)
		assert_false(parses(KEY, bytes, i));
	assert_false(parses(KEY, bytes, len + 1));
	assert_false(parses("00000000000000000000000000000000", bytes, len));
	assert_true(parses(KEY, bytes, len));
}

/* Files with a right checksum and wrong content are rejected. */
static void
test_odd(void **state)
{
	static const struct gm_span bodies[] = { TEXT(""), TEXT("12"),
		TEXT("12 3"), TEXT("12 3\n"), TEXT("12 3\nmodel"),
		TEXT("12 3\nmodel\0"), TEXT("12\n3\nmodel\0text"),
		TEXT("x 3\nmodel\0text"), TEXT("12 x\nmodel\0text"),
		TEXT("12 3 model\0text"),
		TEXT("12 9223372036854775808\nmodel\0text") };
	static const struct gm_span salt = TEXT("gm-summ cache 1\n" KEY);
	char bytes[200], sum[GM_HASH_HEX];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(bodies); i++) {
		gm_hash_hex(sum, salt, bodies[i]);
		memcpy(bytes, sum, 32);
		bytes[32] = '\n';
		memcpy(bytes + 33, bodies[i].p, bodies[i].len);
		assert_false(parses(KEY, bytes, 33 + bodies[i].len));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_key_differs),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
