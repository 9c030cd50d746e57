/* Both implementations of the weights agree on texts of every script. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "provider/tokens.h"

#define COMMAND "python3 -B tests/fixtures/tokens.py"
#define TEXT_MAX (1 << 20)
#define TEXTS_MIN 40

/* Allowed difference, as Unicode adds characters to a script. */
static void
compare(const char *name, const char *text, size_t len, long long want)
{
	struct gm_tokens t = { .sum = 0 };
	int64_t got, apart;
	size_t at;

	for (at = 0; at < len; at++)
		gm_tokens_add(&t, (struct gm_span){ text + at, 1 });
	got = gm_tokens_total(&t);
	t = (struct gm_tokens){ .sum = 0 };
	gm_tokens_add(&t, (struct gm_span){ text, len });
	assert_int_equal(gm_tokens_total(&t), got);
	apart = got > want ? got - want : want - got;
	if (apart * 1000 > want)
		fail_msg("%s: %lld tokens in place of %lld", name,
		    (long long)got, want);
}

static void
test_texts(void **state)
{
	static char text[TEXT_MAX];
	FILE *from = popen(COMMAND, "r"); /* NOLINT(cert-env33-c) */
	char line[200], name[100];
	long long want;
	size_t len, texts = 0;

	(void)state;
	assert_non_null(from);
	while (fgets(line, sizeof(line), from) != NULL) {
		assert_int_equal(/* NOLINTNEXTLINE(cert-err34-c) */
		    sscanf(line, "%lld %zu %99[^\n]", &want, &len, name), 3);
		assert_in_range(len, 100, TEXT_MAX);
		assert_in_range(want, 100, TEXT_MAX);
		assert_int_equal(fread(text, 1, len, from), len);
		compare(name, text, len, want);
		texts++;
	}
	assert_int_equal(pclose(from), 0);
	assert_true(texts >= TEXTS_MIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
