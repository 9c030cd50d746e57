#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "call/policy.h"

#define NOW 1000000
#define RETRIES 2

/* What may be true of a call, beside what has just happened. */
enum {
	MODELS = 1,   /* another model is left */
	SERVICES = 2, /* another service is */
	GIVEN = 4,    /* text is out that cannot be taken back */
	NEAR = 8,     /* the deadline is so near that no wait fits */
	SPENT = 16,   /* no retry is left */
	ABROAD = 32,  /* one project was tried and is avoided */
	TOKEN = 64,   /* the answer can go on from a token */
	KEYLESS = 128 /* the request had no key */
};

static struct gm_situation
situation(unsigned what)
{
	return (struct gm_situation){
		.retries = RETRIES,
		.max_wait_ms = 30000,
		.response_ms = 60000,
		.deadline_ms = (what & NEAR) != 0 ? NOW : NOW + 3600000,
		.models = (what & MODELS) != 0,
		.services = (what & SERVICES) != 0,
		.given = (what & GIVEN) != 0,
		.failures = (what & SPENT) != 0 ? RETRIES : 0,
		.avoiding = (what & ABROAD) != 0,
		.token = (what & TOKEN) != 0,
	};
}

static char
letter(enum gm_step step)
{
	switch (step) {
	case GM_STEP_RESERVE:
		return 'r';
	case GM_STEP_SEND:
		return 's';
	case GM_STEP_WAIT:
		return 'w';
	case GM_STEP_MODEL:
		return 'M';
	case GM_STEP_SERVICE:
		return 'S';
	case GM_STEP_FAIL:
		return 'F';
	case GM_STEP_DONE:
		return 'D';
	}
	return '?';
}

/* Columns of the rows below. */
static const unsigned columns[] = {
	0,
	MODELS,
	SERVICES,
	MODELS | SERVICES,
	GIVEN,
	GIVEN | MODELS | SERVICES,
	NEAR,
	NEAR | MODELS,
	NEAR | SERVICES,
	SPENT,
	SPENT | MODELS,
	SPENT | SERVICES,
	ABROAD,
	ABROAD | MODELS,
	ABROAD | SERVICES,
	TOKEN,
	TOKEN | GIVEN,
	TOKEN | SPENT,
	TOKEN | GIVEN | SPENT,
	KEYLESS,
	KEYLESS | SERVICES,
	KEYLESS | GIVEN,
};

/*
 * What follows a failed response: r another key, w a wait, M the next model, S
 * the next service, F and D the end.
 *                         nothing, given, near, spent, avoiding, token, no key
 */
#define STOPS \
	"FFFF" \
	"DD" \
	"FFF" \
	"FFF" \
	"FFF" \
	"FDFD" \
	"FSD"
#define OURS \
	"DDDD" \
	"DD" \
	"DDD" \
	"DDD" \
	"DDD" \
	"DDDD" \
	"FSD"
#define PASSES \
	"wwww" \
	"DD" \
	"FFS" \
	"FFS" \
	"www" \
	"wwFD" \
	"FSD"
#define RESTS \
	"wwww" \
	"DD" \
	"FFS" \
	"FMS" \
	"www" \
	"wwFD" \
	"FSD"
#define LOADS \
	"wwww" \
	"DD" \
	"FFS" \
	"www" \
	"www" \
	"wDwD" \
	"FSD"
#define ROTATES \
	"rrrr" \
	"DD" \
	"rrr" \
	"rrr" \
	"FFS" \
	"rrrr" \
	"FSD"
#define ABROADS \
	"rrrr" \
	"DD" \
	"rrr" \
	"rrr" \
	"FFS" \
	"rDrD" \
	"FSD"
#define NO_MODEL \
	"FMSM" \
	"DD" \
	"FMS" \
	"FMS" \
	"FMS" \
	"FDFD" \
	"FSD"
#define ELSE \
	"FFSS" \
	"DD" \
	"FFS" \
	"FFS" \
	"FFS" \
	"FDFD" \
	"FSD"

