#ifndef GM_PROVIDER_PYDICT_H
#define GM_PROVIDER_PYDICT_H

/*
 * From Python's notation for dicts and lists, which Python clients print into their
 * messages, to JSON: {'error': {'message': "It's bad", 'code': None}}.
 *
 * Source: https://docs.python.org/3/library/functions.html#repr, for what JSON
 * can hold.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/*
 * Append the dict or list at the start of the text as JSON; JSON stays unchanged,
 * and text after it is dropped.  Returns false if there is no dict or list, or if
 * it has no end.  Other text gives invalid JSON.
 */
bool gm_pydict_put(struct gm_buf *, struct gm_span text) GM_MUST_CHECK;

#endif
