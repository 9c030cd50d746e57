#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../notes.h"
#include "base/clock.h"
#include "base/stop.h"
#include "call/pool.h"

#define CALLS 500
#define SLOTS 7

static struct gm_keyring ring;
static struct gm_secrets secrets;
static struct gm_keystate known;
static struct gm_keys keys;
static struct gm_http *http;
static struct gm_service service;
static char url[64];
static int bound; /* to a port on which nobody listens */

/* Of two models, whose tokens are counted by one quota. */
static const struct gm_request requests[] = {
	{ .operation = GM_OP_COUNT, .model = "m" },
	{ .operation = GM_OP_COUNT, .model = "n" },
};

/* It has turns under GM_RPM. */
static const struct gm_request paced = { .operation = GM_OP_GENERATE,
	.model = "m" };

/* A model whose name does not fit into a URL. */
static char long_name[9000];
static const struct gm_request large = { .operation = GM_OP_COUNT,
	.model = long_name };

/* Supplier and receiver, and what they have seen. */
struct run {
	size_t total;
	size_t given, ended, most; /* under way at once */
	size_t refused, signalled, too_large;
	size_t large_at; /* the request of this one is too large; 0: of none */
	size_t stop_at;  /* done() fails then; 0: never */
	int pipe[2];     /* nothing is given before it is written to, */
	bool at_once;    /* or only no end: all others are */
	size_t drain_at; /* next() raises SIGINT then; 0: never */
	bool ticks;      /* tick() ends the run once the pipe is readable */
	int64_t rpm;     /* requests are paced; 0: they are not */
	bool waited;     /* until the last paced one could reserve */
	struct gm_result results[CALLS];
	unsigned char times[CALLS]; /* that each has ended */
};

static struct run run;

