/* Rows and objects of keys in every state, of the service, of other models. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "../keys/key_rig.h"
#include "gm-rotate/status.h"

#define NOW INT64_C(1795341600000) /* 2026-11-22T10:00:00Z */
#define TODAY INT64_C(20780)
#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccc"

static const char *const models[] = { "m-one", "m-two" };

static struct gm_keyrow *
row(struct rig *r, const char *origin, const char *id, const char *model)
{
	struct gm_err err;
	struct gm_keyrow *new = gm_keytable_get(
	    &r->table, GM_KEYROW_OWNER, origin, id, model, &err);

	assert_non_null(new);
	return new;
}

static struct gm_keyrow *
list_row(struct rig *r, enum gm_keyrow_kind kind, const char *list,
    const char *model)
{
	struct gm_err err;
	struct gm_keyrow *new =
	    gm_keytable_get(&r->table, kind, RIG_ORIGIN, list, model, &err);

	assert_non_null(new);
	return new;
}

static void
mark(struct gm_keyrow *r, enum gm_class class, int64_t until_ms,
    const char *reason)
{
	r->class = class;
	r->since_ms = NOW - 60000;
	r->until_ms = until_ms;
	(void)snprintf(r->reason, sizeof(r->reason), "%s", reason);
}

static void
fill(struct rig *r)
{
	struct gm_keyrow *p;

	p = row(r, RIG_ORIGIN, A, "m-one");
	p->requests = 7;
	p->day = TODAY;
	p->last_ms = NOW - 5000;
	p = row(r, RIG_ORIGIN, A, "m-two");
	p->requests = 9; /* of yesterday */
	p->day = TODAY - 1;
	mark(row(r, RIG_ORIGIN, B, "all"), GM_CLASS_KEY_LEAKED,
	    GM_KEYROW_FOREVER, "found on the web");
	row(r, RIG_ORIGIN, B, "all")->failures = 2;
	p = row(r, RIG_ORIGIN, "label:work", "m-one");
	mark(p, GM_CLASS_QUOTA_DAY, NOW + 3600000, "");
	p->failures = 3;
	p = list_row(r, GM_KEYROW_CURRENT, RIG_LIST, "m-one");
	(void)snprintf(p->key, sizeof(p->key), "%s", C);
	/* Rows of others, and marks that have ended, are not shown. */
	mark(list_row(r, GM_KEYROW_SERVICE, "other", "m-other"),
	    GM_CLASS_QUOTA_MINUTE, NOW + 30000, "all at once");
	p = list_row(r, GM_KEYROW_CURRENT, "other", "m-other");
	(void)snprintf(p->key, sizeof(p->key), "%s", A);
	row(r, "https://other.example:443", A, "m-other");
	row(r, RIG_ORIGIN, "dddddddd", "m-gone");
	mark(list_row(r, GM_KEYROW_SERVICE, RIG_LIST, "m-two"),
	    GM_CLASS_QUOTA_MINUTE, NOW - 1, "long ago");
}

#define LINE_A_ONE \
	"0\t...0001\t-\t-\tm-one\tok\tok\t-\t-\t7\t0\t2026-11-22T09:59:55Z\t-" \
	"\n"
#define LINE_A_TWO "0\t...0001\t-\t*\tm-two\tok\tok\t-\t-\t0\t0\t-\t-\n"
#define LEAKED \
	"\tleaked\tkey_leaked\t2026-11-22T09:59:00Z\tnever\t0\t2\t-\tfound " \
	"on the web\n"
#define LINE_B_ONE "1\t...0002\t-\t-\tm-one" LEAKED
#define LINE_B_TWO "1\t...0002\t-\t-\tm-two" LEAKED
#define LINE_C_ONE \
	"2\t...0003\twork\t*\tm-one\tlimited\tquota_day\t2026-11-22T09:59:00Z" \
	"\t2026-11-22T11:00:00Z\t0\t3\t-\t-\n"
#define LINE_C_TWO "2\t...0003\twork\t-\tm-two\tok\tok\t-\t-\t0\t0\t-\t-\n"

static void
check_table(const struct gm_statuslist *list, bool terminal, const char *want)
{
	struct gm_err err;
	struct gm_buf out;

	gm_buf_init(&out, 10000);
	assert_int_equal(gm_statuslist_table(list, terminal, &out, &err), 0);
	assert_string_equal(gm_buf_str(&out), want);
	gm_buf_release(&out);
}

