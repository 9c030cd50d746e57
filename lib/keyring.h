#ifndef GM_KEYRING_H
#define GM_KEYRING_H

/*
 * The set of keys, in the order of their priority.
 *
 * Text form: keys separated by commas or newlines, blanks around them allowed,
 * each with an optional "label:" in front; keys of one label share a quota.
 * Keys are wiped on release.  No I/O.
 */

#include "base.h"
#include "buf.h"
#include "err.h"
#include "secret.h"
#include "span.h"

/* Bytes allowed in one key. */
#define GM_KEY_MAX 512

struct gm_key {
	struct gm_span text;  /* in the ring's memory */
	struct gm_span label; /* the quota project by hand; may be empty */
};

struct gm_keyring {
	struct gm_buf memory;
	struct gm_key *keys;
	size_t len;
};

/*
 * Fill the ring, and add each key to *secrets.  Returns 0, or -1: GM_ECONFIG,
 * with the position of the bad key but never its text; GM_EOS.  Empty items
 * are skipped; a text without any key gives an empty ring.
 */
int gm_keyring_parse(struct gm_keyring *, struct gm_span text,
    struct gm_secrets *, struct gm_err *) GM_MUST_CHECK;

void gm_keyring_release(struct gm_keyring *);

#endif
