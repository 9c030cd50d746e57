#ifndef GM_KEYS_STATE_H
#define GM_KEYS_STATE_H

/*
 * The key state: the table that all processes share, on disk, and the one
 * handle on it that a process has for all its services and calls.
 *
 * The directory has three files:
 *
 *	keys       the table's text
 *	keys.lock  locked by the process that writes; never renamed
 *	salt       hashed with each key, so that a hash does not reveal a key
 *
 * Marks change "keys" as a whole: it is written aside, synced and renamed, so
 * that a kill or a power cut leaves the old file or the new one.  Counters are
 * written in place, and a new row at the end, without a sync: a power cut may
 * lose them.  So the table is parsed again only if the file was replaced or has
 * grown; counters of other processes are read row by row (gm_keytable_fetch()).
 *
 * Nothing here is fatal, unless the caller uses gm_keystate_check().  Without a
 * usable directory the table is in memory only, with one note.  A file that
 * cannot be read is not taken for empty, and is never overwritten.  A table
 * that cannot be written stays in memory, and is merged with every later read
 * until a write succeeds.
 *
 * There are two ways to change the table.  This one waits for the lock:
 *
 *	lock; change the table, save_counters; unlock
 *
 * and this one never waits, for an event loop:
 *
 *	enter; change the table, save_counters; leave;
 *	finish, again and again until it returns true
 *
 * Between enter and finish other calls of the process may enter, too: their
 * changes are one batch, which is written and synced once.
 *
 * A child of fork(2) must open its own handle, as it shares the lock with its
 * parent.
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
	GM_KEYSTATE_OPEN,     /* locked; the table may be changed */
	GM_KEYSTATE_SYNC,     /* locked; "keys.new" is being synced */
	GM_KEYSTATE_PUBLISHED /* locked; renamed; syncing the directory */
};

/* State of a wait for the lock; all zero before the first try. */
struct gm_keywait {
	int64_t begun_ms;   /* monotonic clock; 0: not begun */
	int64_t changed_ms; /* when a change of a file was last seen */
	struct gm_keystamp stamp, aside; /* of the files at changed_ms */
	int64_t nap_us;                  /* delay before the next try */
	int64_t longest_us;              /* private */
};

/* All zero: a table in memory only. */
struct gm_keystate {
	struct gm_keytable table; /* as last read */

	/* private */
	const struct gm_note *note; /* borrowed; NULL: print no notes */
	struct gm_keydir dir;
	char salt[GM_KEYDIR_SALT]; /* "": there is none */
	int lock, file;            /* descriptors, -1: none; if dir is open */
	off_t size;                /* of file when it was parsed */
	int64_t now_ms;            /* of the last look */
	bool writable;             /* file is open for writing */
	bool loaded;    /* the table equals file, apart from counters */
	bool locked;    /* we hold the lock */
	bool timed_out; /* the last wait for the lock timed out */
	int64_t locked_ms, yield_until_ms; /* see unlock() */
	bool waited;           /* for the lock that we hold or last held */
	int64_t brief_left_us; /* left of BRIEF_US */
	bool strict;           /* the caller uses gm_keystate_check() */
	bool noted, noted_bad, noted_full; /* these notes were printed */
	bool stored;                       /* the last save is on the disk */
	struct gm_err why;                 /* reason if it is not */
	struct gm_keytable unsaved;        /* rows that could not be written */
	enum gm_keystate_phase phase;
	uint64_t batch;   /* number of the current batch, from 1 */
	uint64_t dropped; /* last batch that was dropped, 0: none */
	int aside;        /* descriptor, in GM_KEYSTATE_SYNC */
	struct gm_sync sync;
	bool syncs; /* the thread of sync is running */
};

/*
 * Open the state, which never fails.  dir and its salt are created if absent.
 * dir "": there is no directory, which prints a note; NULL: none is wanted.
 * strict: print no note if nothing can be stored, as the caller uses
 * gm_keystate_check().  The handle must not be moved afterwards.
 */
