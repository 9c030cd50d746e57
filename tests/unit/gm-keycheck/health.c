#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gm-keycheck/health.h"

static void
test_statuses(void **state)
{
	static const struct {
		enum gm_class class;
		const char *status;
		bool healthy;
	} rows[] = {
		{ GM_CLASS_OK, "ok", true },
		{ GM_CLASS_TOKEN_LIMIT, "ok", true },
		{ GM_CLASS_QUOTA_MINUTE, "limited", true },
		{ GM_CLASS_QUOTA_DAY, "limited", true },
		{ GM_CLASS_QUOTA_NONE, "limited", true },
		{ GM_CLASS_QUOTA_SPEND, "limited", true },
		{ GM_CLASS_QUOTA, "limited", true },
		{ GM_CLASS_QUOTA_SEARCH, "limited", true },
		{ GM_CLASS_KEY_INVALID, "invalid", false },
		{ GM_CLASS_KEY_REJECTED, "invalid", false },
		{ GM_CLASS_KEY_EXPIRED, "expired", false },
		{ GM_CLASS_KEY_LEAKED, "leaked", false },
		{ GM_CLASS_KEY_RESTRICTED, "restricted", false },
		{ GM_CLASS_PROJECT_BLOCKED, "project_blocked", false },
		{ GM_CLASS_PROJECT_DENIED, "project_blocked", false },
		{ GM_CLASS_FORBIDDEN, "unknown", false },
		{ GM_CLASS_NO_CREDIT, "no_credit", false },
		{ GM_CLASS_REGION, "region", false },
		{ GM_CLASS_FRONT_END, "unknown", false },
		{ GM_CLASS_NO_KEY_SENT, "unknown", false },
		{ GM_CLASS_MODEL_GONE, "unknown", false },
		{ GM_CLASS_SERVER, "unknown", false },
		{ GM_CLASS_NETWORK, "unknown", false },
		{ GM_CLASS_REFUSED, "unknown", false },
		{ GM_CLASS_DEADLINE, "unknown", false },
	};
	struct gm_health v = { .key = "...0001" };
	char cell[40];
	struct gm_buf out;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		v.class = rows[i].class;
		assert_int_equal(gm_health_is_healthy(&v), rows[i].healthy);
		gm_buf_init(&out, 4096);
		gm_health_table(&v, 1, false, 0, &out);
		(void)snprintf(
		    cell, sizeof(cell), "\t-\t%s\t-\t-\t-\t", rows[i].status);
		assert_non_null(strstr(gm_buf_str(&out), cell));
		gm_buf_release(&out);
	}
}

/* Each class has a status; for each that is not healthy there is advice. */
static void
test_advice(void **state)
{
	struct gm_health v = { .key = "...0001" };
	struct gm_buf out;
	int class;

	(void)state;
	for (class = 0; class < GM_CLASSES; class ++) {
		v.class = (enum gm_class) class;
		gm_buf_init(&out, 4096);
		gm_health_table(&v, 1, false, 0, &out);
		if (!gm_health_is_healthy(&v))
			assert_null(strstr(gm_buf_str(&out), "\t-\n"));
		gm_buf_release(&out);
	}
}

/* A limit of the user's can be raised; the service's advice comes first. */
static void
test_own_limit(void **state)
{
	struct gm_health v = {
		.key = "...0001", .class = GM_CLASS_QUOTA_DAY, .own_limit = true
	};
	struct gm_buf out;

	(void)state;
	gm_buf_init(&out, 4096);
	gm_health_table(&v, 1, false, 0, &out);
	(void)snprintf(v.remedy, sizeof(v.remedy), "ask them");
	gm_health_table(&v, 1, false, 0, &out);
	assert_string_equal(gm_buf_str(&out),
	    "0\t...0001\t-\tlimited\t-\t-\t-\twait, or raise GM_RPD\n"
	    "0\t...0001\t-\tlimited\t-\t-\t-\task them\n");
	gm_buf_release(&out);
}