static const struct {
	enum gm_class class;
	const char *want;
} faults[] = {
	{ GM_CLASS_KEY_INVALID, ROTATES },
	{ GM_CLASS_KEY_EXPIRED, ROTATES },
	{ GM_CLASS_KEY_LEAKED, ROTATES },
	{ GM_CLASS_KEY_RESTRICTED, ROTATES },
	{ GM_CLASS_KEY_REJECTED, ROTATES },
	{ GM_CLASS_NO_KEY_SENT, STOPS },
	{ GM_CLASS_PROJECT_BLOCKED, ROTATES },
	{ GM_CLASS_PROJECT_DENIED, ROTATES },
	{ GM_CLASS_FORBIDDEN, ROTATES },
	{ GM_CLASS_NO_CREDIT, ROTATES },
	{ GM_CLASS_REGION, ABROADS },
	{ GM_CLASS_QUOTA_MINUTE, ROTATES },
	{ GM_CLASS_QUOTA_DAY, ROTATES },
	{ GM_CLASS_QUOTA_NONE, ROTATES },
	{ GM_CLASS_QUOTA_SPEND, ROTATES },
	{ GM_CLASS_QUOTA, ROTATES },
	{ GM_CLASS_QUOTA_SEARCH, ROTATES },
	{ GM_CLASS_MODEL_GONE, NO_MODEL },
	{ GM_CLASS_BAD_URL, STOPS },
	{ GM_CLASS_BAD_REQUEST, STOPS },
	{ GM_CLASS_TOO_LARGE, STOPS },
	{ GM_CLASS_OVERLOADED, RESTS },
	{ GM_CLASS_SERVER_TIMEOUT, RESTS },
	{ GM_CLASS_CANCELLED, RESTS },
	{ GM_CLASS_SERVER, RESTS },
	{ GM_CLASS_LOADING, LOADS },
	{ GM_CLASS_NETWORK, PASSES },
	{ GM_CLASS_REFUSED, ELSE },
	{ GM_CLASS_TIMEOUT, RESTS },
	{ GM_CLASS_TLS, ELSE },
	{ GM_CLASS_CERTIFICATES, STOPS },
	{ GM_CLASS_PROXY, STOPS },
	{ GM_CLASS_FRONT_END, ELSE },
	{ GM_CLASS_REDIRECT, STOPS },
	{ GM_CLASS_PROTOCOL, ELSE },
	{ GM_CLASS_TRUNCATED, PASSES },
	{ GM_CLASS_BLOCKED, STOPS },
	{ GM_CLASS_EMPTY, PASSES },
	{ GM_CLASS_TOKEN_LIMIT, STOPS },
	{ GM_CLASS_UNFINISHED, STOPS },
	{ GM_CLASS_PARTIAL, STOPS },
	{ GM_CLASS_THOUGHTS, STOPS },
	{ GM_CLASS_NO_BLOCK, STOPS },
	{ GM_CLASS_DEADLINE, STOPS },
	{ GM_CLASS_SIGNAL, STOPS },
	{ GM_CLASS_LOCAL, OURS },
	{ GM_CLASS_USAGE, STOPS },
	{ GM_CLASS_BAD_INPUT, STOPS },
	{ GM_CLASS_CONFIG, STOPS },
};

static struct gm_event
response(enum gm_class class, unsigned what)
{
	return (struct gm_event){ .kind = GM_EVENT_RESPONSE,
		.now_ms = NOW,
		.chance = UINT32_MAX,
		.class = class,
		.hint_ms = -1,
		.resumable = (what & TOKEN) != 0,
		.keyless = (what & KEYLESS) != 0 };
}

