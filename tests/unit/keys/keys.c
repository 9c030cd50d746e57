#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../notes.h"
#include "base/clock.h"
#include "keys/keys.h"

#define MODEL "gemini-x"
#define URL "https://api.example"
#define KEY_A "fake-good-key-0001"
#define KEY_B "fake-good-key-0002"
#define MIN INT64_C(60000)
#define HOUR (60 * MIN)
#define NEVER INT64_MAX

static char dir[] = "/tmp/gm-unit-keys.XXXXXX";
static struct gm_keyring ring;
static struct gm_keyfilter filter;
static struct gm_secrets secrets;
static struct gm_err err;

static int
set_up(void **state)
{
	(void)state;
	note.secrets = &secrets;
	if (mkdtemp(dir) == NULL || chdir(dir) != 0 || open_notes() != 0)
		return -1;
	return gm_keyring_parse(
	    &ring, gm_span_of(KEY_A "," KEY_B), &secrets, &err);
}

static void
clean(void)
{
	(void)unlink("state/keys");
	(void)unlink("state/keys.lock");
	(void)unlink("state/salt");
	(void)rmdir("state");
	assert_string_equal(said(), "");
}

static int
tear_down(void **state)
{
	(void)state;
	close_notes();
	gm_keyring_release(&ring);
	gm_secrets_release(&secrets);
	return rmdir(dir);
}

static const struct gm_keys_options usual = { .ring = &ring, .base_url = URL };

/* Each has its own state, like another process. */
struct side {
	struct gm_keystate state;
	struct gm_keys keys;
};

static void
open_side_in(
    struct side *s, const char *state_dir, const struct gm_keys_options *o)
{
	struct gm_keys_options options = *o;

	gm_keystate_open(&s->state, state_dir, &note, false);
	options.state = &s->state;
	if (gm_keys_open(&s->keys, &options, &err) != 0)
		fail_msg("%s", err.msg);
}

static void
open_side(struct side *s, const struct gm_keys_options *options)
{
	open_side_in(s, "state", options);
}

static void
close_side(struct side *s)
{
	gm_keys_close(&s->keys);
	gm_keystate_close(&s->state);
}

/* Make a change completely, as an event loop does. */
static int
make(struct gm_keys *k, struct gm_keychange *c)
{
	struct pollfd fd;
	int rc;

	while ((rc = gm_keys_run(k, c, &err)) == 0) {
		fd = (struct pollfd){ .fd = gm_keystate_fd(k->state),
			.events = POLLIN };
		(void)poll(&fd, 1, 1);
	}
	return rc;
}

static void
praise(struct gm_keys *k, size_t index)
{
	struct gm_keychange c = { .model = MODEL,
		.filter = filter,
		.learnt = GM_LEARNT_SUCCESS,
		.index = index,
		.sent_ms = gm_clock_wall_ms() };

	assert_int_equal(make(k, &c), 1);
}

/* Pick and reserve, unless the slot is later than latest. */
static struct gm_pick
reserve(struct gm_keys *k, int64_t latest)
{
	struct gm_keychange c = { .model = MODEL,
		.filter = filter,
		.reserve = true,
		.latest_ms = latest };

	if (gm_keys_make(k, &c, &err) != 0)
		fail_msg("%s", err.msg);
	return c.pick;
}

static struct gm_pick
peek(struct gm_keys *k, const char *model)
{
	const struct gm_keyquery q = gm_keys_look(k, model, &filter);
	struct gm_pick p;

	gm_keyrule_pick(&q, &p);
	return p;
}

/* Lock the state, like another process. */
static void
lock(struct gm_keys *k)
{
	struct gm_keyquery q;

	assert_int_equal(gm_keys_begin(k, MODEL, &filter, &q, &err), 0);
}

/* Give back the request that a change has reserved. */
static void
give_back(struct gm_keys *k, const struct gm_keychange *made)
{
	struct gm_keychange c = { .model = made->model,
		.filter = made->filter,
		.learnt = GM_LEARNT_UNSENT,
		.slot_ms = made->pick.at_ms };

	assert_int_equal(gm_keys_make(k, &c, &err), 0);
}

