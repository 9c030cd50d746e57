#ifndef GM_PROVIDER_ERRSENSE_H
#define GM_PROVIDER_ERRSENSE_H

/*
 * What the words of an error mean, whatever their order and wording: a subject
 * ("API key") and what is said of it ("is not valid") near each other in one
 * sentence, with a status that is documented for that meaning.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "fault.h"

/*
 * Append a message without the texts that it quotes, each of which becomes
 * "*": a prompt, a value or a name is not what the service says.  Without a
 * closing mark all that follows is quoted.  One word between backticks stays,
 * as it names a parameter.  A message that is JSON or looks so has no such
 * quotes, and stays as it is.
 */
void gm_errsense_unquote(struct gm_buf *, struct gm_span message);

/*
 * The message behind what clients and gateways put before it, as "Error code:
 * 400 - ", "litellm.BadRequestError: " or "Access denied. ".
 */
struct gm_span gm_errsense_strip(struct gm_span message);

/*
 * Is one of the patterns in the text, compared without case?  "|" separates
 * them; in one, '*' stands for any bytes: "context size|body*too large".  The
 * parts between have less than 80 bytes.
 */
bool gm_errsense_has(struct gm_span text, const char *patterns);

/*
 * The class of a message without its quotes.  http: the response's status.
 * precise: the status is known to speak of us, not of the request, so that any
 * place that is named is ours.  False if nothing is said that is known.
 *
 * With another status than 401 and 402 a class that is charged to a key or a
 * project has to be the main statement: it begins within the first words of
 * the first sentence, before any colon, is no condition, does not say "my",
 * and that sentence speaks of no other thing.
 */
bool gm_errsense_find(long http, bool precise, struct gm_span text,
    enum gm_class *) GM_MUST_CHECK;

/*
 * The status that the words of an error without one stand for; 0: none.
 * coded: the body has a code or a type.  Without it no words stand for a
 * status that is charged to a key or a project.
 */
long gm_errsense_status(bool coded, struct gm_span text);

#endif
