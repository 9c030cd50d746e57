#ifndef GM_CONFIG_VENDOR_H
#define GM_CONFIG_VENDOR_H

/*
 * The services, with their names and the variables of their keys, model and
 * base URL.  provider.h has their protocols.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "base/span.h"
#include "config/setting.h"

enum gm_vendor {
	GM_VENDOR_GEMINI,
	GM_VENDOR_MISTRAL,
	GM_VENDOR_OPENAI, /* any OpenAI-compatible server */
	GM_VENDORS
};

/* The names, for help and messages. */
#define GM_VENDOR_NAMES "gemini, mistral or openai"
#define GM_VENDOR_NAMES_OR_ALL "gemini, mistral, openai or all"

/* Variables that hold keys, of all services. */
#define GM_KEY_VARIABLES ((size_t)6)

struct gm_vendor_row {
	const char *name; /* "gemini" */
	enum gm_setting model, base_url;
	/*
	 * Its variables of keys in gm_vendor_variable(), by rank; the first
	 * of them (their number is lists) may have several keys.
	 */
	size_t first_key, keys, lists;
	enum gm_setting command;
	const char *credential; /* file in $CREDENTIALS_DIRECTORY */
	bool local;             /* needs no key on loopback */
};

const struct gm_vendor_row *gm_vendor(enum gm_vendor);

/* The i-th name; NULL at the end.  The second function ends with "all". */
const char *gm_vendor_word(size_t i);
const char *gm_vendor_word_or_all(size_t i);

/* The i-th word that gm_vendors_add() accepts: the names, then "none". */
const char *gm_vendors_word(size_t i);

/* The i-th variable of keys, for i below GM_KEY_VARIABLES. */
const char *gm_vendor_variable(size_t i);

/* A list of services, in the order of use. */
struct gm_vendors {
	enum gm_vendor items[GM_VENDORS];
	size_t len;
};

/* All services. */
extern const struct gm_vendors gm_vendors_all;

/* Find a service by name.  Returns 0, or -1 with GM_EUSAGE. */
int gm_vendor_find(
    struct gm_span name, enum gm_vendor *, struct gm_err *) GM_MUST_CHECK;

/*
 * Add the services of a list, such as "mistral, openai", that are not in it
 * yet.  "none" and an empty list add nothing.  Returns 0, or -1 with GM_EUSAGE.
 */
int gm_vendors_add(
    struct gm_vendors *, const char *list, struct gm_err *) GM_MUST_CHECK;

#endif
