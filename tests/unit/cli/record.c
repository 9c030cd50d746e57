#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/record.h"

#define NO_USAGE \
	"\"usage\":{\"prompt\":null,\"cached\":null,\"output\":null," \
	"\"thoughts\":null,\"total\":null},"
#define NO_MEASURES \
	"\"timing\":{\"total_ms\":0,\"ttft_ms\":0,\"wait_ms\":0," \
	"\"connect_ms\":0},\"bytes\":{\"sent\":0,\"received\":0},"

static void
put(char *field, const char *text)
{
	memcpy(field, text, strlen(text) + 1);
}

static const struct gm_request request = { .model = "gemini-x" };

static void
check(const struct gm_record *record, const char *want)
{
	struct gm_buf out;

	gm_buf_init(&out, 100000);
	gm_record_write(record, &out);
	assert_string_equal(gm_buf_str(&out), want);
	gm_buf_release(&out);
}

/* The rest of an result that is as empty as may be. */
static void
test_nothing_sent(void **state)
{
	struct gm_err err = { .code = GM_ECONFIG, .msg = "no API key" };
	struct gm_record record = { .provider = "gemini", .err = &err };
	static const char start[] = "{\"ok\":false,\"text\":\"\","
				    "\"provider\":\"gemini\",\"model\":";
	static const char end[] =
	    ",\"model_version\":null,\"key_index\":null,\"finish_reason\":"
	    "null," NO_USAGE NO_MEASURES "\"parts_omitted\":[],\"attempts\":[],"
	    "\"fallback\":false,\"sources\":[],"
	    "\"error\":{\"class\":\"config\",\"message\":\"no API key\","
	    "\"service_message\":null,\"retry_at\":null}}\n";
	char want[1000];

	(void)state;
	(void)snprintf(want, sizeof(want), "%snull%s", start, end);
	check(&record, want);
	record.request = &request;
	(void)snprintf(want, sizeof(want), "%s\"gemini-x\"%s", start, end);
	check(&record, want);
}

/* A line of a batch begins with what it belongs to. */
static void
test_batch(void **state)
{
	struct gm_err err = { .code = GM_EDATA, .msg = "not JSON" };
	struct gm_record record = {
		.provider = "gemini", .err = &err, .number = 7
	};
	static const char end[] =
	    "\"ok\":false,\"text\":\"\",\"provider\":\"gemini\","
	    "\"model\":null,"
	    "\"model_version\":null,\"key_index\":null,\"finish_reason\":"
	    "null," NO_USAGE NO_MEASURES "\"parts_omitted\":[],\"attempts\":[],"
	    "\"fallback\":false,\"sources\":[],"
	    "\"error\":{\"class\":\"bad_input\",\"message\":\"not JSON\","
	    "\"service_message\":null,\"retry_at\":null}}\n";
	char want[1000];

	(void)state;
	(void)snprintf(want, sizeof(want), "{\"record\":7,%s", end);
	check(&record, want);
	record.id = gm_span_of("\"a\\u0041\"");
	record.hash = "00112233445566778899aabbccddeeff";
	(void)snprintf(want, sizeof(want),
	    "{\"record\":7,\"id\":\"a\\u0041\",\"hash\":\"%s\",%s", record.hash,
	    end);
	check(&record, want);
}

static void
add(struct gm_result *o, enum gm_class class, long http, size_t index)
{
	const struct gm_attempt attempt = { .provider = "gemini",
		.model = "gemini-x",
		.key_index = index,
		.key = gm_span_of("fake-good-key-0001"),
		.http = http,
		.class = class,
		.ms = 10 };

	o->provider = attempt.provider;
	gm_result_add(o, &attempt);
}

