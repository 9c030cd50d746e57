#ifndef GM_MODELS_VIEW_H
#define GM_MODELS_VIEW_H

/*
 * A list of models as text: names, a table, JSON.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "provider/models.h"

enum gm_modelview {
	GM_MODELVIEW_NAMES, /* a line each; of those that were probed, the
	                       ones that answer */
	GM_MODELVIEW_TABLE, /* aligned, under a header: for a terminal */
	GM_MODELVIEW_TABS,  /* the same columns, TAB-separated, no header */
	GM_MODELVIEW_JSON   /* an object a line */
};

/*
 * Append the list; probed: with what gm_catalog_probe() found.  What the
 * service did not say is "-" in a table and null in JSON.
 */
void gm_modelview_put(const struct gm_models *, enum gm_modelview, bool probed,
    struct gm_buf *out);

#endif