static void
check_details(const struct gm_statuslist *list, bool terminal, const char *want)
{
	struct gm_err err;
	struct gm_buf out;

	gm_buf_init(&out, 10000);
	assert_int_equal(gm_statuslist_details(list, terminal, &out, &err), 0);
	assert_string_equal(gm_buf_str(&out), want);
	gm_buf_release(&out);
}

static void
check_json(const struct gm_statuslist *list, const char *want)
{
	struct gm_err err;
	struct gm_buf out;

	gm_buf_init(&out, 10000);
	assert_int_equal(gm_statuslist_json(list, &out, &err), 0);
	assert_string_equal(gm_buf_str(&out), want);
	gm_buf_release(&out);
}

static struct gm_statuslist
list_of(struct rig *r, size_t models_len)
{
	return (struct gm_statuslist){ .query = { .rule = &r->rule,
					   .table = &r->table,
					   .filter = r->filter,
					   .now_ms = NOW },
		.models = models,
		.models_len = models_len };
}

/* One row for each key, with its worst status. */
static void
test_table(void **state)
{
	struct gm_statuslist list;
	struct rig rig;

	(void)state;
	assert_true(open_rig(&rig));
	fill(&rig);
	list = list_of(&rig, 1);
#define ROW_B "1\t...0002\t-\t-\tleaked\tnever\tAPI key reported as leaked\t0\n"
#define ROW_C \
	"2\t...0003\twork\t*\tlimited\t2026-11-22T11:00:00Z\t" \
	"daily quota exhausted\t0\n"
	check_table(
	    &list, false, "0\t...0001\t-\t-\tok\t-\t-\t7\n" ROW_B ROW_C);
	/* Requests are those of all configured models. */
	row(&rig, RIG_ORIGIN, A, "m-two")->day = TODAY;
	list = list_of(&rig, 2);
	check_table(
	    &list, false, "0\t...0001\t-\t-\tok\t-\t-\t16\n" ROW_B ROW_C);
	/* The worst of two: a later end, then a rejection. */
	mark(row(&rig, RIG_ORIGIN, A, "m-one"), GM_CLASS_QUOTA_MINUTE,
	    NOW + 1000, "");
	mark(row(&rig, RIG_ORIGIN, A, "m-two"), GM_CLASS_QUOTA_DAY, NOW + 2000,
	    "");
	check_table(&list, false,
	    "0\t...0001\t-\t-\tlimited\t2026-11-22T10:00:02Z\t"
	    "daily quota exhausted\t16\n" ROW_B ROW_C);
	mark(row(&rig, RIG_ORIGIN, A, "m-one"), GM_CLASS_FORBIDDEN, NOW + 1000,
	    "");
	check_table(&list, false,
	    "0\t...0001\t-\t-\tunknown\t2026-11-22T10:00:01Z\t"
	    "permission denied\t16\n" ROW_B ROW_C);
	/* The user's own limit is no mark. */
	list.query.filter =
	    (struct gm_keyfilter){ .of = GM_KEYS_ONE, .key = 0 };
	list.models_len = 1;
	rig.rule.rpd = 7;
	mark(row(&rig, RIG_ORIGIN, A, "m-one"), GM_CLASS_OK, 0, "");
	check_table(&list, false,
	    "0\t...0001\t-\t-\tlimited\t2026-11-23T08:00:00Z\tGM_RPD\t7\n");
	close_rig(&rig);
}

/* On a terminal the reason gives way, and so does an empty PROJECT. */
static void
test_terminal(void **state)
{
	struct gm_statuslist list;
	struct rig rig;

	(void)state;
	assert_true(open_rig(&rig));
	fill(&rig);
	list = list_of(&rig, 1);
	check_table(&list, true,
	    "INDEX  KEY      PROJECT  CURRENT  STATUS   RETRY AT   REASON"
	    "            REQUESTS\n"
	    "0      ...0001  -        -        ok       -          -     "
	    "            7\n"
	    "1      ...0002  -        -        leaked   never      API ke"
	    "y repor...  0\n"
	    "2      ...0003  work     *        limited  11:00:00Z  daily "
	    "quota e...  0\n");
	list.query.filter =
	    (struct gm_keyfilter){ .of = GM_KEYS_ONE, .key = 1 };
	check_table(&list, true,
	    "INDEX  KEY      CURRENT  STATUS  RETRY AT  REASON"
	    "                      REQUESTS\n"
	    "1      ...0002  -        leaked  never     API key reported as"
	    " leaked  0\n");
	check_details(&list, true,
	    "INDEX  KEY      PROJECT  CURRENT  MODEL  STATUS  CLASS       SINCE"
	    "      RETRY AT  REQUESTS  FAILURES  LAST USE  REASON\n"
	    "1      ...0002  -        -        m-one  leaked  key_leaked  "
	    "09:59:00Z  never     0         2         -         found on the "
	    "web\n"
	    "1      ...0002  -        -        m-two  leaked  key_leaked  "
	    "09:59:00Z  never     0         2         -         found on the "
	    "web\n");
	close_rig(&rig);
}

