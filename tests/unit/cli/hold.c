#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cli/hold.h"

static int
give(struct gm_hold *h, const char *text, bool thought, struct gm_err *err)
{
	const struct gm_part part = { .text = gm_span_of(text),
		.thought = thought };

	return h->sink.part(&part, h->sink.arg, err);
}

static void
test_parts(void **state)
{
	const struct gm_part image = { .kind = GM_PART_DATA };
	struct gm_hold h;
	struct gm_err err;

	(void)state;
	gm_hold_init(&h, 1000);
	assert_false(h.sink.final);
	assert_int_equal(give(&h, "one, ", false, &err), 0);
	assert_int_equal(give(&h, "hm", true, &err), 0);
	assert_int_equal(h.sink.part(&image, h.sink.arg, &err), GM_SINK_OMITS);
	assert_int_equal(give(&h, "two", false, &err), 0);
	assert_int_equal(h.sink.flush(h.sink.arg, &err), 0);
	assert_string_equal(gm_buf_str(&h.text), "one, two");
	/* The answer begins anew. */
	h.sink.restart(h.sink.arg);
	assert_int_equal(give(&h, "three", false, &err), 0);
	assert_string_equal(gm_buf_str(&h.text), "three");
	gm_hold_reset(&h);
	assert_string_equal(gm_buf_str(&h.text), "");
	gm_hold_release(&h);
}

static void
test_too_large(void **state)
{
	struct gm_hold h;
	struct gm_err err;

	(void)state;
	gm_hold_init(&h, 5);
	assert_int_equal(give(&h, "12345", false, &err), 0);
	assert_int_equal(give(&h, "6", false, &err), -1);
	assert_int_equal(err.code, GM_EPROTOCOL);
	assert_memory_equal(err.msg, "answer: ", 8);
	/* The next one is not to blame. */
	gm_hold_reset(&h);
	assert_int_equal(give(&h, "12345", false, &err), 0);
	gm_hold_release(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
