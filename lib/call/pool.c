#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/stop.h"
#include "call/pool.h"
#include "call/waitline.h"

/* The wait if only the network can give a call something to do. */
#define FAR_MS INT64_C(3600000)

struct slot {
	struct gm_call *call; /* NULL: the slot was never used */
	struct gm_call_args args;
	bool busy;
};

/* A pool that runs. */
struct run {
	const struct gm_pool *pool;
	struct slot *slots;
	struct gm_waits waits;
	struct gm_reported reported;
	struct gm_ramp ramp;
	struct gm_waitline line;
	size_t busy;
	bool last; /* no more calls come */
};

/* Start the next call in a slot.  Returns 1, 0 if there is none now, or -1. */
static int
fill(struct run *r, struct slot *s, struct gm_err *err)
{
	int rc;

	/* Allocate first: if that fails, no call of the supplier is lost. */
	if (s->call == NULL)
		s->call = gm_call_new(err);
	if (s->call == NULL)
		return -1;
	rc = r->pool->next(&s->args, r->pool->arg);
	r->last = rc == -1;
	if (rc != 1)
		return 0;
	r->line.note = s->args.service->note;
	r->waits.shown = r->pool->wait == NULL && r->line.note->status != NULL;
	gm_call_begin(s->call, &s->args, &r->waits, &r->reported,
	    r->pool->slots > 1 ? &r->ramp : NULL);
	s->busy = true;
	r->busy++;
	return 1;
}

static int
fill_all(struct run *r, struct gm_err *err)
{
	size_t i;
	int rc;

	for (i = 0; i < r->pool->slots && !r->last; i++) {
		if (r->slots[i].busy)
			continue;
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): see free_all() */
		rc = fill(r, &r->slots[i], err);
		if (rc != 1)
			return rc;
	}
	return 0;
}

/* True if a call only waits: for a slot, a cooldown or a retry. */
static bool
is_idle(const struct gm_call *call)
{
	int64_t due = gm_call_due_ms(call);

	return due != INT64_MAX && !gm_call_changes_keys(call) &&
	       due > gm_clock_mono_ms();
}

/*
 * Find the next call to stop, or NULL; with only_idle only among those that
 * wait.  The call with the latest reserved slot comes first: a slot can be
 * given back only if no later one is taken.
 */
static struct slot *
next_to_stop(const struct run *r, bool only_idle)
{
	struct slot *last = NULL, *s;

	for (s = r->slots; s < r->slots + r->pool->slots; s++)
		if (s->call != NULL && !gm_call_is_done(s->call) &&
		    (!only_idle || is_idle(s->call)) &&
		    (last == NULL ||
			gm_call_slot_ms(s->call) > gm_call_slot_ms(last->call)))
			last = s;
	return last;
}

static void
stop_all(struct run *r, enum gm_class class)
{
	struct slot *s;

	while ((s = next_to_stop(r, false)) != NULL)
		gm_call_stop(s->call, class);
}

/* Stop the calls that only wait.  Returns true if there were any. */
static bool
stop_idle(struct run *r)
{
	struct slot *s;
	bool any = false;

	while ((s = next_to_stop(r, true)) != NULL) {
		gm_call_stop(s->call, GM_CLASS_SIGNAL);
		any = true;
	}
	return any;
}

static void
free_all(struct run *r)
{
	struct slot *s;

	while ((s = next_to_stop(r, false)) != NULL) {
		gm_call_free(s->call);
		s->call = NULL;
	}
	for (s = r->slots; s < r->slots + r->pool->slots; s++)
		gm_call_free(s->call);
	free(r->slots);
}

/* Hand the calls that are done to the receiver. */
static int
collect(struct run *r, struct gm_err *err)
{
	struct gm_err result;
	struct slot *s;
	int rc;

	for (s = r->slots; s < r->slots + r->pool->slots; s++) {
		if (!s->busy || !gm_call_is_done(s->call))
			continue;
		s->busy = false;
		r->busy--;
		result.code = GM_OK;
		rc = gm_call_result(s->call, &result);
		if (r->pool->done(&s->args, rc, r->pool->arg, &result) != 0) {
			*err = result;
			return -1;
		}
	}
	return 0;
}

/*
 * The descriptor that is readable when the key state is synced; -1: no call
 * waits for it.
 */
static int
keys_fd(const struct run *r)
{
	const struct slot *s;

	for (s = r->slots; s < r->slots + r->pool->slots; s++)
		if (s->busy && gm_call_changes_keys(s->call))
			return gm_keystate_fd(s->args.service->keys->state);
	return -1;
}

/* True if the key state that calls wait for is synced. */
static bool
is_synced(const struct run *r)
{
	struct pollfd fd = { .fd = keys_fd(r), .events = POLLIN };

	return fd.fd != -1 && poll(&fd, 1, 0) == 1;
}

/* Move all calls; return for how long there is nothing more to do. */
static int64_t
step_all(struct run *r)
{
	int64_t now = gm_clock_mono_ms(), due = now + FAR_MS, at;
	bool synced = is_synced(r);
	struct slot *s;

	for (s = r->slots; s < r->slots + r->pool->slots; s++) {
		if (!s->busy)
			continue;
		gm_call_step(s->call,
		    synced && gm_call_changes_keys(s->call) ? INT64_MAX : now);
		at = gm_call_is_done(s->call) ? now : gm_call_due_ms(s->call);
		if (at < due)
			due = at;
	}
	now = gm_clock_mono_ms();
	return due > now ? due - now : 0;
}

