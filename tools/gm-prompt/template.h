#ifndef GM_PROMPT_TEMPLATE_H
#define GM_PROMPT_TEMPLATE_H

/*
 * A text with places that each record of a batch fills in, parsed once.
 *
 * "{}" is the place of the record; with mark set ("-I") that text is instead,
 * and "{}" stands for itself, as nothing else makes it do.  If records are JSON
 * objects "{NAME}" is the place of a member: NAME begins with a letter, "_" or
 * a character beyond ASCII, and goes on with those, digits, "-" and ".".  All
 * else in braces is text.  The mark wins over "{NAME}" at the same place.
 *
 * What is put in is never looked at for places again.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "json/read.h"

/* Bytes allowed in what a template is rendered to, and in a template. */
#define GM_TEMPLATE_MAX (128 * 1024 * 1024)

struct gm_template_style {
	const char *mark; /* place of the record; NULL or "": "{}" */
	bool members;     /* "{NAME}" is a place, too */
};

/* All zero is a valid, empty one. */
struct gm_template {
	struct gm_buf text;   /* owned copy; names end in a NUL */
	struct gm_buf pieces; /* private */
};

/* What fills the places; borrowed. */
struct gm_template_values {
	struct gm_span record;      /* p NULL: there is none */
	const struct gm_json *json; /* where the members are */
	int object;                 /* GM_JSON_NONE: there are none */
};

/* Replaces what was parsed before.  Returns 0, or -1: GM_EOS, GM_EDATA. */
int gm_template_parse(struct gm_template *, struct gm_span text,
    const struct gm_template_style *, struct gm_err *) GM_MUST_CHECK;

/* Has it a place for this member; NULL: for the record? */
bool gm_template_has(const struct gm_template *, const char *member);

/* Has it a place at all?  If not, it renders to the same text always. */
bool gm_template_varies(const struct gm_template *);

/*
 * Append the text with all places filled.  Strings are put in as they are,
 * numbers and booleans as JSON, objects and arrays as JSON without white space,
 * and nothing for null.  Of members that occur twice the last one counts.
 * Returns 0, or -1: GM_EDATA (no such member, which is named; no record; too
 * long), GM_EOS.
 */
int gm_template_render(const struct gm_template *,
    const struct gm_template_values *, struct gm_buf *out,
    struct gm_err *) GM_MUST_CHECK;

void gm_template_release(struct gm_template *);

#endif
