/* Reports of every form: the changes of the table, and the notes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "../keys/key_rig.h"
#include "../notes.h"
#include "gm-rotate/report.h"

#define NOW INT64_C(1795341600000) /* 2026-11-22T10:00:00Z */

#define NOTHING ""
#define OTHER "another key has this index"

/*
 * What becomes of an empty table: "key model class minutes-to-the-end" each,
 * with "from minutes" where it does not begin now.
 */
static const struct {
	const char *line, *want, *note;
} rows[] = {
	{ "", NOTHING, NULL },
	{ " \t\r", NOTHING, NULL },
	/* gm-keycheck */
	{ "{\"index\":0,\"key\":\"...0001\",\"status\":\"invalid\","
	  "\"class\":\"key_invalid\",\"http\":400,\"retry_at\":null}",
	    "a all key_invalid 1440;", NULL },
	{ "{\"index\":1,\"key\":\"...0002\",\"class\":\"quota_minute\","
	  "\"model\":\"m\",\"retry_at\":\"2026-11-22T10:05:00Z\"}",
	    "b m quota_minute 5;", NULL },
	{ "{\"index\":1,\"class\":\"quota_day\",\"model\":\"m-one\","
	  "\"retry_at\":\"2026-11-22T10:07:00.000Z\"}",
	    "b m-one quota_day 7;", NULL },
	{ "{\"index\":2,\"key\":\"...0003\",\"class\":\"no_credit\"}",
	    "label:work all no_credit 60;", NULL },
	{ "{\"index\":0,\"status\":\"ok\",\"class\":null}", NOTHING, NULL },
	/* ended already; too long for a quota; of no key */
	{ "{\"index\":1,\"class\":\"quota\",\"retry_at\":"
	  "\"2026-11-22T09:59:59Z\"}",
	    NOTHING, NULL },
	{ "{\"index\":1,\"model\":\"m\",\"class\":\"quota\",\"retry_at\":"
	  "\"2099-01-01T00:00:00Z\"}",
	    "b m quota 1500;", NULL },
	{ "{\"index\":1,\"class\":\"network\"}", NOTHING, NULL },
	{ "{\"index\":1,\"class\":\"bad_request\"}", NOTHING, NULL },
	/* gm-prompt and the log */
	{ "{\"ok\":true,\"attempts\":[{\"provider\":\"gemini\",\"model\":"
	  "\"m-one\",\"key_index\":0,\"http\":429,\"class\":"
	  "\"quota_minute\",\"ms\":3},{\"model\":\"m-one\",\"key_index\":1,"
	  "\"class\":\"ok\"}]}",
	    "a m-one quota_minute 1;", NULL },
	{ "{\"ok\":false,\"attempts\":[],\"key_index\":null}", NOTHING, NULL },
	{ "{\"tool\":\"gm-prompt\",\"key_index\":0,\"key\":\"...0001\","
	  "\"attempts\":2,\"class\":"
	  "\"key_expired\"}",
	    "a all key_expired 1440;", NULL },
	/* with a time; ended already */
	{ "{\"time\":\"2026-11-22T09:00:00.000Z\",\"attempts\":[{\"model\":"
	  "\"m\",\"key_index\":0,\"key\":\"...0001\",\"class\":"
	  "\"key_invalid\"}]}",
	    "a all key_invalid 1380 from -60;", NULL },
	{ "{\"time\":\"2026-11-01T10:00:00.000Z\",\"attempts\":[{\"model\":"
	  "\"m\",\"key_index\":0,\"key\":\"...0001\",\"class\":"
	  "\"key_invalid\"}]}",
	    NOTHING, NULL },
	/* something is missing */
	{ "{\"index\":1,\"key\":\"...0002\",\"class\":\"quota\","
	  "\"model\":null}",
	    NOTHING, "no model" },
	{ "{\"index\":1,\"class\":\"key_invalid\"}", NOTHING, "no masked key" },
	{ "{\"index\":1,\"class\":\"no_credit\"}", NOTHING, "no masked key" },
	/* the request may have been a free one */
	{ "{\"index\":1,\"key\":\"...0002\",\"class\":\"forbidden\","
	  "\"model\":\"m\"}",
	    NOTHING, NULL },
	/* of other keys or providers */
	{ "{\"index\":0,\"key\":\"...0002\",\"class\":\"key_invalid\"}",
	    NOTHING, OTHER },
	{ "{\"index\":3,\"class\":\"key_invalid\"}", NOTHING,
	    "no key with this index" },
	{ "{\"index\":-1,\"class\":\"key_invalid\"}", NOTHING, "no key index" },
	{ "{\"index\":\"x\",\"class\":\"key_invalid\"}", NOTHING,
	    "no key index" },
	{ "{}", NOTHING, "no key index" },
	{ "{\"attempts\":[5]}", NOTHING, "no key index" },
	{ "{\"index\":0}", NOTHING, "unknown class" },
	{ "{\"index\":0,\"class\":\"tired\"}", NOTHING, "unknown class" },
	{ "{\"index\":0,\"provider\":\"mistral\",\"class\":\"key_invalid\"}",
	    NOTHING, "another provider" },
};