static void
test_details(void **state)
{
	struct gm_statuslist list;
	struct rig rig;

	(void)state;
	assert_true(open_rig(&rig));
	fill(&rig);
	/* The second model is known from the table, if not configured. */
	list = list_of(&rig, 1);
	check_details(&list, false,
	    LINE_A_ONE LINE_A_TWO LINE_B_ONE LINE_B_TWO LINE_C_ONE LINE_C_TWO);
	list = list_of(&rig, 2);
	check_details(&list, false,
	    LINE_A_ONE LINE_A_TWO LINE_B_ONE LINE_B_TWO LINE_C_ONE LINE_C_TWO);
	list.query.filter =
	    (struct gm_keyfilter){ .of = GM_KEYS_ONE, .key = 2 };
	check_details(&list, false, LINE_C_ONE LINE_C_TWO);
	close_rig(&rig);
}

/* A cooldown of the service counts for each key, and has its own line. */
static void
test_service(void **state)
{
	struct gm_statuslist list;
	struct rig rig;

	(void)state;
	assert_true(open_rig(&rig));
	mark(list_row(&rig, GM_KEYROW_SERVICE, RIG_LIST, "m-one"),
	    GM_CLASS_QUOTA_MINUTE, NOW + 30000, "all at once");
	list = list_of(&rig, 1);
	list.query.filter = (struct gm_keyfilter){ .of = GM_KEYS_ONE };
	check_table(&list, false,
	    "0\t...0001\t-\t*\tlimited\t2026-11-22T10:00:30Z\trate-limited\t"
	    "0\n");
#define COOLING \
	"m-one\tlimited\tquota_minute\t2026-11-22T09:59:00Z\t" \
	"2026-11-22T10:00:30Z\t0\t0\t-\tall at once\n"
	check_details(
	    &list, false, "0\t...0001\t-\t*\t" COOLING "-\t-\t-\t-\t" COOLING);
#define COOLING_JSON \
	"\"status\":\"limited\",\"class\":\"quota_minute\",\"since\":\"2026-" \
	"11-22T09:59:00Z\"," \
	"\"retry_at\":\"2026-11-22T10:00:30Z\",\"requests\":0,\"failures\":" \
	"0,\"last_use\":null,\"reason\":\"all at once\"}]}\n"
	check_json(&list,
	    "{\"index\":0,\"key\":\"...0001\",\"project\":null,\"models\":["
	    "{\"model\":\"m-one\",\"current\":true," COOLING_JSON
	    "{\"index\":null,\"key\":null,\"project\":null,\"models\":["
	    "{\"model\":\"m-one\",\"current\":false," COOLING_JSON);
	close_rig(&rig);
}

static void
test_json(void **state)
{
	struct gm_statuslist list;
	struct rig rig;

	(void)state;
	assert_true(open_rig(&rig));
	fill(&rig);
	list = list_of(&rig, 2);
	list.query.filter =
	    (struct gm_keyfilter){ .of = GM_KEYS_ONE, .key = 1 };
#define LEAKED_JSON \
	"\"current\":false,\"status\":\"leaked\",\"class\":\"key_leaked\"," \
	"\"since\":" \
	"\"2026-11-22T09:59:00Z\",\"retry_at\":null,\"requests\":0," \
	"\"failures\":2,\"last_use\":null,\"reason\":\"found on the web\"}"
	check_json(&list,
	    "{\"index\":1,\"key\":\"...0002\",\"project\":null,\"models\":["
	    "{\"model\":\"m-one\"," LEAKED_JSON
	    ",{\"model\":\"m-two\"," LEAKED_JSON "]}\n");
	close_rig(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_details),
		cmocka_unit_test(test_service),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
