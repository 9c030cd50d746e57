#ifndef GM_MODELS_VIEW_H
#define GM_MODELS_VIEW_H

/*
 * A list of models as text: names, a table, JSON.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "provider/models.h"

enum gm_modelview_form {
	GM_MODELVIEW_NAMES, /* a name on each line; if probed, of those that
			     * answer */
	GM_MODELVIEW_TABLE, /* aligned, with a header: for a terminal */
	GM_MODELVIEW_TABS,  /* columns of the table, TAB-separated, no header */
	GM_MODELVIEW_JSON   /* an object on each line */
};

struct gm_modelview {
	enum gm_modelview_form form;
	bool probed;  /* with the results of gm_catalog_probe() */
	bool methods; /* tables have the column METHODS */
};

/*
 * Append the list.  What the service does not say is "-" in a table and null in
 * JSON.
 */
void gm_modelview_put(
    const struct gm_models *, const struct gm_modelview *, struct gm_buf *out);

#endif
