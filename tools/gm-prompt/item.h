#ifndef GM_PROMPT_ITEM_H
#define GM_PROMPT_ITEM_H

/*
 * A record of a batch as a request.
 *
 * A plain record (a line, or what ends in a NUL) is a text: a prompt, or what
 * the template of the prompt or of a file's name makes of it.  A JSON record is
 * an object:
 *
 *	prompt			string
 *	contents		array of turns, each an object: role "user" (the
 *				default) or "model", and parts, an array of
 *				objects with text and perhaps thoughtSignature
 *	id, custom_id		string or number; id counts if both are there
 *	system, model		string
 *	files			array of names of text files
 *	temperature, top_p, top_k, max_tokens, seed
 *				number, in the range of the option
 *	stop			string, or array of 5 strings at most
 *	thinking, safety	as the option; thinking also as a number
 *
 * It has a prompt, or contents, or fills places of a template, or has files.
 * What it sets replaces the option's value.  null is the same as no member;
 * other members are for templates, and ignored if none names them.  A member
 * of this list that occurs twice is an error, as it is not known which is
 * meant.
 *
 * "{}" of a template is the record, or a JSON record's prompt.  If neither the
 * prompt nor a file's name has a place for it ("{prompt}" is one, too) the
 * record is added to the prompt after a blank line.  Contents go with files,
 * which are added to the last turn, if that is the user's, but not with a
 * prompt.
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

/* What all records of a run share; borrowed until gm_items_close(). */
struct gm_items_options {
	bool json;                /* records are JSON objects */
	const char *mark;         /* -I: place of the record; NULL: "{}" */
	struct gm_span prompt;    /* with places; blank: the record is it */
	const char *const *files; /* of -f, with places */
	size_t files_len;
	/*
	 * What records do not set: operation, models, system, parameters, as
	 * gm_services_fit() leaves it.  No turns.
	 */
	const struct gm_request *request;
	const struct gm_service *service; /* the first that is asked */
	bool extract; /* only the first fenced block of an answer is kept */
	const struct gm_note *note;
};

/* All zero is a valid, empty one. */
struct gm_items {
	struct gm_items_options options;
	/* private: */
	struct gm_template prompt;
	struct gm_template *files; /* of -f; those that do not vary: */
	struct gm_attach shared;   /* are read once */
	bool placed;               /* there is a place for the record */
	bool varies;               /* there is any place */
	char system[GM_HASH_HEX];  /* hash of the system instruction */
};

/*
 * Parse the templates, and read the files that are the same for all records.
 * Returns 0, or -1 as gm_attach_file(); GM_EUSAGE: a file is "-", as standard
 * input has the records.  To be closed in any case.
 */
int gm_items_open(struct gm_items *, const struct gm_items_options *,
    struct gm_err *) GM_MUST_CHECK;
void gm_items_close(struct gm_items *);

/* To be used for one record after another; it keeps its memory. */
struct gm_item {
	struct gm_request request; /* valid until the next record */
	/*
	 * Who is asked: those that support what the record asks for; in the
	 * item, or the options' if that are all.
	 */
	const struct gm_service *service;
	/* JSON, as it was given, but without lone surrogates; len 0: none. */
	struct gm_span id;
	char hash[GM_HASH_HEX]; /* of recordhash.h; "": it is not valid */
	/* private: */
	struct gm_json json;
	struct gm_params params;
	struct gm_turn turn;
	struct gm_buf texts, prompt, name, parts, turns, hashes, canon;
	struct gm_attach files;
	const char *stop[GM_PARAMS_STOPS];
	char numbers[5][72], thinking[72];
	struct gm_service services[GM_VENDORS];
	bool filled; /* there is something to be asked */
};

void gm_item_init(struct gm_item *);

/*
 * Make the request of a record, whose bytes are needed no longer; number, from
 * 1, is for notes.  Reads files, which may wait for the writer of a FIFO.
 * Returns 0, or -1.  The record is not valid, id is known if it could be read,
 * and the batch goes on: GM_EDATA (not as above, a binary or large file),
 * GM_ENOINPUT (a file cannot be read); the message is one clause, such as "bad
 * JSON: ..." or "top_p: not a number from 0 to 1".  The batch ends: GM_ESIGNAL, GM_EUNAVAILABLE (the
 * deadline), GM_EOS.
 */
int gm_item_make(struct gm_item *, const struct gm_items *, uint64_t number,
    struct gm_span record, struct gm_err *) GM_MUST_CHECK;

void gm_item_release(struct gm_item *);

#endif
