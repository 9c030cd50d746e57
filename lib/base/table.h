#ifndef GM_BASE_TABLE_H
#define GM_BASE_TABLE_H

/*
 * Tables: aligned columns for a terminal.  Programs get the same cells
 * separated by TABs.  No I/O.
 */

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/* Columns that are aligned; cells after them follow as they are. */
#define GM_TABLE_COLUMNS 16

/* Columns of a terminal that tables should fit. */
#define GM_TABLE_WIDTH 80

/*
 * Append the lines of text, whose cells are separated by TABs, with at least
 * two blanks between columns and none at the end of a line.  Each character
 * counts as one column.
 */
void gm_table_align(struct gm_span text, struct gm_buf *out);

/*
 * Align likewise, but shorten the cells of one column (from 0), with "..." at
 * their end, so that no line is longer than width.  They keep at least 8
 * characters, so other long cells may still exceed the width.
 */
void gm_table_fit(
    struct gm_span text, size_t width, size_t column, struct gm_buf *out);

/* Append a cell: "-" for a text that is NULL or "", for a number below 0. */
void gm_table_text(struct gm_buf *out, const char *);
void gm_table_int(struct gm_buf *out, int64_t);

/*
 * Append a cell with a time (wall clock, UTC): "-" for 0, "never" for
 * INT64_MAX.  now_ms, if not 0, drops the date of a time less than 12 h away.
 */
void gm_table_time(struct gm_buf *out, int64_t ms, int64_t now_ms);

#endif
