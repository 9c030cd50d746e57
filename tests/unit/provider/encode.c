#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../notes.h"
#include "config/keyring.h"
#include "provider/encode.h"

#define KEY "fake-good-key-0001"

static void
put_url(const struct gm_provider *p, const struct gm_request *q,
    const char *base, struct gm_buf *out)
{
	assert_string_equal(p->name, "service");
	gm_buf_printf(out, "%s/%s", base, q->model);
}

static void
put_body(
    const struct gm_provider *p, const struct gm_request *q, struct gm_buf *out)
{
	assert_string_equal(p->name, "service");
	if (q->turns_len > 0)
		gm_buf_put_span(out, q->turns->parts->text);
}

static const struct gm_provider provider = {
	.name = "service",
	.key_header = "x-key: ",
	.url = put_url,
	.body = put_body,
};

static void
make(struct gm_encoded *r, const char *model, const char *prompt)
{
	const struct gm_part part = { .text = gm_span_of(prompt) };
	const struct gm_turn turn = { .parts = &part, .parts_len = 1 };
	const struct gm_request request = {
		.model = model, .turns = &turn, .turns_len = 1
	};
	struct gm_err err;

	assert_int_equal(gm_encoded_make(r, &provider, &request,
			     "https://api.example", &err),
	    0);
}

static void
sign(struct gm_encoded *r, const char *key)
{
	struct gm_err err;

	assert_int_equal(
	    gm_encoded_sign(r, &provider, gm_span_of(key), &err), 0);
}

static void
check(
    struct gm_encoded *r, const char *url, const char *secret, const char *body)
{
	struct gm_http_request http = { .timeout_ms = 5 };
	char got[100];

	gm_encoded_fill(r, &http);
	assert_string_equal(http.url, url);
	if (secret == NULL)
		assert_null(http.secret);
	else
		assert_string_equal(http.secret, secret);
	assert_int_equal(http.timeout_ms, 5); /* unchanged */
	if (body == NULL) {
		assert_null(http.body.read);
		assert_string_equal(
		    http.headers[0], "Accept: application/json");
		assert_null(http.headers[1]);
		return;
	}
	assert_int_equal(http.body.len, strlen(body));
	assert_int_equal(http.body.read(http.body.arg, got, sizeof(got), NULL),
	    strlen(body));
	assert_memory_equal(got, body, strlen(body));
	assert_string_equal(http.headers[0], "Content-Type: application/json");
	assert_string_equal(http.headers[1], "Accept: text/event-stream");
	assert_null(http.headers[2]);
}

/* make and sign in any order, repeatedly: nothing old is left. */
static void
test_make(void **state)
{
	struct gm_encoded r = { 0 };

	(void)state;
	make(&r, "gemini-x", "{\"a\":1}");
	sign(&r, KEY);
	check(&r, "https://api.example/gemini-x", "x-key: " KEY, "{\"a\":1}");
	sign(&r, "short");
	check(&r, "https://api.example/gemini-x", "x-key: short", "{\"a\":1}");
	make(&r, "y", "{}");
	check(&r, "https://api.example/y", "x-key: short", "{}");
	make(&r, "list", "");
	check(&r, "https://api.example/list", "x-key: short", NULL);
	gm_encoded_release(&r);
	gm_encoded_release(&r);
}

/* Without a key there is no header, not even with an earlier key. */
static void
test_no_key(void **state)
{
	struct gm_encoded r = { 0 };

	(void)state;
	make(&r, "x", "{}");
	check(&r, "https://api.example/x", NULL, "{}");
	sign(&r, "");
	check(&r, "https://api.example/x", NULL, "{}");
	sign(&r, KEY);
	check(&r, "https://api.example/x", "x-key: " KEY, "{}");
	sign(&r, "");
	check(&r, "https://api.example/x", NULL, "{}");
	note.verbose = 2;
	gm_encoded_describe(&r, &note, GM_LEVEL_TRACE);
	note.verbose = 0;
	assert_string_equal(said(), "gm-x: POST https://api.example/x\n");
	assert_string_equal(said(), "gm-x: Content-Type: application/json\n");
	assert_string_equal(said(), "gm-x: Accept: text/event-stream\n");
	assert_string_equal(said(), "");
	gm_encoded_release(&r);
}

