#ifndef GM_PROMPT_TEMPLATE_H
#define GM_PROMPT_TEMPLATE_H

/*
 * A text with placeholders that each record of a batch fills in, parsed once.
 *
 * "{}" is the placeholder of the record.  If mark is set ("-I"), the mark is
 * the placeholder and "{}" is plain text.  If records are JSON objects,
 * "{NAME}" is the placeholder of a member: NAME begins with a letter, "_" or a
 * character beyond ASCII; these, digits, "-" and "." may follow.  Anything else
 * in braces is text.  Where both match, the mark wins over "{NAME}".
 *
 * Text that was filled in is not searched for placeholders.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "json/read.h"

/* Bytes allowed in a template, and in the rendered text. */
#define GM_TEMPLATE_MAX (128 * 1024 * 1024)

struct gm_template_style {
	const char *mark; /* placeholder of the record; NULL or "": "{}" */
	bool members;     /* "{NAME}" is a placeholder, too */
};

/* All zero is a valid, empty template.  Private. */
struct gm_template {
	struct gm_buf text;   /* a copy; names of members end with a NUL */
	struct gm_buf pieces; /* struct piece each */
};

/* The values of the placeholders; borrowed. */
struct gm_template_values {
	struct gm_span record;      /* p NULL: there is none */
	const struct gm_json *json; /* of the record */
	int object;                 /* its members; GM_JSON_NONE: none */
};

/* Replaces what was parsed before.  Returns 0, or -1: GM_EOS, GM_EDATA. */
int gm_template_parse(struct gm_template *, struct gm_span text,
    const struct gm_template_style *, struct gm_err *) GM_MUST_CHECK;

/* Return true if it has a placeholder for this member; NULL: the record. */
bool gm_template_has(const struct gm_template *, const char *member);

/* Return true if it has any placeholder, so that its text varies. */
bool gm_template_varies(const struct gm_template *);

/*
 * Append the text with all placeholders filled in.  Strings are copied, numbers
 * and booleans are written as JSON, objects and arrays as JSON without white
 * space, null as nothing.  Of members that occur twice, the last one counts.
 * Returns 0, or -1: GM_EDATA (a missing member, which is named; no record; too
 * long), GM_EOS.
 */
int gm_template_render(const struct gm_template *,
    const struct gm_template_values *, struct gm_buf *out,
    struct gm_err *) GM_MUST_CHECK;

void gm_template_release(struct gm_template *);

#endif
