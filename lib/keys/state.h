#ifndef GM_KEYS_STATE_H
#define GM_KEYS_STATE_H

/*
 * What all processes know of the keys: the table on disk, and the one handle on
 * it that a process has, however many services, keys and calls there are.
 *
 * The directory holds "keys", the table's text, which is replaced whole, or
 * written in place in fixed width, or added to at its end; "keys.lock", which is
 * locked by whoever writes; and "salt", so that a hash reveals no key.
 *
 * The table is parsed again only after the file was replaced or became longer;
 * counters that others have written are read row by row, by
 * gm_keytable_fetch().
 *
 * Nothing here is fatal, unless the caller asks gm_keystate_check().  Without a
 * directory, or with something odd in it, the table is kept in memory only, and
 * one note says so.  A file that cannot be read is not empty, so it is never
 * written.  A table that cannot be written is kept in memory, and merged over
 * what is read from then on, until it can.
 *
 *	lock, look and change, save_counters, unlock
 *
 * waits; an event loop, which must not, calls instead
 *
 *	enter, look and change, leave, and finish until it is done
 *
 * where changes of several calls, made while the lock is held, are written and
 * synced at once.  A child of fork(2) needs a handle of its own: the lock would
 * be its parent's.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/note.h"
#include "base/span.h"
#include "base/sync.h"
#include "keys/dir.h"
#include "keys/table.h"

enum gm_keystate_phase {
	GM_KEYSTATE_IDLE,
	GM_KEYSTATE_OPEN,     /* locked; changes may be made */
	GM_KEYSTATE_SYNC,     /* locked; the file aside is being synced */
	GM_KEYSTATE_PUBLISHED /* locked; the directory is being synced */
};

/* A wait for the lock; all zero before the first try. */
struct gm_keywait {
	int64_t begun_ms; /* monotonic clock; 0: not yet */
	int64_t alive_ms; /* when a change of a file was seen last */
	struct gm_keystamp stamp, aside; /* of the files at alive_ms */
	int64_t nap_us;     /* how long to wait before the next try */
	int64_t longest_us; /* private */
};

/* Zero: no file, memory only. */
struct gm_keystate {
	struct gm_keytable table; /* as of the last look */

	/* private */
	const struct gm_note *note; /* borrowed; NULL: says nothing */
	struct gm_keydir dir;
	char salt[GM_KEYDIR_SALT]; /* "": there is none */
	int lock, file;            /* descriptors, -1: none; when dir is open */
	off_t size;                /* of file, as it was parsed */
	int64_t now_ms;            /* of the last look */
	bool writable;             /* file is open for writing */
	bool known;  /* the table is what file holds, but counters */
	bool locked; /* we hold the lock */
	bool slow;   /* the last wait for the lock was in vain */
	int64_t took_ms, rest_ms; /* see unlock() */
	bool waited;              /* for the lock that we hold or held last */
	int64_t patience_us;      /* left for brief waits */
	bool strict;              /* gm_keystate_check() is asked */
	bool told, told_bad, told_full; /* each note is given once */
	bool stored;                    /* the last save has reached the disk */
	struct gm_err why;              /* or why nothing does */
	struct gm_keytable own;         /* what could not be written */
	enum gm_keystate_phase phase;
	uint64_t batch;   /* of changes that are written at once, from 1 */
	uint64_t dropped; /* the last batch that was, 0: none */
	int aside;        /* descriptor, in GM_KEYSTATE_SYNC */
	struct gm_sync sync;
	bool syncs; /* it was started */
};

/*
 * Never fails.  dir is made with its parents if absent, and so is the salt, which
 * is the same for all processes from then on.  "": there is none, which gives a
 * note; NULL: none is wanted.  strict: no note if nothing can be stored, as the
 * caller asks gm_keystate_check().  The handle must stay where it is.
 */
void gm_keystate_open(
    struct gm_keystate *, const char *dir, const struct gm_note *, bool strict);

/* The id of a key: salted, the same in all processes. */
void gm_keystate_id(
    const struct gm_keystate *, struct gm_span key, char out[GM_HASH_HEX]);

/*
 * Bring the table up to date, settled, to look only: takes no lock.  In memory
 * only, or if the file cannot be read, the table stays as it is.  Pointers to its
 * rows are invalid afterwards.
 */
void gm_keystate_look(struct gm_keystate *, int64_t now_ms);

/*
 * Lock until gm_keystate_unlock(), and look.  Goes on without the lock, and keeps
 * in memory what is saved, as gm_keystate_enter() says.  Returns 0, or -1:
 * GM_ESIGNAL or GM_EUNAVAILABLE (the deadline), and nothing is locked.
 *
 * briefly, at the end of a call: waits also if the stage is GM_STOP_NOW, but all
 * these waits of a process last 200 ms together, after which the lock is tried
 * once each; -1 with GM_EUNAVAILABLE also if others hold it.
 */
int gm_keystate_lock(struct gm_keystate *, bool briefly, int64_t now_ms,
    struct gm_err *) GM_MUST_CHECK;

/*
 * While locked: write the counters of a row in place, or a new row at the end, so
 * that they outlive the process.  Does nothing if the table has changed, as that
 * is written whole at the end.
 */
void gm_keystate_save_counters(struct gm_keystate *, struct gm_keyrow *);

/*
 * Was everything written that was changed before the last unlock?  Returns 0, or
 * -1: GM_ECANTCREAT with the reason, GM_EOS without memory or descriptors,
 * GM_ESIGNAL or GM_EUNAVAILABLE (the deadline) if one of these prevented it.
 */
int
gm_keystate_check(const struct gm_keystate *, struct gm_err *) GM_MUST_CHECK;

/*
 * Write the table if it has changed, so that it outlives a power cut, and unlock.
 * Harmless if nothing is locked.  Pointers to rows are invalid afterwards.
 */
void gm_keystate_unlock(struct gm_keystate *);

/*
 * Lock and look as gm_keystate_lock() does, without waiting.  Returns 1; 0:
 * others hold the lock, or what was changed before is being written, so try
 * again after nap_us with the same wait; -1: as gm_keystate_lock().
 *
 * Naps are random, and shorter after a longer wait; a process that had to wait
 * leaves the lock to others for as long as it held it, so the lock goes around.
 * A process that is stopped while it waits blocks nobody.
 *
 * Gives up if neither the file nor the one that is being written aside has
 * changed for 10 s, as the process with the lock hangs, or after 30 s; the next
 * wait is ten times shorter then.  This returns 1 then, with a note, and what is
 * saved stays in memory.
 */
int gm_keystate_enter(struct gm_keystate *, struct gm_keywait *, int64_t now_ms,
    struct gm_err *) GM_MUST_CHECK;

/*
 * The changes are made.  Returns 0 if they need no more, or the number of the
 * batch in which they will be written.
 */
uint64_t gm_keystate_leave(struct gm_keystate *);

/*
 * Is the batch written, and the lock free?  If not, go on with it, without
 * waiting or syncing on this thread, unless there can be no other one.
 */
bool gm_keystate_finish(struct gm_keystate *, uint64_t batch);

/* Readable when gm_keystate_finish() has something to do; -1: wait for none. */
int gm_keystate_fd(const struct gm_keystate *);

/*
 * End a batch, as the run is to end: finish it if the disk needs no more than
 * 50 ms, else leave the file as it was before.  Returns false if the batch was
 * dropped like this, now or earlier.
 */
bool gm_keystate_abandon(struct gm_keystate *, uint64_t batch) GM_MUST_CHECK;

/* Writes what is under way first. */
void gm_keystate_close(struct gm_keystate *);

#endif
