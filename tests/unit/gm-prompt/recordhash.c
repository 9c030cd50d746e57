#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gm-prompt/recordhash.h"

#define NO_TEXT "e3b0c44298fc1c149afbf4c8996fb924"
#define FILE_A "11111111111111111111111111111111"
#define FILE_B "22222222222222222222222222222222"
#define LONG \
	"a text that is longer than the sixty-four bytes that go in as they " \
	"are"

static const char *const models[] = { "two", "three" };
static const char *const stops[] = { "ab", "c", "a", "bc" };
static const struct gm_service last = {
	.provider = &gm_openai, .models = models, .models_len = 2
};
static const struct gm_service last_one = {
	.provider = &gm_openai, .models = models, .models_len = 1
};
static const struct gm_service gemini = { .provider = &gm_gemini };
static const struct gm_service first = { .provider = &gm_gemini,
	.next = &last };
static const struct gm_service first_one = { .provider = &gm_gemini,
	.next = &last_one };
static const struct gm_service mistral = { .provider = &gm_mistral };

#define PART(words) \
	{ \
		.text = { words, sizeof(words) - 1 } \
	}

static const struct gm_part hi[] = { PART("hi") };
static const struct gm_part long_one[] = { PART(LONG) };
static const struct gm_part long_two[] = { PART(LONG "!") };
static const struct gm_part ab_c[] = { PART("ab"), PART("c") };
static const struct gm_part a_bc[] = { PART("a"), PART("bc") };
static const struct gm_part with_file[] = { PART("hi"), PART("file") };
static const struct gm_part signature[] = { { .text = { "hi", 2 },
    .signature = { "QQ==", 4 } } };

static const struct gm_turn one = { GM_ROLE_USER, hi, 1 };
static const struct gm_turn model = { GM_ROLE_MODEL, hi, 1 };
static const struct gm_turn signed_one = { GM_ROLE_USER, signature, 1 };
static const struct gm_turn long_turn = { GM_ROLE_USER, long_one, 1 };
static const struct gm_turn long_other = { GM_ROLE_USER, long_two, 1 };
static const struct gm_turn two_parts = { GM_ROLE_USER, ab_c, 2 };
static const struct gm_turn other_parts = { GM_ROLE_USER, a_bc, 2 };
static const struct gm_turn file_turn = { GM_ROLE_USER, with_file, 2 };
static const struct gm_turn apart[] = { { GM_ROLE_USER, ab_c, 1 },
	{ GM_ROLE_USER, ab_c + 1, 1 } };

/* Make the i-th change of the hashed fields; the last one changes none. */
static bool
change(size_t i, struct gm_recordhash *h, struct gm_request *q)
{
	const struct gm_turn *turns[] = { &model, &signed_one, &long_turn,
		&long_other, &two_parts, &other_parts, &file_turn };
	const char **numbers[] = { &q->temperature, &q->top_p, &q->top_k,
		&q->max_tokens, &q->seed, &q->thinking_level,
		&q->thinking_budget, &q->safety };
	const struct gm_service *services[] = { &first, &first_one, &mistral };
	const char *records[] = { "", "h", "hi!", LONG, LONG "!" };
	bool *flags[] = { &q->search, &q->url_context, &q->thoughts };

	if (i < GM_LEN(turns)) {
		q->turns = turns[i];
		return true;
	}
	i -= GM_LEN(turns);
	if (i < GM_LEN(numbers)) {
		*numbers[i] = "1";
		return true;
	}
	i -= GM_LEN(numbers);
	if (i < GM_LEN(services)) {
		h->service = services[i];
		return true;
	}
	i -= GM_LEN(services);
	if (i < GM_LEN(records)) {
		h->record = gm_span_of(records[i]);
		return true;
	}
	i -= GM_LEN(records);
	if (i < GM_LEN(flags)) {
		*flags[i] = true;
		return true;
	}
	i -= GM_LEN(flags);
	switch (i) {
	case 0:
		q->operation = GM_OP_COUNT;
		break;
	case 1:
		q->model = "m";
		break;
	case 2:
		q->next_models = models;
		q->next_models_len = 1;
		break;
	case 3:
		q->next_models = models;
		q->next_models_len = 2;
		break;
	case 4:
		h->system = FILE_A;
		break;
	case 5:
		q->turns = apart;
		q->turns_len = 2;
		break;
	case 6: /* an equal turn, but its part is a file */
		q->turns = &file_turn;
		h->files = gm_span_of(FILE_A);
		break;
	case 7:
		q->turns = &file_turn;
		h->files = gm_span_of(FILE_B);
		break;
	case 8:
		q->stop = stops;
		q->stop_len = 2;
		break;
	case 9:
		q->stop = stops + 2;
		q->stop_len = 2;
		break;
	case 10:
		q->stop = stops;
		q->stop_len = 1;
		break;
	case 11:
		q->temperature = ""; /* differs from no text */
		break;
	case 12:
		h->extract = true;
		break;
	default:
		return false;
	}
	return true;
}

