#ifndef GM_PROMPT_RECORDHASH_H
#define GM_PROMPT_RECORDHASH_H

/*
 * The hash by which --resume recognises a record: of its bytes and of all that
 * shapes its answer.  It is the same in each run.
 *
 * Hashed are: operation, names and models of the services in their order,
 * system instruction, turns, names and contents of files, parameters, stop
 * sequences, safety, search, URL context, thoughts, and --extract.  Not hashed
 * are: keys, base URLs, the number of the record, and options that only change
 * how requests are sent and answers are written.  No I/O.
 *
 * The hash is in files that users keep.  If you change what is hashed, change
 * the version in recordhash.c; every record is then sent again.
 */

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/span.h"
#include "call/service.h"
#include "provider/provider.h"

/* All is borrowed. */
struct gm_recordhash {
	struct gm_span record;
	const struct gm_request *request;
	const struct gm_service *service; /* the first of the list */
	const char *system; /* gm_hash_hex() of the system instruction */
	/*
	 * The concatenated gm_attach_hash() of all files, which are the last
	 * parts of the last turn.
	 */
	struct gm_span files;
	bool extract; /* the first fenced block is the result */
};

/*
 * Fill out.  room is an initialised buffer that is overwritten; it is passed in
 * so that its memory serves all records.  Returns 0, or -1: GM_EOS, GM_EDATA.
 */
int gm_recordhash_make(char out[GM_HASH_HEX], const struct gm_recordhash *,
    struct gm_buf *room, struct gm_err *) GM_MUST_CHECK;

#endif
