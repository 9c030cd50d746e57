#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../told.h"
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
static struct gm_keywish wish;
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

static const struct gm_keys_options usual = {
	.ring = &ring, .base_url = URL, .state_dir = "state", .note = &note
};

static void
open_keys(struct gm_keys *k, const struct gm_keys_options *options)
{
	if (gm_keys_open(k, options, &err) != 0)
		fail_msg("%s", err.msg);
}

/* What is picked and reserved; latest as in gm_keys_reserve(). */
static struct gm_pick
reserve(struct gm_keys *k, int64_t latest)
{
	struct gm_pick p;

	if (gm_keys_reserve(k, MODEL, &wish, latest, &p, &err) != 0)
		fail_msg("%s", err.msg);
	return p;
}

static int64_t
counted(struct gm_keys *k, size_t index)
{
	const struct gm_keyrow *r;

	gm_keystate_read(&k->state, &k->table, gm_clock_wall_ms());
	r = gm_keytable_find(&k->table, k->origin, k->ids[index], MODEL);
	return r != NULL ? r->requests : 0;
}

static void
fail_with(struct gm_keys *k, size_t index, enum gm_class class, int64_t hint,
    const char *words)
{
	struct gm_fault f = { .class = class, .hint_ms = hint };

	(void)snprintf(f.words, sizeof(f.words), "%s", words);
	if (gm_keys_fault(
		k, MODEL, &wish, index, gm_clock_wall_ms(), &f, &err) != 0)
		fail_msg("%s", err.msg);
}

/* What one learns the other knows at its next choice. */
static void
test_shared(void **state)
{
	struct gm_keys a, b;
	struct gm_pick p;

	(void)state;
	open_keys(&a, &usual);
	open_keys(&b, &usual);
	assert_string_equal(a.origin, URL ":443");
	assert_string_equal(a.ids[0], b.ids[0]);
	assert_string_not_equal(a.ids[0], a.ids[1]);
	assert_int_equal(reserve(&b, NEVER).index, 0);
	fail_with(&a, 0, GM_CLASS_QUOTA_MINUTE, HOUR, "No.");
	p = reserve(&b, NEVER);
	assert_int_equal(p.kind, GM_PICK_KEY);
	assert_int_equal(p.index, 1);
	assert_int_equal(p.cooling, 1);
	fail_with(&b, 1, GM_CLASS_KEY_INVALID, -1, "No.");
	p = reserve(&a, NEVER);
	assert_int_equal(p.kind, GM_PICK_COOLING);
	assert_int_equal(p.index, 0);
	assert_int_equal(p.dead, 1);
	assert_int_equal(p.standing.class, GM_CLASS_QUOTA_MINUTE);
	assert_string_equal(p.standing.reason, "No.");
	/* lifted by one, for all */
	gm_keys_success(&b, MODEL, &wish, 0, gm_clock_wall_ms());
	p = reserve(&a, NEVER);
	assert_int_equal(p.kind, GM_PICK_KEY);
	assert_int_equal(p.index, 0);
	assert_int_equal(counted(&b, 0), 2);
	assert_int_equal(counted(&b, 1), 1);
	gm_keys_close(&a);
	gm_keys_close(&b);
	clean();
}

/* Only what will be sent is counted. */
static void
test_late(void **state)
{
	struct gm_keys_options o = usual;
	struct gm_keys k;
	struct gm_pick p;
	int64_t now;

	(void)state;
	o.rpm = 1;
	open_keys(&k, &o);
	now = gm_clock_wall_ms();
	p = reserve(&k, NEVER);
	assert_in_range(p.at_ms - now, 0, MIN / 2);
	now = p.at_ms;
	p = reserve(&k, now + MIN - 1);
	assert_int_equal(p.kind, GM_PICK_KEY);
	assert_int_equal(p.at_ms, now + MIN);
	assert_int_equal(counted(&k, 0), 1);
	p = reserve(&k, now + MIN);
	assert_int_equal(p.at_ms, now + MIN);
	assert_int_equal(counted(&k, 0), 2);
	/* to look is not to take */
	gm_keys_peek(&k, MODEL, &wish, &p);
	gm_keys_peek(&k, MODEL, &wish, &p);
	assert_int_equal(p.at_ms, now + 2 * MIN);
	assert_int_equal(counted(&k, 0), 2);
	gm_keys_close(&k);
	clean();
}

