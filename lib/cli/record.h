#ifndef GM_CLI_RECORD_H
#define GM_CLI_RECORD_H

/*
 * The result of a request as one JSON object, the form of --json.  Keys are
 * masked in all texts of a server, except in the answer.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/span.h"
#include "call/result.h"
#include "provider/provider.h"

struct gm_record {
	const struct gm_result *result;   /* NULL: nothing was sent */
	const struct gm_request *request; /* NULL: not known yet */
	const char *provider;             /* if nothing was sent */
	const struct gm_err *err;         /* NULL: success */
	struct gm_span text;
	const struct gm_secrets *secrets;
	/* Of a batch: */
	int64_t number;    /* of the record, from 1; 0: it is not of a batch */
	struct gm_span id; /* the record's own, as JSON; len 0: it has none */
	const char *hash;  /* of all that shapes the answer; NULL: none yet */
};

/* Append the object and a newline. */
void gm_record_write(const struct gm_record *, struct gm_buf *out);

#endif
