#include <string.h>

#include "base/utf8.h"
#include "provider/tokens.h"

/*
 * Weights in 1/1000 token, fitted to counts of the tokenizer of Gemini 2 and 3 for
 * prose in many languages, source code, tables, logs and encoded data.  Each digit
 * is a token there.
 */
#define WORD 520 /* once for each run of letters */
#define LETTER 135
#define CODE_LETTER 630 /* in a run that is code */
#define ACCENTED 780    /* a Latin letter that is not ASCII */
#define CYRILLIC_GREEK 220
#define HAN 630
#define KANA 460
#define HANGUL 660
#define OTHER_SCRIPT 320
#define DIGIT 1060
#define PUNCTUATION 900 /* of ASCII; other punctuation is a symbol */
#define BLANK 90        /* a blank after a blank */
#define LINE_END 810    /* once for each run of line ends */
#define SYMBOL 1100

/*
 * A run of [A-Za-z0-9+/=] is code, such as base64, if it has at least CODE_MIN
 * characters and at least one in CODE_CHANGE differs in class from the one before.
 */
#define CODE_MIN 12
#define CODE_CHANGE 5

/* Classes of characters; C_UPPER to C_SIGN are in runs. */
enum class {
	C_SYMBOL, /* also bytes that are not UTF-8, and the start of a text */
	C_UPPER,
	C_LOWER,
	C_DIGIT,
	C_SIGN, /* + / = */
	C_PUNCTUATION,
	C_SPACE,
	C_TAB,
	C_LINE_END,
	C_ACCENTED,
	C_CYRILLIC_GREEK,
	C_MARK, /* combines with the letter before it */
	C_HAN,
	C_KANA,
	C_HANGUL,
	C_OTHER_SCRIPT,
	C_WIDE_DIGIT, /* not ASCII */
	CLASSES
};

/* clang-format off */

#define S C_SYMBOL
#define U C_UPPER
#define L C_LOWER
#define D C_DIGIT
#define G C_SIGN
#define P C_PUNCTUATION
static const unsigned char ascii[256] = {
	['\t'] = C_TAB, ['\n'] = C_LINE_END, ['\r'] = C_LINE_END,
	[' '] = C_SPACE, P, P, P, P, P, P, P, P, P, P, G, P, P, P, G,
	['0'] = D, D, D, D, D, D, D, D, D, D, P, P, P, G, P, P,
	['@'] = P, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U,
	['P'] = U, U, U, U, U, U, U, U, U, U, U, P, P, P, P, P,
	['`'] = P, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
	['p'] = L, L, L, L, L, L, L, L, L, L, L, P, P, P, P,
};
#undef U
#undef L
#undef D
#undef G
#undef P

/*
 * The class of the characters from first up to the next row.  Rare punctuation of a
 * script counts as its letters.
 */