static int64_t
counted(struct gm_keys *k, size_t index)
{
	const struct gm_keyrow *r;

	gm_keystate_look(k->state, gm_clock_wall_ms());
	gm_keytable_fetch_all(&k->state->table);
	r = gm_keytable_find(
	    &k->state->table, GM_KEYROW_OWNER, k->origin, k->ids[index], MODEL);
	return r != NULL ? r->requests : 0;
}

static void
fail_with(struct gm_keys *k, size_t index, enum gm_class class, int64_t hint,
    const char *words)
{
	struct gm_fault f = { .class = class, .hint_ms = hint };
	struct gm_keychange c = { .model = MODEL,
		.filter = filter,
		.learnt = GM_LEARNT_FAULT,
		.index = index,
		.sent_ms = gm_clock_wall_ms(),
		.fault = &f };

	(void)snprintf(f.words, sizeof(f.words), "%s", words);
	if (make(k, &c) != 1)
		fail_msg("%s", err.msg);
}

/* A process knows at its next choice what another one has learnt. */
static void
test_shared(void **state)
{
	struct side a, b;
	struct gm_pick p;

	(void)state;
	open_side(&a, &usual);
	open_side(&b, &usual);
	assert_string_equal(a.keys.origin, URL ":443");
	assert_string_equal(a.keys.ids[0], b.keys.ids[0]);
	assert_string_not_equal(a.keys.ids[0], a.keys.ids[1]);
	assert_int_equal(reserve(&b.keys, NEVER).index, 0);
	fail_with(&a.keys, 0, GM_CLASS_QUOTA_MINUTE, HOUR, "No.");
	p = reserve(&b.keys, NEVER);
	assert_int_equal(p.kind, GM_PICK_KEY);
	assert_int_equal(p.index, 1);
	assert_int_equal(p.cooling, 1);
	fail_with(&b.keys, 1, GM_CLASS_KEY_INVALID, -1, "No.");
	p = reserve(&a.keys, NEVER);
	assert_int_equal(p.kind, GM_PICK_COOLING);
	assert_int_equal(p.index, 0);
	assert_int_equal(p.rejected, 1);
	assert_int_equal(p.status.class, GM_CLASS_QUOTA_MINUTE);
	assert_string_equal(p.status.reason, "No.");
	/* a success in one process lifts the mark for all */
	praise(&b.keys, 0);
	p = reserve(&a.keys, NEVER);
	assert_int_equal(p.kind, GM_PICK_KEY);
	assert_int_equal(p.index, 0);
	assert_int_equal(counted(&b.keys, 0), 2);
	assert_int_equal(counted(&b.keys, 1), 1);
	close_side(&a);
	close_side(&b);
	clean();
}

/* A request that is not reserved is not counted. */
static void
test_late(void **state)
{
	struct gm_keys_options o = usual;
	struct side k;
	struct gm_pick p;
	int64_t now;

	(void)state;
	o.rpm = 1;
	filter = (struct gm_keyfilter){
		.of = GM_KEYS_ONE
	}; /* so there is no other slot */
	open_side(&k, &o);
	now = gm_clock_wall_ms();
	p = reserve(&k.keys, NEVER);
	assert_in_range(p.at_ms - now, 0, MIN / 2);
	now = p.at_ms;
	p = reserve(&k.keys, now + MIN - 1);
	assert_int_equal(p.kind, GM_PICK_KEY);
	assert_int_equal(p.at_ms, now + MIN);
	assert_int_equal(counted(&k.keys, 0), 1);
	p = reserve(&k.keys, now + MIN);
	assert_int_equal(p.at_ms, now + MIN);
	assert_int_equal(counted(&k.keys, 0), 2);
	/* a look reserves nothing */
	(void)peek(&k.keys, MODEL);
	p = peek(&k.keys, MODEL);
	assert_int_equal(p.at_ms, now + 2 * MIN);
	assert_int_equal(counted(&k.keys, 0), 2);
	close_side(&k);
	filter = (struct gm_keyfilter){ .free = false };
	clean();
}

