#ifndef GM_SUMM_BORDER_H
#define GM_SUMM_BORDER_H

/*
 * Classifies the places where a text can be cut: before a heading, between
 * sentences, within a word.  Texts may be in any language and need not be
 * UTF-8.  No I/O, no state.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/span.h"

/* Kinds of borders, from the worst to the best. */
enum gm_border_kind {
	GM_BORDER_POINT = 1, /* between code points shown as one character */
	GM_BORDER_CHARACTER,
	GM_BORDER_MARK, /* after punctuation that ends an item: ,;)]}> */
	GM_BORDER_WORD,
	GM_BORDER_SENTENCE,
	GM_BORDER_LINE,
	GM_BORDER_SENTENCE_LINE, /* a line after one that ends a sentence */
	GM_BORDER_PARAGRAPH,     /* after a blank line */
	GM_BORDER_HEADING
};

/* Bytes after a place that the functions may read. */
#define GM_BORDER_AHEAD 306

/*
 * Return the kind of a border within a line, at most GM_BORDER_SENTENCE.  The
 * texts before and after it are not empty.  It must not be within the bytes of
 * a UTF-8 character.
 */
enum gm_border_kind
gm_border_within(struct gm_span before, struct gm_span after);

/*
 * Return the number of lines of the heading that a text begins with, 1 to 3; 0
 * if there is none.  A heading has at most 100 bytes, is not indented, and is
 * one of:
 *
 *	# Title		up to six # or =, as in Markdown and AsciiDoc
 *	Title		after a blank line, underlined with one of =-~^*+#", and
 *	=====		perhaps overlined, as in reStructuredText
 *	TITLE		after a blank line, without lower-case letters of ASCII
 */
int gm_border_heading(struct gm_span, bool after_blank);

/*
 * Return true if the text ends with a full stop or the like, perhaps followed
 * by quotes, brackets and blanks.
 */
bool gm_border_ends_sentence(struct gm_span);

/*
 * Return true if the first line of the text is blank.  Only GM_BORDER_AHEAD
 * bytes are read: a line that is blank longer than that counts as not blank.
 */
bool gm_border_is_blank(struct gm_span);

#endif