/* Every class in every situation; what is given is never dropped. */
static void
test_faults(void **state)
{
	char got[GM_LEN(columns) + 1] = "";
	struct gm_situation s;
	struct gm_decision d;
	struct gm_event e;
	size_t i, j;

	(void)state;
	assert_int_equal(GM_LEN(faults), GM_CLASSES - 1);
	for (i = 0; i < GM_LEN(faults); i++) {
		assert_int_equal(faults[i].class, i + 1);
		for (j = 0; j < GM_LEN(columns); j++) {
			s = situation(columns[j]);
			e = response(faults[i].class, columns[j]);
			d = gm_policy_decide(&s, &e);
			got[j] = letter(d.step);
			assert_int_equal(s.fault, faults[i].class);
			assert_false(d.anew && (columns[j] & GIVEN) != 0);
			if (d.step != GM_STEP_RESERVE || d.resumed)
				assert_int_equal(d.why, faults[i].class);
		}
		if (strcmp(got, faults[i].want) != 0)
			fail_msg("%s: %s, not %s",
			    gm_class(faults[i].class)->name, got,
			    faults[i].want);
	}
}

/* Avoid the project if the region or a free call is at fault. */
static void
test_avoided(void **state)
{
	static const struct {
		enum gm_class class;
		bool free, want;
	} rows[] = {
		{ GM_CLASS_REGION, false, true },
		{ GM_CLASS_REGION, true, true },
		{ GM_CLASS_FORBIDDEN, false, false },
		{ GM_CLASS_FORBIDDEN, true, true },
		{ GM_CLASS_KEY_INVALID, true, false },
		{ GM_CLASS_QUOTA_MINUTE, false, false },
	};
	struct gm_situation s;
	struct gm_decision d;
	struct gm_event e;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		s = situation(0);
		s.free = rows[i].free;
		e = response(rows[i].class, 0);
		d = gm_policy_decide(&s, &e);
		assert_int_equal(letter(d.step), 'r');
		assert_int_equal(d.avoid, rows[i].want);
		assert_int_equal(s.avoiding, rows[i].want);
	}
}

/* The wait doubles with each failure; the service's own counts if longer. */
static void
test_backoff(void **state)
{
	struct gm_situation s = situation(0);
	struct gm_event e = response(GM_CLASS_SERVER, 0);
	struct gm_decision d;

	(void)state;
	d = gm_policy_decide(&s, &e);
	assert_int_equal(d.until_ms, NOW + 1000);
	assert_int_equal(s.failures, 1);
	e.hint_ms = 7000;
	d = gm_policy_decide(&s, &e);
	assert_int_equal(d.until_ms, NOW + 7000);
	assert_int_equal(s.failures, 2);
	d = gm_policy_decide(&s, &e);
	assert_int_equal(letter(d.step), 'F');
	assert_false(d.no_time);

	s = situation(NEAR);
	d = gm_policy_decide(&s, &e);
	assert_int_equal(letter(d.step), 'F');
	assert_true(d.no_time);
}

/* A model that was silent was paid for: once more, then the next one. */
static void
test_silence(void **state)
{
	struct gm_situation s = situation(MODELS);
	struct gm_event e = response(GM_CLASS_TIMEOUT, 0);

	(void)state;
	assert_int_equal(letter(gm_policy_decide(&s, &e).step), 'w');
	assert_true(s.failures < s.retries);
	assert_int_equal(letter(gm_policy_decide(&s, &e).step), 'M');
	assert_int_equal(s.models, 0);
}

/* In the midst of a long answer, too: the next one begins its own. */
static void
test_silence_in_long(void **state)
{
	struct gm_situation s = situation(MODELS | TOKEN);
	struct gm_event e = response(GM_CLASS_TIMEOUT, TOKEN);
	struct gm_decision d = gm_policy_decide(&s, &e);

	(void)state;
	assert_int_equal(letter(d.step), 'w');
	assert_true(d.resumed);
	assert_false(d.anew);
	d = gm_policy_decide(&s, &e);
	assert_int_equal(letter(d.step), 'M');
	assert_true(d.anew);
}

