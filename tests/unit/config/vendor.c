/* The services by name, and lists of them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "config/vendor.h"

/* Each variable belongs to one service, in the order of its rank. */
static void
test_rows(void **state)
{
	const struct gm_vendor_row *row;
	size_t i, next = 0;

	(void)state;
	for (i = 0; i < GM_VENDORS; i++) {
		row = gm_vendor((enum gm_vendor)i);
		assert_int_equal(row->first_key, next);
		assert_true(row->keys > row->lists);
		next += row->keys;
		assert_int_equal(gm_vendors_all.items[i], i);
	}
	assert_int_equal(next, GM_KEY_VARIABLES);
	assert_int_equal(gm_vendors_all.len, GM_VENDORS);
	assert_string_equal(gm_vendor_variable(0), "GOOGLE_API_KEYS");
	assert_string_equal(gm_vendor_variable(3), "MISTRAL_API_KEYS");
	assert_string_equal(gm_vendor_variable(5), "OPENAI_API_KEY");
	assert_true(gm_vendor(GM_VENDOR_OPENAI)->local);
	assert_false(gm_vendor(GM_VENDOR_GEMINI)->local);
	assert_false(gm_vendor(GM_VENDOR_MISTRAL)->local);
}

/* The lists of names are those of the rows, in their order. */
static void
test_names(void **state)
{
	const char *name;
	struct gm_buf names, all;
	size_t i;

	(void)state;
	gm_buf_init(&names, 4096);
	gm_buf_init(&all, 4096);
	for (i = 0; i < GM_VENDORS; i++) {
		name = gm_vendor((enum gm_vendor)i)->name;
		gm_buf_printf(&names, "%s%s",
		    i == 0                ? ""
		    : i == GM_VENDORS - 1 ? " or "
					  : ", ",
		    name);
		gm_buf_printf(&all, "%s%s", i == 0 ? "" : ", ", name);
	}
	gm_buf_puts(&all, " or all");
	assert_string_equal(GM_VENDOR_NAMES, gm_buf_str(&names));
	assert_string_equal(GM_VENDOR_NAMES_OR_ALL, gm_buf_str(&all));
	gm_buf_release(&names);
	gm_buf_release(&all);
}

static void
test_find(void **state)
{
	enum gm_vendor vendor = GM_VENDOR_GEMINI;
	struct gm_err err;

	(void)state;
	assert_int_equal(
	    gm_vendor_find(gm_span_of("mistral"), &vendor, &err), 0);
	assert_int_equal(vendor, GM_VENDOR_MISTRAL);
	assert_int_equal(
	    gm_vendor_find(gm_span_of("Mistral"), &vendor, &err), -1);
	assert_int_equal(err.code, GM_EUSAGE);
	assert_string_equal(err.msg, "not " GM_VENDOR_NAMES);
	assert_int_equal(vendor, GM_VENDOR_MISTRAL);
}

static void
test_lists(void **state)
{
	static const struct {
		const char *list, *want; /* after gemini; "!": an error */
	} rows[] = {
		{ "", "g" },
		{ " ", "g" },
		{ "none", "g" },
		{ " none ", "g" },
		{ "mistral", "gm" },
		{ "mistral,openai", "gmo" },
		{ " openai , mistral ", "gom" },
		{ "openai,openai,mistral,openai", "gom" },
		{ "gemini", "g" },
		{ "mistral,gemini,openai", "gmo" },
		{ "mistral,", "gm" },
		{ "mistral,,openai", "!not " GM_VENDOR_NAMES },
		{ "none,mistral", "!not " GM_VENDOR_NAMES },
		{ "mistral openai", "!not " GM_VENDOR_NAMES },
	};
	struct gm_vendors v;
	struct gm_err err;
	char got[8];
	size_t i, k;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		v = (struct gm_vendors){ { GM_VENDOR_GEMINI }, 1 };
		if (gm_vendors_add(&v, rows[i].list, &err) != 0) {
			assert_int_equal(err.code, GM_EUSAGE);
			assert_string_equal(err.msg, rows[i].want + 1);
			continue;
		}
		for (k = 0; k < v.len; k++)
			got[k] = gm_vendor(v.items[k])->name[0];
		got[k] = '\0';
		assert_string_equal(got, rows[i].want);
	}
}

/* Completions offer what the parsers accept. */
static void
test_words(void **state)
{
	struct gm_vendors v = { .len = 0 };
	enum gm_vendor vendor;
	struct gm_err err;
	size_t i;

	(void)state;
	for (i = 0; i < GM_VENDORS; i++) {
		assert_int_equal(gm_vendor_find(gm_span_of(gm_vendor_word(i)),
				     &vendor, &err),
		    0);
		assert_int_equal(vendor, i);
		assert_string_equal(
		    gm_vendor_word_or_all(i), gm_vendor_word(i));
		assert_string_equal(gm_vendors_word(i), gm_vendor_word(i));
	}
	assert_null(gm_vendor_word(GM_VENDORS));
	assert_string_equal(gm_vendor_word_or_all(GM_VENDORS), "all");
	assert_null(gm_vendor_word_or_all(GM_VENDORS + 1));
	assert_int_equal(
	    gm_vendors_add(&v, gm_vendors_word(GM_VENDORS), &err), 0);
	assert_int_equal(v.len, 0);
	assert_null(gm_vendors_word(GM_VENDORS + 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
