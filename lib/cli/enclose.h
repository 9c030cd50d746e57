#ifndef GM_CLI_ENCLOSE_H
#define GM_CLI_ENCLOSE_H

/*
 * Text of a file within a prompt, in marks that the text itself cannot end:
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
 * Make an id that the content does not have, in upper or lower case: 8 or more
 * digits of the content's hash, so that equal contents make equal requests.
 */
void gm_enclose_id(char id[GM_HASH_HEX], struct gm_span content);

/*
 * Append a name as the value of an attribute: '&', '<', '>' and '"' are escaped
 * as in XML, control characters and line separators like "&#10;"; ill-formed
 * UTF-8 is replaced.
 */
void gm_enclose_name(struct gm_buf *, struct gm_span name);

#endif
