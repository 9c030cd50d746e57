#ifndef GM_CLI_ENCLOSE_H
#define GM_CLI_ENCLOSE_H

/*
 * Text of others within a prompt, in a form that it cannot end by itself:
 *
 *	<file name="notes.txt" id="1f825aa2">
 *	...
 *	</file id="1f825aa2">
 *
 * No I/O.
 */

#include "base/base.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/span.h"

/*
 * An id that is not in the content, in either case: the beginning of the
 * content's hash, 8 digits or as many more as that takes, so that the same
 * content makes the same request.
 */
void gm_enclose_id(char id[GM_HASH_HEX], struct gm_span content);

/*
 * Append a name for an attribute: '&', '<', '>' and '"' are escaped as in XML,
 * controls and separators of lines as in "&#10;", and ill-formed UTF-8 is
 * replaced.
 */
void gm_enclose_name(struct gm_buf *, struct gm_span name);

#endif