#define L C_ACCENTED
#define Y C_CYRILLIC_GREEK
#define M C_MARK
#define H C_HAN
#define K C_KANA
#define G C_HANGUL
#define O C_OTHER_SCRIPT
#define D C_WIDE_DIGIT
static const struct range {
	uint32_t first;
	unsigned char class;
} ranges[] = {
	/* Latin */
	{ 0x0080, S }, { 0x00AA, L }, { 0x00AB, S }, { 0x00BA, L },
	{ 0x00BB, S }, { 0x00C0, L }, { 0x00D7, S }, { 0x00D8, L },
	{ 0x00F7, S }, { 0x00F8, L },
	/* Modifiers, marks */
	{ 0x02B0, S }, { 0x0300, M },
	/* Greek, Cyrillic */
	{ 0x0370, Y },
	/* Armenian, Hebrew */
	{ 0x0530, O }, { 0x055A, S }, { 0x0560, O }, { 0x0589, S },
	{ 0x0591, O },
	/* Arabic */
	{ 0x0600, S }, { 0x0610, O }, { 0x061B, S }, { 0x0620, O },
	{ 0x0660, D }, { 0x066A, S }, { 0x066E, O }, { 0x06D4, S },
	{ 0x06D5, O }, { 0x06F0, D }, { 0x06FA, O },
	/* Syriac, NKo */
	{ 0x0700, S }, { 0x070F, O }, { 0x07C0, D }, { 0x07CA, O },
	/* Of India */
	{ 0x0964, S }, { 0x0966, D }, { 0x0970, O }, { 0x09E6, D },
	{ 0x09F0, O }, { 0x0A66, D }, { 0x0A70, O }, { 0x0AE6, D },
	{ 0x0AF0, O }, { 0x0B66, D }, { 0x0B70, O }, { 0x0BE6, D },
	{ 0x0BF0, O }, { 0x0C66, D }, { 0x0C70, O }, { 0x0CE6, D },
	{ 0x0CF0, O }, { 0x0D66, D }, { 0x0D70, O }, { 0x0DE6, D },
	{ 0x0DF0, O },
	/* Thai, Lao, Tibetan */
	{ 0x0E3F, S }, { 0x0E40, O }, { 0x0E4F, S }, { 0x0E50, D },
	{ 0x0E5A, S }, { 0x0E80, O }, { 0x0ED0, D }, { 0x0EDA, O },
	{ 0x0F01, S }, { 0x0F20, D }, { 0x0F2A, S }, { 0x0F40, O },
	{ 0x0FBE, S },
	/* Myanmar, Georgian */
	{ 0x1000, O }, { 0x1040, D }, { 0x104A, S }, { 0x1050, O },
	{ 0x1090, D }, { 0x109A, O },
	/* Hangul, Ethiopic */
	{ 0x1100, G }, { 0x1200, O }, { 0x1360, S }, { 0x1380, O },
	/* Khmer, Mongolian */
	{ 0x17D4, S }, { 0x17D7, O }, { 0x17E0, D }, { 0x17F0, S },
	{ 0x180B, O }, { 0x1810, D }, { 0x1820, O },
	/* Limbu to Lepcha */
	{ 0x1946, D }, { 0x1950, O }, { 0x19D0, D }, { 0x19E0, S },
	{ 0x1A00, O }, { 0x1A80, D }, { 0x1A9A, O }, { 0x1AB0, M },
	{ 0x1B00, O }, { 0x1B50, D }, { 0x1B5A, S }, { 0x1B6B, O },
	{ 0x1BB0, D }, { 0x1BBA, O }, { 0x1C40, D }, { 0x1C4D, O },
	{ 0x1C50, D }, { 0x1C5A, O },
	/* More Cyrillic, Latin and Greek */
	{ 0x1C80, Y }, { 0x1C90, O }, { 0x1D00, L }, { 0x1DC0, M },
	{ 0x1E00, L }, { 0x1F00, Y },
	/* Punctuation, symbols */
	{ 0x2000, S }, { 0x20D0, M }, { 0x2100, S },
	/* Glagolitic, Coptic */
	{ 0x2C00, O }, { 0x2C60, L }, { 0x2C80, O }, { 0x2DE0, Y },
	/* Of East Asia */
	{ 0x2E00, S }, { 0x2E80, H }, { 0x2FF0, S }, { 0x3005, H },
	{ 0x3008, S }, { 0x3021, H }, { 0x3030, S }, { 0x3038, H },
	{ 0x303D, S }, { 0x3041, K }, { 0x30A0, S }, { 0x30A1, K },
	{ 0x30FB, S }, { 0x30FC, K }, { 0x3105, O }, { 0x3131, G },
	{ 0x3190, S }, { 0x31A0, O }, { 0x31C0, S }, { 0x31F0, K },
	{ 0x3200, S },
	/* Han */
	{ 0x3400, H }, { 0x4DC0, S }, { 0x4E00, H },
	/* Yi, Vai, Bamum */
	{ 0xA000, O }, { 0xA490, S }, { 0xA4D0, O }, { 0xA620, D },
	{ 0xA62A, O }, { 0xA640, Y }, { 0xA6A0, O },
	/* More Latin */
	{ 0xA700, S }, { 0xA722, L }, { 0xA800, O }, { 0xA8D0, D },
	{ 0xA8DA, O }, { 0xA900, D }, { 0xA90A, O }, { 0xA960, G },
	{ 0xA980, O }, { 0xA9D0, D }, { 0xA9DA, O }, { 0xA9F0, D },
	{ 0xA9FA, O }, { 0xAA50, D }, { 0xAA5A, O }, { 0xAB30, L },
	{ 0xAB70, O }, { 0xABF0, D },
	/* Hangul */
	{ 0xAC00, G },
	/* Private use */
	{ 0xE000, S },
	/* Compatibility */
	{ 0xF900, H }, { 0xFB00, L }, { 0xFB13, O }, { 0xFE00, S },
	{ 0xFE20, M }, { 0xFE30, S }, { 0xFE70, O }, { 0xFEFF, S },
	/* Full width, half width */
	{ 0xFF10, D }, { 0xFF1A, S }, { 0xFF21, L }, { 0xFF3B, S },
	{ 0xFF41, L }, { 0xFF5B, S }, { 0xFF66, K }, { 0xFFA0, G },
	{ 0xFFE0, S },
	/* Historic scripts, kana */
	{ 0x10000, O }, { 0x1AFF0, K }, { 0x1B170, O }, { 0x1BCA0, S },
	/* Emoji at 0x1F000 */
	{ 0x1DF00, L }, { 0x1E000, O }, { 0x1EC70, S },
	/* Han */
	{ 0x20000, H }, { 0x40000, S }, { 0x110000, S }, /* the end */
};
#undef S
#undef L
#undef Y
#undef M
#undef H
#undef K
#undef G
#undef O
#undef D

