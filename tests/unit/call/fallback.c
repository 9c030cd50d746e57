/* Several services that failed: whose failure is the status of all. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "call/fallback.h"

#define DEAD GM_CLASS_KEY_INVALID
#define RESTS GM_CLASS_QUOTA_DAY
#define DOWN GM_CLASS_OVERLOADED

struct end {
	enum gm_class class;
	int64_t at; /* of a key that rests */
};

static const struct {
	struct end ends[3]; /* GM_CLASS_OK: no more */
	struct end want;
} rows[] = {
	/* the first decides */
	{ { { DOWN, 0 }, { DEAD, 0 } }, { DOWN, 0 } },
	{ { { DOWN, 0 }, { RESTS, 500 } }, { DOWN, 0 } },
	{ { { DEAD, 0 }, { DOWN, 0 } }, { DEAD, 0 } },
	{ { { RESTS, 900 }, { DOWN, 0 } }, { RESTS, 900 } },
	{ { { RESTS, 900 }, { DEAD, 0 } }, { RESTS, 900 } },
	{ { { DEAD, 0 }, { DEAD, 0 } }, { DEAD, 0 } },
	/* but it pays to come back when any key only rests */
	{ { { DEAD, 0 }, { RESTS, 500 } }, { RESTS, 500 } },
	{ { { DEAD, 0 }, { DOWN, 0 }, { RESTS, 500 } }, { RESTS, 500 } },
	/* at the earliest time */
	{ { { RESTS, 900 }, { RESTS, 500 } }, { RESTS, 500 } },
	{ { { RESTS, 500 }, { RESTS, 900 } }, { RESTS, 500 } },
	{ { { RESTS, 500 }, { RESTS, 0 } }, { RESTS, 500 } },
	{ { { RESTS, 0 }, { RESTS, 500 } }, { RESTS, 500 } },
	{ { { DEAD, 0 }, { RESTS, 900 }, { RESTS, 500 } }, { RESTS, 500 } },
};

static void
add(struct gm_fallback *chain, const char *name, const struct end *e)
{
	struct gm_failure end = {
		.provider = name, .class = e->class, .retry_at_ms = e->at
	};

	(void)gm_fail(&end.err, gm_class(e->class)->code, "it is %s",
	    gm_class(e->class)->name);
	gm_fallback_add(chain, &end);
}

static void
test_status(void **state)
{
	static const char *const names[] = { "a", "b", "c" };
	struct gm_fallback chain;
	size_t i, k;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		chain = (struct gm_fallback){ 0 };
		for (k = 0; k < 3 && rows[i].ends[k].class != GM_CLASS_OK; k++)
			add(&chain, names[k], &rows[i].ends[k]);
		assert_int_equal(chain.len, k);
		if (chain.end.class != rows[i].want.class ||
		    chain.end.retry_at_ms != rows[i].want.at)
			fail_msg("row %zu: class %s at %lld", i,
			    gm_class(chain.end.class)->name,
			    (long long)chain.end.retry_at_ms);
		assert_int_equal(
		    chain.end.err.code, gm_class(rows[i].want.class)->code);
	}
}

/* The words of all, in their order, however long they are. */
static void
test_words(void **state)
{
	struct gm_fallback chain = { 0 };
	struct gm_failure end = { .provider = "openai", .class = DOWN };

	(void)state;
	add(&chain, "gemini", &(struct end){ DOWN, 0 });
	assert_string_equal(chain.end.err.msg, "gemini: it is overloaded");
	add(&chain, "mistral", &(struct end){ DEAD, 0 });
	assert_string_equal(chain.end.err.msg,
	    "gemini: it is overloaded; mistral: it is key_invalid");
	memset(end.err.msg, 'x', sizeof(end.err.msg) - 1);
	end.err.code = GM_EUNAVAILABLE;
	gm_fallback_add(&chain, &end);
	assert_int_equal(strlen(chain.end.err.msg), GM_ERR_MAX - 1);
	assert_memory_equal(chain.end.err.msg + GM_ERR_MAX - 5, "x...", 5);
}

/* Have only keys failed, so that the same holds for each other request? */
static void
test_beyond_keys(void **state)
{
	struct gm_fallback chain = { 0 };

	(void)state;
	add(&chain, "a", &(struct end){ RESTS, 0 });
	add(&chain, "b", &(struct end){ DEAD, 0 });
	assert_false(chain.beyond_keys);
	add(&chain, "c", &(struct end){ GM_CLASS_BAD_REQUEST, 0 });
	assert_true(chain.beyond_keys);
	chain = (struct gm_fallback){ 0 };
	add(&chain, "a", &(struct end){ DOWN, 0 });
	add(&chain, "b", &(struct end){ DEAD, 0 });
	assert_true(chain.beyond_keys);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_beyond_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
