#ifndef GM_KEYS_TABLE_H
#define GM_KEYS_TABLE_H

/*
 * The table of the key state: rows in memory, and their text form.
 *
 * A row has a mark (the class of a fault, and until when it counts) and the
 * counters of a quota.  The text begins with a comment that names version and
 * columns.  Then each row has a line: the counters first, in a fixed width, so
 * that they can be rewritten in place, and the other members in the order of
 * the struct.  Fields are separated by blanks; an empty field is "-".
 *
 * No I/O and no clock: the time is an argument.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "fault.h"

#define GM_KEYROW_ID 80
#define GM_KEYROW_MODEL 256
#define GM_KEYROW_REASON 200
#define GM_KEYROW_FOREVER INT64_MAX

/* Width of the counters: three numbers, three times, and a blank after each. */
#define GM_KEYROW_COUNTERS (10 + 1 + 6 + 1 + 6 + 1 + 3 * (24 + 1))

/* Limits of a table's text.  Over them the least important rows are dropped. */
#define GM_KEYTABLE_BYTES ((size_t)4 * 1024 * 1024)
#define GM_KEYTABLE_ROWS ((size_t)10000)

/* Subject of a row. */
enum gm_keyrow_kind {
	/* A key, with what is charged to the key itself; or a quota project,
	 * with what is charged to it: all that a row can have. */
	GM_KEYROW_OWNER,
	/* A cooldown of the whole service, as all keys of a list were
	 * rate-limited at once.  Apart from the keys' rows, so that one success
	 * ends it for all of them.  It belongs to the list, as keys of other
	 * lists were not rate-limited. */
	GM_KEYROW_SERVICE,
	/* The current key of a list.  Only a move writes it, so that requests
	 * with the current key change no more than counters. */
	GM_KEYROW_CURRENT
};

struct gm_keyrow {
	enum gm_keyrow_kind kind;
	char origin[256]; /* of the service: "https://host:443" */
	/* OWNER: hash of the key, "label:x" or "project:1".  Others: hash of
	 * the list, in the text with "service:" or "current:" before it. */
	char id[GM_KEYROW_ID];
	char model[GM_KEYROW_MODEL]; /* or "all"; "m+search": m with search */
	/* Quota project that the service named for a key, or "".  Its column in
	 * the text has the key of GM_KEYROW_CURRENT. */
	char project[GM_KEYROW_ID];
	char key[GM_KEYROW_ID]; /* CURRENT: id of the key; else "" */
	enum gm_class class;    /* of the mark; GM_CLASS_OK: no mark */
	int64_t since_ms;       /* wall clock, start of the mark; 0: no mark;
			      * CURRENT: of its use, within a day */
	int64_t until_ms;       /* end of the mark, or GM_KEYROW_FOREVER */
	char reason[GM_KEYROW_REASON]; /* one clean line, may be "" */

	/* Counters, which may be rewritten in place. */
	int64_t requests;  /* on that day */
	int64_t day;       /* Pacific day: days from 1970 to its end */
	int64_t failures;  /* in a row */
	int64_t last_ms;   /* wall clock, last use; 0: never */
	int64_t slot_ms;   /* time of the latest reservation; 0: none */
	int64_t tokens_ms; /* GM_TPM allows no tokens before; 0: at once */

	off_t at;      /* offset of its line in the file; -1: not in the file */
	uint64_t look; /* of the table, when the counters were last read */
};

/*
 * Sorted by origin, kind, id and model, which are printable ASCII without
 * blanks: get and find apply gm_keyrow_name() to their arguments.
 */
struct gm_keytable {
	struct gm_keyrow *rows;
	size_t len, cap;
	bool changed;   /* more than counters: write the whole file */
	bool newer;     /* the text is of a later version */
	int64_t now_ms; /* of gm_keytable_settle(); 0: not known */
	size_t dropped; /* rows that did not fit into the last write */
	/* Read the counters of a row again; NULL: no other process has them. */
	void (*fetch)(void *arg, struct gm_keyrow *);
	void *arg;
	uint64_t look; /* increased when other processes may have counted */
};

