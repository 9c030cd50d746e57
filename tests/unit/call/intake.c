#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "call/intake.h"

#define EVENT(text, more) \
	"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"" text \
	"\"}]}" more "}]}\n\n"
#define STOP ",\"finishReason\":\"STOP\""

static const struct gm_request request = { .model = "m" };
static struct gm_result result;
static struct gm_intake intake;

/* The caller's sink: what it was given. */
static struct {
	char text[1000];
	int flushes, restarts, fails_at;
} seen;

static int
part(const struct gm_part *p, void *arg, struct gm_err *err)
{
	(void)arg;
	(void)err;
	(void)strncat(seen.text, p->text.p, p->text.len);
	return 0;
}

static int
flush(void *arg, struct gm_err *err)
{
	(void)arg;
	if (++seen.flushes == seen.fails_at)
		return gm_fail(err, GM_EIO, "no reader");
	return 0;
}

static void
restart(void *arg)
{
	(void)arg;
	seen.restarts++;
	seen.text[0] = '\0';
}

static void
begin(bool final)
{
	static struct gm_sink sink;

	memset(&seen, 0, sizeof(seen));
	sink = (struct gm_sink){
		.part = part, .flush = flush, .restart = restart, .final = final
	};
	gm_result_init(&result);
	gm_intake_init(&intake, &sink, &result, 1);
	gm_intake_begin(&intake, &gm_gemini, &request);
}

static enum gm_http_pulse
take(const char *bytes, struct gm_err *err)
{
	const struct gm_http_head head = { .status = 200 };

	return gm_intake_take(&head, gm_span_of(bytes), &intake, err);
}

/* The end of the response, and of the answer. */
static enum gm_class
end(void)
{
	const struct gm_http_result transfer = { .head = { .status = 200 } };
	struct gm_err err;

	gm_response_end(&intake.response, &transfer);
	gm_intake_judge(&intake);
	if (intake.response.fault.class != GM_CLASS_OK)
		return intake.response.fault.class;
	assert_int_equal(gm_intake_close(&intake, &err), 0);
	return gm_intake_class(&intake, GM_OP_GENERATE);
}

static void
release(void)
{
	gm_intake_release(&intake);
	gm_result_release(&result);
}

/* Text comes through and is counted; white space waits for text after it. */
static void
test_text(void **state)
{
	struct gm_err err;

	(void)state;
	begin(true);
	assert_int_equal(take(EVENT(" \\n", ""), &err), GM_HTTP_ALIVE);
	assert_string_equal(seen.text, "");
	assert_false(intake.given || intake.answered);
	assert_int_equal(take(EVENT("One, ", ""), &err), GM_HTTP_ALIVE);
	assert_string_equal(seen.text, " \nOne, ");
	assert_true(intake.given && intake.answered);
	assert_int_equal(take(EVENT("two.", STOP), &err), GM_HTTP_ALIVE);
	assert_int_equal(end(), GM_CLASS_OK);
	assert_string_equal(seen.text, " \nOne, two.");
	assert_int_equal(result.text_bytes, 11);
	assert_true(result.ttft_ms > 0);
	assert_int_equal(seen.flushes, 3);
	release();
}

/* What an answer comes to, by its text and its finish reason. */
static void
test_class(void **state)
{
	static const struct {
		const char *bytes;
		enum gm_class class;
	} rows[] = {
		{ EVENT("a", STOP), GM_CLASS_OK },
		{ EVENT(" \\n", STOP), GM_CLASS_EMPTY },
		{ EVENT("", STOP), GM_CLASS_EMPTY },
		{ EVENT("a", ",\"finishReason\":\"MAX_TOKENS\""),
		    GM_CLASS_TOKEN_LIMIT },
		{ EVENT("a", ",\"finishReason\":\"SAFETY\""),
		    GM_CLASS_BLOCKED },
		{ EVENT("a", ",\"finishReason\":\"OTHER\""),
		    GM_CLASS_UNFINISHED },
		{ EVENT("a", ""), GM_CLASS_TRUNCATED },
	};
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(false);
		(void)take(rows[i].bytes, &err);
		if (end() != rows[i].class)
			fail_msg("row %zu", i);
		assert_false(intake.given);
		release();
	}
}

/* An answer that is dropped leaves nothing behind. */
static void
test_restart(void **state)
{
	struct gm_err err;

	(void)state;
	begin(false);
	(void)take(EVENT(" ", ""), &err);
	(void)take(EVENT("One", ""), &err);
	gm_response_release(&intake.response);
	gm_intake_restart(&intake);
	assert_int_equal(seen.restarts, 1);
	assert_int_equal(result.text_bytes, 0);
	assert_false(intake.answered);
	gm_intake_begin(&intake, &gm_gemini, &request);
	(void)take(EVENT("Two", STOP), &err);
	assert_int_equal(end(), GM_CLASS_OK);
	assert_string_equal(seen.text, "Two");
	assert_int_equal(result.text_bytes, 3);
	release();
}

/* A sink that fails is no fault of the response. */
static void
test_sink_fails(void **state)
{
	struct gm_err err;

	(void)state;
	begin(true);
	seen.fails_at = 2;
	assert_int_equal(take(EVENT("One", ""), &err), GM_HTTP_ALIVE);
	assert_int_equal(take(EVENT("two", ""), &err), GM_HTTP_STOP);
	assert_int_equal(err.code, GM_EIO);
	assert_string_equal(err.msg, "no reader");
	assert_int_equal(intake.response.fault.class, GM_CLASS_OK);
	release();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_class),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_sink_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