/* Weights by the class of a character, some of them by the class before it. */
#define COUNTS(word, space, tab, line_end) { \
	[C_SYMBOL] = SYMBOL, \
	[C_UPPER] = (word) + LETTER, \
	[C_LOWER] = (word) + LETTER, \
	[C_DIGIT] = DIGIT, \
	[C_SIGN] = PUNCTUATION, \
	[C_PUNCTUATION] = PUNCTUATION, \
	[C_SPACE] = (space), \
	[C_TAB] = (tab), \
	[C_LINE_END] = (line_end), \
	[C_ACCENTED] = (word) + ACCENTED, \
	[C_CYRILLIC_GREEK] = (word) + CYRILLIC_GREEK, \
	[C_MARK] = OTHER_SCRIPT, \
	[C_HAN] = HAN, \
	[C_KANA] = KANA, \
	[C_HANGUL] = HANGUL, \
	[C_OTHER_SCRIPT] = OTHER_SCRIPT, \
	[C_WIDE_DIGIT] = DIGIT, \
}
/* A tab counts as a blank in an indentation, as a symbol between columns. */
#define AFTER_LETTER COUNTS(0, 0, SYMBOL, LINE_END)
#define AFTER_BLANK COUNTS(WORD, BLANK, BLANK, LINE_END)
#define AFTER_LINE_END COUNTS(WORD, 0, BLANK, 0)
#define AFTER_OTHER COUNTS(WORD, 0, SYMBOL, LINE_END)

/* Weights; the row is the class of the character before. */
static const uint16_t counts[CLASSES][CLASSES] = {
	[C_SYMBOL] = AFTER_OTHER,
	[C_UPPER] = AFTER_LETTER,
	[C_LOWER] = AFTER_LETTER,
	[C_DIGIT] = AFTER_OTHER,
	[C_SIGN] = AFTER_OTHER,
	[C_PUNCTUATION] = AFTER_OTHER,
	[C_SPACE] = AFTER_BLANK,
	[C_TAB] = AFTER_BLANK,
	[C_LINE_END] = AFTER_LINE_END,
	[C_ACCENTED] = AFTER_LETTER,
	[C_CYRILLIC_GREEK] = AFTER_LETTER,
	[C_HAN] = AFTER_OTHER,
	[C_KANA] = AFTER_OTHER,
	[C_HANGUL] = AFTER_OTHER,
	[C_OTHER_SCRIPT] = AFTER_OTHER,
	[C_WIDE_DIGIT] = AFTER_OTHER,
};

/* clang-format on */

/* Weights of the characters of a run that is code. */
static const uint16_t code_counts[] = {
	[C_UPPER] = CODE_LETTER,
	[C_LOWER] = CODE_LETTER,
	[C_DIGIT] = DIGIT,
	[C_SIGN] = PUNCTUATION,
};

/*
 * 1 if a character changes the class of a run, by the class before and its own:
 * from or to a digit, or from lower to upper case.
 */
static const unsigned char is_change[CLASSES][C_SIGN + 1] = {
	[C_UPPER] = { [C_DIGIT] = 1 },
	[C_LOWER] = { [C_DIGIT] = 1, [C_UPPER] = 1 },
	[C_DIGIT] = { [C_UPPER] = 1, [C_LOWER] = 1, [C_SIGN] = 1 },
	[C_SIGN] = { [C_DIGIT] = 1 },
};

static inline bool
is_run(unsigned char class)
{
	return class >= C_UPPER && class <= C_SIGN;
}

/* True for letters whose runs are words. */
static inline bool
is_letter(unsigned char class)
{
	return class == C_UPPER || class == C_LOWER || class == C_ACCENTED ||
	       class == C_CYRILLIC_GREEK;
}

/*
 * Add the bytes from p to end to the run at the end of the text, or begin one.  The
 * piece of text that they are in begins at piece.
 */
static void
extend_run(struct gm_tokens *t, const unsigned char *piece,
    const unsigned char *p, const unsigned char *end)
{
	unsigned char last = p > piece ? ascii[p[-1]] : t->last, class;
	int64_t more = 0, changes = 0;

	t->run.len += end - p;
	for (; p < end; p++) {
		class = ascii[*p];
		more += code_counts[class] - counts[last][class];
		changes += is_change[last][class];
		last = class;
	}
	t->run.more += more;
	t->run.changes += changes;
}