/* Size of a buffer for the line of a row. */
#define GM_KEYROW_LINE (GM_KEYROW_COUNTERS + sizeof(struct gm_keyrow))

/*
 * Find a row; NULL: absent.  The pointer is valid until the next get or parse.
 */
struct gm_keyrow *gm_keytable_find(const struct gm_keytable *,
    enum gm_keyrow_kind, const char *origin, const char *id, const char *model);

/*
 * Find a row, or add one without a mark, with its counters up to date.  The
 * names may point into rows of this table.  NULL: GM_EOS.
 */
struct gm_keyrow *
gm_keytable_get(struct gm_keytable *, enum gm_keyrow_kind, const char *origin,
    const char *id, const char *model, struct gm_err *) GM_MUST_CHECK;

/*
 * Read the counters of a row, or of all rows, if other processes may have
 * changed them.  Call it before counters are read or changed.  NULL: do
 * nothing.
 */
void gm_keytable_fetch(const struct gm_keytable *, struct gm_keyrow *);
void gm_keytable_fetch_all(struct gm_keytable *);

/* Copy a name so that a line can hold it: other bytes become '_', "-" is "". */
void gm_keyrow_name(char *out, size_t size, const char *name);

/* Add a copy at the end; call gm_keytable_sort() afterwards. */
int gm_keytable_append(struct gm_keytable *, const struct gm_keyrow *,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Sort, and merge rows with equal names, which sets changed.  The worse mark
 * wins: a rejection over a cooldown, then the later end; the end is the later
 * of both.  The project is that of the later since, requests are those of the
 * later day, and of every other counter the larger wins.
 */
void gm_keytable_sort(struct gm_keytable *);

/*
 * Correct times that a wrong clock has written, after a read:
 * - the end of a cooldown over 25 hours ahead becomes now + 25 hours;
 * - a since over 5 s ahead becomes now;
 * - a last use over 5 s ahead shows that the clock was set back: last, slot and
 *   tokens become now;
 * - a slot or tokens over 25 hours ahead become now.
 */
void gm_keytable_settle(struct gm_keytable *, int64_t now_ms);

/* Correct only the counters of one row. */
void gm_keyrow_settle(struct gm_keyrow *, int64_t now_ms);

void gm_keytable_release(struct gm_keytable *);

/*
 * Fill an empty table.  Returns 0, or -1: GM_EOS.  Lines that cannot be read
 * are dropped, and *bad counts them; so is a last line without a newline, which
 * a killed process has left.  If only the counters of a line are torn they
 * become zero.  A text of a later version yields no row, and sets newer.
 *
 * changed is set if the text must be written again.  That is so after bad
 * lines, and for version 1, which has no tokens: its rows have at -1, as its
 * counters are too short to be rewritten in place.
 */
int gm_keytable_parse(struct gm_keytable *, struct gm_span text, size_t *bad,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Append the text and set at in each row; -1: left out.
 *
 * Rows that had no use, mark or failure in the 8 days before now_ms are left
 * out.  If the table is over GM_KEYTABLE_ROWS or _BYTES the oldest rows are,
 * too, and dropped counts them: first those without a mark or with an ended
 * one, then cooldowns and current keys, and rejected keys last.
 */
void gm_keytable_write(struct gm_keytable *, struct gm_buf *out);

/* Drop the rows that gm_keytable_write() left out. */
void gm_keytable_forget(struct gm_keytable *);

/* Read the counters of a line.  If one cannot be read all become zero. */
void gm_keyrow_parse_counters(
    struct gm_keyrow *, const char counters[GM_KEYROW_COUNTERS]);

/*
 * Write the line of a row with its newline.  The counters are its first
 * GM_KEYROW_COUNTERS - 1 bytes.  Returns the length.
 */

size_t gm_keyrow_line(const struct gm_keyrow *, char out[GM_KEYROW_LINE]);

#endif
