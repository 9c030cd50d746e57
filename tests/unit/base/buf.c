/* The buffer: growth, maximum, state after a failure. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#include "base/buf.h"

static void
test_append(void **state)
{
	struct gm_buf b;
	struct gm_err err = { 0 };

	(void)state;
	gm_buf_init(&b, 100);
	assert_string_equal(gm_buf_str(&b), "");
	assert_int_equal(gm_buf_span(&b).len, 0);
	gm_buf_put(&b, "ab", 2);
	gm_buf_putc(&b, 'c');
	gm_buf_puts(&b, "de");
	gm_buf_puts(&b, "");
	gm_buf_put(&b, NULL, 0);
	gm_buf_put_span(&b, (struct gm_span){ "fgh", 2 });
	gm_buf_put_span(&b, (struct gm_span){ NULL, 0 });
	gm_buf_printf(&b, "%s%d", "h", 12);
	gm_buf_printf(&b, "%s", "");
	assert_string_equal(gm_buf_str(&b), "abcdefgh12");
	assert_int_equal(b.len, 10);
	assert_int_equal(gm_buf_check(&b, &err), 0);
	gm_buf_put(&b, "\0x", 2);
	assert_int_equal(b.len, 12);
	assert_memory_equal(gm_buf_span(&b).p, "abcdefgh12\0x", 13);
	gm_buf_release(&b);
}

/* Append byte by byte, through many growths. */
static void
test_grow(void **state)
{
	struct gm_buf b;
	size_t i, max = 5000;

	(void)state;
	gm_buf_init(&b, max);
	for (i = 0; i < max; i++) {
		gm_buf_putc(&b, (char)('a' + i % 26));
		assert_int_equal(b.len, i + 1);
		assert_int_equal(b.data[b.len], '\0');
		assert_in_range(b.cap, b.len + 1, max + 1);
	}
	for (i = 0; i < max; i++)
		assert_int_equal(b.data[i], (char)('a' + i % 26));
	assert_int_equal(b.failed, GM_OK);
	gm_buf_release(&b);
}

/* Bytes up to max are stored; more only sets the failure. */
static void
test_max(void **state)
{
	struct gm_buf b;
	struct gm_err err = { 0 };
	size_t max;

	(void)state;
	for (max = 0; max < 200; max++) {
		gm_buf_init(&b, max);
		while (b.failed == GM_OK)
			gm_buf_puts(&b, "abc");
		assert_int_equal(b.len, max - max % 3);
		gm_buf_putc(&b, 'x'); /* would fit, but the buffer has failed */
		gm_buf_puts(&b, "");
		gm_buf_printf(&b, "x");
		assert_null(gm_buf_room(&b, 0));
		assert_int_equal(b.len, max - max % 3);
		assert_int_equal(gm_buf_check(&b, &err), -1);
		assert_int_equal(err.code, GM_EDATA);
		assert_null(gm_buf_take(&b));
		gm_buf_reset(&b);
		assert_int_equal(gm_buf_check(&b, &err), 0);
		assert_string_equal(gm_buf_str(&b), "");
		gm_buf_release(&b);
	}
	assert_string_equal(err.msg, "larger than 199 bytes");
}

/* Huge sizes must not wrap around. */
static void
test_absurd_sizes(void **state)
{
	struct gm_buf b;
	size_t len;

	(void)state;
	for (len = 0; len < 3; len++) {
		gm_buf_init(&b, SIZE_MAX);
		gm_buf_put(&b, "abc", len);
		assert_null(gm_buf_room(&b, SIZE_MAX - len));
		assert_int_equal(b.failed, GM_EDATA);
		assert_int_equal(b.len, len);
		gm_buf_release(&b);
	}
}

/* Text that printf(3) cannot print is a failure. */
static void
test_printf_fails(void **state)
{
	struct gm_buf b;

	(void)state;
	gm_buf_init(&b, 100);
	gm_buf_printf(&b, "%lc", (wint_t)0x20AC); /* not in the C locale */
	assert_int_equal(b.failed, GM_EDATA);
	assert_int_equal(b.len, 0);
	gm_buf_release(&b);
}

static void
test_room(void **state)
{
	struct gm_buf b;
	char *room;

	(void)state;
	gm_buf_init(&b, 1000);
	gm_buf_puts(&b, "ab");
	room = gm_buf_room(&b, 500);
	assert_ptr_equal(room, b.data + 2);
	memset(room, 'c', 500);
	assert_int_equal(b.len, 2);
	gm_buf_filled(&b, 3);
	assert_string_equal(gm_buf_str(&b), "abccc");
	assert_null(gm_buf_room(&b, 996));
	gm_buf_release(&b);
}

static void
test_cut(void **state)
{
	struct gm_buf b;

	(void)state;
	gm_buf_init(&b, 100);
	gm_buf_cut(&b, 0);
	gm_buf_puts(&b, "abcdef");
	gm_buf_cut(&b, 7);
	gm_buf_cut(&b, 6);
	assert_string_equal(gm_buf_str(&b), "abcdef");
	gm_buf_cut(&b, 2);
	assert_string_equal(gm_buf_str(&b), "ab");
	gm_buf_puts(&b, "x");
	assert_string_equal(gm_buf_str(&b), "abx");
	gm_buf_reset(&b);
	assert_string_equal(gm_buf_str(&b), "");
	assert_int_equal(b.len, 0);
	assert_true(b.cap > 0);
	gm_buf_release(&b);
}

static void
test_take(void **state)
{
	struct gm_buf b;
	char *text;

	(void)state;
	gm_buf_init(&b, 10);
	text = gm_buf_take(&b);
	assert_string_equal(text, "");
	free(text);
	gm_buf_puts(&b, "abc");
	text = gm_buf_take(&b);
	assert_string_equal(text, "abc");
	free(text);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	gm_buf_puts(&b, "0123456789");
	assert_string_equal(gm_buf_str(&b), "0123456789");
	gm_buf_putc(&b, 'x');
	assert_int_equal(b.failed, GM_EDATA); /* max is as before */
	gm_buf_release(&b);
}

static void
test_release(void **state)
{
	struct gm_buf b = { 0 };

	(void)state;
	gm_buf_release(&b);
	gm_buf_putc(&b, 'a');
	assert_int_equal(b.failed, GM_EDATA); /* zero has no room */
	gm_buf_release(&b);
	gm_buf_release(&b);
	gm_buf_init(&b, 5);
	gm_buf_puts(&b, "abc");
	gm_buf_release(&b);
	gm_buf_release(&b);
	gm_buf_puts(&b, "abcde");
	assert_string_equal(gm_buf_str(&b), "abcde");
	gm_buf_release(&b);
}

static void
test_recycle(void **state)
{
	struct gm_buf b;
	char *data;

	(void)state;
	gm_buf_init(&b, 1000);
	gm_buf_puts(&b, "some");
	data = b.data;
	gm_buf_recycle(&b, b.cap);
	assert_ptr_equal(b.data, data);
	assert_int_equal(b.len, 0);
	gm_buf_recycle(&b, b.cap - 1);
	assert_null(b.data);
	assert_int_equal(b.max, 1000);
	b.failed = GM_EDATA;
	gm_buf_recycle(&b, 0);
	gm_buf_puts(&b, "more");
	assert_string_equal(gm_buf_str(&b), "more");
	gm_buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_max),
		cmocka_unit_test(test_absurd_sizes),
		cmocka_unit_test(test_printf_fails),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_release),
		cmocka_unit_test(test_recycle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