static int
set_up(void **state)
{
	const struct gm_http_options options = { .agent = "test",
		.connect_timeout_ms = 5000 };
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	struct gm_err err;

	(void)state;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bound = socket(AF_INET, SOCK_STREAM, 0);
	note.secrets = &secrets;
	if (bind(bound, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    getsockname(bound, (struct sockaddr *)&at, &len) != 0 ||
	    open_notes() != 0 || gm_stop_install(true, &err) != 0)
		return -1;
	(void)snprintf(
	    url, sizeof(url), "http://127.0.0.1:%d", ntohs(at.sin_port));
	http = gm_http_open(&options, &err);
	return http == NULL ||
	               gm_keyring_parse(&ring, gm_span_of("fake-good-key-0001"),
			   &secrets, &err) != 0
	           ? -1
	           : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	gm_http_close(http);
	gm_keyring_release(&ring);
	gm_secrets_release(&secrets);
	close_notes();
	return close(bound);
}

static void
begin(size_t total)
{
	const struct gm_keys_options options = {
		.ring = &ring, .base_url = url, .state = &known
	};
	struct gm_err err;

	memset(&run, 0, sizeof(run));
	run.total = total;
	run.pipe[0] = -1;
	gm_keystate_open(&known, NULL, &note, false);
	assert_int_equal(gm_keys_open(&keys, &options, &err), 0);
	service = (struct gm_service){ .http = http,
		.provider = &gm_gemini,
		.base_url = url,
		.keys = &keys,
		.note = &note,
		.response_ms = 5000,
		.timeout_ms = 5000,
		.max_wait_ms = 60000 };
}

static void
end(void)
{
	size_t i;

	for (i = 0; i < run.given; i++)
		gm_result_release(&run.results[i]);
	gm_keys_close(&keys);
	gm_keystate_close(&known);
}

/* The last one is for the first slot, and has a turn before the end comes. */
static bool
may_give_paced(void)
{
	bool waited = run.waited;

	if (run.given + 1 == run.total)
		return run.ended > 0;
	run.waited = run.given == run.total;
	return !run.waited || waited;
}

static int
next(struct gm_call_args *ask, void *arg)
{
	struct gm_result *o = &run.results[run.given];
	char byte;

	assert_ptr_equal(arg, &run);
	if (run.rpm > 0 && !may_give_paced())
		return 0;
	if (run.at_once && run.given == run.total) {
		if (recv(run.pipe[0], &byte, 1, MSG_DONTWAIT | MSG_PEEK) != 1)
			return 0;
		(void)kill(getpid(), SIGTERM);
	}
	if (run.given == run.total)
		return -1;
	/* The next one comes when this one has ended: see done(). */
	if (run.pipe[0] != -1 && !run.at_once &&
	    recv(run.pipe[0], &byte, 1, MSG_DONTWAIT) != 1)
		return 0;
	if (++run.given == run.drain_at)
		(void)kill(getpid(), SIGINT);
	if (run.given - run.ended > run.most)
		run.most = run.given - run.ended;
	gm_result_init(o);
	*ask = (struct gm_call_args){ .service = &service,
		.request = run.rpm > 0 ? &paced
		           : run.given == run.large_at
		               ? &large
		               : &requests[run.given % 2],
		.sink = &gm_sink_nowhere,
		.result = o,
		.arg = o };
	return 1;
}

static int
done(const struct gm_call_args *ask, int rc, void *arg, struct gm_err *err)
{
	struct gm_result *o = ask->arg;

	assert_ptr_equal(arg, &run);
	run.times[o - run.results]++;
	run.ended++;
	assert_int_equal(rc, -1);
	run.refused += o->class == GM_CLASS_REFUSED;
	if (o->class == GM_CLASS_TOO_LARGE) {
		run.too_large++;
		assert_int_equal(o - run.results, run.large_at - 1);
		assert_int_equal(err->code, GM_EDATA);
		assert_string_equal(
		    err->msg, "request: larger than 8192 bytes");
	}
	run.signalled += o->class == GM_CLASS_SIGNAL;
	if (run.pipe[0] != -1 && !run.at_once)
		assert_int_equal(write(run.pipe[1], "x", 1), 1);
	if (run.ended == run.stop_at)
		return gm_fail(err, GM_EDATA, "enough");
	return 0;
}

static int
tick(void *arg, struct gm_err *err)
{
	char byte;

	assert_ptr_equal(arg, &run);
	if (recv(run.pipe[0], &byte, 1, MSG_DONTWAIT | MSG_PEEK) != 1)
		return 0;
	return gm_fail(err, GM_EIO, "no more room");
}

static int
go(struct gm_err *err)
{
	const struct gm_pool pool = { .http = http,
		.slots = SLOTS,
		.next = next,
		.done = done,
		.tick = run.ticks ? tick : NULL,
		.arg = &run,
		.watch = run.pipe[0] };

	return gm_pool_run(&pool, err);
}

/* Any number, a few at a time, each ended once. */
static void
test_many(void **state)
{
	struct gm_err err;
	size_t i;

	(void)state;
	begin(CALLS);
	assert_int_equal(go(&err), 0);
	assert_int_equal(run.given, CALLS);
	assert_int_equal(run.refused, CALLS);
	assert_int_equal(run.most, SLOTS);
	for (i = 0; i < CALLS; i++)
		assert_int_equal(run.times[i], 1);
	end();
}

/* A call whose request cannot be made ends only itself. */
static void
test_too_large(void **state)
{
	struct gm_err err;

	(void)state;
	memset(long_name, 'm', sizeof(long_name) - 1);
	begin(20);
	run.large_at = 9;
	assert_int_equal(go(&err), 0);
	assert_int_equal(run.given, 20);
	assert_int_equal(run.too_large, 1);
	assert_int_equal(run.refused, 19);
	assert_int_equal(run.times[8], 1);
	end();
}

static void
test_none(void **state)
{
	struct gm_err err;

	(void)state;
	begin(0);
	assert_int_equal(go(&err), 0);
	assert_int_equal(run.ended, 0);
	end();
}

/* A supplier that has nothing now is asked again when its descriptor says so. */
static void
test_watched(void **state)
{
	struct gm_err err;

	(void)state;
	begin(20);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, run.pipe), 0);
	assert_int_equal(write(run.pipe[1], "x", 1), 1);
	assert_int_equal(go(&err), 0);
	assert_int_equal(run.refused, 20);
	assert_int_equal(run.most, 1);
	(void)close(run.pipe[0]);
	(void)close(run.pipe[1]);
	end();
}

/* The receiver ends it: the error is its own, and nothing more is asked for. */
static void
test_ended_early(void **state)
{
	struct gm_err err;

	(void)state;
	begin(CALLS);
	run.stop_at = 20;
	assert_int_equal(go(&err), -1);
	assert_int_equal(err.code, GM_EDATA);
	assert_string_equal(err.msg, "enough");
	assert_int_equal(run.ended, 20);
	assert_true(run.given <= 20 + SLOTS);
	end();
}

