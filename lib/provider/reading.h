#ifndef GM_PROVIDER_READING_H
#define GM_PROVIDER_READING_H

/*
 * Functions that the readers of all services share: from a JSON document of a
 * response to an answer.  After a failure the functions do nothing, so a reader
 * checks rc only at its end.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "provider/provider.h"
#include "json/read.h"

/* Borrowed, except the buffers. */
struct gm_reading {
	const struct gm_json *json;
	struct gm_answer *answer;
	const struct gm_sink *sink;
	struct gm_buf text;      /* the string that was decoded last */
	struct gm_buf signature; /* of this part, until it is given */
	struct gm_err *err;
	int rc; /* -1 once something has failed, with *err */
};

void gm_reading_init(struct gm_reading *, const struct gm_json *,
    struct gm_answer *, const struct gm_sink *, struct gm_err *);

/* Find a value below another, as gm_json_at() does. */
int gm_reading_at(const struct gm_reading *, int at, const char *path);

/* Decode a string into text; false if it is not a string, or empty. */
bool gm_reading_decode(struct gm_reading *, int at);

/* Copy a string that names something, as gm_jsonline() does. */
void gm_reading_line(struct gm_reading *, int at, char *out, size_t size);

/* Give text, or a thought, to the sink, unless it is empty. */
void gm_reading_give(struct gm_reading *, struct gm_span, bool thought);

/*
 * Give a string of the answer, or of a thought, to the sink; nothing if it is not
 * a string.  answer->think separates thoughts inside the text.  A surrogate pair
 * that is split between two strings is joined.
 */
void gm_reading_text(struct gm_reading *, int at, bool thought);

/*
 * Give a part that is not text to the sink.  gm_reading_other() lists it under the
 * given type (NULL: its JSON type), gm_reading_member() under the name of its
 * member.  MIME type and size are taken from the value: base64 in "data", a data
 * URL in "url", the MIME type in "mimeType", "mime_type" or "format".
 */
void gm_reading_other(struct gm_reading *, int value, const char *type);
void gm_reading_member(struct gm_reading *, int value);

/*
 * gm_reading_sign() keeps the thought signature of a part, which goes with the
 * next part that is not text; gm_reading_end_part() gives it alone if none came.
 */
void gm_reading_sign(struct gm_reading *, int at);
void gm_reading_end_part(struct gm_reading *, bool thought);

/* Stop holding text that may be a thought: the server sends them separately. */
int gm_reading_separated(struct gm_reading *) GM_MUST_CHECK;

/* End the answer: give the text that was held.  Harmless if repeated. */
int gm_reading_close(
    struct gm_answer *, const struct gm_sink *, struct gm_err *) GM_MUST_CHECK;

/*
 * Read token counts by their paths: prompt, cached, output, thoughts, total.  A
 * missing count leaves the old value.
 */
void gm_reading_usage(struct gm_reading *, int at, const char *const paths[5]);

/* A finish reason and its meaning; NULL ends a table. */
struct gm_reading_finish {
	const char *reason;
	enum gm_finish finish;
};

/*
 * Copy the finish reason and look it up in the table, without case if any_case is
 * set (chat services differ, Google's enum is exact).  Unknown reasons mean
 * GM_FINISH_OTHER.  A value that is not a string, is empty or means "no reason"
 * ("FINISH_REASON_UNSPECIFIED", "null") changes nothing.
 */
void gm_reading_finish(struct gm_reading *, int at,
    const struct gm_reading_finish *, bool any_case);

void gm_reading_release(struct gm_reading *);

#endif
