#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../notes.h"
#include "call/services.h"

#define KEY "fake-good-key-0001"

static struct gm_config config;
static struct gm_secrets secrets;
static struct gm_services services;
static struct gm_err err;

static int
set_up(void **state)
{
	const char *name;
	size_t i;

	(void)state;
	for (i = 0; (name = gm_config_variable(i)) != NULL; i++)
		(void)unsetenv(name);
	(void)unsetenv("CREDENTIALS_DIRECTORY");
	(void)unsetenv("XDG_CONFIG_HOME");
	(void)unsetenv("HOME");
	return open_notes();
}

static int
tear_down(void **state)
{
	(void)state;
	close_notes();
	return 0;
}

/* Gemini, then Mistral, whose keys are these; NULL: none. */
static int
open_services(const char *gemini, const char *mistral, struct gm_span typed)
{
	const struct gm_config_wanted wanted = { .env_file = "/dev/null" };
	const struct gm_services_options options = {
		.keys = { .config = &config,
		    .secrets = &secrets,
		    .note = &note,
		    .typed = typed,
		    .no_state = true },
		.vendors = { { GM_VENDOR_GEMINI, GM_VENDOR_MISTRAL }, 2 },
	};

	err = (struct gm_err){ .code = GM_OK };
	(void)setenv("GOOGLE_API_KEYS", gemini != NULL ? gemini : "", 1);
	(void)setenv("MISTRAL_API_KEYS", mistral != NULL ? mistral : "", 1);
	gm_config_init(&config);
	if (gm_config_load(&config, &wanted, &note, &err) != 0)
		fail_msg("%s", err.msg);
	return gm_services_open(&services, &options, &err);
}

static void
close_services(void)
{
	gm_services_close(&services);
	gm_services_close(&services);
	gm_config_release(&config);
	gm_secrets_release(&secrets);
}

static const struct gm_span untyped = { NULL, 0 };

static void
test_both(void **state)
{
	const struct gm_service *s = services.services;

	(void)state;
	(void)setenv("GM_RETRIES", "7", 1);
	(void)setenv("GM_TIMEOUT", "9", 1);
	assert_int_equal(open_services(KEY, "fake-mistral-1", untyped), 0);
	(void)unsetenv("GM_RETRIES");
	(void)unsetenv("GM_TIMEOUT");
	assert_int_equal(services.len, 2);
	assert_string_equal(s[0].provider->name, "gemini");
	assert_string_equal(s[1].provider->name, "mistral");
	assert_ptr_equal(s[0].next, &s[1]);
	assert_null(s[1].next);
	assert_false(s[0].fallback);
	assert_true(s[1].fallback);
	assert_int_equal(s[1].retries, 7);
	assert_int_equal(s[1].timeout_ms, 9000);
	assert_string_equal(s[1].key_variable, "MISTRAL_API_KEYS");
	assert_string_equal(said(), "");
	close_services();
}

/* A service without a key is skipped, even the first one. */
static void
test_one(void **state)
{
	(void)state;
	assert_int_equal(open_services(NULL, "fake-mistral-1", untyped), 0);
	assert_int_equal(services.len, 1);
	assert_string_equal(services.services[0].provider->name, "mistral");
	assert_null(services.services[0].next);
	assert_true(services.services[0].fallback);
	assert_memory_equal(
	    said(), "gm-x: gemini: skipped: no API key in ", 37);
	close_services();
	assert_int_equal(open_services(NULL, NULL, untyped), -1);
	assert_int_equal(err.code, GM_ECONFIG);
	assert_memory_equal(err.msg, "no API key in /", 15);
	assert_string_equal(said(), "");
	close_services();
}

/* What is typed takes the place of all that is configured. */
static void
test_typed(void **state)
{
	(void)state;
	assert_int_equal(open_services(KEY, NULL, gm_span_of("a-1\nb-2\n")), 0);
	assert_int_equal(services.keysets[0]->place.ring.len, 2);
	close_services();
	assert_int_equal(open_services(KEY, NULL, gm_span_of("")), -1);
	assert_int_equal(err.code, GM_ECONFIG);
	assert_string_equal(
	    err.msg, "standard input: no API key; type one on each line");
	close_services();
}

/* The first service must fit; fallbacks that do not are skipped. */
static void
test_fit(void **state)
{
	struct gm_request q = { .operation = GM_OP_COUNT };

	(void)state;
	(void)setenv("GEMINI_MODEL", "one,two,three", 1);
	assert_int_equal(open_services(KEY, "fake-mistral-1", untyped), 0);
	(void)unsetenv("GEMINI_MODEL");
	assert_int_equal(gm_services_fit(&services, &q, &err), 0);
	assert_string_equal(q.model, "one");
	assert_int_equal(q.next_models_len, 2);
	assert_string_equal(q.next_models[1], "three");
	assert_int_equal(services.len, 1);
	assert_null(services.services[0].next);
	assert_memory_equal(said(), "gm-x: mistral: skipped: ", 24);
	close_services();
	assert_int_equal(open_services(NULL, "fake-mistral-1", untyped), 0);
	(void)said();
	assert_int_equal(gm_services_fit(&services, &q, &err), -1);
	assert_int_equal(err.code, GM_EUSAGE);
	close_services();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_typed),
		cmocka_unit_test(test_fit),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
