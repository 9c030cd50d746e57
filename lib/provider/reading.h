#ifndef GM_PROVIDER_READING_H
#define GM_PROVIDER_READING_H

/*
 * A document of a response on its way into an answer: what the readers of all
 * services have in common.  Once something has failed nothing more happens, so
 * that a reader looks at rc only at its end.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "provider/provider.h"
#include "json/read.h"

/* All but the buffer is borrowed. */
struct gm_reading {
	const struct gm_json *json;
	struct gm_answer *answer;
	const struct gm_sink *sink;
	struct gm_buf text; /* one string at a time; of the reader otherwise */
	struct gm_buf signature; /* of this part, until it was given */
	struct gm_err *err;
	int rc; /* -1 once something has failed, with *err */
};

void gm_reading_init(struct gm_reading *, const struct gm_json *,
    struct gm_answer *, const struct gm_sink *, struct gm_err *);

/* A place below a place, as gm_json_at() finds it. */
int gm_reading_at(const struct gm_reading *, int at, const char *path);

/* Decode a string into text; false if it is none, or empty. */
bool gm_reading_decode(struct gm_reading *, int at);

/* Copy a string that names something, as gm_jsonline() does. */
void gm_reading_line(struct gm_reading *, int at, char *out, size_t size);

/* Give text, or a thought, to the sink, unless it is empty. */
void gm_reading_give(struct gm_reading *, struct gm_span, bool thought);

/*
 * Give a string of the answer, or of a thought, to the sink; nothing if it is
 * no string. Thoughts inside the text are told apart by the answer's think,
 * and a surrogate pair that two strings share is joined.
 */
void gm_reading_text(struct gm_reading *, int at, bool thought);

/*
 * Give a part that is no text to the sink: the value at a place, listed under
 * the name of a member (a string in the JSON) or, without one, of its type.
 * Type and size are found in the value: base64 under "data", a data URL under
 * "url", a name under "mimeType", "mime_type" or "format".
 */
void gm_reading_other(struct gm_reading *, int value, const char *type);
void gm_reading_member(struct gm_reading *, int value);

/*
 * Keep a part's signature, a string at a place, for the first of what is given
 * next that is no text; give it by itself if there was none.
 */
void gm_reading_sign(struct gm_reading *, int at);
void gm_reading_end_part(struct gm_reading *, bool thought);

/* The server sends thoughts apart: do not hold text that may be one. */
int gm_reading_separated(struct gm_reading *) GM_MUST_CHECK;

/* The answer has ended, or is whole: give what was held. Harmless if repeated. */
int gm_reading_close(
    struct gm_answer *, const struct gm_sink *, struct gm_err *) GM_MUST_CHECK;

/*
 * Counts of tokens, by the paths of the prompt's, the cached, the answer's, the
 * thoughts' and all; what is not said stays as it was.
 */
void gm_reading_usage(struct gm_reading *, int at, const char *const paths[5]);

/* What a word for the end of an answer means; a table ends in NULL. */
struct gm_reading_finish {
	const char *reason;
	enum gm_finish finish;
};

/*
 * Copy the reason and judge it by the table, with any_case in capitals or small
 * letters (chat services differ, Google's enum is exact): other words mean
 * GM_FINISH_OTHER.  What is no string, empty or a word for the lack of a reason
 * ("FINISH_REASON_UNSPECIFIED", "null") changes nothing.
 */
void gm_reading_finish(struct gm_reading *, int at,
    const struct gm_reading_finish *, bool any_case);

void gm_reading_release(struct gm_reading *);

#endif