/* While a request waits for its slot, its key may get a mark. */
static void
test_is_usable(void **state)
{
	struct gm_keys_options o = usual;
	struct side a, b;

	(void)state;
	o.rpd = 1;
	open_side(&a, &o);
	open_side(&b, &o);
	assert_int_equal(reserve(&a.keys, NEVER).index, 0);
	/* This request is the last one of GM_RPD. */
	assert_true(gm_keys_is_usable(&a.keys, MODEL, &filter, 0));
	assert_int_equal(reserve(&b.keys, NEVER).index, 1);
	fail_with(&b.keys, 0, GM_CLASS_QUOTA_DAY, -1, "No.");
	assert_false(gm_keys_is_usable(&a.keys, MODEL, &filter, 0));
	assert_true(gm_keys_is_usable(&a.keys, MODEL, &filter, 1));
	assert_true(gm_keys_is_usable(&a.keys, "gemini-y", &filter, 0));
	close_side(&a);
	close_side(&b);
	clean();
}

static void
test_options(void **state)
{
	struct gm_keys_options o = usual;
	struct side k;
	struct gm_pick p;

	(void)state;
	open_side(&k, &o);
	fail_with(&k.keys, 0, GM_CLASS_KEY_LEAKED, -1, "No.");
	close_side(&k);
	/* only one key (-k) */
	open_side(&k, &o);
	filter = (struct gm_keyfilter){ .of = GM_KEYS_ONE, .key = 1 };
	assert_int_equal(reserve(&k.keys, NEVER).index, 1);
	filter.key = 0;
	p = reserve(&k.keys, NEVER);
	assert_int_equal(p.kind, GM_PICK_REJECTED);
	assert_int_equal(p.index, 0);
	/* earlier marks are ignored, later ones are not */
	filter.ignore_before_ms = gm_clock_wall_ms() + 1;
	while (gm_clock_wall_ms() < filter.ignore_before_ms)
		; /* the mark is older than this millisecond */
	assert_int_equal(reserve(&k.keys, NEVER).kind, GM_PICK_KEY);
	fail_with(&k.keys, 0, GM_CLASS_KEY_LEAKED, -1, "No.");
	assert_int_equal(reserve(&k.keys, NEVER).kind, GM_PICK_REJECTED);
	close_side(&k);
	filter = (struct gm_keyfilter){ .free = false };
	/* another service */
	o = usual;
	o.base_url = "http://localhost/v1";
	open_side(&k, &o);
	assert_int_equal(reserve(&k.keys, NEVER).index, 0);
	close_side(&k);
	close_side(&k);
	close_side(&k);
	clean();
}

