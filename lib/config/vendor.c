#include <string.h>

#include "config/vendor.h"

static const char *const variables[GM_KEY_VARIABLES] = { "GOOGLE_API_KEYS",
	"GOOGLE_API_KEY", "GEMINI_API_KEY", "MISTRAL_API_KEYS",
	"MISTRAL_API_KEY", "OPENAI_API_KEY" };

static const struct gm_vendor_row rows[GM_VENDORS] = {
	[GM_VENDOR_GEMINI] = { "gemini", GM_SET_GEMINI_MODEL, GM_SET_GEMINI_URL,
	    0, 3, 1, GM_SET_GEMINI_COMMAND, "google-api-keys", false },
	[GM_VENDOR_MISTRAL] = { "mistral", GM_SET_MISTRAL_MODEL,
	    GM_SET_MISTRAL_URL, 3, 2, 1, GM_SET_MISTRAL_COMMAND,
	    "mistral-api-keys", false },
	[GM_VENDOR_OPENAI] = { "openai", GM_SET_OPENAI_MODEL, GM_SET_OPENAI_URL,
	    5, 1, 0, GM_SET_OPENAI_COMMAND, "openai-api-key", true },
};

/* Names the empty list. */
static const char none[] = "none";

const struct gm_vendors gm_vendors_all = {
	{ GM_VENDOR_GEMINI, GM_VENDOR_MISTRAL, GM_VENDOR_OPENAI }, GM_VENDORS
};

const struct gm_vendor_row *
gm_vendor(enum gm_vendor vendor)
{
	return &rows[vendor];
}

/* The i-th name, then the word last; NULL after that. */
static const char *
word_or(size_t i, const char *last)
{
	if (i < GM_VENDORS)
		return rows[i].name;
	return i == GM_VENDORS ? last : NULL;
}

const char *
gm_vendor_word(size_t i)
{
	return word_or(i, NULL);
}

const char *
gm_vendor_word_or_all(size_t i)
{
	return word_or(i, "all");
}

const char *
gm_vendors_word(size_t i)
{
	return word_or(i, none);
}

const char *
gm_vendor_variable(size_t i)
{
	return variables[i];
}

int
gm_vendor_find(struct gm_span name, enum gm_vendor *vendor, struct gm_err *err)
{
	size_t i;

	for (i = 0; i < GM_VENDORS; i++)
		if (gm_span_is(name, rows[i].name)) {
			*vendor = (enum gm_vendor)i;
			return 0;
		}
	return gm_fail(err, GM_EUSAGE, "not " GM_VENDOR_NAMES);
}

static bool
is_in(const struct gm_vendors *v, enum gm_vendor vendor)
{
	size_t i;

	for (i = 0; i < v->len; i++)
		if (v->items[i] == vendor)
			return true;
	return false;
}

int
gm_vendors_add(struct gm_vendors *v, const char *list, struct gm_err *err)
{
	struct gm_span rest = gm_span_trim(gm_span_of(list)), name;
	enum gm_vendor vendor = GM_VENDOR_GEMINI;

	if (gm_span_is(rest, none))
		return 0;
	while (rest.len > 0 && gm_span_split(&rest, ",", &name)) {
		if (gm_vendor_find(gm_span_trim(name), &vendor, err) != 0)
			return -1;
		if (!is_in(v, vendor))
			v->items[v->len++] = vendor;
	}
	return 0;
}
