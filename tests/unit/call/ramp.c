#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "call/ramp.h"

#define SLOTS 64
#define STEP_MS 10
#define LATENCY_MS 50
#define MINUTES 60

static struct gm_ramp ramp;

/* When a start would be settled that is asked for again and again. */
static int64_t
start(uint64_t id, int64_t from_ms)
{
	int64_t at;

	while (!gm_ramp_start(&ramp, id, from_ms, &at))
		from_ms = at;
	return at;
}

static int
set_up(void **state)
{
	(void)state;
	memset(&ramp, 0, sizeof(ramp));
	return 0;
}

static void
test_id(void **state)
{
	(void)state;
	assert_true(gm_ramp_id("o", "p", "m") == gm_ramp_id("o", "p", "m"));
	assert_true(gm_ramp_id("o", "p", "m") != gm_ramp_id("o", "p", "n"));
	assert_true(gm_ramp_id("o", "p", "m") != gm_ramp_id("o", "q", "m"));
	assert_true(gm_ramp_id("o", "p", "m") != gm_ramp_id("op", "", "m"));
	assert_true(gm_ramp_id("o", "p", NULL) != 0);
}

/* Without a limit nothing waits, however many start. */
static void
test_unlimited(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 100000; i++)
		assert_int_equal(start(1, 1000 + i / 100), 1000 + i / 100);
}

/* 60 in the last minute: 30 after the cooldown, then 60, then no limit. */
static void
test_half(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 60; i++)
		assert_int_equal(start(1, 100000 + i * 500), 100000 + i * 500);
	gm_ramp_limit(&ramp, 1, 129500, 130000, 150000);
	assert_int_equal(start(2, 130000), 130000); /* another quota */
	for (i = 0; i < 10; i++)
		assert_int_equal(start(1, 130000), 150000 + i * 2000);
	/* An interval is as long as the cooldown was. */
	assert_int_equal(start(1, 170000), 170000);
	for (i = 1; i < 20; i++)
		assert_int_equal(start(1, 170000), 170000 + i * 1000);
	for (i = 0; i < 100; i++)
		assert_int_equal(start(1, 300000), 300000);
}

/* Those that were under way when the limit came are no limit of their own. */
static void
test_same_event(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 60; i++)
		(void)start(1, 100000);
	for (i = 0; i < 60; i++)
		gm_ramp_limit(&ramp, 1, 100000, 100100 + i, 120000);
	assert_int_equal(start(1, 120000), 120000);
	assert_int_equal(start(1, 120000), 122000);
	assert_int_equal(start(1, 122000), 124000);
	/* The next one is: half again. */
	gm_ramp_limit(&ramp, 1, 122000, 122100, 142100);
	assert_int_equal(start(1, 142100), 142100);
	assert_int_equal(start(1, 142100), 146100);
	/* A later end of the same cooldown counts. */
	gm_ramp_limit(&ramp, 1, 122050, 122100, 160000);
	assert_int_equal(start(1, 142100), 160000);
}

/* Limits without end: one call starts in each cooldown. */
static void
test_floor(void **state)
{
	int64_t at = 100000, until;
	int i;

	(void)state;
	(void)start(1, at);
	for (i = 0; i < 1000; i++) {
		until = at + 5000;
		gm_ramp_limit(&ramp, 1, at, at + 10, until);
		at = start(1, until);
		assert_int_equal(at, until);
		assert_true(start(1, until) <= until + 5000);
	}
}

/* No start is settled for long: the rate may change. */
static void
test_booked(void **state)
{
	int64_t at;

	(void)state;
	(void)start(1, 100000);
	gm_ramp_limit(&ramp, 1, 100000, 100000, 130000);
	assert_false(gm_ramp_start(&ramp, 1, 100000, &at));
	assert_int_equal(at, 101000);
	assert_true(gm_ramp_start(&ramp, 1, 129000, &at));
	assert_int_equal(at, 130000);
}