/* A server that loads may take as long as a response. */
static void
test_loading(void **state)
{
	struct gm_situation s = situation(0);
	struct gm_event e = response(GM_CLASS_LOADING, 0);
	struct gm_decision d;

	(void)state;
	d = gm_policy_decide(&s, &e);
	assert_int_equal(d.until_ms, NOW + 1000);
	e.now_ms = NOW + 30000;
	e.hint_ms = 20000;
	d = gm_policy_decide(&s, &e);
	assert_int_equal(d.until_ms, NOW + 50000);
	e.hint_ms = 40000; /* longer than is left: it may be sooner */
	d = gm_policy_decide(&s, &e);
	assert_int_equal(d.until_ms, NOW + 31000);
	e.now_ms = NOW + 59500;
	d = gm_policy_decide(&s, &e);
	assert_int_equal(letter(d.step), 'F');
	assert_int_equal(s.failures, 0);
}

/* An answer that has come to its end is never asked for again. */
static void
test_answers(void **state)
{
	static const enum gm_class classes[] = { GM_CLASS_OK,
		GM_CLASS_TOKEN_LIMIT, GM_CLASS_BLOCKED, GM_CLASS_BAD_REQUEST,
		GM_CLASS_UNFINISHED, GM_CLASS_PARTIAL, GM_CLASS_THOUGHTS };
	struct gm_situation s;
	struct gm_decision d;
	struct gm_event e;
	size_t i, j;

	(void)state;
	for (i = 0; i < GM_LEN(classes); i++) {
		for (j = 0; j < GM_LEN(columns); j++) {
			s = situation(columns[j]);
			e = response(classes[i], columns[j]);
			e.ended = true;
			d = gm_policy_decide(&s, &e);
			assert_int_equal(letter(d.step), 'D');
			assert_int_equal(d.why, classes[i]);
			assert_false(d.anew);
			e.more = true;
			assert_int_equal(
			    letter(gm_policy_decide(&s, &e).step), 'r');
		}
	}
}

/* Without text, and without a reason: once more, then elsewhere. */
static void
test_empty(void **state)
{
	static const struct {
		unsigned what;
		const char *want; /* of the first and of the second time */
	} rows[] = {
		{ 0, "rF" },
		{ MODELS, "rM" },
		{ SERVICES, "rS" },
		{ MODELS | SERVICES, "rM" },
		{ GIVEN, "DD" },
		{ GIVEN | MODELS, "DD" },
		{ SPENT, "FF" },
		{ SPENT | MODELS, "MF" },
		{ SPENT | SERVICES, "SF" },
		{ NEAR, "FF" },
		{ NEAR | MODELS, "MF" },
		{ NEAR | SERVICES, "SF" },
	};
	struct gm_situation s;
	struct gm_decision d;
	struct gm_event e = response(GM_CLASS_EMPTY, 0);
	char got[3] = "";
	size_t i, j;

	(void)state;
	e.ended = true;
	for (i = 0; i < GM_LEN(rows); i++) {
		s = situation(rows[i].what);
		for (j = 0; j < 2; j++) {
			d = gm_policy_decide(&s, &e);
			got[j] = letter(d.step);
			assert_int_equal(d.anew, (rows[i].what & GIVEN) == 0);
		}
		assert_string_equal(got, rows[i].want);
	}
}

static struct gm_event
keys(enum gm_event_keys keys, int64_t in_ms, enum gm_class why)
{
	return (struct gm_event){ .kind = GM_EVENT_KEYS,
		.now_ms = NOW,
		.keys = keys,
		.at_ms = in_ms >= 0 ? NOW + in_ms : 0,
		.why = why };
}

#define MINUTE GM_CLASS_QUOTA_MINUTE