static const char *
content(void)
{
	static char text[8192];
	int fd = open("state/keys", O_RDONLY);
	ssize_t n = fd != -1 ? read(fd, text, sizeof(text) - 1) : 0;

	(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* No key and no part of it, even if a server repeats it. */
static void
test_no_key_in_the_state(void **state)
{
	struct side k;

	(void)state;
	open_side(&k, &usual);
	(void)reserve(&k.keys, NEVER);
	fail_with(&k.keys, 0, GM_CLASS_KEY_INVALID, -1,
	    "Invalid API key: " KEY_A ", not " KEY_B ".");
	close_side(&k);
	assert_non_null(
	    strstr(content(), " Invalid API key: ...0001, not ...0002.\n"));
	assert_null(strstr(content(), KEY_A));
	assert_null(strstr(content(), KEY_B));
	clean();
}

/*
 * A clock that was set back: an end far ahead is clamped once, not anew at each
 * look, or it would never come.
 */
static void
test_clamped_once(void **state)
{
	struct side k;
	struct gm_pick first, second;
	struct gm_keyrow *r;
	size_t i;

	(void)state;
	open_side(&k, &usual);
	lock(&k.keys);
	for (i = 0; i < 2; i++) {
		r = gm_keytable_get(&k.state.table, GM_KEYROW_OWNER,
		    k.keys.origin, k.keys.ids[i], MODEL, &err);
		assert_non_null(r);
		r->class = GM_CLASS_QUOTA_DAY;
		r->since_ms = gm_clock_wall_ms() + 1000 * HOUR;
		r->until_ms = r->since_ms + HOUR;
	}
	k.state.table.changed = true;
	gm_keystate_unlock(&k.state);
	close_side(&k);
	open_side(&k, &usual);
	first = reserve(&k.keys, NEVER);
	assert_int_equal(first.kind, GM_PICK_COOLING);
	close_side(&k);
	while (gm_clock_wall_ms() + 25 * HOUR == first.at_ms)
		;
	open_side(&k, &usual);
	second = reserve(&k.keys, NEVER);
	assert_int_equal(second.kind, GM_PICK_COOLING);
	assert_int_equal(second.at_ms, first.at_ms);
	close_side(&k);
	clean();
}

/* True if the file was replaced since the last call.  A link keeps its inode. */
static bool
is_replaced(void)
{
	struct stat held = { .st_ino = 0 }, now = { .st_ino = 0 };

	(void)stat("held", &held);
	assert_int_equal(stat("state/keys", &now), 0);
	(void)unlink("held");
	assert_int_equal(link("state/keys", "held"), 0);
	return held.st_ino != now.st_ino;
}

/* Get the id of the list of keys in this text. */
static void
name_list(char out[GM_HASH_HEX], const char *text)
{
	struct gm_keys_options o = usual;
	struct gm_keyring other = { .len = 0 };
	struct side k;

	assert_int_equal(
	    gm_keyring_parse(&other, gm_span_of(text), &secrets, &err), 0);
	o.ring = &other;
	open_side(&k, &o);
	memcpy(out, k.keys.list, sizeof(k.keys.list));
	close_side(&k);
	gm_keyring_release(&other);
}

/* Only the same keys in the same order are the same list. */
static void
test_list_names(void **state)
{
	static const struct {
		const char *text;
		bool same;
	} lists[] = {
		{ KEY_A "," KEY_B, true },
		{ " " KEY_A "\n\n" KEY_B ",", true },
		{ KEY_A "," KEY_A "," KEY_B, true },
		{ "work:" KEY_A ",work:" KEY_B, true },
		{ KEY_B "," KEY_A, false },
		{ KEY_A, false },
		{ KEY_A "," KEY_B ",fake-good-key-0003", false },
	};
	char first[GM_HASH_HEX] = "";
	char name[sizeof(first)];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(lists); i++) {
		name_list(i == 0 ? first : name, lists[i].text);
		assert_int_equal(strlen(first), 32);
		if (i > 0 && (strcmp(name, first) == 0) != lists[i].same)
			fail_msg("%zu: %s, %s", i, first, name);
	}
	clean();
}

/* A move replaces the file; requests with the current key do not. */
static void
test_replacements(void **state)
{
	struct gm_keys_options o = usual;
	struct gm_keyring other = { .len = 0 };
	struct side a, b;
	int i;

	(void)state;
	assert_int_equal(gm_keyring_parse(&other, gm_span_of(KEY_B "," KEY_A),
			     &secrets, &err),
	    0);
	o.ring = &other;
	open_side(&a, &usual);
	open_side(&b, &o);
	assert_int_equal(reserve(&a.keys, NEVER).index, 0);
	assert_true(is_replaced()); /* a new row */
	assert_int_equal(reserve(&a.keys, NEVER).index, 0);
	assert_false(is_replaced());
	fail_with(&a.keys, 0, GM_CLASS_QUOTA_MINUTE, HOUR, "No.");
	assert_true(is_replaced());
	assert_int_equal(reserve(&a.keys, NEVER).index, 1);
	assert_true(is_replaced());
	praise(&a.keys, 1);
	praise(&a.keys, 0);
	assert_true(is_replaced());
	/* The current key of both lists is the first one of b. */
	assert_int_equal(reserve(&b.keys, NEVER).index, 0);
	assert_false(is_replaced());
	fail_with(&b.keys, 0, GM_CLASS_KEY_INVALID, -1, "No.");
	assert_int_equal(reserve(&b.keys, NEVER).index, 1);
	assert_int_equal(reserve(&a.keys, NEVER).index, 0);
	praise(&b.keys, 0);
	assert_true(is_replaced());
	for (i = 0; i < 3; i++) {
		assert_int_equal(reserve(&a.keys, NEVER).index, 0);
		praise(&a.keys, 0);
		assert_int_equal(reserve(&b.keys, NEVER).index, 1);
		praise(&b.keys, 1);
	}
	assert_false(is_replaced());
	(void)unlink("held");
	close_side(&a);
	close_side(&b);
	gm_keyring_release(&other);
	clean();
}

/* Count how often the file was replaced, by fd, an inotify. */
static int
replacements(int fd)
{
	_Alignas(struct inotify_event) char events[4096];
	const struct inotify_event *e;
	int count = 0;
	ssize_t n, at;

	while ((n = read(fd, events, sizeof(events))) > 0)
		for (at = 0; at < n; at += (ssize_t)sizeof(*e) + e->len) {
			e = (const void *)(events + at);
			count += strcmp(e->name, "keys") == 0;
		}
	return count;
}

static int
watch(void)
{
	int fd = inotify_init1(IN_NONBLOCK);

	assert_int_not_equal(fd, -1);
	assert_int_not_equal(inotify_add_watch(fd, "state", IN_MOVED_TO), -1);
	return fd;
}

/* Wait for the sync, or until again_ms, like an event loop. */
static void
run(struct side *s, struct gm_keychange *c)
{
	struct pollfd ready = { .events = POLLIN };
	int64_t ms;
	int rc;

	while ((rc = gm_keys_run(&s->keys, c, &err)) == 0) {
		ready.fd = gm_keystate_fd(&s->state);
		ms = c->again_ms - gm_clock_mono_ms();
		assert_in_range(ms + 1, 0, 5001);
		(void)poll(&ready, 1, ms > 0 ? (int)ms : 0);
	}
	assert_int_equal(rc, 1);
}

static const struct gm_fault minute = { .class = GM_CLASS_QUOTA_MINUTE,
	.hint_ms = HOUR };

/* A failure and the reservation of the next key: the file is replaced once. */
static void
test_one_change(void **state)
{
	struct gm_keychange c = { .model = MODEL,
		.learnt = GM_LEARNT_FAULT,
		.fault = &minute,
		.reserve = true,
		.latest_ms = NEVER };
	struct side a, b;
	int fd;

	(void)state;
	open_side(&a, &usual);
	open_side(&b, &usual);
	fd = watch();
	assert_int_equal(reserve(&a.keys, NEVER).index, 0);
	assert_int_equal(replacements(fd), 1);
	c.sent_ms = gm_clock_wall_ms();
	run(&a, &c);
	assert_int_equal(c.pick.kind, GM_PICK_KEY);
	assert_int_equal(c.pick.index, 1);
	assert_int_equal(replacements(fd), 1);
	assert_int_equal(counted(&b.keys, 1), 1);
	assert_false(gm_keys_is_usable(&b.keys, MODEL, &filter, 0));
	/* Changes of counters do not replace the file. */
	c = (struct gm_keychange){ .model = MODEL,
		.learnt = GM_LEARNT_SUCCESS,
		.index = 1,
		.sent_ms = gm_clock_wall_ms(),
		.reserve = true,
		.latest_ms = NEVER };
	run(&a, &c);
	assert_int_equal(replacements(fd), 0);
	assert_int_equal(counted(&b.keys, 1), 2);
	(void)close(fd);
	close_side(&a);
	close_side(&b);
	clean();
}

/* Changes of several calls are written as one batch. */
static void
test_batch(void **state)
{
	struct gm_keychange c[3];
	struct side a, b;
	size_t i;
	int fd;

	(void)state;
	open_side(&a, &usual);
	open_side(&b, &usual);
	assert_int_equal(reserve(&a.keys, NEVER).index, 0);
	fd = watch();
	for (i = 0; i < GM_LEN(c); i++) {
		c[i] = (struct gm_keychange){ .model = MODEL,
			.learnt = i < 2 ? GM_LEARNT_FAULT : GM_LEARNT_NOTHING,
			.index = i,
			.fault = &minute,
			.reserve = true,
			.latest_ms = NEVER };
		assert_int_equal(gm_keys_run(&a.keys, &c[i], &err), 0);
	}
	assert_int_equal(c[0].pick.index, 1);
	assert_int_equal(c[1].pick.kind, GM_PICK_COOLING);
	for (i = 0; i < GM_LEN(c); i++)
		run(&a, &c[i]);
	assert_int_equal(replacements(fd), 1);
	assert_false(gm_keys_is_usable(&b.keys, MODEL, &filter, 0));
	assert_false(gm_keys_is_usable(&b.keys, MODEL, &filter, 1));
	(void)close(fd);
	close_side(&a);
	close_side(&b);
	clean();
}

/* A held lock blocks nothing; after 10 s changes are made in memory. */
static void
test_busy(void **state)
{
	struct gm_keychange c = {
		.model = MODEL, .reserve = true, .latest_ms = NEVER
	};
	struct side a, b;

	(void)state;
	open_side(&a, &usual);
	open_side(&b, &usual);
	lock(&b.keys);
	assert_int_equal(gm_keys_run(&a.keys, &c, &err), 0);
	assert_true(c.again_ms > c.wait.begun_ms);
	gm_keystate_unlock(&b.state);
	run(&a, &c);
	assert_int_equal(counted(&b.keys, 0), 1);
	lock(&b.keys);
	c = (struct gm_keychange){
		.model = MODEL, .reserve = true, .latest_ms = NEVER
	};
	assert_int_equal(gm_keys_run(&a.keys, &c, &err), 0);
	c.wait.changed_ms -= 10000;
	assert_int_equal(gm_keys_run(&a.keys, &c, &err), 1);
	assert_string_equal(said(), "gm-x: the key state is kept in memory "
				    "only: state/keys.lock: locked for too "
				    "long\n");
	assert_int_equal(c.pick.index, 0);
	gm_keystate_unlock(&b.state);
	assert_int_equal(counted(&b.keys, 0), 1);
	assert_int_equal(counted(&a.keys, 0), 2);
	close_side(&a);
	close_side(&b);
	clean();
}

/* An abandoned change leaves neither a lock nor half of the change. */
static void
test_abandon(void **state)
{
	struct gm_keychange c = {
		.model = MODEL, .learnt = GM_LEARNT_FAULT, .fault = &minute
	};
	struct side a, b;
	int i;

	(void)state;
	open_side(&a, &usual);
	open_side(&b, &usual);
	for (i = 0; i < 2; i++) { /* before, and during the sync */
		c.index = (size_t)i;
		c.begun = c.made = false;
		assert_int_equal(gm_keys_run(&a.keys, &c, &err), 0);
		if (i == 1)
			(void)!gm_keys_run(&a.keys, &c, &err);
		gm_keys_abandon(&a.keys, &c);
		/* On a slow disk the change is dropped, and made says so. */
		assert_int_equal(
		    gm_keys_is_usable(&b.keys, MODEL, &filter, (size_t)i),
		    !c.made);
		lock(&b.keys);
		gm_keystate_unlock(&b.state);
	}
	/* Closing writes a batch that is under way. */
	c = (struct gm_keychange){
		.model = "gemini-y", .learnt = GM_LEARNT_FAULT, .fault = &minute
	};
	assert_int_equal(gm_keys_run(&a.keys, &c, &err), 0);
	close_side(&a);
	assert_false(gm_keys_is_usable(&b.keys, "gemini-y", &filter, 0));
	close_side(&b);
	clean();
}

/* A request whose key fails before its slot does not count. */
static void
test_unsent(void **state)
{
	struct gm_keys_options o = usual;
	struct gm_keychange c;
	struct gm_pick first;
	struct side a, b;

	(void)state;
	o.rpd = 1;
	open_side(&a, &o);
	open_side(&b, &o);
	first = reserve(&a.keys, NEVER);
	assert_int_equal(first.index, 0);
	fail_with(&b.keys, 0, GM_CLASS_QUOTA_MINUTE, HOUR, "No.");
	c = (struct gm_keychange){ .model = MODEL,
		.learnt = GM_LEARNT_UNSENT,
		.index = first.index,
		.slot_ms = first.at_ms,
		.reserve = true,
		.latest_ms = NEVER };
	assert_int_equal(make(&a.keys, &c), 1);
	assert_int_equal(c.pick.index, 1);
	assert_int_equal(counted(&b.keys, 0), 0);
	assert_int_equal(counted(&b.keys, 1), 1);
	close_side(&a);
	close_side(&b);
	clean();
}

/* Processes share GM_TPM; correcting an estimate replaces no file. */
static void
test_tokens(void **state)
{
	struct gm_keychange c = { .model = MODEL,
		.filter = { .tokens = 10, .of = GM_KEYS_ONE },
		.reserve = true,
		.latest_ms = NEVER };
	struct gm_keys_options o = usual;
	int64_t first, counts[] = { 20, 15, -1 };
	struct side a, b;
	size_t i;
	int fd;

	(void)state;
	o.tpm = 10;
	open_side(&a, &o);
	open_side(&b, &o);
	assert_int_equal(make(&a.keys, &c), 1);
	first = c.pick.at_ms;
	fd = watch();
	for (i = 0; i < GM_LEN(counts); i++) {
		c.learnt = GM_LEARNT_SUCCESS;
		c.reserve = c.begun = c.made = false;
		c.sent_ms = first;
		c.tokens = counts[i];
		assert_int_equal(gm_keys_run(&a.keys, &c, &err), 1);
		assert_int_equal(
		    c.begun, counts[i] != -1); /* else the change is needless */
	}
	c.learnt = GM_LEARNT_NOTHING;
	c.reserve = true;
	c.begun = c.made = false;
	assert_int_equal(make(&b.keys, &c), 1);
	/* 10 and 5 tokens more than the 10 that were reserved */
	assert_int_equal(c.pick.at_ms, first + 60000 * 5 / 2);
	give_back(&b.keys, &c);
	c.begun = c.made = false;
	assert_int_equal(make(&a.keys, &c), 1);
	assert_int_equal(c.pick.at_ms, first + 60000 * 5 / 2);
	assert_int_equal(replacements(fd), 0);
	(void)close(fd);
	close_side(&a);
	close_side(&b);
	clean();
}

/* Counters and rows that other processes write are seen. */
static void
test_others(void **state)
{
	struct gm_keys_options o = usual;
	struct side a, b;

	(void)state;
	o.rpd = 2;
	open_side(&a, &o);
	open_side(&b, &o);
	assert_int_equal(reserve(&a.keys, NEVER).index, 0);
	assert_int_equal(reserve(&b.keys, NEVER).index, 0);
	assert_int_equal(reserve(&a.keys, NEVER).index, 1);
	assert_int_equal(reserve(&b.keys, NEVER).index, 1);
	assert_int_equal(reserve(&a.keys, NEVER).kind, GM_PICK_COOLING);
	(void)peek(&b.keys, "gemini-y");
	assert_int_equal(counted(&a.keys, 0), 2);
	/* A mark is saved together with the counters of other processes. */
	o.rpd = 0;
	close_side(&a);
	open_side(&a, &o);
	assert_int_equal(reserve(&a.keys, NEVER).index, 1);
	assert_int_equal(reserve(&b.keys, NEVER).kind, GM_PICK_COOLING);
	fail_with(&b.keys, 0, GM_CLASS_QUOTA_MINUTE, HOUR, "No.");
	assert_int_equal(counted(&a.keys, 1), 3);
	close_side(&a);
	close_side(&b);
	clean();
}

/* Without a directory the state is kept for this run, with one note. */
static void
test_memory_only(void **state)
{
	static const char *const dirs[] = { NULL, "" };
	struct side k;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(dirs); i++) {
		open_side_in(&k, dirs[i], &usual);
		assert_string_equal(said(),
		    dirs[i] == NULL
			? "" /* the caller wants no directory */
			: "gm-x: the key state is kept in memory only: no "
			  "state directory; set GM_STATE_DIR\n");
		assert_int_equal(reserve(&k.keys, NEVER).index, 0);
		assert_int_equal(counted(&k.keys, 0), 1);
		fail_with(&k.keys, 0, GM_CLASS_QUOTA_MINUTE, HOUR, "No.");
		assert_false(gm_keys_is_usable(&k.keys, MODEL, &filter, 0));
		assert_int_equal(reserve(&k.keys, NEVER).index, 1);
		praise(&k.keys, 0);
		assert_true(gm_keys_is_usable(&k.keys, MODEL, &filter, 0));
		close_side(&k);
		assert_string_equal(said(), "");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_is_usable),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_no_key_in_the_state),
		cmocka_unit_test(test_clamped_once),
		cmocka_unit_test(test_list_names),
		cmocka_unit_test(test_replacements),
		cmocka_unit_test(test_one_change),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_abandon),
		cmocka_unit_test(test_unsent),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_memory_only),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