/* The only key cools down for an hour. */
static void
mark_key(void)
{
	const struct gm_keyfilter filter = { .of = GM_KEYS_ALL };
	struct gm_keyquery q;
	struct gm_err err;

	assert_int_equal(
	    gm_keys_begin(&keys, "countTokens", &filter, &q, &err), 0);
	assert_int_equal(
	    gm_keyrule_mark(&q, 0, GM_CLASS_QUOTA_MINUTE, 3600000, NULL, &err),
	    0);
	gm_keystate_unlock(&known);
}

/*
 * Calls that need the same key wait together, and say so once.  What is said
 * wakes the supplier, which has nothing more and sends a signal.
 */
static void
test_shared_wait(void **state)
{
	struct gm_err err;

	(void)state;
	begin(5);
	service.max_wait_ms = 7200000;
	run.pipe[0] = note_pipe[0];
	run.at_once = true;
	mark_key();
	assert_int_equal(go(&err), 0);
	assert_int_equal(run.signalled, 5);
	assert_non_null(strstr(said(), "gm-x: rate-limited: waiting 3"));
	assert_string_equal(said(), "");
	assert_true(run.results[4].wait_ms > 3500000);
	end();
}

/*
 * What the caller does beside the calls wakes the pool although no slot is free,
 * and may end the run.
 */
static void
test_tick(void **state)
{
	struct gm_err err;

	(void)state;
	begin(CALLS);
	service.max_wait_ms = 7200000;
	run.pipe[0] = note_pipe[0];
	run.at_once = run.ticks = true;
	mark_key();
	assert_int_equal(go(&err), -1);
	assert_string_equal(err.msg, "no more room");
	assert_int_equal(run.given, SLOTS);
	assert_int_equal(run.ended, 0);
	assert_non_null(strstr(said(), "gm-x: rate-limited: waiting 3"));
	end();
}

/* The row that counts the requests of the paced request. */
static struct gm_keyrow *
counted(void)
{
	return gm_keytable_find(&known.table, GM_KEYROW_OWNER, keys.origin,
	    keys.ids[0], paced.model);
}

/*
 * The first request is refused; the others have turns to wait for, that of the
 * last one in the slot that has become free.  Then comes a signal or, early, the
 * receiver ends it.
 */
static bool
stop_paced(bool early)
{
	int64_t begun_ms = gm_clock_wall_ms();
	struct gm_err err;

	begin(SLOTS - 2);
	keys.rule.rpm = run.rpm = 1;
	run.at_once = true;
	run.stop_at = early ? 1 : 0;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, run.pipe) != 0 ||
	    write(run.pipe[1], "x", 1) != 1 || go(&err) != (early ? -1 : 0))
		return false;
	return run.given == run.total - (early ? 1 : 0) && counted() != NULL &&
	       counted()->requests == 1 && counted()->slot_ms >= begun_ms &&
	       counted()->slot_ms <= gm_clock_wall_ms();
}

/* Calls that are stopped give back all of their turns.  In children. */
static void
test_turns_given_back(void **state)
{
	int status = 0, i;
	pid_t child;

	(void)state;
	for (i = 0; i < 2; i++) {
		child = fork();
		if (child == 0)
			_exit(stop_paced(i == 1) ? 0 : 1);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
}

static bool
drain(void)
{
	struct gm_err err;

	begin(CALLS);
	run.drain_at = 20;
	return go(&err) == 0 && run.given >= 20 && run.given <= 20 + SLOTS &&
	       run.refused == run.given;
}

/*
 * The first SIGINT ends the supply, and nothing that is under way.  In a child,
 * as the stage stays.
 */
static void
test_drained(void **state)
{
	pid_t child = fork();
	int status = 0;

	(void)state;
	if (child == 0)
		_exit(drain() ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* A signal ends all that have begun; it stays, so this comes last. */
static void
test_signal(void **state)
{
	struct gm_err err;

	(void)state;
	begin(CALLS);
	(void)kill(getpid(), SIGTERM);
	assert_int_equal(go(&err), 0);
	assert_int_equal(run.given, SLOTS);
	assert_int_equal(run.ended, SLOTS);
	assert_int_equal(run.signalled, SLOTS);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_watched),
		cmocka_unit_test(test_ended_early),
		cmocka_unit_test(test_drained),
		cmocka_unit_test(test_tick),
		cmocka_unit_test(test_turns_given_back),
		cmocka_unit_test(test_shared_wait),
		cmocka_unit_test(test_signal),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