static void
test_success(void **state)
{
	struct gm_result o;
	const struct gm_record record = { .result = &o,
		.request = &request,
		.provider = "gemini",
		.text = { "a \"b\"\n\0\xFF\xC3\xA9", 10 } };

	(void)state;
	gm_result_init(&o);
	o.answer.usage = (struct gm_usage){ 11, 0, 7, 40, 58 };
	put(o.answer.reason, "STOP");
	put(o.answer.model_version, "gemini-x-001");
	gm_buf_puts(&o.answer.sources,
	    "https://a.example/\tA \"title\"\nhttps://b.example/\t\n");
	o.total_ms = 1234;
	o.ttft_ms = 300;
	o.wait_ms = 500;
	o.connect_ms = 20;
	o.bytes_received = 4096;
	o.bytes_sent = 512;
	add(&o, GM_CLASS_NETWORK, 0, 0);
	add(&o, GM_CLASS_OVERLOADED, 503, 0);
	add(&o, GM_CLASS_OK, 200, 0);
	check(&record,
	    "{\"ok\":true,\"text\":\"a \\\"b\\\"\\n\\u0000\xEF\xBF\xBD\xC3\xA9"
	    "\",\"provider\":\"gemini\",\"model\":\"gemini-x\","
	    "\"model_version\":\"gemini-x-001\",\"key_index\":0,"
	    "\"finish_reason\":\"STOP\",\"usage\":{\"prompt\":11,\"cached\":0,"
	    "\"output\":7,\"thoughts\":40,\"total\":58},\"timing\":{"
	    "\"total_ms\":1234,\"ttft_ms\":300,\"wait_ms\":500,"
	    "\"connect_ms\":20},\"bytes\":{\"sent\":512,\"received\":4096},"
	    "\"parts_omitted\":[],\"attempts\":[{\"provider\":\"gemini\","
	    "\"model\":\"gemini-x\","
	    "\"key_index\":0,\"key\":\"...0001\",\"http\":null,\"class\":"
	    "\"network\",\"ms\":10},"
	    "{\"provider\":\"gemini\",\"model\":\"gemini-x\",\"key_index\":0,"
	    "\"key\":\"...0001\",\"http\":503,\"class\":\"overloaded\",\"ms\":"
	    "10},"
	    "{\"provider\":\"gemini\",\"model\":\"gemini-x\",\"key_index\":0,"
	    "\"key\":\"...0001\",\"http\":200,\"class\":\"ok\",\"ms\":10}],"
	    "\"fallback\":false,"
	    "\"sources\":[{\"uri\":\"https://a.example/\","
	    "\"title\":\"A \\\"title\\\"\"},{\"uri\":\"https://b.example/\","
	    "\"title\":\"\"}],\"error\":null}\n");
	gm_result_release(&o);
}

static void
test_quota(void **state)
{
	struct gm_err err = { .code = GM_ETEMPFAIL,
		.msg = "key 0 (...0001): used up" };
	struct gm_result o;
	const struct gm_record record = { .result = &o,
		.request = &request,
		.provider = "gemini",
		.err = &err };

	(void)state;
	gm_result_init(&o);
	o.class = GM_CLASS_QUOTA_DAY;
	o.model = "gemini-y";                   /* the last of several */
	o.retry_at_ms = INT64_C(1795341600001); /* rounded up when told */
	add(&o, GM_CLASS_QUOTA_DAY, 429, 2);
	check(&record,
	    "{\"ok\":false,\"text\":\"\",\"provider\":\"gemini\","
	    "\"model\":\"gemini-y\",\"model_version\":null,\"key_index\":2,"
	    "\"finish_reason\":null," NO_USAGE NO_MEASURES
	    "\"parts_omitted\":[],\"attempts\":[{\"provider\":\"gemini\","
	    "\"model\":\"gemini-x\","
	    "\"key_index\":2,\"key\":\"...0001\",\"http\":429,\"class\":"
	    "\"quota_day\","
	    "\"ms\":10}],\"fallback\":false,\"sources\":[],"
	    "\"error\":{\"class\":\"quota_day\","
	    "\"message\":\"key 0 (...0001): used up\","
	    "\"service_message\":null,\"retry_at\":\"2026-11-22T10:00:01Z\"}}"
	    "\n");
	gm_result_release(&o);
}

