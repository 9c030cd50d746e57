#ifndef GM_CONFIG_VENDOR_H
#define GM_CONFIG_VENDOR_H

/*
 * The services as users name and configure them: which variables hold keys,
 * model and base URL of each.  How they are asked is in provider.h.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "base/span.h"
#include "config/setting.h"

enum gm_vendor {
	GM_VENDOR_GEMINI,
	GM_VENDOR_MISTRAL,
	GM_VENDOR_OPENAI, /* any server that speaks as OpenAI's does */
	GM_VENDORS
};

/* Their names, for help and messages. */
#define GM_VENDOR_NAMES "gemini, mistral or openai"
#define GM_VENDOR_NAMES_OR_ALL "gemini, mistral, openai or all"

/* Variables that hold keys, of all services. */
#define GM_KEY_VARIABLES ((size_t)6)

struct gm_vendor_row {
	const char *name; /* "gemini" */
	enum gm_setting model, base_url;
	/* Its variables that hold keys, by rank; the first of them hold lists. */
	size_t first_key, keys, lists;
	enum gm_setting command;
	const char *credential; /* file in $CREDENTIALS_DIRECTORY */
	bool local;             /* on loopback it may need no key */
};

const struct gm_vendor_row *gm_vendor(enum gm_vendor);

/* The i-th name; NULL at the end.  The last one of the second form is "all". */
const char *gm_vendor_word(size_t i);
const char *gm_vendor_word_or_all(size_t i);

/* What gm_vendors_add() takes in a list: the names, then "none". */
const char *gm_vendors_word(size_t i);

/* The i-th variable that holds keys; i is below GM_KEY_VARIABLES. */
const char *gm_vendor_variable(size_t i);

/* In the order in which they are asked. */
struct gm_vendors {
	enum gm_vendor items[GM_VENDORS];
	size_t len;
};

/* All of them. */
extern const struct gm_vendors gm_vendors_all;

/* The one of that name.  Returns 0, or -1 with GM_EUSAGE. */
int gm_vendor_find(
    struct gm_span name, enum gm_vendor *, struct gm_err *) GM_MUST_CHECK;

/*
 * Add those that a list names, "mistral, openai", unless they are there
 * already; "none", alone, and an empty list add nothing.  Returns 0, or -1
 * with GM_EUSAGE.
 */
int gm_vendors_add(
    struct gm_vendors *, const char *list, struct gm_err *) GM_MUST_CHECK;

#endif
