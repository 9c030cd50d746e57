#ifndef GM_KEYS_TABLE_H
#define GM_KEYS_TABLE_H

/*
 * The table of what is known of keys: rows in memory, and their text form.
 *
 * The text is a comment that names version and columns, then a line for each
 * row, in the order of the struct but with the counters first, in a fixed
 * width, so that they can be rewritten in place.  Fields are separated by
 * blanks; "-" stands for an empty one.  No I/O; the time comes in as an
 * argument.
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

/* Three numbers and three times with blanks between them, and a NUL. */
#define GM_KEYROW_COUNTERS (10 + 1 + 6 + 1 + 6 + 1 + 3 * (24 + 1))

/* Of a table's text: bytes and rows. */
#define GM_KEYTABLE_BYTES ((size_t)4 * 1024 * 1024)
#define GM_KEYTABLE_ROWS ((size_t)10000)

/* What a row is about. */
enum gm_keyrow_kind {
	GM_KEYROW_OWNER,  /* a key, or a quota project */
	GM_KEYROW_PAUSE,  /* all keys of a list at once */
	GM_KEYROW_CURRENT /* the current key of a list */
};

struct gm_keyrow {
	enum gm_keyrow_kind kind;
	char origin[256]; /* of the service: "https://host:443" */
	/* hash of a key, "label:x", "project:1"; of a list: its hash, which
	 * the text has with "provider:" or "current:" before it */
	char id[GM_KEYROW_ID];
	char model[GM_KEYROW_MODEL]; /* or "all"; "m+search": m with search */
	/* of a key: the quota project it was seen with, or ""; in the column
	 * of the text where GM_KEYROW_CURRENT has its key */
	char project[GM_KEYROW_ID];
	char key[GM_KEYROW_ID]; /* id of the current key; else "" */
	enum gm_class class;    /* GM_CLASS_OK: no mark */
	int64_t since_ms;       /* wall clock, of the mark; 0: none; of
			      * GM_KEYROW_CURRENT: of its use, to a day */
	int64_t until_ms;       /* end of the mark, or GM_KEYROW_FOREVER */
	char reason[GM_KEYROW_REASON]; /* one clean line, may be "" */

	/* Counters, which may be rewritten in place. */
	int64_t requests; /* counted on day */
	int64_t day; /* the Pacific day, by the days from 1970 to its end */
	int64_t failures;  /* in a row */
	int64_t last_ms;   /* wall clock, of the last use; 0: never */
	int64_t slot_ms;   /* of the last reservation; 0: none */
	int64_t tokens_ms; /* until then GM_TPM is spent; 0: it is not */
	off_t at;          /* of its line in the file; -1: not in there */
	uint64_t look;     /* at which the counters were read last */
};

/*
 * Sorted by origin, kind, id and model.  These hold printable ASCII without blanks:
 * get and find take what gm_keyrow_name() makes of their arguments.
 */
struct gm_keytable {
	struct gm_keyrow *rows;
	size_t len, cap;
	bool changed;   /* beside counters: the file must be written anew */
	bool newer;     /* the text was of a later version */
	int64_t now_ms; /* of gm_keytable_settle(); 0: the time is not known */
	size_t dropped; /* rows that the last write had no room for */
	/* Read a row's counters anew; NULL: nobody else changes them. */
	void (*fetch)(void *arg, struct gm_keyrow *);
	void *arg;
	uint64_t look; /* rises when counters may have changed */
};

/* Room for the line of a row. */
#define GM_KEYROW_LINE (GM_KEYROW_COUNTERS + sizeof(struct gm_keyrow))

/* Find a row.  NULL: absent.  It stays where it is until the next get or parse. */
struct gm_keyrow *gm_keytable_find(const struct gm_keytable *,
    enum gm_keyrow_kind, const char *origin, const char *id, const char *model);

/*
 * Find a row, or add one without a mark; its counters are up to date.  Names may
 * be those of rows of this table.  NULL: GM_EOS.
 */
struct gm_keyrow *
gm_keytable_get(struct gm_keytable *, enum gm_keyrow_kind, const char *origin,
    const char *id, const char *model, struct gm_err *) GM_MUST_CHECK;

/*
 * Bring the counters of a row, or of all, up to date, before they are read or
 * changed.  NULL is no row.
 */
void gm_keytable_fetch(const struct gm_keytable *, struct gm_keyrow *);
void gm_keytable_fetch_all(struct gm_keytable *);

/* Make a name that a row can hold: other bytes become '_', "-" becomes "". */
void gm_keyrow_name(char *out, size_t size, const char *name);

/* Add a copy at the end; gm_keytable_sort() puts it in its place. */
int gm_keytable_append(struct gm_keytable *, const struct gm_keyrow *,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Sort, and merge equal rows, which sets changed.  The worse mark wins (a dead
 * key, then the later end), with the later of both ends; of the projects the one
 * whose since is later; of each counter the larger, of the later day.
 */
void gm_keytable_sort(struct gm_keytable *);

/*
 * Correct what a wrong clock has left, after a read: an end over 25 hours ahead
 * becomes now and 25 hours, unless the mark is of a dead key; a since over 5 s
 * ahead becomes now; a last use over 5 s ahead means that the clock was set
 * back: last, slot and tokens become now, as do a slot and tokens over 25 hours
 * ahead.
 */
void gm_keytable_settle(struct gm_keytable *, int64_t now_ms);

/* Correct the counters of one row. */
void gm_keyrow_settle(struct gm_keyrow *, int64_t now_ms);

void gm_keytable_release(struct gm_keytable *);

/*
 * Fill an empty table.  Returns 0, or -1: GM_EOS.  *bad counts lines that could
 * not be read and were dropped, as the last one if it has no end; if only the
 * counters of a line are torn they become zero.  A text of a later version gives
 * no row, and newer.  changed is set if the text should be written anew, as one
 * of version 1, which had no tokens: its rows have at -1, as nothing can be
 * rewritten in place there.
 */
int gm_keytable_parse(struct gm_keytable *, struct gm_span text, size_t *bad,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Append the text and set at in each row.  Rows that were not used in the 8 days
 * before now_ms, and had no mark or failure in them, are left out, with at -1.
 * So are, of a table over GM_KEYTABLE_ROWS or _BYTES, the oldest rows, which
 * dropped counts: first those without a mark or with one that is over, then
 * cooldowns and current keys, dead keys last.
 */
void gm_keytable_write(struct gm_keytable *, struct gm_buf *out);

/* Drop the rows that were left out of the text. */
void gm_keytable_forget(struct gm_keytable *);

/* Read the counters of a line; all are zero if one cannot be read. */
void gm_keyrow_parse_counters(
    struct gm_keyrow *, const char counters[GM_KEYROW_COUNTERS]);

/*
 * Write the whole line, with its newline; the counters are the first
 * GM_KEYROW_COUNTERS - 1 bytes.  Returns its length.
 */
size_t gm_keyrow_line(const struct gm_keyrow *, char out[GM_KEYROW_LINE]);

#endif
