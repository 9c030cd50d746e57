#ifndef GM_SUMM_BORDER_H
#define GM_SUMM_BORDER_H

/*
 * How good a place of a text is to cut it there: is it a heading, the end of a
 * sentence, the middle of a word?  Pure; texts may be of any language and need
 * not be UTF-8.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/span.h"

/* The best last. */
enum gm_border_kind {
	GM_BORDER_POINT = 1, /* within what is seen as one character */
	GM_BORDER_CHARACTER,
	GM_BORDER_MARK, /* after punctuation that ends an item: ,;)]}> */
	GM_BORDER_WORD,
	GM_BORDER_SENTENCE,
	GM_BORDER_LINE,
	GM_BORDER_SENTENCE_LINE, /* a line after one that ends a sentence */
	GM_BORDER_PARAGRAPH,     /* after a blank line */
	GM_BORDER_HEADING
};

/* Bytes after a place that the functions look at. */
#define GM_BORDER_AHEAD 306

/*
 * The kind of a place within a line, up to GM_BORDER_SENTENCE; the texts before
 * and after it are not empty.  It must not be within a character of UTF-8.
 */
enum gm_border_kind
gm_border_within(struct gm_span before, struct gm_span after);

/*
 * The lines of the heading that a text begins with, 1 to 3; 0: it begins with
 * none.  A heading has at most 100 bytes, is not indented, and is one of:
 *
 *	# Title		up to six # or =, as in Markdown and AsciiDoc
 *	Title		after a blank line, with a line of one of =-~^*+#" below
 *	=====		it, and perhaps above it
 *	TITLE		after a blank line, without small letters of ASCII
 */
int gm_border_heading(struct gm_span, bool after_blank);

/*
 * Does the text end with a full stop, not counting quotes, brackets and blanks
 * after it?
 */
bool gm_border_ends_sentence(struct gm_span);

/*
 * Is the line that the text begins with blank?  One that is blank for
 * GM_BORDER_AHEAD bytes, and longer, is not.
 */
bool gm_border_is_blank(struct gm_span);

#endif
