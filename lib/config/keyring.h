#ifndef GM_CONFIG_KEYRING_H
#define GM_CONFIG_KEYRING_H

/*
 * The set of keys, in the order of their priority.
 *
 * Text form: keys separated by commas or newlines, blanks around them allowed,
 * each with an optional "label:" in front; keys of one label share a quota.  A
 * label is printable ASCII without blanks, and holds nothing that has the shape
 * of a key, as it is shown; an empty one is none.  A key is
 * printable ASCII without blanks, quotes, backslashes, ';' and '|'; what was
 * pasted with it ("Bearer ", NAME=, a byte order mark) is rejected.
 * Keys are wiped on release.  No I/O.
 */

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/span.h"

/* Bytes allowed in one key, and in a label. */
#define GM_KEY_MAX 4096 /* a JSON Web Token */
#define GM_LABEL_MAX 64

struct gm_key {
	struct gm_span text; /* in the ring's memory */
	/* The quota project by hand, "label:work"; "": none. */
	char project[sizeof("label:") + GM_LABEL_MAX];
};

struct gm_keyring {
	struct gm_buf memory;
	struct gm_key *keys;
	size_t len;
	size_t doubles; /* keys that were dropped, as they came again */
};

/*
 * Fill the ring, and add each key to *secrets.  Returns 0, or -1: GM_ECONFIG,
 * with the position of the bad key but never its text; GM_EOS.  Empty items
 * and doubles are skipped; a text without any key gives an empty ring.
 */
int gm_keyring_parse(struct gm_keyring *, struct gm_span text,
    struct gm_secrets *, struct gm_err *) GM_MUST_CHECK;

/* Into a ring without keys, for a server that needs none: an empty one. */
int gm_keyring_empty(struct gm_keyring *, struct gm_err *) GM_MUST_CHECK;

void gm_keyring_release(struct gm_keyring *);

#endif