/* A key of the format that Google rejects needs a new one. */
static void
test_old_format(void **state)
{
	static const struct {
		enum gm_class class;
		const char *advice;
	} rows[] = {
		{ GM_CLASS_KEY_INVALID,
		    "create a new key: those of the old format are rejected "
		    "since June 2026" },
		{ GM_CLASS_KEY_REJECTED,
		    "create a new key: those of the old format are rejected "
		    "since June 2026" },
		{ GM_CLASS_KEY_LEAKED, "delete it and create another" },
		{ GM_CLASS_OK, "-" },
	};
	struct gm_health v = { .key = "...0001", .old_format = true };
	char want[200];
	struct gm_buf out;
	size_t i;

	(void)state;
	gm_buf_init(&out, 4096);
	for (i = 0; i < GM_LEN(rows); i++) {
		v.class = rows[i].class;
		gm_buf_reset(&out);
		gm_health_table(&v, 1, false, 0, &out);
		(void)snprintf(want, sizeof(want), "\t%s\n", rows[i].advice);
		assert_true(gm_span_ends(gm_buf_span(&out), want));
	}
	gm_buf_release(&out);
}

#define NOON (INT64_C(1795348800) * 1000)

static const struct gm_health list[] = {
	{ .provider = "gemini",
	    .index = 0,
	    .key = "...0001",
	    .project = "work",
	    .model = "m",
	    .http = 200,
	    .sent = true,
	    .ms = 12 },
	{ .provider = "gemini",
	    .index = 2,
	    .key = "...",
	    .class = GM_CLASS_QUOTA_DAY,
	    .http = 429,
	    .sent = true,
	    .retry_at_ms = NOON },
	{ .provider = "gemini",
	    .index = 10,
	    .key = "...0003",
	    .class = GM_CLASS_MODEL_GONE,
	    .model = "m",
	    .remedy = "use x instead",
	    .err = { .code = GM_ECONFIG, .msg = "m: gone" } },
};

/* A server that needs no key. */
static const struct gm_health keyless = {
	.provider = "openai", .http = 200, .sent = true, .ms = 3
};

static void
test_lines(void **state)
{
	struct gm_buf out;
	size_t i;

	(void)state;
	gm_buf_init(&out, 4096);
	gm_health_table(list, GM_LEN(list), false, 0, &out);
	assert_string_equal(gm_buf_str(&out),
	    "0\t...0001\twork\tok\t-\t200\t12\t-\n"
	    "2\t...\t-\tlimited\t2026-11-22T12:00:00Z\t429\t0\t"
	    "wait, or enable billing\n"
	    "10\t...0003\t-\tunknown\t-\t-\t-\tuse x instead\n");
	gm_buf_reset(&out);
	gm_health_table(list, 1, true, 0, &out);
	gm_health_table(&keyless, 1, true, 0, &out);
	gm_health_json(&keyless, &out);
	assert_string_equal(gm_buf_str(&out),
	    "gemini\t0\t...0001\twork\tok\t-\t200\t12\t-\n"
	    "openai\t0\t-\t-\tok\t-\t200\t3\t-\n"
	    "{\"provider\":\"openai\",\"index\":0,\"key\":null,"
	    "\"project\":null,\"status\":\"ok\",\"class\":\"ok\","
	    "\"healthy\":true,\"retry_at\":null,\"http\":200,\"ms\":3,"
	    "\"advice\":null,\"model\":null}\n");
	gm_buf_reset(&out);
	for (i = 0; i < GM_LEN(list); i++)
		gm_health_json(&list[i], &out);
	assert_string_equal(gm_buf_str(&out),
	    "{\"provider\":\"gemini\",\"index\":0,\"key\":\"...0001\","
	    "\"project\":\"work\","
	    "\"status\":\"ok\",\"class\":\"ok\",\"healthy\":true,"
	    "\"retry_at\":null,\"http\":200,\"ms\":12,\"advice\":null,"
	    "\"model\":\"m\"}\n"
	    "{\"provider\":\"gemini\",\"index\":2,\"key\":\"...\",\"project\":"
	    "null,"
	    "\"status\":\"limited\",\"class\":\"quota_day\","
	    "\"healthy\":true,\"retry_at\":\"2026-11-22T12:00:00Z\","
	    "\"http\":429,\"ms\":0,\"advice\":\"wait, or enable billing\","
	    "\"model\":null}\n"
	    "{\"provider\":\"gemini\",\"index\":10,\"key\":\"...0003\","
	    "\"project\":null,"
	    "\"status\":\"unknown\",\"class\":\"model_gone\","
	    "\"healthy\":false,\"retry_at\":null,\"http\":null,\"ms\":null,"
	    "\"advice\":\"use x instead\",\"model\":\"m\"}\n");
	gm_buf_release(&out);
}

