#ifndef GM_PROVIDER_PYDICT_H
#define GM_PROVIDER_PYDICT_H

/*
 * A dict or list in Python's notation, as clients in that language print it
 * into their messages: {'error': {'message': "It's bad", 'code': None}}.
 *
 * Source: https://docs.python.org/3/library/functions.html#repr, for what JSON
 * can hold.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/*
 * Append the value with which the text begins, as JSON; what is JSON stays so,
 * and what follows the value is left out.  False if it begins with none or if
 * the value has no end.  What is neither notation gives what is no JSON.
 */
bool gm_pydict_put(struct gm_buf *, struct gm_span text) GM_MUST_CHECK;

#endif
