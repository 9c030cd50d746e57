#ifndef GM_KEY_RIG_H
#define GM_KEY_RIG_H

/*
 * A ring of three keys, rules and an empty table, for the tests that include
 * this.
 */

#include <stdbool.h>
#include <string.h>

#include "keys/rules.h"

#define RIG_ORIGIN "https://api.example:443"
#define RIG_LIST "l"
#define RIG_KEYS \
	"fake-good-key-0001,fake-good-key-0002,work:" \
	"fake-good-key-0003"

struct rig {
	struct gm_secrets secrets;
	struct gm_keyring ring;
	char ids[3][GM_HASH_HEX];
	struct gm_keyrule rule;
	struct gm_keyfilter filter;
	struct gm_keytable table;
};

static inline bool
open_rig(struct rig *r)
{
	struct gm_err err;
	size_t i;

	*r = (struct rig){ .secrets = { 0 } };
	if (gm_keyring_parse(
		&r->ring, gm_span_of(RIG_KEYS), &r->secrets, &err) != 0)
		return false;
	for (i = 0; i < GM_LEN(r->ids); i++)
		memset(r->ids[i], "abc"[i], GM_HASH_HEX - 1);
	r->rule = (struct gm_keyrule){ .origin = RIG_ORIGIN,
		.ring = &r->ring,
		.ids = r->ids,
		.list = RIG_LIST };
	return true;
}

static inline void
close_rig(struct rig *r)
{
	gm_keytable_release(&r->table);
	gm_keyring_release(&r->ring);
	gm_secrets_release(&r->secrets);
}

#endif