/* End the run, and count it anew if it is code. */
static void
end_run(struct gm_tokens *t)
{
	if (t->run.len >= CODE_MIN &&
	    t->run.changes * CODE_CHANGE >= t->run.len) {
		t->sum += t->run.more;
		t->last = C_SYMBOL; /* code is no word that goes on */
	}
	t->run.len = t->run.changes = t->run.more = 0;
}

/* Continue the run at the end of the text; return its end. */
static const unsigned char *
add_run(struct gm_tokens *t, const unsigned char *p, const unsigned char *end)
{
	const unsigned char *q = p;

	while (q < end && is_run(ascii[*q]))
		q++;
	extend_run(t, p, p, q);
	for (; p < q; p++) {
		t->sum += counts[t->last][ascii[*p]];
		t->last = ascii[*p];
	}
	if (q < end)
		end_run(t);
	return q;
}

/*
 * Add ASCII to a text that does not end in a run; return where the ASCII ends.  Runs
 * below CODE_MIN need no second look.  The loop has no branch that depends on the
 * ends of words, which a processor cannot predict: that makes it twice as fast.
 */
static const unsigned char *
add_ascii(struct gm_tokens *t, const unsigned char *p, const unsigned char *end)
{
	const unsigned char *piece = p, *run = p;
	unsigned char last = t->last, class;
	int64_t sum = 0;

	for (; p < end && *p < 0x80; p++) {
		class = ascii[*p];
		sum += counts[last][class];
		last = class;
		if (p - run >= CODE_MIN && !is_run(class)) {
			extend_run(t, piece, run, p);
			end_run(t);
		}
		run += (p + 1 - run) & -(ptrdiff_t)!is_run(class);
	}
	extend_run(t, piece, run, p);
	t->sum += sum;
	t->last = last;
	if (p < end)
		end_run(t);
	return p;
}

static void
add_wide(struct gm_tokens *t, unsigned char class)
{
	t->sum += counts[t->last][class];
	if (class == C_MARK) /* does not end a word, but a run */
		class = is_letter(t->last) ? C_ACCENTED : C_SYMBOL;
	t->last = class;
}

/* Find the row of a character; near: the row of one before, tried first. */
static const struct range *
find(uint32_t point, const struct range *near)
{
	size_t low = 0, high = GM_LEN(ranges) - 1, middle;

	if (point >= near[0].first && point < near[1].first)
		return near;
	while (high - low > 1) {
		middle = (low + high) / 2;
		if (point < ranges[middle].first)
			high = middle;
		else
			low = middle;
	}
	return &ranges[low];
}

/*
 * Complete the character at the end of the text; return its end.  If the bytes are
 * not UTF-8, they count as symbols.
 */
static const unsigned char *
add_half(struct gm_tokens *t, const unsigned char *p, const unsigned char *end)
{
	struct gm_span half = { (const char *)t->half, t->half_len };
	uint32_t point;
	size_t skip;

	for (; p < end; p++) {
		t->half[half.len++] = *p;
		if (gm_utf8_decode(half, &point, &skip) > 0) {
			t->half_len = 0;
			add_wide(t, find(point, ranges)->class);
			return p + 1;
		}
		if (skip < half.len) {
			for (; t->half_len > 0; t->half_len--)
				add_wide(t, C_SYMBOL);
			return p;
		}
		t->half_len++;
	}
	return p;
}

void
gm_tokens_add(struct gm_tokens *t, struct gm_span text)
{
	const unsigned char *p = (const unsigned char *)text.p, *end;
	const struct range *row = ranges;
	struct gm_span rest;
	uint32_t point;
	size_t len, skip;

	if (text.len == 0)
		return;
	end = p + text.len;
	if (t->half_len > 0)
		p = add_half(t, p, end);
	while (p < end) {
		if (t->run.len > 0) {
			p = add_run(t, p, end);
			continue;
		}
		if (*p < 0x80) {
			p = add_ascii(t, p, end);
			continue;
		}
		rest = (struct gm_span){ (const char *)p, (size_t)(end - p) };
		len = gm_utf8_decode(rest, &point, &skip);
		if (len > 0) {
			row = find(point, row);
			add_wide(t, row->class);
			p += len;
		} else if (skip < rest.len) {
			add_wide(t, C_SYMBOL);
			p++;
		} else {
			memcpy(t->half, p, skip);
			t->half_len = (unsigned char)skip;
			return;
		}
	}
}

int64_t
gm_tokens_total(const struct gm_tokens *tokens)
{
	struct gm_tokens t = *tokens;

	end_run(&t);
	return (t.sum + t.half_len * SYMBOL + 999) / 1000;
}
