#ifndef GM_KEYS_STATE_H
#define GM_KEYS_STATE_H

/*
 * What all processes know of the keys: the table on disk.
 *
 * The directory holds "keys", the table's text, which is replaced whole or
 * rewritten in place in fixed width; "keys.lock", which whoever writes holds;
 * and "salt", so that a hash tells nothing about a key.
 *
 * Nothing here is fatal, unless the caller asks gm_keystate_check().  Where
 * there is no directory, or something odd in it, we go on with the table in
 * memory alone, and a note says so once.  So we do with a file that cannot be
 * read: it is not empty, and is never written by who does not know what it
 * holds.  A table that cannot be written is kept in memory, and merged over what
 * is read from then on, until it can.
 *
 *	lock, look and change, save or save_counters, unlock
 *
 * A child of fork(2) needs one of its own: the lock would be its parent's.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/note.h"
#include "base/span.h"
#include "keys/dir.h"
#include "keys/table.h"

/* Zero: no file, memory only. */
struct gm_keystate {
	const struct gm_note *note; /* borrowed; NULL: says nothing */
	struct gm_keydir dir;
	char salt[65];          /* hexadecimal digits; "" without any */
	int lock, file;         /* descriptors, -1: none; when dir is open */
	bool locked;            /* we hold the lock */
	bool whole;             /* and the table is what file holds */
	bool slow;              /* the lock did not come in time before */
	unsigned *told;         /* which notes were given, by whomever */
	unsigned own_told;      /* what it points to, if nobody shares it */
	bool strict;            /* no notes of what gm_keystate_check() says */
	bool stored;            /* the last save has reached the disk */
	struct gm_err why;      /* or why nothing does */
	struct gm_keytable own; /* what could not be written */
};

/*
 * Never fails.  dir (NULL: none) is made with its parents when absent, and so
 * is the salt, which is the same for all processes from then on.  told, 0 at
 * first and borrowed, is shared by all who open the same directory in a run, so
 * that each note is given once, by whoever meets the fault first; NULL: nobody
 * else does.
 */
void gm_keystate_open(struct gm_keystate *, const char *dir,
    const struct gm_note *, unsigned *told);

/* The id of a key: salted, the same in all processes. */
void gm_keystate_id(
    const struct gm_keystate *, struct gm_span key, char out[GM_HASH_HEX]);

/*
 * Fill the table with what the file holds now, settled; only to look at, as it
 * takes no lock, and not while it is held.  In memory only, and where the file
 * cannot be read, the table stays, settled.  Pointers to its rows are gone.
 */
void
gm_keystate_read(struct gm_keystate *, struct gm_keytable *, int64_t now_ms);

/*
 * The same, with the lock held until gm_keystate_unlock().  After 5 s in vain
 * this goes on without the lock, and what is saved stays in memory.  Returns 0,
 * or -1: GM_ESIGNAL or GM_EUNAVAILABLE (the deadline), and nothing is locked.
 */
int gm_keystate_lock(struct gm_keystate *, struct gm_keytable *, int64_t now_ms,
    struct gm_err *) GM_MUST_CHECK;

/*
 * While locked: write the table if it has changed, and only then; afterwards it
 * outlives a power cut.  Rows stay where they are.
 */
void gm_keystate_save(struct gm_keystate *, struct gm_keytable *);

/*
 * While locked: write the counters of a row of the table in place, which
 * outlives the process; all of it, as above, if the row is new or changed says
 * so.
 */
void gm_keystate_save_counters(
    struct gm_keystate *, struct gm_keytable *, const struct gm_keyrow *row);

/*
 * Was all that gm_keystate_save() was given last written?  Returns 0, or -1:
 * GM_ECANTCREAT with the reason, GM_EOS without memory or descriptors,
 * GM_ESIGNAL or GM_EUNAVAILABLE (the deadline) if that has kept us from it.
 */
int
gm_keystate_check(const struct gm_keystate *, struct gm_err *) GM_MUST_CHECK;

/* Harmless when nothing is locked. */
void gm_keystate_unlock(struct gm_keystate *);

void gm_keystate_close(struct gm_keystate *);

#endif
