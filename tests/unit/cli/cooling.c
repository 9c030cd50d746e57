#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../notes.h"
#include "cli/cooling.h"

static struct gm_secrets secrets;
static struct gm_keyring ring;
static struct gm_keystate known;
static struct gm_keys keys;
static struct gm_err err;

static void
mark(size_t index)
{
	const struct gm_keyfilter filter = { .of = GM_KEYS_ALL };
	struct gm_keyquery q;

	assert_int_equal(gm_keys_begin(&keys, "m", &filter, &q, &err), 0);
	assert_int_equal(gm_keyrule_mark(&q, index, GM_CLASS_QUOTA_MINUTE,
			     3600000, NULL, &err),
	    0);
	gm_keystate_unlock(&known);
}

/* Of the model, and counted anew once a second. */
static void
test_count(void **state)
{
	const struct gm_keys_options options = {
		.ring = &ring, .base_url = "http://127.0.0.1:1", .state = &known
	};
	const struct gm_service service = { .keys = &keys };
	struct gm_cooling c = { 0 };

	(void)state;
	note.secrets = &secrets;
	assert_int_equal(open_notes(), 0);
	assert_int_equal(
	    gm_keyring_parse(&ring,
		gm_span_of("fake-good-key-0001,fake-good-key-0002"), &secrets,
		&err),
	    0);
	gm_keystate_open(&known, NULL, &note, false);
	assert_int_equal(gm_keys_open(&keys, &options, &err), 0);
	assert_int_equal(gm_cooling_count(&c, &service, "m", 5000), 0);
	mark(0);
	assert_int_equal(gm_cooling_count(&c, &service, "m", 5999), 0);
	assert_int_equal(gm_cooling_count(&c, &service, "m", 6000), 1);
	mark(1);
	assert_int_equal(gm_cooling_count(&c, &service, "m", 7000), 2);
	assert_int_equal(gm_cooling_count(&c, &service, "n", 8000), 0);
	gm_keys_close(&keys);
	gm_keystate_close(&known);
	gm_keyring_release(&ring);
	gm_secrets_release(&secrets);
	close_notes();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