/* While a request waits for its turn, others may learn of its key. */
static void
test_is_usable(void **state)
{
	struct gm_keys_options o = usual;
	struct gm_keys a, b;

	(void)state;
	o.rpd = 1;
	open_keys(&a, &o);
	open_keys(&b, &o);
	assert_int_equal(reserve(&a, NEVER).index, 0);
	/* The day is used up by this very request. */
	assert_true(gm_keys_is_usable(&a, MODEL, &wish, 0));
	assert_int_equal(reserve(&b, NEVER).index, 1);
	fail_with(&b, 0, GM_CLASS_QUOTA_DAY, -1, "No.");
	assert_false(gm_keys_is_usable(&a, MODEL, &wish, 0));
	assert_true(gm_keys_is_usable(&a, MODEL, &wish, 1));
	assert_true(gm_keys_is_usable(&a, "gemini-y", &wish, 0));
	gm_keys_close(&a);
	gm_keys_close(&b);
	clean();
}

static void
test_options(void **state)
{
	struct gm_keys_options o = usual;
	struct gm_keys k;
	struct gm_pick p;

	(void)state;
	open_keys(&k, &o);
	fail_with(&k, 0, GM_CLASS_KEY_LEAKED, -1, "No.");
	gm_keys_close(&k);
	/* one alone */
	open_keys(&k, &o);
	wish = (struct gm_keywish){ .of = GM_KEYS_ONE, .key = 1 };
	assert_int_equal(reserve(&k, NEVER).index, 1);
	wish.key = 0;
	p = reserve(&k, NEVER);
	assert_int_equal(p.kind, GM_PICK_DEAD);
	assert_int_equal(p.index, 0);
	/* marks of before, but not those that come */
	wish.ignore_before_ms = gm_clock_wall_ms();
	while (gm_clock_wall_ms() == wish.ignore_before_ms)
		; /* the mark is older than this millisecond */
	assert_int_equal(reserve(&k, NEVER).kind, GM_PICK_KEY);
	fail_with(&k, 0, GM_CLASS_KEY_LEAKED, -1, "No.");
	assert_int_equal(reserve(&k, NEVER).kind, GM_PICK_DEAD);
	gm_keys_close(&k);
	wish = (struct gm_keywish){ .free = false };
	/* another service */
	o = usual;
	o.base_url = "http://localhost/v1";
	open_keys(&k, &o);
	assert_int_equal(reserve(&k, NEVER).index, 0);
	gm_keys_close(&k);
	gm_keys_close(&k);
	gm_keys_close(&k);
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

/* Not the key, not its end, not when a server repeats it. */
static void
test_no_key_in_the_state(void **state)
{
	struct gm_keys k;

	(void)state;
	open_keys(&k, &usual);
	(void)reserve(&k, NEVER);
	fail_with(&k, 0, GM_CLASS_KEY_INVALID, -1,
	    "Invalid API key: " KEY_A ", not " KEY_B ".");
	gm_keys_close(&k);
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
	struct gm_keys k;
	struct gm_pick first, second;
	struct gm_keyrow *r;
	size_t i;

	(void)state;
	open_keys(&k, &usual);
	assert_int_equal(gm_keys_begin(&k, &err), 0);
	for (i = 0; i < 2; i++) {
		r = gm_keytable_get(&k.table, k.origin, k.ids[i], MODEL, &err);
		assert_non_null(r);
		r->class = GM_CLASS_QUOTA_DAY;
		r->since_ms = gm_clock_wall_ms() + 1000 * HOUR;
		r->until_ms = r->since_ms + HOUR;
	}
	k.table.changed = true;
	gm_keys_commit(&k);
	first = reserve(&k, NEVER);
	assert_int_equal(first.kind, GM_PICK_COOLING);
	gm_keys_close(&k);
	while (gm_clock_wall_ms() + 25 * HOUR == first.at_ms)
		;
	open_keys(&k, &usual);
	second = reserve(&k, NEVER);
	assert_int_equal(second.kind, GM_PICK_COOLING);
	assert_int_equal(second.at_ms, first.at_ms);
	gm_keys_close(&k);
	clean();
}

/* Has the file been replaced since the last look?  A link keeps its inode. */
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

/* Of a ring with this text: the name of its list in the state. */
static void
name_list(char out[sizeof(((struct gm_keys *)0)->current)], const char *text)
{
	struct gm_keys_options o = usual;
	struct gm_keyring other = { .len = 0 };
	struct gm_keys k;

	assert_int_equal(
	    gm_keyring_parse(&other, gm_span_of(text), &secrets, &err), 0);
	o.ring = &other;
	open_keys(&k, &o);
	memcpy(out, k.current, sizeof(k.current));
	gm_keys_close(&k);
	gm_keyring_release(&other);
}

/* The same keys in the same order are one list, and nothing else is. */
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
	char first[sizeof(((struct gm_keys *)0)->current)] = "";
	char name[sizeof(first)];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(lists); i++) {
		name_list(i == 0 ? first : name, lists[i].text);
		assert_int_equal(strlen(first), 8 + 32);
		if (i > 0 && (strcmp(name, first) == 0) != lists[i].same)
			fail_msg("%zu: %s, %s", i, first, name);
	}
	clean();
}

