#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fault.h"

#define STOP GM_ACTION_STOP
#define RETRY GM_ACTION_RETRY
#define WAIT GM_ACTION_WAIT
#define FALLBACK GM_ACTION_FALLBACK
#define ROTATE GM_ACTION_ROTATE
#define MODEL GM_ACTION_MODEL

/* What a user sees of each: its word, the exit status, who is charged. */
static const struct {
	enum gm_class class;
	const char *name;
	int status;
	enum gm_action action;
	enum gm_scope scope;
} rows[] = {
	{ GM_CLASS_OK, "ok", 0, STOP, GM_SCOPE_REQUEST },
	{ GM_CLASS_KEY_INVALID, "key_invalid", 77, ROTATE, GM_SCOPE_KEY },
	{ GM_CLASS_KEY_EXPIRED, "key_expired", 77, ROTATE, GM_SCOPE_KEY },
	{ GM_CLASS_KEY_LEAKED, "key_leaked", 77, ROTATE, GM_SCOPE_KEY },
	{ GM_CLASS_KEY_RESTRICTED, "key_restricted", 77, ROTATE, GM_SCOPE_KEY },
	{ GM_CLASS_KEY_REJECTED, "key_rejected", 77, ROTATE, GM_SCOPE_KEY },
	{ GM_CLASS_NO_KEY_SENT, "no_key_sent", 77, STOP, GM_SCOPE_SERVICE },
	{ GM_CLASS_PROJECT_BLOCKED, "project_blocked", 77, ROTATE,
	    GM_SCOPE_PROJECT },
	{ GM_CLASS_PROJECT_DENIED, "project_denied", 77, ROTATE,
	    GM_SCOPE_PROJECT },
	{ GM_CLASS_FORBIDDEN, "forbidden", 77, ROTATE, GM_SCOPE_QUOTA },
	{ GM_CLASS_NO_CREDIT, "no_credit", 77, ROTATE, GM_SCOPE_PROJECT },
	{ GM_CLASS_REGION, "region", 77, ROTATE, GM_SCOPE_REGION },
	{ GM_CLASS_QUOTA_MINUTE, "quota_minute", 75, ROTATE, GM_SCOPE_QUOTA },
	{ GM_CLASS_QUOTA_DAY, "quota_day", 75, ROTATE, GM_SCOPE_QUOTA },
	{ GM_CLASS_QUOTA_NONE, "quota_none", 75, ROTATE, GM_SCOPE_QUOTA },
	{ GM_CLASS_QUOTA_SPEND, "quota_spend", 75, ROTATE, GM_SCOPE_PROJECT },
	{ GM_CLASS_QUOTA, "quota", 75, ROTATE, GM_SCOPE_QUOTA },
	{ GM_CLASS_QUOTA_SEARCH, "quota_search", 75, ROTATE, GM_SCOPE_TOOL },
	{ GM_CLASS_MODEL_GONE, "model_gone", 78, MODEL, GM_SCOPE_MODEL },
	{ GM_CLASS_BAD_URL, "bad_url", 78, STOP, GM_SCOPE_SERVICE },
	{ GM_CLASS_BAD_REQUEST, "bad_request", 65, STOP, GM_SCOPE_REQUEST },
	{ GM_CLASS_TOO_LARGE, "too_large", 65, STOP, GM_SCOPE_REQUEST },
	{ GM_CLASS_OVERLOADED, "overloaded", 69, RETRY, GM_SCOPE_MODEL },
	{ GM_CLASS_SERVER_TIMEOUT, "server_timeout", 69, RETRY,
	    GM_SCOPE_MODEL },
	{ GM_CLASS_CANCELLED, "cancelled", 69, RETRY, GM_SCOPE_MODEL },
	{ GM_CLASS_SERVER, "server", 69, RETRY, GM_SCOPE_MODEL },
	{ GM_CLASS_LOADING, "loading", 69, WAIT, GM_SCOPE_SERVICE },
	{ GM_CLASS_NETWORK, "network", 69, RETRY, GM_SCOPE_SERVICE },
	{ GM_CLASS_REFUSED, "refused", 69, FALLBACK, GM_SCOPE_SERVICE },
	{ GM_CLASS_TIMEOUT, "timeout", 69, RETRY, GM_SCOPE_SERVICE },
	{ GM_CLASS_TLS, "tls", 69, FALLBACK, GM_SCOPE_SERVICE },
	{ GM_CLASS_CERTIFICATES, "certificates", 78, STOP, GM_SCOPE_SERVICE },
	{ GM_CLASS_PROXY, "proxy", 69, STOP, GM_SCOPE_SERVICE },
	{ GM_CLASS_FRONT_END, "front_end", 69, FALLBACK, GM_SCOPE_SERVICE },
	{ GM_CLASS_REDIRECT, "redirect", 76, STOP, GM_SCOPE_SERVICE },
	{ GM_CLASS_PROTOCOL, "protocol", 76, FALLBACK, GM_SCOPE_SERVICE },
	{ GM_CLASS_TRUNCATED, "truncated", 76, RETRY, GM_SCOPE_SERVICE },
	{ GM_CLASS_BLOCKED, "blocked", 1, STOP, GM_SCOPE_REQUEST },
	{ GM_CLASS_EMPTY, "empty", 1, RETRY, GM_SCOPE_REQUEST },
	{ GM_CLASS_TOKEN_LIMIT, "token_limit", 1, STOP, GM_SCOPE_REQUEST },
	{ GM_CLASS_UNFINISHED, "unfinished", 1, STOP, GM_SCOPE_REQUEST },
	{ GM_CLASS_PARTIAL, "partial", 1, STOP, GM_SCOPE_REQUEST },
	{ GM_CLASS_THOUGHTS, "thoughts", 1, STOP, GM_SCOPE_REQUEST },
	{ GM_CLASS_DEADLINE, "deadline", 69, STOP, GM_SCOPE_REQUEST },
	{ GM_CLASS_NO_BLOCK, "no_block", 1, STOP, GM_SCOPE_REQUEST },
	{ GM_CLASS_LOCAL, "local", 71, STOP, GM_SCOPE_REQUEST },
	{ GM_CLASS_USAGE, "usage", 64, STOP, GM_SCOPE_REQUEST },
	{ GM_CLASS_BAD_INPUT, "bad_input", 65, STOP, GM_SCOPE_REQUEST },
	{ GM_CLASS_CONFIG, "config", 78, STOP, GM_SCOPE_REQUEST },
};

