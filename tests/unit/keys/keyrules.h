#ifndef GM_KEYRULES_H
#define GM_KEYRULES_H

/*
 * Keys and a table of what is known of them, for the tests that include this:
 * begin() with the text of a ring, put() rows, end().
 */

#include <stdio.h>
#include <string.h>

#include "keys/rules.h"
#include "keys/table.h"

#define NOW INT64_C(1795341600000) /* 2026-11-22T10:00:00Z */
#define SEC INT64_C(1000)
#define MIN (60 * SEC)
#define HOUR (60 * MIN)
#define DAY (24 * HOUR)
#define MIDNIGHT (NOW + 22 * HOUR) /* in California */
#define TODAY (MIDNIGHT / DAY)
#define FOREVER GM_KEYROW_FOREVER

#define ORIGIN "https://api.example:443"
#define MODEL "gemini-x"
#define LIST "l"
#define CURRENT \
	"current" /* instead of an id: the current key's row of the list */
#define PAUSE "pause"
#define KEYS_MAX 4

static struct gm_keyring ring;
static struct gm_secrets secrets;
static struct gm_keytable table;
static char ids[KEYS_MAX][GM_HASH_HEX];
static struct gm_keyrule rule;
static struct gm_keyfilter filter;
static struct gm_err err;

/* ring_text: at most KEYS_MAX keys; their ids are "k0", "k1" and so on. */
static inline void
begin(const char *ring_text)
{
	size_t i;

	table = (struct gm_keytable){ .now_ms = NOW };
	assert_int_equal(
	    gm_keyring_parse(&ring, gm_span_of(ring_text), &secrets, &err), 0);
	assert_in_range(ring.len, 1, KEYS_MAX);
	for (i = 0; i < KEYS_MAX; i++)
		(void)snprintf(ids[i], sizeof(ids[i]), "k%zu", i);
	rule = (struct gm_keyrule){
		.origin = ORIGIN, .ring = &ring, .ids = ids, .list = LIST
	};
	filter = (struct gm_keyfilter){ .free = false };
}

static inline void
end(void)
{
	gm_keytable_release(&table);
	gm_keyring_release(&ring);
	gm_secrets_release(&secrets);
}

/* Make a query for a model at a time, with the current filter. */
#define AT(model_, now_) \
	(&(struct gm_keyquery){ .rule = &rule, \
	    .table = &table, \
	    .model = (model_), \
	    .filter = filter, \
	    .now_ms = (now_) })

/* Get the row with these names; it is made if absent. */
static inline struct gm_keyrow *
row(const char *id, const char *model)
{
	struct gm_keyrow *r;

	if (strcmp(id, CURRENT) == 0)
		r = gm_keytable_get(
		    &table, GM_KEYROW_CURRENT, ORIGIN, rule.list, model, &err);
	else if (strcmp(id, PAUSE) == 0)
		r = gm_keytable_get(
		    &table, GM_KEYROW_SERVICE, ORIGIN, rule.list, model, &err);
	else
		r = gm_keytable_get(
		    &table, GM_KEYROW_OWNER, ORIGIN, id, model, &err);
	assert_non_null(r);
	return r;
}

static inline void
put(const char *id, const char *model, enum gm_class class, int64_t since,
    int64_t until)
{
	struct gm_keyrow *r = row(id, model);

	r->class = class;
	r->since_ms = since;
	r->until_ms = until;
	r->failures = 1;
	(void)snprintf(r->reason, sizeof(r->reason), "because");
}

#endif
