#ifndef GM_BASE_TABLE_H
#define GM_BASE_TABLE_H

/*
 * Tables for a person: columns that stand below each other.  For programs the
 * same text is left as it is, with a TAB between the cells.  No I/O.
 */

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/* Columns that are aligned; the cells behind them follow as they are. */
#define GM_TABLE_COLUMNS 16

/*
 * Append the lines of text, the cells of which are separated by TABs, with two
 * blanks at least between columns and none at the end of a line.  Each
 * character counts as one wide.
 */
void gm_table_align(struct gm_span text, struct gm_buf *out);

/* Append a cell: "-" for a text that is NULL or "", for a number below 0. */
void gm_table_text(struct gm_buf *out, const char *);
void gm_table_int(struct gm_buf *out, int64_t);

#endif