static void
make(size_t i, char hash[GM_HASH_HEX], bool *more)
{
	/*
	 * Without names of fields, so that the compiler reports each new one.
	 */
	struct gm_request q = { GM_OP_GENERATE, "one", NULL, 0, NULL, NULL,
		&one, 1, NULL, { NULL, 0 }, 0, NULL, NULL, NULL, NULL, NULL,
		NULL, NULL, false, NULL, NULL, 0, false, false, false,
		{ NULL, 0 } };
	struct gm_recordhash h = { .record = { "hi", 2 },
		.request = &q,
		.service = &gemini,
		.system = NO_TEXT };
	struct gm_buf room;
	struct gm_err err;

	*more = change(i, &h, &q);
	gm_buf_init(&room, 1000);
	gm_buf_puts(&room, "of the record before");
	assert_int_equal(gm_recordhash_make(hash, &h, &room, &err), 0);
	gm_buf_release(&room);
}

/*
 * Everything that shapes an answer is hashed, and no two lists give the same
 * hash.  Add new fields of a request to change().
 */
static void
test_changes(void **state)
{
	char hashes[100][GM_HASH_HEX];
	bool more = true;
	size_t len, i;

	(void)state;
	for (len = 0; more; len++) {
		assert_true(len < GM_LEN(hashes));
		make(len, hashes[len], &more);
		for (i = 0; i < len; i++)
			if (strcmp(hashes[i], hashes[len]) == 0)
				fail_msg("change %zu is as %zu", len, i);
	}
	assert_int_equal(len, 40);
	/*
	 * Users keep files with it: echo -ne 'gm-prompt record 1\n'\
	 * 'o0,000s6:geminim3:onem0=r2:hiye3b0c44298fc1c149afbf4c8996fb924'\
	 * 't1=U1=p2:hig0:a-b-c-d-e-h-i-j-k0=' | sha256sum | cut -c 1-32
	 */
	assert_string_equal(
	    hashes[len - 1], "229cdae41c882a0a20c005be764671e8");
}

/* Changes of fields that are not hashed keep the hash. */
static void
test_others(void **state)
{
	const struct gm_service elsewhere = { .provider = &gm_gemini,
		.base_url = "http://127.0.0.1:1",
		.retries = 7,
		.deadline_ms = 1 };
	const struct gm_request q = {
		.model = "one", .turns = &one, .turns_len = 1, .cautious = true
	};
	const struct gm_recordhash h = { .record = { "hi", 2 },
		.request = &q,
		.service = &elsewhere,
		.system = NO_TEXT };
	char hash[GM_HASH_HEX], want[GM_HASH_HEX];
	struct gm_buf room;
	struct gm_err err;
	bool more;

	(void)state;
	make(1000, want, &more);
	gm_buf_init(&room, 1000);
	assert_int_equal(gm_recordhash_make(hash, &h, &room, &err), 0);
	assert_string_equal(hash, want);
	room.max = 10;
	assert_int_equal(gm_recordhash_make(hash, &h, &room, &err), -1);
	assert_int_equal(err.code, GM_EDATA);
	gm_buf_release(&room);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