/* For a terminal: aligned under a header, within 80 columns. */
static void
test_terminal(void **state)
{
	struct gm_health leaked = { .provider = "gemini",
		.index = 3,
		.key = "...0004",
		.class = GM_CLASS_KEY_LEAKED,
		.http = 403,
		.sent = true,
		.ms = 95,
		.retry_at_ms = INT64_MAX };
	struct gm_buf out;

	(void)state;
	gm_buf_init(&out, 4096);
	gm_health_table(list, GM_LEN(list), false, NOON - 3600000, &out);
	gm_health_table(&leaked, 1, false, NOON, &out);
	gm_health_table(&leaked, 1, false, 0, &out);
	gm_health_json(&leaked, &out);
	gm_health_table(&keyless, 1, true, NOON, &out);
	assert_string_equal(gm_buf_str(&out),
	    "INDEX  KEY      PROJECT  STATUS   RETRY AT   HTTP  MS  WHAT TO "
	    "DO\n"
	    "0      ...0001  work     ok       -          200   12  -\n"
	    "2      ...      -        limited  12:00:00Z  429   0   wait, or "
	    "enable billing\n"
	    "10     ...0003  -        unknown  -          -     -   use x "
	    "instead\n"
	    "INDEX  KEY      STATUS  RETRY AT  HTTP  MS  WHAT TO DO\n"
	    "3      ...0004  leaked  never     403   95  delete it and create "
	    "another\n"
	    "3\t...0004\t-\tleaked\tnever\t403\t95\tdelete it and create "
	    "another\n"
	    "{\"provider\":\"gemini\",\"index\":3,\"key\":\"...0004\","
	    "\"project\":null,\"status\":\"leaked\",\"class\":"
	    "\"key_leaked\",\"healthy\":false,\"retry_at\":null,"
	    "\"http\":403,\"ms\":95,\"advice\":"
	    "\"delete it and create another\",\"model\":null}\n"
	    "PROVIDER  INDEX  KEY  STATUS  RETRY AT  HTTP  MS  WHAT TO DO\n"
	    "openai    0      -    ok      -         200   3   -\n");
	gm_buf_release(&out);
}