static void
put_table(const struct gm_keytable *t, char *out, size_t size)
{
	const struct gm_keyrow *r;
	char from[32];
	size_t i, len = 0;

	out[0] = '\0';
	for (i = 0; i < t->len; i++) {
		r = &t->rows[i];
		if (r->class == GM_CLASS_OK)
			continue;
		assert_string_equal(r->origin, RIG_ORIGIN);
		from[0] = '\0';
		if (r->since_ms != NOW)
			(void)snprintf(from, sizeof(from), " from %lld",
			    (long long)(r->since_ms - NOW) / 60000);
		len += (size_t)snprintf(out + len, size - len,
		    "%.*s %s %s %lld%s;", r->id[1] == r->id[0] ? 1 : 79, r->id,
		    r->model, gm_class(r->class)->name,
		    (long long)(r->until_ms - NOW) / 60000, from);
	}
}

static void
open_report(struct gm_keyreport *k, struct rig *rig)
{
	assert_true(open_rig(rig));
	*k = (struct gm_keyreport){ .rule = &rig->rule,
		.table = &rig->table,
		.note = &note,
		.provider = "gemini" };
}

static void
test_lines(void **state)
{
	struct gm_keyreport k;
	struct gm_err err;
	char got[500], want[200];
	struct rig rig;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		open_report(&k, &rig);
		if (gm_keyreport_line(
			&k, gm_span_of(rows[i].line), NOW, &err) != 0)
			fail_msg("%s: %s", rows[i].line, err.msg);
		put_table(&rig.table, got, sizeof(got));
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].line, got);
		want[0] = '\0';
		if (rows[i].note != NULL)
			(void)snprintf(want, sizeof(want),
			    "gm-x: line 1 skipped: %s\n", rows[i].note);
		assert_string_equal(said(), want);
		gm_keyreport_release(&k);
		close_rig(&rig);
	}
}

#define EARLIER \
	"{\"index\":0,\"class\":\"ok\",\"time\":" \
	"\"2026-11-22T09:59:59.000Z\"}"

/* A report of a success lifts a mark, unless the mark is newer. */
static void
test_success(void **state)
{
	static const char *const lines[] = {
		"{\"index\":0,\"key\":\"...0001\",\"class\":\"key_invalid\"}",
		EARLIER,
		"{\"index\":0,\"class\":\"ok\"}",
	};
	static const char *const want[] = { "a all key_invalid 1440;",
		"a all key_invalid 1440;", "" };
	struct gm_keyreport k;
	struct gm_err err;
	struct rig rig;
	char got[500];
	size_t i;

	(void)state;
	open_report(&k, &rig);
	for (i = 0; i < GM_LEN(lines); i++) {
		assert_int_equal(
		    gm_keyreport_line(&k, gm_span_of(lines[i]), NOW, &err), 0);
		put_table(&rig.table, got, sizeof(got));
		assert_string_equal(got, want[i]);
	}
	gm_keyreport_release(&k);
	close_rig(&rig);
}

/* The reason is the report's text, clean and without a key. */
static void
test_words(void **state)
{
	static const char *const lines[][2] = {
		{ "{\"index\":0,\"key\":\"...0001\",\"class\":\"key_expired\"}",
		    "reported" },
		{ "{\"index\":0,\"key\":\"...0001\",\"class\":\"key_expired\","
		  "\"status\":\"expired\"}",
		    "expired" },
		{ "{\"index\":0,\"key\":\"...0001\",\"class\":\"key_expired\","
		  "\"status\":\"expired\",\"message\":\"a\\n\\u001b[1m"
		  "fake-good-\\u0001key-0001\"}",
		    "a ...0001" },
	};
	struct gm_keyreport k;
	struct gm_err err;
	struct rig rig;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(lines); i++) {
		open_report(&k, &rig);
		note.secrets = &rig.secrets;
		assert_int_equal(
		    gm_keyreport_line(&k, gm_span_of(lines[i][0]), NOW, &err),
		    0);
		assert_int_equal(rig.table.len, 1);
		assert_string_equal(rig.table.rows[0].reason, lines[i][1]);
		note.secrets = NULL;
		gm_keyreport_release(&k);
		close_rig(&rig);
	}
}

static void
test_bad(void **state)
{
	static const char *const lines[] = { "x", "[1]", "5", "{\"index\":0",
		"{\"index\":0,\"class\":\"key_invalid\"} x", "{\"a\":\xff}" };
	char start[20];
	struct gm_keyreport k;
	struct gm_err err;
	struct rig rig;
	size_t i;

	(void)state;
	open_report(&k, &rig);
	for (i = 0; i < GM_LEN(lines); i++) {
		assert_int_equal(
		    gm_keyreport_line(&k, gm_span_of(lines[i]), NOW, &err), -1);
		assert_int_equal(err.code, GM_EDATA);
		(void)snprintf(start, sizeof(start), "line %zu: ", i + 1);
		assert_memory_equal(err.msg, start, strlen(start));
		assert_int_equal(rig.table.len, 0);
	}
	assert_string_equal(said(), "");
	gm_keyreport_release(&k);
	close_rig(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_success),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_bad),
	};
	int rc;

	if (open_notes() != 0)
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	close_notes();
	return rc;
}
