#include <string.h>

#include "base/utf8.h"
#include "gm-summ/border.h"

/* Bytes of a heading, or of the line below it. */
#define TITLE_MAX 100

_Static_assert(GM_BORDER_AHEAD >= 3 * (TITLE_MAX + 2),
    "a heading has three lines at most, with their line ends");

static inline bool
is_white(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static inline bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool
is_blank(struct gm_span s)
{
	size_t i;

	for (i = 0; i < s.len && is_white(s.p[i]); i++)
		;
	return i == s.len;
}

/* Ends of sentences, and marks that may follow them, such as quotes. */
static const char *const stops[] = { ".", "!", "?",
	"\xE2\x80\xA6",                 /* ellipsis */
	"\xE3\x80\x82", "\xEF\xBC\x81", /* of East Asia */
	"\xEF\xBC\x9F", "\xE0\xA5\xA4", /* of Hindi */
	"\xD8\x9F", "\xDB\x94" };       /* of Arabic and Urdu */
static const char *const closers[] = { "\"", "'", ")", "]", "*", "_", "`",
	"\xE2\x80\x9D", "\xE2\x80\x99", "\xC2\xBB", "\xE3\x80\x8D",
	"\xE3\x80\x8F", "\xEF\xBC\x89" };

/* Return the length of the string that the text ends with, or 0. */
static size_t
ends_with(struct gm_span s, const char *const *strings, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (gm_span_ends(s, strings[i]))
			return strlen(strings[i]);
	return 0;
}

bool
gm_border_ends_sentence(struct gm_span s)
{
	size_t n;

	while (s.len > 0 && is_white(s.p[s.len - 1]))
		s.len--;
	while ((n = ends_with(s, closers, GM_LEN(closers))) > 0)
		s.len -= n;
	return ends_with(s, stops, GM_LEN(stops)) > 0;
}

/*
 * Return true between two sentences in Chinese or Japanese, where no blank
 * follows a full stop.  Two bytes exclude most characters quickly: U+3000 to
 * U+303F and U+FF00 to U+FF3F have the punctuation.
 */
static bool
is_between(struct gm_span before, struct gm_span after)
{
	struct gm_span last = before;
	size_t i;

	if (before.len < 3)
		return false;
	last.p += before.len - 3;
	last.len = 3;
	if (!gm_span_starts(last, "\xE3\x80") &&
	    !gm_span_starts(last, "\xEF\xBC"))
		return false;
	for (i = 0; i < GM_LEN(closers); i++)
		if (gm_span_starts(after, closers[i]))
			return false;
	for (i = 0; i < GM_LEN(stops); i++)
		if (gm_span_starts(after, stops[i]))
			return false;
	return gm_border_ends_sentence(before);
}

/*
 * Take the first line off *rest, without CR and LF.  Return false if it is
 * longer than a heading can be.
 */
static bool
take_title(struct gm_span *rest, struct gm_span *line)
{
	size_t len = 0, ended;

	while (len < rest->len && len < TITLE_MAX + 2 && rest->p[len] != '\n')
		len++;
	ended = len < rest->len && rest->p[len] == '\n';
	if (ended == 0)
		len = rest->len;
	*line = (struct gm_span){ rest->p, len };
	if (len > 0 && rest->p[len - 1] == '\r')
		line->len--;
	if (line->len > TITLE_MAX)
		return false;
	rest->p += len + ended;
	rest->len -= len + ended;
	return true;
}

/* Return true for a line of three or more of an underlining character. */
static bool
is_rule(struct gm_span line)
{
	size_t i;

	while (line.len > 0 && is_white(line.p[line.len - 1]))
		line.len--;
	if (line.len < 3 || !is_one_of(line.p[0], "=-~^*+#\""))
		return false;
	for (i = 1; i < line.len && line.p[i] == line.p[0]; i++)
		;
	return i == line.len;
}

/* Return true for "## Title" of Markdown and "== Title" of AsciiDoc. */
static bool
is_marked(struct gm_span line)
{
	size_t i;

	if (line.len == 0 || (line.p[0] != '#' && line.p[0] != '='))
		return false;
	for (i = 1; i < line.len && line.p[i] == line.p[0]; i++)
		;
	return i <= 6 && i < line.len && is_white(line.p[i]);
}

/* Return true if there are two or more capital letters, and no others. */
static bool
is_capitals(struct gm_span line)
{
	size_t i, capitals = 0;

	for (i = 0; i < line.len && !is_lower(line.p[i]); i++)
		capitals += is_upper(line.p[i]);
	return i == line.len && capitals >= 2;
}

int
gm_border_heading(struct gm_span rest, bool after_blank)
{
	struct gm_span line, next;
	int lines = 1;

	if (rest.len == 0 || is_white(rest.p[0]) || !take_title(&rest, &line))
		return 0;
	if (is_marked(line))
		return 1;
	if (!after_blank)
		return 0;
	if (is_rule(line)) {
		if (!take_title(&rest, &line) || is_blank(line))
			return 0;
		lines++;
	}
	if (take_title(&rest, &next) && is_rule(next))
		return lines + 1;
	return is_capitals(line) ? lines : 0;
}

/*
 * Return true if a code point belongs to the character before it.  The table
 * has combining marks, vowel signs, variation selectors and emoji modifiers of
 * common scripts; the full table of UAX 29 would be too large for its use here.
 */
static bool
is_combining(uint32_t point)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = { { 0x300, 0x36F }, { 0x483, 0x489 }, { 0x591, 0x5BD },
		{ 0x610, 0x61A }, { 0x64B, 0x65F }, { 0x900, 0x903 },
		{ 0x93A, 0x93C }, { 0x93E, 0x94F }, { 0x981, 0x983 },
		{ 0x9BC, 0x9CD }, { 0xE31, 0xE31 }, { 0xE33, 0xE3A },
		{ 0xE47, 0xE4E }, { 0x1160, 0x11FF }, { 0x1AB0, 0x1AFF },
		{ 0x1DC0, 0x1DFF }, { 0x200D, 0x200D }, { 0x20D0, 0x20FF },
		{ 0x302A, 0x302F }, { 0x3099, 0x309A }, { 0xFE00, 0xFE0F },
		{ 0xFE20, 0xFE2F }, { 0xFF9E, 0xFF9F }, { 0x1F3FB, 0x1F3FF },
		{ 0xE0020, 0xE007F }, { 0xE0100, 0xE01EF } };
	size_t i;

	for (i = 0; i < GM_LEN(ranges) && point >= ranges[i].first; i++)
		if (point <= ranges[i].last)
			return true;
	return false;
}