static void
test_rows(void **state)
{
	const struct gm_class_row *row;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		row = gm_class(rows[i].class);
		assert_string_equal(row->name, rows[i].name);
		if (gm_err_status(row->code) != rows[i].status ||
		    row->action != rows[i].action ||
		    row->scope != rows[i].scope)
			fail_msg("%s: status %d, action %d, scope %d",
			    row->name, gm_err_status(row->code),
			    (int)row->action, (int)row->scope);
	}
	row = gm_class(GM_CLASS_SIGNAL); /* has no status: see stop.h */
	assert_string_equal(row->name, "signal");
	assert_int_equal(row->code, GM_ESIGNAL);
	assert_int_equal(row->action, GM_ACTION_STOP);
}

/* Words for JSON are words, phrases are one line without a full stop. */
static void
test_all(void **state)
{
	const struct gm_class_row *row;
	size_t i, j;

	(void)state;
	assert_int_equal(GM_LEN(rows) + 1, GM_CLASSES);
	for (i = 0; i < GM_CLASSES; i++) {
		row = gm_class((enum gm_class)i);
		assert_true(row->name[0] != '\0' && row->phrase[0] != '\0');
		assert_int_equal(
		    strspn(row->name, "abcdefghijklmnopqrstuvwxyz_"),
		    strlen(row->name));
		assert_null(strpbrk(row->phrase, "\n."));
		if (row->advice != NULL)
			assert_null(strpbrk(row->advice, "\n."));
		for (j = 0; j < i; j++)
			assert_string_not_equal(
			    row->name, gm_class((enum gm_class)j)->name);
	}
}

/* The class of a failure without a response has the exit status of its code. */
static void
test_of_error(void **state)
{
	enum gm_class class;
	int code;

	(void)state;
	for (code = GM_OK; code < GM_CODES; code++) {
		class = gm_class_of_error((enum gm_code)code);
		if (class != GM_CLASS_LOCAL)
			assert_int_equal(gm_class(class)->code, code);
	}
	assert_int_equal(gm_class_of_error(GM_EUNAVAILABLE), GM_CLASS_DEADLINE);
	assert_int_equal(gm_class_of_error(GM_EDATA), GM_CLASS_BAD_INPUT);
	assert_int_equal(gm_class_of_error(GM_EIO), GM_CLASS_LOCAL);
	assert_int_equal(gm_class_of_error(GM_ENOINPUT), GM_CLASS_LOCAL);
}

