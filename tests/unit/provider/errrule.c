#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "provider/errrule.h"

#define REASON(name) \
	"{\"error\":{\"details\":[{\"@type\":\"x.ErrorInfo\",\"reason\":" \
	"\"" name "\"}]}}"

#define BEHIND(words) \
	"{\"error\":{\"message\":\"M\",\"metadata\":{\"raw\":\"" words "\"}}}"

static const struct gm_errrule rules[] = {
	/* A rule without a status never matches a key or project. */
	{ 0, "name", NULL, GM_CLASS_KEY_INVALID },
	{ 0, NULL, "words", GM_CLASS_NO_CREDIT },
	{ 0, NULL, "words", GM_CLASS_QUOTA_SPEND },
	{ 400, "name", "words", GM_CLASS_REGION },
	{ 0, "name", NULL, GM_CLASS_CANCELLED },
	{ 0, NULL, "words", GM_CLASS_SERVER },
	{ 418, NULL, "one*two", GM_CLASS_LOADING },
	/* Nor does one with words alone. */
	{ 421, NULL, "key", GM_CLASS_KEY_INVALID },
	{ 421, "named", "key", GM_CLASS_KEY_EXPIRED },
	{ 503, NULL, "late", GM_CLASS_SERVER_TIMEOUT },
	{ 503, NULL, NULL, GM_CLASS_OVERLOADED },
};

/* GM_CLASS_OK: no rule matches. */
static const struct {
	long http;
	const char *body;
	enum gm_class class;
} finds[] = {
	{ 400, "{\"code\":\"name\",\"message\":\"Words.\"}", GM_CLASS_REGION },
	{ 401, "{\"code\":\"name\",\"message\":\"Words.\"}",
	    GM_CLASS_CANCELLED },
	{ 400, "{\"code\":\"name\"}", GM_CLASS_CANCELLED },
	{ 400, "{\"type\":\"name\"}", GM_CLASS_CANCELLED },
	{ 400, REASON("name"), GM_CLASS_CANCELLED },
	{ 400, REASON("name2"), GM_CLASS_OK },
	{ 400, "{\"code\":\"Name\"}", GM_CLASS_OK },
	{ 400, "swords", GM_CLASS_SERVER },
	{ 418, "One and two", GM_CLASS_LOADING },
	{ 418, "two and one", GM_CLASS_OK },
	{ 418, "one", GM_CLASS_OK },
	{ 421, "the key", GM_CLASS_OK },
	{ 421, "{\"code\":\"named\",\"message\":\"The key.\"}",
	    GM_CLASS_KEY_EXPIRED },
	{ 420, "{\"code\":\"named\",\"message\":\"The key.\"}", GM_CLASS_OK },
	/* The text of an upstream service is not about our key. */
	{ 421,
	    "{\"error\":{\"code\":\"named\",\"metadata\":{\"raw\":\"the "
	    "key\"}}}",
	    GM_CLASS_OK },
	{ 418, BEHIND("one two"), GM_CLASS_LOADING },
	{ 503, "too late", GM_CLASS_SERVER_TIMEOUT },
	{ 503, "", GM_CLASS_OVERLOADED },
	{ 502, "too late", GM_CLASS_OK },
	{ 400, "", GM_CLASS_OK },
	/* Only the status of a page counts. */
	{ 400, "<p>words", GM_CLASS_BAD_REQUEST },
	{ 401, "<p>", GM_CLASS_FRONT_END },
	{ 402, "<p>", GM_CLASS_FRONT_END },
	{ 403, "<p>", GM_CLASS_FRONT_END },
	{ 407, "<p>", GM_CLASS_PROXY },
	{ 451, "<p>", GM_CLASS_FRONT_END },
	{ 404, "<p>", GM_CLASS_BAD_URL },
	{ 429, "<p>", GM_CLASS_QUOTA },
	{ 503, "<p>late", GM_CLASS_OVERLOADED },
	{ 502, "<p>words", GM_CLASS_SERVER },
};

static void
test_find(void **state)
{
	struct gm_errbody e;
	enum gm_class class;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(finds); i++) {
		gm_errbody_read(&e, gm_span_of(finds[i].body));
		if (!gm_errrule_find(
			rules, GM_LEN(rules), finds[i].http, &e, &class))
			class = GM_CLASS_OK;
		gm_errbody_release(&e);
		if (class != finds[i].class)
			fail_msg("HTTP %ld %s: %s", finds[i].http,
			    finds[i].body, gm_class(class)->name);
	}
}

static void
test_by_status(void **state)
{
	static const struct {
		long http;
		enum gm_class class;
	} rows[] = {
		{ 0, GM_CLASS_PROTOCOL },
		{ 200, GM_CLASS_PROTOCOL },
		{ 299, GM_CLASS_PROTOCOL },
		{ 300, GM_CLASS_REDIRECT },
		{ 399, GM_CLASS_REDIRECT },
		{ 400, GM_CLASS_BAD_REQUEST },
		{ 499, GM_CLASS_BAD_REQUEST },
		{ 500, GM_CLASS_SERVER },
		{ 599, GM_CLASS_SERVER },
		{ 600, GM_CLASS_PROTOCOL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++)
		assert_int_equal(
		    gm_errrule_by_status(rows[i].http), rows[i].class);
}

static const struct {
	const char *body, *from, *words;
	int64_t hint_ms;
} begins[] = {
	{ "", NULL, "", -1 },
	{ "Some\nwords", NULL, "Some words", -1 },
	{ "Advice. The news.", "the n", "The news.", -1 },
	{ "Advice.", "the n", "Advice.", -1 },
	{ "Please retry in 1.5s.", NULL, "Please retry in 1.5s.", 1500 },
	{ "retry in 1000h", NULL, "retry in 1000h",
	    INT64_C(48) * 60 * 60 * 1000 },
	{ "retry in a while", NULL, "retry in a while", -1 },
};

static void
test_begin(void **state)
{
	struct gm_errbody e;
	struct gm_fault f;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(begins); i++) {
		memset(&f, 'x', sizeof(f));
		assert_true(gm_errrule_begin(
		    &e, 418, gm_span_of(begins[i].body), begins[i].from, &f));
		assert_string_equal(f.words, begins[i].words);
		assert_int_equal(f.hint_ms, begins[i].hint_ms);
		assert_int_equal(f.http, 418);
		assert_string_equal(f.remedy, "");
		assert_string_equal(f.project, "");
		gm_errbody_release(&e);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_by_status),
		cmocka_unit_test(test_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