/* The file is replaced for what changes, and requests alone change nothing. */
static void
test_replacements(void **state)
{
	struct gm_keys_options o = usual;
	struct gm_keyring other = { .len = 0 };
	struct gm_keys a, b;
	int i;

	(void)state;
	assert_int_equal(gm_keyring_parse(&other, gm_span_of(KEY_B "," KEY_A),
			     &secrets, &err),
	    0);
	o.ring = &other;
	open_keys(&a, &usual);
	open_keys(&b, &o);
	assert_int_equal(reserve(&a, NEVER).index, 0);
	assert_true(is_replaced()); /* a new row */
	assert_int_equal(reserve(&a, NEVER).index, 0);
	assert_false(is_replaced());
	fail_with(&a, 0, GM_CLASS_QUOTA_MINUTE, HOUR, "No.");
	assert_true(is_replaced());
	assert_int_equal(reserve(&a, NEVER).index, 1);
	assert_true(is_replaced());
	gm_keys_success(&a, MODEL, &wish, 1, gm_clock_wall_ms());
	gm_keys_success(&a, MODEL, &wish, 0, gm_clock_wall_ms());
	assert_true(is_replaced());
	/* Both lists are at the key that is the first one of b. */
	assert_int_equal(reserve(&b, NEVER).index, 0);
	assert_false(is_replaced());
	fail_with(&b, 0, GM_CLASS_KEY_INVALID, -1, "No.");
	assert_int_equal(reserve(&b, NEVER).index, 1);
	assert_int_equal(reserve(&a, NEVER).index, 0);
	gm_keys_success(&b, MODEL, &wish, 0, gm_clock_wall_ms());
	assert_true(is_replaced());
	for (i = 0; i < 3; i++) {
		assert_int_equal(reserve(&a, NEVER).index, 0);
		gm_keys_success(&a, MODEL, &wish, 0, gm_clock_wall_ms());
		assert_int_equal(reserve(&b, NEVER).index, 1);
		gm_keys_success(&b, MODEL, &wish, 1, gm_clock_wall_ms());
	}
	assert_false(is_replaced());
	(void)unlink("held");
	gm_keys_close(&a);
	gm_keys_close(&b);
	gm_keyring_release(&other);
	clean();
}

/* Without a directory all of it holds for this run, and one note says so. */
static void
test_memory_only(void **state)
{
	static const char *const dirs[] = { NULL, "" };
	struct gm_keys_options o = usual;
	struct gm_keys k;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(dirs); i++) {
		o.state_dir = dirs[i];
		open_keys(&k, &o);
		assert_string_equal(said(),
		    dirs[i] == NULL
			? "" /* as it was asked for */
			: "gm-x: no state directory; the state of the keys is "
			  "kept in memory only\n");
		assert_int_equal(reserve(&k, NEVER).index, 0);
		assert_int_equal(counted(&k, 0), 1);
		fail_with(&k, 0, GM_CLASS_QUOTA_MINUTE, HOUR, "No.");
		assert_false(gm_keys_is_usable(&k, MODEL, &wish, 0));
		assert_int_equal(reserve(&k, NEVER).index, 1);
		gm_keys_success(&k, MODEL, &wish, 0, gm_clock_wall_ms());
		assert_true(gm_keys_is_usable(&k, MODEL, &wish, 0));
		gm_keys_close(&k);
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
		cmocka_unit_test(test_memory_only),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