enum gm_border_kind
gm_border_within(struct gm_span before, struct gm_span after)
{
	static const char marks[] = ",;)]}>";
	char last = before.p[before.len - 1], first = after.p[0];
	uint32_t point;

	/* Never cut CRLF. */
	if (last == '\r' && first == '\n')
		return GM_BORDER_POINT;
	if ((unsigned char)first >= 0x80 &&
	    (gm_span_ends(before, "\xE2\x80\x8D") || /* ZWJ joins emoji */
		(gm_utf8_decode(after, &point, NULL) > 0 &&
		    is_combining(point))))
		return GM_BORDER_POINT;
	if (is_white(first))
		return GM_BORDER_CHARACTER;
	if (is_white(last))
		return !is_lower(first) && gm_border_ends_sentence(before)
		           ? GM_BORDER_SENTENCE
		           : GM_BORDER_WORD;
	if (is_between(before, after))
		return GM_BORDER_SENTENCE;
	return is_one_of(last, marks) && !is_one_of(first, marks)
	           ? GM_BORDER_MARK
	           : GM_BORDER_CHARACTER;
}

bool
gm_border_is_blank(struct gm_span rest)
{
	size_t i = 0;

	while (i < rest.len && i < GM_BORDER_AHEAD && rest.p[i] != '\n' &&
	       is_white(rest.p[i]))
		i++;
	return i == rest.len || rest.p[i] == '\n';
}