void gm_keystate_open(
    struct gm_keystate *, const char *dir, const struct gm_note *, bool strict);

/* Make the id of a key: its salted hash, the same in all processes. */
void gm_keystate_id(
    const struct gm_keystate *, struct gm_span key, char out[GM_HASH_HEX]);

/*
 * Read the table again if it has changed, without the lock: do not change it
 * afterwards.  If the file cannot be read the table stays as it is.
 * Invalidates pointers to rows.
 */
void gm_keystate_look(struct gm_keystate *, int64_t now_ms);

/*
 * Lock until gm_keystate_unlock(), and read the table.  If the wait times out,
 * see gm_keystate_enter(), this succeeds without the lock, and changes stay in
 * memory.  Returns 0, or -1: GM_ESIGNAL or GM_EUNAVAILABLE (the deadline), and
 * nothing is locked.
 *
 * briefly: for the end of a call, when the process is about to end.  Waits even
 * if the stage is GM_STOP_NOW, but at most 200 ms in all such waits of the
 * process; after that the lock is tried once.  Returns -1 with GM_EUNAVAILABLE
 * if others hold it.
 */
int gm_keystate_lock(struct gm_keystate *, bool briefly, int64_t now_ms,
    struct gm_err *) GM_MUST_CHECK;

/*
 * While locked: write the counters of a row in place, or a new row at the end,
 * so that they outlive the process.  Does nothing if marks have changed, too,
 * as the whole table is written at the end then.
 */
void gm_keystate_save_counters(struct gm_keystate *, struct gm_keyrow *);

/*
 * Return 0 if all changes before the last unlock were written, else -1:
 * GM_ECANTCREAT with the reason, GM_EOS without memory or descriptors,
 * GM_ESIGNAL or GM_EUNAVAILABLE (the deadline).
 */
int
gm_keystate_check(const struct gm_keystate *, struct gm_err *) GM_MUST_CHECK;

/*
 * Write and sync the table if it has changed, and unlock.  Harmless if nothing
 * is locked.  Invalidates pointers to rows.
 */
void gm_keystate_unlock(struct gm_keystate *);

/*
 * Try once to do what gm_keystate_lock() does.  Returns 1; 0: another process
 * has the lock, or the batch before is being written: call again after nap_us,
 * with the same wait; -1: as gm_keystate_lock().
 *
 * The lock is fair without a queue: naps are random and become shorter as a
 * wait goes on, and a process that had to wait leaves the lock free afterwards
 * for as long as it had it.  A process that is stopped while it waits blocks
 * nobody.
 *
 * A wait times out if neither "keys" nor "keys.new" has changed for 10 s, as
 * the process with the lock hangs then, or after 30 s; the next waits are ten
 * times shorter.  After a timeout this returns 1, with a note, and changes stay
 * in memory.
 */
int gm_keystate_enter(struct gm_keystate *, struct gm_keywait *, int64_t now_ms,
    struct gm_err *) GM_MUST_CHECK;

/*
 * End the changes of a call.  Returns 0 if all is written and unlocked, or the
 * number of the batch that has to be finished.
 */
uint64_t gm_keystate_leave(struct gm_keystate *);

/*
 * Go on with writing a batch.  Returns true if it is written and unlocked.
 * Never waits or syncs on this thread, unless no other thread can be started.
 */
bool gm_keystate_finish(struct gm_keystate *, uint64_t batch);

/* Descriptor that is readable when gm_keystate_finish() can go on; -1: none. */
int gm_keystate_fd(const struct gm_keystate *);

/*
 * End a batch because the process is about to end: finish it if the disk needs
 * at most 50 ms, else drop it and leave the file as it was.  Returns false if
 * the batch was dropped, now or before.
 */
bool gm_keystate_abandon(struct gm_keystate *, uint64_t batch) GM_MUST_CHECK;

/* Finish a batch that is being written, unlock, and release all. */

void gm_keystate_close(struct gm_keystate *);

#endif