/* The words of gm-keycheck and gm-rotate; marks of a key or project tell. */
static void
test_status(void **state)
{
	static const struct {
		enum gm_class class;
		const char *status;
	} want[] = {
		{ GM_CLASS_OK, "ok" },
		{ GM_CLASS_QUOTA_MINUTE, "limited" },
		{ GM_CLASS_QUOTA_SEARCH, "limited" },
		{ GM_CLASS_KEY_INVALID, "invalid" },
		{ GM_CLASS_KEY_REJECTED, "invalid" },
		{ GM_CLASS_KEY_EXPIRED, "expired" },
		{ GM_CLASS_KEY_LEAKED, "leaked" },
		{ GM_CLASS_KEY_RESTRICTED, "restricted" },
		{ GM_CLASS_PROJECT_BLOCKED, "project_blocked" },
		{ GM_CLASS_PROJECT_DENIED, "project_blocked" },
		{ GM_CLASS_NO_CREDIT, "no_credit" },
		{ GM_CLASS_REGION, "region" },
		{ GM_CLASS_FORBIDDEN, "unknown" },
		{ GM_CLASS_NETWORK, "unknown" },
		{ GM_CLASS_BLOCKED, "ok" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(want); i++)
		assert_string_equal(
		    gm_status_name(gm_class(want[i].class)->status),
		    want[i].status);
	for (i = 0; i < GM_CLASSES; i++)
		if (gm_class((enum gm_class)i)->code == GM_ETEMPFAIL)
			assert_int_equal(gm_class((enum gm_class)i)->status,
			    GM_STATUS_LIMITED);
}

static void
test_find(void **state)
{
	enum gm_class class = GM_CLASS_LOCAL;
	int i;

	(void)state;
	for (i = 0; i < GM_CLASSES; i++) {
		assert_true(
		    gm_class_find(gm_class((enum gm_class)i)->name, &class));
		assert_int_equal(class, i);
	}
	for (i = 0; i < GM_CLASSES; i++)
		assert_int_equal(gm_class_may_sleep((enum gm_class)i),
		    i == GM_CLASS_QUOTA_MINUTE || i == GM_CLASS_QUOTA ||
			i == GM_CLASS_QUOTA_SPEND);
	assert_true(gm_class_is_mark(GM_CLASS_OK));
	assert_true(gm_class_is_mark(GM_CLASS_KEY_LEAKED));
	assert_true(gm_class_is_mark(GM_CLASS_NO_CREDIT));
	assert_true(gm_class_is_mark(GM_CLASS_QUOTA_DAY));
	assert_true(gm_class_is_mark(GM_CLASS_FORBIDDEN));
	assert_true(gm_class_is_mark(GM_CLASS_QUOTA_SEARCH));
	assert_false(gm_class_is_mark(GM_CLASS_NO_KEY_SENT));
	assert_false(gm_class_is_mark(GM_CLASS_FRONT_END));
	assert_false(gm_class_is_mark(GM_CLASS_REGION));
	assert_false(gm_class_is_mark(GM_CLASS_SERVER));
	assert_false(gm_class_find("", &class));
	assert_false(gm_class_find("quot", &class));
	assert_false(gm_class_find("Quota", &class));
}

/* All marks, each once, and nothing else. */
static void
test_mark_words(void **state)
{
	enum gm_class class;
	struct gm_err err;
	const char *word;
	size_t i, marks = 0;

	(void)state;
	for (i = 0; i < GM_CLASSES; i++)
		marks += gm_class_is_mark((enum gm_class)i);
	for (i = 0; (word = gm_class_mark_word(i)) != NULL; i++)
		assert_int_equal(gm_class_mark(&class, word, &err), 0);
	assert_int_equal(i, marks);
	assert_string_equal(gm_class_mark_word(0), "ok");
	assert_string_equal(gm_class_mark_word(marks - 1), "quota_search");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_of_error),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_mark_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