/* Another key needs another sign, another project another body. */
static void
test_project(void **state)
{
	static const struct gm_part files[] = {
		{ .kind = GM_PART_FILE, .text = { "files/of-a", 10 } },
		{ .kind = GM_PART_FILE, .text = { "files/of-b", 10 } }
	};
	static const struct gm_turn turns[] = { { GM_ROLE_USER, files, 1 },
		{ GM_ROLE_USER, files + 1, 1 } };
	struct gm_request request = { .model = "m",
		.turns = turns,
		.turns_len = 1,
		.project = "project-a" };
	struct gm_encoded r = { 0 };
	struct gm_err err;

	(void)state;
	make(&r, "m", "text");
	assert_true(gm_encoded_fits(&r, "project-a"));
	assert_true(gm_encoded_fits(&r, "project-b"));
	assert_int_equal(
	    gm_encoded_make(&r, &provider, &request, "https://a", &err), 0);
	assert_true(gm_encoded_fits(&r, "project-a"));
	assert_false(gm_encoded_fits(&r, "project-b"));
	sign(&r, KEY);
	check(&r, "https://a/m", "x-key: " KEY, "files/of-a");
	request.turns = turns + 1;
	request.project = "project-b";
	assert_int_equal(
	    gm_encoded_make(&r, &provider, &request, "https://a", &err), 0);
	assert_false(gm_encoded_fits(&r, "project-a"));
	assert_true(gm_encoded_fits(&r, "project-b"));
	check(&r, "https://a/m", "x-key: " KEY, "files/of-b");
	gm_encoded_release(&r);
}

static void
test_empty(void **state)
{
	struct gm_encoded r = { 0 };

	(void)state;
	check(&r, "", NULL, NULL);
	gm_encoded_release(&r);
}

/* The longest key fits; a longer one is an error of the request. */
static void
test_sizes(void **state)
{
	static char text[10000];
	const struct gm_request request = { .model = text };
	struct gm_encoded r = { 0 };
	struct gm_err err;

	(void)state;
	memset(text, 'k', sizeof(text) - 1);
	assert_int_equal(gm_encoded_sign(&r, &provider,
			     (struct gm_span){ text, GM_KEY_MAX }, &err),
	    0);
	assert_int_equal(r.secret.len, strlen("x-key: ") + GM_KEY_MAX);
	assert_int_equal(
	    gm_encoded_make(&r, &provider, &request, "https://a", &err), -1);
	assert_int_equal(err.code, GM_EDATA);
	assert_memory_equal(err.msg, "request: ", 9);
	gm_encoded_release(&r);
}

/* Everything but the body, with the key masked. */
static void
test_describe(void **state)
{
	struct gm_secrets secrets = { 0 };
	struct gm_encoded r = { 0 };
	struct gm_err err;

	(void)state;
	assert_int_equal(gm_secrets_add(&secrets, gm_span_of(KEY), &err), 0);
	note.secrets = &secrets;
	note.verbose = 2;
	make(&r, "x", "{}");
	sign(&r, KEY);
	gm_encoded_describe(&r, &note, GM_LEVEL_TRACE);
	assert_string_equal(said(), "gm-x: POST https://api.example/x\n");
	assert_string_equal(said(), "gm-x: x-key: ...0001\n");
	assert_string_equal(said(), "gm-x: Content-Type: application/json\n");
	assert_string_equal(said(), "gm-x: Accept: text/event-stream\n");
	assert_string_equal(said(), "");
	make(&r, "x", "");
	gm_encoded_describe(&r, &note, GM_LEVEL_TRACE);
	assert_string_equal(said(), "gm-x: GET https://api.example/x\n");
	assert_string_equal(said(), "gm-x: x-key: ...0001\n");
	assert_string_equal(said(), "gm-x: Accept: application/json\n");
	assert_string_equal(said(), "");
	note.verbose = 0;
	gm_encoded_describe(&r, &note, GM_LEVEL_TRACE);
	assert_string_equal(said(), "");
	note.secrets = NULL;
	gm_encoded_release(&r);
	gm_secrets_release(&secrets);
}

static int
set_up(void **state)
{
	(void)state;
	return open_notes();
}

static int
tear_down(void **state)
{
	(void)state;
	close_notes();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_no_key),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_project),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_describe),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