static void
test_keys(void **state)
{
	static const struct {
		enum gm_event_keys keys;
		int64_t in_ms;
		enum gm_class why;
		unsigned what;
		char want;
	} rows[] = {
		{ GM_KEYS_READY, 0, GM_CLASS_OK, 0, 's' },
		{ GM_KEYS_READY, -1, GM_CLASS_OK, 0, 's' },
		{ GM_KEYS_READY, 0, GM_CLASS_OK, NEAR, 's' },
		{ GM_KEYS_READY, 0, GM_CLASS_OK, ABROAD, 's' },
		{ GM_KEYS_READY, 500, GM_CLASS_OK, 0, 'w' },
		{ GM_KEYS_LATE, 500, GM_CLASS_OK, 0, 'F' },
		{ GM_KEYS_LATE, 500, GM_CLASS_OK, MODELS, 'F' },
		{ GM_KEYS_LATE, 500, GM_CLASS_OK, SERVICES, 'S' },
		{ GM_KEYS_LATE, 500, GM_CLASS_OK, GIVEN | SERVICES, 'D' },
		/* All rest: wait if that is short, else elsewhere. */
		{ GM_KEYS_COOLING, 20000, MINUTE, 0, 'w' },
		{ GM_KEYS_COOLING, 20000, MINUTE, MODELS | SERVICES, 'w' },
		{ GM_KEYS_COOLING, 20000, MINUTE, GIVEN | TOKEN, 'w' },
		{ GM_KEYS_COOLING, 20000, MINUTE, NEAR, 'F' },
		{ GM_KEYS_COOLING, 20000, MINUTE, NEAR | MODELS, 'M' },
		{ GM_KEYS_COOLING, 20000, MINUTE, NEAR | SERVICES, 'S' },
		{ GM_KEYS_COOLING, 30001, MINUTE, 0, 'F' },
		{ GM_KEYS_COOLING, 30001, MINUTE, MODELS, 'M' },
		{ GM_KEYS_COOLING, 30001, MINUTE, MODELS | SERVICES, 'M' },
		{ GM_KEYS_COOLING, 30001, MINUTE, SERVICES, 'S' },
		{ GM_KEYS_COOLING, 30001, MINUTE, GIVEN | TOKEN, 'D' },
		/* None of them is worth a sleep. */
		{ GM_KEYS_COOLING, -1, GM_CLASS_OK, 0, 'F' },
		{ GM_KEYS_COOLING, -1, GM_CLASS_OK, MODELS, 'M' },
		{ GM_KEYS_COOLING, -1, GM_CLASS_OK, SERVICES, 'S' },
		/* A long answer may begin anew, which counts as a retry. */
		{ GM_KEYS_COOLING, 30001, MINUTE, TOKEN, 'r' },
		{ GM_KEYS_COOLING, 30001, MINUTE, TOKEN | MODELS, 'r' },
		{ GM_KEYS_COOLING, 30001, MINUTE, TOKEN | SPENT, 'F' },
		{ GM_KEYS_COOLING, 30001, MINUTE, TOKEN | SPENT | MODELS, 'M' },
		{ GM_KEYS_COOLING, 30001, MINUTE, TOKEN | SPENT | SERVICES,
		    'S' },
		{ GM_KEYS_REJECTED, -1, GM_CLASS_FORBIDDEN,
		    TOKEN | SPENT | MODELS, 'M' },
		{ GM_KEYS_LATE, 500, GM_CLASS_OK, TOKEN | SERVICES, 'S' },
		{ GM_KEYS_REJECTED, -1, GM_CLASS_KEY_INVALID, TOKEN, 'r' },
		{ GM_KEYS_REJECTED, -1, GM_CLASS_KEY_INVALID, TOKEN | GIVEN,
		    'D' },
		/* All are refused: another model helps if this one is why. */
		{ GM_KEYS_REJECTED, -1, GM_CLASS_KEY_INVALID, 0, 'F' },
		{ GM_KEYS_REJECTED, -1, GM_CLASS_KEY_INVALID, MODELS, 'F' },
		{ GM_KEYS_REJECTED, -1, GM_CLASS_KEY_INVALID, SERVICES, 'S' },
		{ GM_KEYS_REJECTED, -1, GM_CLASS_FORBIDDEN, MODELS, 'M' },
		{ GM_KEYS_REJECTED, -1, GM_CLASS_FORBIDDEN, MODELS | GIVEN,
		    'D' },
		{ GM_KEYS_REJECTED, -1, GM_CLASS_FORBIDDEN, SERVICES, 'S' },
		/* Only the project that is avoided has one. */
		{ GM_KEYS_COOLING, 20000, MINUTE, ABROAD, 'F' },
		{ GM_KEYS_COOLING, 20000, MINUTE, ABROAD | MODELS, 'F' },
		{ GM_KEYS_COOLING, 20000, MINUTE, ABROAD | SERVICES, 'S' },
		{ GM_KEYS_REJECTED, -1, GM_CLASS_FORBIDDEN, ABROAD | MODELS,
		    'F' },
	};
	struct gm_situation s;
	struct gm_decision d;
	struct gm_event e;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		s = situation(rows[i].what);
		e = keys(rows[i].keys, rows[i].in_ms, rows[i].why);
		d = gm_policy_decide(&s, &e);
		if (letter(d.step) != rows[i].want)
			fail_msg("row %zu: %c", i, letter(d.step));
		/* With another answer what has come of this one is dropped. */
		assert_int_equal(d.anew, strchr("rMS", rows[i].want) != NULL);
		if (d.step == GM_STEP_WAIT) {
			assert_int_equal(d.until_ms, NOW + rows[i].in_ms);
			assert_int_equal(
			    d.reserved, rows[i].keys == GM_KEYS_READY);
			assert_int_equal(d.why, rows[i].why);
		}
	}
}

