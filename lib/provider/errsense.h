#ifndef GM_PROVIDER_ERRSENSE_H
#define GM_PROVIDER_ERRSENSE_H

/*
 * The meaning of an error's message in free wording: a subject ("API key") and a
 * predicate ("not valid") near each other in one sentence, with a status that is
 * documented for that meaning.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "fault.h"

/*
 * Append a message with each quoted text replaced by "*": a prompt, a value or a
 * name may say anything.  A quotation without a closing mark goes to the end.  One
 * word between backticks stays, as it names a parameter.  A message that looks
 * like JSON stays as it is.
 */
void gm_errsense_unquote(struct gm_buf *, struct gm_span message);

/*
 * The message without the prefixes of clients and gateways, such as "Error code:
 * 400 - ", "litellm.BadRequestError: " or "Access denied. ".
 */
struct gm_span gm_errsense_strip(struct gm_span message);

/*
 * Return true if the text has one of the patterns, compared without case.  "|"
 * separates patterns, '*' matches any bytes: "context size|body*too large".  Each
 * part between these must be shorter than 80 bytes.
 */
bool gm_errsense_has(struct gm_span text, const char *patterns);

/*
 * Find the class of a message from gm_errsense_unquote().  http: the status.
 * precise: the status is about the client, not the request, so that any region
 * in the message is ours.  Returns false if no meaning is found.
 *
 * With a status other than 401 and 402, a class that is charged to a key or a
 * project must be the main statement: within the first words of the first
 * sentence, before any colon, without "if" or "my", and about nothing else.
 */
bool gm_errsense_find(long http, bool precise, struct gm_span text,
    enum gm_class *) GM_MUST_CHECK;

/*
 * Find a status for the message of an error that has none; 0 if there is none.
 * coded: the body has a code or a type; without one no message gives a status
 * that is charged to a key or a project.
 */
long gm_errsense_status(bool coded, struct gm_span text);

#endif