static void
test_metrics(void **state)
{
	struct gm_buf out;

	(void)state;
	gm_buf_init(&out, 4096);
	gm_health_metrics(list, GM_LEN(list), NOON + 999, &out);
	assert_string_equal(gm_buf_str(&out),
	    "# HELP gm_key_healthy 1 if this API key is healthy, else 0.\n"
	    "# TYPE gm_key_healthy gauge\n"
	    "gm_key_healthy{provider=\"gemini\",index=\"0\",project=\"work\"} "
	    "1\n"
	    "gm_key_healthy{provider=\"gemini\",index=\"2\",project=\"\"} 1\n"
	    "gm_key_healthy{provider=\"gemini\",index=\"10\",project=\"\"} 0\n"
	    "# HELP gm_key_status 1, with the status of this API key as a "
	    "label.\n"
	    "# TYPE gm_key_status gauge\n"
	    "gm_key_status{provider=\"gemini\",index=\"0\",project=\"work\","
	    "status=\"ok\"} 1\n"
	    "gm_key_status{provider=\"gemini\",index=\"2\",project=\"\",status="
	    "\"limited\"} 1\n"
	    "gm_key_status{provider=\"gemini\",index=\"10\",project=\"\","
	    "status=\"unknown\"} 1\n"
	    "# HELP gm_keys_checked Number of API keys that were checked.\n"
	    "# TYPE gm_keys_checked gauge\n"
	    "gm_keys_checked 3\n"
	    "# HELP gm_keys_healthy Number of these API keys that are "
	    "healthy.\n"
	    "# TYPE gm_keys_healthy gauge\n"
	    "gm_keys_healthy 2\n"
	    "# HELP gm_keycheck_timestamp_seconds Time of the check in "
	    "seconds since 1970.\n"
	    "# TYPE gm_keycheck_timestamp_seconds gauge\n"
	    "gm_keycheck_timestamp_seconds 1795348800\n");
	gm_buf_release(&out);
}

static void
test_sum(void **state)
{
	static const struct {
		enum gm_class classes[5];
		size_t len, wanted;
		enum gm_code code;
		const char *text;
		bool now;
	} rows[] = {
		{ { GM_CLASS_OK, GM_CLASS_QUOTA }, 2, 2, GM_OK, "", false },
		{ { GM_CLASS_OK, GM_CLASS_KEY_INVALID }, 2, 1, GM_OK, "",
		    false },
		{ { GM_CLASS_KEY_INVALID }, 1, 0, GM_OK, "", false },
		/* One key: what to do; several: the first three. */
		{ { GM_CLASS_OK, GM_CLASS_KEY_INVALID }, 2, 2, GM_ENEGATIVE,
		    "1 of 2 keys is healthy; key 1 (...0001) invalid: replace "
		    "it",
		    false },
		{ { GM_CLASS_OK, GM_CLASS_OK, GM_CLASS_NETWORK,
		      GM_CLASS_KEY_LEAKED },
		    4, 3, GM_ENEGATIVE,
		    "2 of 4 keys are healthy, 3 required; key 2 (...0002) "
		    "unknown, "
		    "key 3 (...0003) leaked",
		    false },
		{ { GM_CLASS_OK }, 1, 2, GM_ENEGATIVE,
		    "1 of 1 key is healthy, 2 required", false },
		{ { GM_CLASS_KEY_INVALID, GM_CLASS_KEY_INVALID,
		      GM_CLASS_NETWORK },
		    3, 3, GM_ENOPERM,
		    "no key is healthy; key 0 (...0000) invalid, key 1 "
		    "(...0001) "
		    "invalid, key 2 (...0002) unknown",
		    false },
		{ { GM_CLASS_KEY_INVALID, GM_CLASS_KEY_LEAKED, GM_CLASS_REGION,
		      GM_CLASS_NETWORK, GM_CLASS_KEY_EXPIRED },
		    5, 5, GM_ENOPERM,
		    "no key is healthy; key 0 (...0000) invalid, key 1 "
		    "(...0001) "
		    "leaked, key 2 (...0002) region, and 2 more",
		    false },
		{ { GM_CLASS_BAD_REQUEST, GM_CLASS_OK }, 2, 2, GM_ENEGATIVE,
		    "1 of 2 keys is healthy; key 0 (...0000) unknown: add -v "
		    "for "
		    "the reason",
		    false },
		{ { GM_CLASS_REGION }, 1, 1, GM_ENOPERM,
		    "no key is healthy; key 0 (...0000) region: use a "
		    "supported "
		    "region, or enable billing",
		    false },
		{ { GM_CLASS_NETWORK, GM_CLASS_SERVER }, 2, 2, GM_EUNAVAILABLE,
		    "no key got an answer: why", false },
		/* With now, limited keys do not count. */
		{ { GM_CLASS_OK, GM_CLASS_QUOTA_DAY }, 2, 1, GM_OK, "", true },
		{ { GM_CLASS_OK, GM_CLASS_QUOTA_DAY }, 2, 2, GM_ENEGATIVE,
		    "1 of 2 keys can answer now; key 1 (...0001) limited: "
		    "wait, or "
		    "enable billing",
		    true },
		{ { GM_CLASS_QUOTA_DAY, GM_CLASS_QUOTA_MINUTE,
		      GM_CLASS_KEY_INVALID },
		    3, 1, GM_ENEGATIVE,
		    "no key can answer now; key 0 (...0000) limited, key 1 "
		    "(...0001) limited, key 2 (...0002) invalid",
		    true },
		{ { GM_CLASS_OK, GM_CLASS_OK, GM_CLASS_KEY_LEAKED }, 3, 4,
		    GM_ENEGATIVE,
		    "2 of 3 keys can answer now, 4 required; key 2 (...0002) "
		    "leaked: delete it and create another",
		    true },
		{ { GM_CLASS_QUOTA_DAY }, 1, 0, GM_OK, "", true },
		{ { GM_CLASS_KEY_INVALID }, 1, 1, GM_ENOPERM,
		    "no key can answer now; key 0 (...0000) invalid: replace "
		    "it",
		    true },
		{ { GM_CLASS_NETWORK }, 1, 1, GM_EUNAVAILABLE,
		    "no key got an answer: why", true },
	};
	struct gm_health v[5];
	struct gm_err err;
	size_t i, k;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		for (k = 0; k < GM_LEN(v); k++) {
			v[k] = (struct gm_health){ .class = rows[i].classes[k],
				.index = k,
				.err = {
				    .code = GM_EUNAVAILABLE, .msg = "why" } };
			(void)snprintf(
			    v[k].key, sizeof(v[k].key), "...000%zu", k);
		}
		err = (struct gm_err){ .code = GM_OK };
		assert_int_equal(gm_health_sum(v, rows[i].len, rows[i].wanted,
				     rows[i].now, &err),
		    rows[i].code == GM_OK ? 0 : -1);
		assert_int_equal(err.code, rows[i].code);
		assert_string_equal(err.msg, rows[i].text);
	}
}