/* Who has named a key asks about it, and does not wait. */
static void
test_one_key(void **state)
{
	struct gm_situation s = situation(0);
	struct gm_event e = keys(GM_KEYS_COOLING, 1, MINUTE);

	(void)state;
	s.one_key = true;
	assert_int_equal(letter(gm_policy_decide(&s, &e).step), 'F');
}

/* What an attempt came to says more than the mark that it has left. */
static void
test_last_fault(void **state)
{
	struct gm_situation s = situation(MODELS);
	struct gm_event e = keys(GM_KEYS_REJECTED, -1, GM_CLASS_KEY_INVALID);

	(void)state;
	s.fault = GM_CLASS_FORBIDDEN;
	assert_int_equal(letter(gm_policy_decide(&s, &e).step), 'M');
}

static void
test_turns(void **state)
{
	struct gm_situation s = situation(0);
	struct gm_event e = { .kind = GM_EVENT_SLOT, .now_ms = NOW };

	(void)state;
	assert_int_equal(letter(gm_policy_decide(&s, &e).step), 'r');
	e.usable = true;
	assert_int_equal(letter(gm_policy_decide(&s, &e).step), 's');
	e.kind = GM_EVENT_COOLDOWN_OVER;
	assert_int_equal(letter(gm_policy_decide(&s, &e).step), 'r');
}

/* What is known of one model is not known of the next. */
static void
test_begin(void **state)
{
	struct gm_situation s = situation(SPENT | ABROAD | SERVICES);
	struct gm_event e = { .kind = GM_EVENT_BEGIN, .models = 3 };

	(void)state;
	s.timed_out = s.emptied = true;
	s.ready_ms = 5;
	s.fault = GM_CLASS_SERVER;
	assert_int_equal(letter(gm_policy_decide(&s, &e).step), 'r');
	assert_int_equal(s.models, 3);
	assert_int_equal(s.services, 1);
	assert_int_equal(s.failures, 0);
	assert_int_equal(s.ready_ms, 0);
	assert_int_equal(s.fault, GM_CLASS_OK);
	assert_false(s.timed_out || s.emptied || s.avoiding);
}

static void
test_ends(void **state)
{
	struct gm_situation s = situation(MODELS | SERVICES);
	struct gm_event e = { .kind = GM_EVENT_LATE };
	struct gm_decision d = gm_policy_decide(&s, &e);

	(void)state;
	assert_int_equal(letter(d.step), 'F');
	assert_int_equal(d.why, GM_CLASS_DEADLINE);
	e.kind = GM_EVENT_SIGNAL;
	d = gm_policy_decide(&s, &e);
	assert_int_equal(letter(d.step), 'D');
	assert_int_equal(d.why, GM_CLASS_SIGNAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_avoided),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_silence_in_long),
		cmocka_unit_test(test_loading),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_one_key),
		cmocka_unit_test(test_last_fault),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_begin),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