/* What a server wrote is masked, the answer's text is given as it came. */
static void
test_masked(void **state)
{
	static const struct gm_omitted omitted[] = {
		{ "inlineData", "image/png", 8 },
		{ "fake-good-key-0001", "", 2 },
	};
	struct gm_err err = { .code = GM_EPROTOCOL,
		.msg = "it says fake-good-key-0001" };
	struct gm_secrets secrets = { 0 };
	struct gm_result o;
	struct gm_err ignored;
	const struct gm_record record = { .result = &o,
		.request = &request,
		.provider = "gemini",
		.err = &err,
		.text = gm_span_of("fake-good-key-0001"),
		.secrets = &secrets };

	(void)state;
	assert_int_equal(gm_secrets_add(&secrets,
			     gm_span_of("fake-good-key-0001"), &ignored),
	    0);
	gm_result_init(&o);
	o.class = GM_CLASS_TRUNCATED;
	put(o.answer.reason, "fake-good-key-0001");
	put(o.answer.model_version, "v fake-good-key-0001");
	gm_buf_put(&o.answer.omitted, (const char *)omitted, sizeof(omitted));
	gm_buf_puts(&o.answer.sources,
	    "http://a/fake-good-key-0001\tof fake-good-key-0001\n");
	check(&record,
	    "{\"ok\":false,\"text\":\"fake-good-key-0001\","
	    "\"provider\":\"gemini\",\"model\":\"gemini-x\","
	    "\"model_version\":\"v ...0001\",\"key_index\":null,"
	    "\"finish_reason\":\"...0001\"," NO_USAGE NO_MEASURES
	    "\"parts_omitted\":[{\"type\":\"inlineData\",\"mime_type\":\"image/"
	    "png\",\"bytes\":8},{\"type\":\"...0001\",\"mime_type\":null,"
	    "\"bytes\":2}],\"attempts\":[],\"fallback\":false,"
	    "\"sources\":[{\"uri\":\"http://a/...0001\","
	    "\"title\":\"of ...0001\"}],\"error\":{\"class\":\"truncated\","
	    "\"message\":\"it says "
	    "...0001\",\"service_message\":null,\"retry_at\":null}}\n");
	gm_result_release(&o);
	gm_secrets_release(&secrets);
}

/* The class of the last attempt; of a failure without one, that of its code. */
static void
test_class(void **state)
{
	static const struct {
		enum gm_class class;
		enum gm_code code;
		const char *want;
	} rows[] = {
		{ GM_CLASS_BLOCKED, GM_ENEGATIVE, "blocked" },
		{ GM_CLASS_TOKEN_LIMIT, GM_ENEGATIVE, "token_limit" },
		{ GM_CLASS_KEY_INVALID, GM_ENOPERM, "key_invalid" },
		{ GM_CLASS_OK, GM_EIO, "local" }, /* written in part */
		{ GM_CLASS_LOCAL, GM_EOS, "local" },
		{ GM_CLASS_OK, GM_EUNAVAILABLE, "deadline" },
		{ GM_CLASS_OK, GM_EDATA, "bad_input" }, /* never sent */
		{ GM_CLASS_OK, GM_EUSAGE, "usage" },
	};
	char want[100];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		struct gm_err err = { .code = rows[i].code, .msg = "what" };
		struct gm_result o;
		struct gm_buf out;

		gm_result_init(&o);
		o.class = rows[i].class;
		gm_buf_init(&out, 10000);
		gm_record_write(
		    &(struct gm_record){
			.result = &o, .provider = "gemini", .err = &err },
		    &out);
		(void)snprintf(want, sizeof(want),
		    ",\"error\":{\"class\":\"%s\",\"message\":\"what\","
		    "\"service_message\":null,\"retry_at\":null}}\n",
		    rows[i].want);
		assert_non_null(strstr(gm_buf_str(&out), want));
		gm_buf_release(&out);
		gm_result_release(&o);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_sent),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_success),
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_masked),
		cmocka_unit_test(test_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
