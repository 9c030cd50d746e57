#ifndef GM_CONFIG_KEYRING_H
#define GM_CONFIG_KEYRING_H

/*
 * The keys of a service, in the order of their priority.
 *
 * Text form: keys separated by commas or newlines, with blanks around them,
 * each after an optional "label:"; keys of one label share a quota project.  A
 * label is printable ASCII; as labels are shown, nothing in it may look like a
 * key.  An empty label is none.  A key is printable ASCII without blanks,
 * quotes, backslashes, ';' and '|'.  Text pasted with a key ("Bearer ", NAME=,
 * a byte order mark) is an error.  Keys are wiped on release.  No I/O.
 */

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/span.h"

/* Bytes allowed in a key, and in a label. */
#define GM_KEY_MAX 4096 /* a JSON Web Token */
#define GM_LABEL_MAX 64

struct gm_key {
	struct gm_span text; /* in the ring's memory */
	/* The quota project that the user gave, "label:work"; "": none. */
	char project[sizeof("label:") + GM_LABEL_MAX];
};

struct gm_keyring {
	struct gm_buf memory;
	struct gm_key *keys;
	size_t len;
	size_t doubles; /* number of duplicates, which are ignored */
};

/*
 * Fill the ring, and add each key to *secrets.  Empty items and duplicates are
 * skipped; a text without keys gives an empty ring.  Returns 0, or -1:
 * GM_ECONFIG with the position of the bad key, from 0, and never its text;
 * GM_EOS.
 */
int gm_keyring_parse(struct gm_keyring *, struct gm_span text,
    struct gm_secrets *, struct gm_err *) GM_MUST_CHECK;

/* Add an empty key to an empty ring, for a server that needs none. */
int gm_keyring_empty(struct gm_keyring *, struct gm_err *) GM_MUST_CHECK;

void gm_keyring_release(struct gm_keyring *);

#endif
