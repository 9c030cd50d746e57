#ifndef GM_PROMPT_ITEM_H
#define GM_PROMPT_ITEM_H

/*
 * Turns a record of a batch into a request.
 *
 * A plain record (a line, or text that ends with NUL) is a prompt, or fills the
 * placeholders in the template of the prompt or of a file name.  A JSON record
 * is an object:
 *
 *	prompt			string
 *	contents		array of turns, each an object: role "user" (the
 *				default) or "model", and parts, an array of
 *				objects with text and perhaps thoughtSignature
 *	id, custom_id		string or number; id counts if both are given
 *	system, model		string
 *	files			array of names of text files
 *	temperature, top_p, top_k, max_tokens, seed
 *				number, in the range of the option
 *	stop			string, or array of 5 strings at most
 *	thinking, safety	as the option; thinking also as a number
 *
 * It must have a prompt, contents or files, or fill a placeholder.  Its members
 * override the options.  null means no member.  Other members are for
 * templates, and ignored if no template names them.  A member of this list that
 * occurs twice is an error, as either could be meant.
 *
 * In a template "{}" stands for the record, or for the prompt of a JSON record.
 * If neither the prompt nor a file name has a placeholder for it ("{prompt}" is
 * one, too), the record is appended to the prompt after a blank line.  Contents
 * cannot be combined with a prompt, but with files; these are added to the last
 * turn, which must be the user's.
 *
 * Parts, in order: the prompt, each file of "-f", each of the member files.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/note.h"
#include "base/span.h"
#include "call/service.h"
#include "cli/params.h"
#include "config/vendor.h"
#include "gm-prompt/attach.h"
#include "gm-prompt/template.h"
#include "provider/provider.h"
#include "json/read.h"

/* Bytes allowed in a record. */
#define GM_ITEM_MAX (16 * 1024 * 1024)

/* Shared by all records of a run; borrowed until gm_items_close(). */
struct gm_items_options {
	bool json;                /* records are JSON objects */
	const char *mark;         /* -I: placeholder; NULL: "{}" */
	struct gm_span prompt;    /* a template; blank: only the record */
	const char *const *files; /* of -f, templates of names */
	size_t files_len;
	/*
	 * Values that a record does not set: operation, models, system,
	 * parameters, as gm_services_fit() leaves them.  No turns.
	 */
	const struct gm_request *request;
	const struct gm_service *service; /* the first of the list */
	bool extract; /* only the first fenced block of an answer is kept */
	const struct gm_note *note;
};

/* All zero is valid and empty. */
struct gm_items {
	struct gm_items_options options;
	/* private: */
	struct gm_template prompt;
	struct gm_template *files; /* one for each -f */
	struct gm_attach shared;   /* files of -f without a placeholder */
	bool placed;               /* a template has the record's placeholder */
	bool varies;               /* a template has any placeholder */
	char system[GM_HASH_HEX];  /* hash of the system instruction */
};

/*
 * Parse the templates, and read the files that are the same for all records.
 * Returns 0, or -1 as gm_attach_file(); GM_EUSAGE: a file is "-", but standard
 * input holds the records.  To be closed in any case.
 */
int gm_items_open(struct gm_items *, const struct gm_items_options *,
    struct gm_err *) GM_MUST_CHECK;
void gm_items_close(struct gm_items *);

/* Serves one record after another, and keeps its memory for the next. */
struct gm_item {
	struct gm_request request; /* valid until the next record */
	/*
	 * The first of the services that support the record.  If all do, that
	 * is the list of the options, else the item's own.
	 */
	const struct gm_service *service;
	/* JSON as it was given, but without lone surrogates; len 0: none. */
	struct gm_span id;
	char hash[GM_HASH_HEX]; /* of recordhash.h; "": the record is invalid */
	/* private: */
	struct gm_json json;
	struct gm_params params;
	struct gm_turn turn;
	struct gm_buf texts, prompt, name, parts, turns, hashes, canon;
	struct gm_attach files;
	const char *stop[GM_PARAMS_STOPS];
	char numbers[5][72], thinking[72];
	struct gm_service services[GM_VENDORS];
	bool filled; /* the request has text, not only white space */
};

void gm_item_init(struct gm_item *);

/*
 * Make the request of a record.  Its bytes may change afterwards; number, from
 * 1, is for notes.  Returns 0, or -1:
 *
 *	GM_EDATA (bad record; binary or large file) or GM_ENOINPUT (unreadable
 *	file): the record is invalid, and the batch continues.  id is set if it
 *	could be read.  The message is one clause, such as "bad JSON: ..." or
 *	"top_p: not a number from 0 to 1".
 *
 *	GM_ESIGNAL, GM_EUNAVAILABLE (the deadline), GM_EOS: the batch ends.
 */
int gm_item_make(struct gm_item *, const struct gm_items *, uint64_t number,
    struct gm_span record, struct gm_err *) GM_MUST_CHECK;

void gm_item_release(struct gm_item *);

#endif