/* More quotas than there is room for: the one unused for longest is forgotten. */
static void
test_many_quotas(void **state)
{
	uint64_t id;

	(void)state;
	for (id = 1; id <= GM_RAMP_MAX; id++) {
		(void)start(id, 100000 + (int64_t)id);
		gm_ramp_limit(&ramp, id, 100000 + (int64_t)id, 100100, 150000);
	}
	assert_int_equal(start(GM_RAMP_MAX + 1, 101000), 101000);
	assert_int_equal(start(1, 101000), 101000);
	assert_int_equal(start(GM_RAMP_MAX, 101000), 150000);
}

/* A service that allows so many starts in each minute, and its calls. */
struct service {
	unsigned allowed;
	bool hints; /* says when the minute is over, else 60 s are taken */
	int64_t minute;
	unsigned used;

	int64_t cool_ms, last_ms;         /* end of the cooldown, last start */
	unsigned good, bad, limits;       /* calls; cooldowns */
	int64_t start[SLOTS], end[SLOTS]; /* 0: it is not under way */
	int64_t wait[SLOTS];
	bool booked[SLOTS];
};

static bool
admit(struct service *s, int64_t now)
{
	if (now / 60000 != s->minute)
		s->used = 0;
	s->minute = now / 60000;
	return ++s->used <= s->allowed;
}

static void
end_call(struct service *s, int i, int64_t now)
{
	int64_t until = s->hints ? (now / 60000 + 1) * 60000 : now + 60000;

	if (s->end[i] > 0) {
		s->good++;
	} else {
		s->bad++;
		s->limits += s->start[i] > s->cool_ms;
		gm_ramp_limit(&ramp, 1, s->start[i], now, until);
		s->cool_ms = until;
	}
	s->end[i] = 0;
}

static void
step(struct service *s, int i, int64_t now)
{
	if (s->end[i] != 0) {
		if (now >= s->start[i] + LATENCY_MS)
			end_call(s, i, now);
		return;
	}
	if (now < s->cool_ms || now < s->wait[i]) {
		s->booked[i] = s->booked[i] && now >= s->cool_ms;
		return;
	}
	if (!s->booked[i]) {
		s->booked[i] = gm_ramp_start(&ramp, 1, now, &s->wait[i]);
		if (!s->booked[i] || s->wait[i] > now)
			return;
	}
	s->booked[i] = false;
	s->start[i] = s->last_ms = now;
	s->end[i] = admit(s, now) ? now : -1;
}

/* An hour: most of what is allowed is used, and little is sent in vain. */
static void
simulate(unsigned allowed, bool hints)
{
	static struct service s;
	int64_t now, most = 0;
	int i;

	memset(&ramp, 0, sizeof(ramp));
	s = (struct service){ .allowed = allowed, .hints = hints };
	for (now = 600000; now < 600000 + MINUTES * 60000; now += STEP_MS) {
		for (i = 0; i < SLOTS; i++)
			step(&s, i, now);
		if (now > s.cool_ms && s.last_ms > 0 && now - s.last_ms > most)
			most = now - s.last_ms;
	}
	assert_true(most <= 61000);
	assert_true(s.good >= allowed * MINUTES / 2);
	assert_true(s.bad <= s.limits * SLOTS);
	assert_true(s.limits <= MINUTES);
}

static void
test_an_hour(void **state)
{
	static const unsigned allowed[] = { 1, 2, 5, 10, 15, 60, 150, 1000,
		4000 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		simulate(allowed[i], true);
		simulate(allowed[i], false);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_id, set_up),
		cmocka_unit_test_setup(test_unlimited, set_up),
		cmocka_unit_test_setup(test_half, set_up),
		cmocka_unit_test_setup(test_same_event, set_up),
		cmocka_unit_test_setup(test_floor, set_up),
		cmocka_unit_test_setup(test_booked, set_up),
		cmocka_unit_test_setup(test_many_quotas, set_up),
		cmocka_unit_test_setup(test_an_hour, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
