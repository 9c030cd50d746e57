#ifndef GM_PROMPT_RECORDHASH_H
#define GM_PROMPT_RECORDHASH_H

/*
 * What a record of a batch is known by in the file of its answers: a hash of
 * its bytes and of all that shapes its answer, the same in each run.
 *
 * That is: operation, names and models of the services in their order, system
 * instruction, turns, names and contents of files, parameters, stop texts,
 * safety, search, URL context, thoughts, whether only a block is kept of it.
 * Not: keys, base URLs, the number of
 * the record, how requests are sent and answers written.  No I/O.
 *
 * The hash stands in files that users keep.  Whoever changes what it is made of
 * changes the version in recordhash.c, and every record is asked anew.
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
	const struct gm_service *service; /* the first that is asked */
	const char *system; /* gm_hash_hex() of the system instruction */
	/*
	 * The files, which are the last parts of the last turn: a hash of each
	 * one's name and content, one behind the other.
	 */
	struct gm_span files;
	bool extract; /* the first fenced block is the result */
};

/*
 * Fill out; room, which has its maximum, is used again.  Returns 0, or -1:
 * GM_EOS, GM_EDATA.
 */
int gm_recordhash_make(char out[GM_HASH_HEX], const struct gm_recordhash *,
    struct gm_buf *room, struct gm_err *) GM_MUST_CHECK;

#endif