/* True if a wait is shown rather than another one (NULL: none): a response
 * comes before other waits, then the one that began or ends first. */
static bool
is_first(const struct gm_call_waiting *a, const struct gm_call_waiting *b)
{
	if (b == NULL || (a->what != NULL) != (b->what != NULL))
		return b == NULL || a->what != NULL;
	return a->what != NULL ? a->since_ms < b->since_ms
	                       : a->until_ms < b->until_ms;
}

/*
 * Give the caller the text of a wait.  Of several responses some come all the
 * time, which the caller's progress shows better.
 */
static int64_t
pass_wait(struct run *r, const struct gm_call_waiting *w, size_t responses,
    int64_t now_ms)
{
	struct gm_buf text;
	int64_t next = INT64_MAX;

	gm_buf_init(&text, GM_WAITLINE_MAX);
	if (w != NULL && responses <= 1)
		next =
		    gm_waitline_put(r->line.note, w, responses, now_ms, &text);
	if (text.failed == GM_OK)
		r->pool->wait(gm_buf_span(&text), r->pool->arg);
	gm_buf_release(&text);
	return next;
}

/* Show one of the waits; return for how long the line stays as it is. */
static int64_t
show_wait(struct run *r)
{
	const struct gm_call_waiting *first = NULL, *w;
	int64_t now = gm_clock_mono_ms(), next;
	size_t responses = 0;
	struct slot *s;

	if (r->line.note == NULL || r->line.note->status == NULL)
		return FAR_MS;
	for (s = r->slots; s < r->slots + r->pool->slots; s++) {
		w = s->busy ? gm_call_waiting(s->call) : NULL;
		if (w == NULL)
			continue;
		responses += w->what != NULL;
		if (is_first(w, first))
			first = w;
	}
	next = r->pool->wait != NULL
	           ? pass_wait(r, first, responses, now)
	           : gm_waitline_show(&r->line, first, responses, now);
	return next - now < FAR_MS ? next - now : FAR_MS;
}

/*
 * The stage that wakes the pool: once no more calls come, draining changes
 * nothing.
 */
static enum gm_stop_stage
obeyed(const struct run *r)
{
	return r->last ? GM_STOP_NOW : GM_STOP_DRAIN;
}

/* Wait for the network, a signal, the caller's descriptor and the key state. */
static int
wait_for_more(struct run *r, int64_t wait_ms, struct gm_err *err)
{
	const int fds[GM_HTTP_FDS] = { gm_stop_fd(obeyed(r)), r->pool->watch,
		keys_fd(r) };

	return gm_http_run(r->pool->http, wait_ms, fds, err);
}

static int
run_once(struct run *r, struct gm_err *err)
{
	int64_t wait_ms, line_ms;

	if (gm_stop_stage() == GM_STOP_DRAIN)
		r->last = true; /* requests in flight finish */
	if (gm_stop_stage() == GM_STOP_NOW && gm_stop_signal() != 0) {
		stop_all(r, GM_CLASS_SIGNAL);
		r->last = true;
	} else if (gm_stop_is_late()) {
		gm_stop_last_words();
		stop_all(r, GM_CLASS_DEADLINE);
		r->last = true;
	} else {
		wait_ms = step_all(r);
		if (gm_stop_stage() == GM_STOP_DRAIN && stop_idle(r))
			wait_ms = 0;
		line_ms = show_wait(r);
		if (line_ms < wait_ms)
			wait_ms = line_ms;
		if ((r->busy > 0 || !r->last) &&
		    wait_for_more(r, wait_ms, err) != 0)
			return -1;
	}
	return collect(r, err);
}

int
gm_pool_run(const struct gm_pool *pool, struct gm_err *err)
{
	struct slot *slots = calloc(pool->slots, sizeof(*slots));
	struct run r = { .pool = pool, .slots = slots };
	int rc;

	if (slots == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	do {
		rc = pool->tick != NULL ? pool->tick(pool->arg, err) : 0;
		if (rc != -1)
			rc = fill_all(&r, err);
		if (rc != -1 && (r.busy > 0 || !r.last))
			rc = run_once(&r, err);
	} while (rc != -1 && (r.busy > 0 || !r.last));
	free_all(&r);
	if (pool->wait == NULL)
		gm_waitline_erase(&r.line);
	return rc == -1 ? -1 : 0;
}

/* Supplier and receiver of a single call. */
struct single {
	const struct gm_call_args *args;
	bool given;
};

static int
next_single(struct gm_call_args *args, void *arg)
{
	struct single *s = arg;

	if (s->given)
		return -1;
	s->given = true;
	*args = *s->args;
	return 1;
}

static int
end_single(
    const struct gm_call_args *args, int rc, void *arg, struct gm_err *err)
{
	(void)args;
	(void)arg;
	(void)err; /* holds the call's error already */
	return rc;
}

int
gm_pool_call(const struct gm_call_args *args, struct gm_err *err)
{
	struct single single = { .args = args };
	const struct gm_pool pool = { .http = args->service->http,
		.slots = 1,
		.next = next_single,
		.done = end_single,
		.arg = &single,
		.watch = -1 };

	/* Set these first: the result names them even if memory runs out. */
	args->result->model = args->request->model;
	args->result->provider = args->service->provider->name;
	return gm_pool_run(&pool, err);
}