/* Keys of several services are named with the service. */
static void
test_services(void **state)
{
	static const struct gm_health v[] = {
		{ .provider = "gemini", .key = "...0001" },
		{ .provider = "mistral",
		    .service = 1,
		    .key = "...0002",
		    .class = GM_CLASS_QUOTA },
		{ .provider = "openai",
		    .service = 2,
		    .class = GM_CLASS_REFUSED },
	};
	struct gm_buf note;
	struct gm_err err;

	(void)state;
	assert_int_equal(gm_health_sum(v, 3, 3, false, &err), -1);
	assert_string_equal(err.msg,
	    "2 of 3 keys are healthy; openai key 0 unknown: check that the "
	    "server is running");
	assert_int_equal(gm_health_sum(v, 3, 3, true, &err), -1);
	assert_string_equal(err.msg,
	    "1 of 3 keys can answer now; mistral key 0 (...0002) limited, "
	    "openai key 0 unknown");
	gm_buf_init(&note, 1000);
	gm_health_note(v, 1, &note);
	assert_string_equal(gm_buf_str(&note), "");
	gm_health_note(v, 3, &note);
	assert_string_equal(gm_buf_str(&note),
	    "1 of 3 keys is limited, which counts as healthy: mistral key 0 "
	    "(...0002)");
	gm_buf_release(&note);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_advice),
		cmocka_unit_test(test_own_limit),
		cmocka_unit_test(test_old_format),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_services),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
