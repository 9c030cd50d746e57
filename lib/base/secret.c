#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

/* Bytes of a secret that are shown, and below which none are. */
#define TAIL 4
#define SHORT 12
/* Bytes of the shortest one that is no dummy. */
#define MIXTURE_MIN 4
/* Beginnings that are longer are not shown: before a cut; of most of a key. */
#define HEAD 3
#define HEAD_OF_MOST 7

/* What the words of keys consist of. */
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define WORD LOWER UPPER DIGITS "-_."

/* Bytes from which on a mix of letters and digits looks like a key. */
#define MIX_MIN 24
/* What follows the last dot of a file's name at most. */
#define SUFFIX_MAX 5
#define UUID_LEN 36
/* The same with one of these in front. */
#define MARKED_MIN 11

static const char *const marks[] = { "AIza", "AQ.", "ya29.", "sk-", "gsk_",
	"xai-", "hf_", "nvapi-", "ghp_", "github_pat_", "eyJ" };

/* Secrets that one command line or environment can add: none has more. */
#define TYPED_MAX 1000

static bool
is_equal(struct gm_span a, struct gm_span b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

bool
gm_secrets_have(const struct gm_secrets *s, struct gm_span text)
{
	size_t i;

	for (i = 0; i < s->len; i++)
		if (is_equal(gm_buf_span(&s->items[i]), text))
			return true;
	return false;
}

/* How many of the bytes in set has text? */
static size_t
count(struct gm_span text, const char *set)
{
	size_t n = 0, i;

	for (i = 0; i < text.len; i++)
		n += text.p[i] != '\0' && strchr(set, text.p[i]) != NULL;
	return n;
}

/* See the top of secret.h. */
static bool
is_dummy(struct gm_span secret)
{
	size_t letters = count(secret, LOWER UPPER);
	size_t digits = count(secret, DIGITS);

	if (secret.len >= GM_SECRET_MIN)
		return false;
	return secret.len < MIXTURE_MIN || letters == secret.len ||
	       digits == secret.len;
}

int
gm_secrets_add(struct gm_secrets *s, struct gm_span secret, struct gm_err *err)
{
	struct gm_buf *items;

	if (is_dummy(secret) || gm_secrets_have(s, secret))
		return 0;
	items = realloc(s->items, (s->len + 1) * sizeof(*items));
	if (items == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	s->items = items;
	gm_buf_init(&items[s->len], secret.len);
	gm_buf_put_span(&items[s->len], secret);
	if (gm_buf_check(&items[s->len], err) != 0)
		return -1;
	s->len++;
	return 0;
}

/* Has it a run of letters and digits that is long, and no plain word? */
static bool
has_mix(struct gm_span text)
{
	struct gm_span run;
	size_t i, n;

	for (i = 0; i < text.len; i += n + 1) {
		for (n = 0; i + n < text.len; n++)
			if (strchr("-_.", text.p[i + n]) != NULL)
				break;
		run = (struct gm_span){ text.p + i, n };
		if (n >= MIX_MIN && count(run, LOWER UPPER DIGITS) == n &&
		    (count(run, LOWER) > 0) + (count(run, UPPER) > 0) +
			    (count(run, DIGITS) > 0) >
			1)
			return true;
	}
	return false;
}

/* All of it, or behind a beginning such as "key-". */
static bool
ends_in_uuid(struct gm_span text)
{
	struct gm_span end;
	size_t i;

	if (text.len < UUID_LEN ||
	    (text.len > UUID_LEN &&
		strchr("-_", text.p[text.len - UUID_LEN - 1]) == NULL))
		return false;
	end = (struct gm_span){ text.p + text.len - UUID_LEN, UUID_LEN };
	for (i = 0; i < UUID_LEN; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23
			? end.p[i] != '-'
			: !isxdigit((unsigned char)end.p[i]))
			return false;
	return true;
}

/* Names of files may hold a hash, as "0123abcd.txt" does. */
static bool
is_file(struct gm_span text)
{
	size_t n = 0;

	while (n < text.len && text.p[text.len - 1 - n] != '.')
		n++;
	return n > 0 && n <= SUFFIX_MAX && n < text.len;
}

bool
gm_secret_is_key(struct gm_span text)
{
	size_t i;

	if (text.len < MARKED_MIN || count(text, WORD) < text.len)
		return false;
	for (i = 0; i < GM_LEN(marks); i++)
		if (gm_span_starts(text, marks[i]))
			return true;
	return !is_file(text) && (ends_in_uuid(text) || has_mix(text));
}

static int
add_typed(struct gm_secrets *s, struct gm_span secret, struct gm_err *err)
{
	return s->len < TYPED_MAX ? gm_secrets_add(s, secret, err) : 0;
}

static struct gm_span
rest_of(struct gm_span text, size_t n)
{
	return (struct gm_span){ text.p + n, text.len - n };
}

/* A word may have the dashes of an option in front, or its letter ("-k"). */
static int
add_word(struct gm_secrets *s, struct gm_span word, struct gm_err *err)
{
	while (word.len > 0 && strchr("-._", word.p[word.len - 1]) != NULL)
		word.len--;
	if (gm_secret_is_key(word))
		return add_typed(s, word, err);
	if (word.len > 2 && word.p[0] == '-' &&
	    gm_secret_is_key(rest_of(word, 2)))
		return add_typed(s, rest_of(word, 2), err);
	return 0;
}

static int
add_words(struct gm_secrets *s, const char *text, struct gm_err *err)
{
	struct gm_span word;

	while (*(text += strcspn(text, WORD)) != '\0') {
		word = (struct gm_span){ text, strspn(text, WORD) };
		if (add_word(s, word, err) != 0)
			return -1;
		text += word.len;
	}
	return 0;
}

static int
hex(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return isdigit((unsigned char)c) ? c - '0'
	                                 : tolower((unsigned char)c) - 'a' + 10;
}

static int
add_decoded(struct gm_secrets *s, struct gm_span text, struct gm_err *err)
{
	struct gm_buf plain;
	size_t i;
	int rc;

	gm_buf_init(&plain, text.len);
	for (i = 0; i < text.len; i++)
		if (text.p[i] == '%' && i + 2 < text.len &&
		    hex(text.p[i + 1]) >= 0 && hex(text.p[i + 2]) >= 0) {
			gm_buf_putc(&plain, (char)(hex(text.p[i + 1]) * 16 +
						   hex(text.p[i + 2])));
			i += 2;
		} else {
			gm_buf_putc(&plain, text.p[i]);
		}
	rc = gm_buf_check(&plain, err);
	if (rc == 0)
		rc = add_typed(s, gm_buf_span(&plain), err);
	gm_buf_release(&plain);
	return rc;
}

/*
 * What is in front of the last '@' of "scheme://user:password@host": a password
 * that is not escaped may hold anything.  Without a colon it is a token.
 */
static int
add_password(struct gm_secrets *s, const char *text, struct gm_err *err)
{
	const char *scheme = strstr(text, "://"), *end = strrchr(text, '@');
	const char *user = scheme != NULL ? scheme + 3 : text, *colon;
	struct gm_span secret;

	if (end == NULL || end < user)
		return 0;
	secret = (struct gm_span){ user, (size_t)(end - user) };
	colon = memchr(user, ':', secret.len);
	if (colon == NULL && scheme == NULL)
		return 0;
	if (colon != NULL)
		secret = rest_of(secret, (size_t)(colon + 1 - user));
	if (add_typed(s, secret, err) != 0)
		return -1;
	return add_decoded(s, secret, err);
}

int
gm_secrets_add_from(struct gm_secrets *s, const char *text, struct gm_err *err)
{
	if (add_words(s, text, err) != 0)
		return -1;
	return add_password(s, text, err);
}

void
gm_secret_show(struct gm_buf *out, struct gm_span key)
{
	gm_buf_puts(out, "...");
	if (key.len >= SHORT)
		gm_buf_put(out, key.p + key.len - TAIL, TAIL);
}

static bool
is_in_word(char c)
{
	return c != '\0' && strchr(LOWER UPPER DIGITS "_-", c) != NULL;
}

/* May a secret of so many bytes begin here, behind this byte? */
static bool
may_begin(size_t len, char before)
{
	return len >= GM_SECRET_MIN || !is_in_word(before);
}

/* May it end here, in front of text? */
static bool
may_end(size_t len, struct gm_span text)
{
	return len >= GM_SECRET_MIN || text.len == 0 || !is_in_word(text.p[0]);
}

/* The longest secret that text, behind a byte, begins with; empty if none. */
static struct gm_span
find_secret(const struct gm_secrets *s, char before, struct gm_span text)
{
	struct gm_span best = { text.p, 0 };
	size_t i;

	for (i = 0; s != NULL && i < s->len; i++) {
		size_t len = s->items[i].len;

		if (len > best.len && len <= text.len &&
		    memcmp(text.p, s->items[i].data, len) == 0 &&
		    may_begin(len, before) && may_end(len, rest_of(text, len)))
			best.len = len;
	}
	return best;
}

/*
 * The bytes that secrets cover from the start of text on; *last is the one at
 * the end.  A secret may begin inside another and reach beyond it.
 */
static size_t
measure(const struct gm_secrets *s, char before, struct gm_span text,
    struct gm_span *last)
{
	size_t covered, i;

	*last = find_secret(s, before, text);
	covered = last->len;
	for (i = 1; i < covered; i++) {
		struct gm_span next =
		    find_secret(s, text.p[i - 1], rest_of(text, i));

		if (i + next.len <= covered)
			continue;
		*last = next;
		covered = i + next.len;
	}
	return covered;
}

/* What stands where a secret goes on: ours of a cut, and what servers put. */
static bool
is_mark(struct gm_span text)
{
	return gm_span_starts(text, "...") || gm_span_starts(text, "***");
}

/*
 * Bytes at the start of text that are the beginning of a secret: most of it, or
 * one that is cut short and marked by "..." as gm_term_line() does, or by
 * stars; 0 if there is none.
 */
static size_t
measure_cut(const struct gm_secrets *s, char before, struct gm_span text)
{
	size_t best = 0, i, n;

	for (i = 0; s != NULL && i < s->len; i++) {
		const struct gm_buf *item = &s->items[i];

		for (n = 0; n < item->len && n < text.len; n++)
			if (text.p[n] != item->data[n])
				break;
		if (n > best && may_begin(item->len, before) &&
		    ((n > HEAD_OF_MOST && 4 * n >= 3 * item->len) ||
			(n > HEAD && is_mark(rest_of(text, n)))))
			best = n;
	}
	return best;
}

void
gm_secret_mask(
    const struct gm_secrets *s, struct gm_buf *out, struct gm_span text)
{
	struct gm_span last;
	size_t covered;
	char before = '\0';

	while (text.len > 0) {
		covered = measure(s, before, text, &last);
		if (covered > 0)
			gm_secret_show(out, last);
		else
			covered =
			    measure_cut(s, before, text); /* its mark stays */
		if (covered > 0 && last.len == 0 &&
		    !is_mark(rest_of(text, covered)))
			gm_buf_puts(out, "...");
		if (covered == 0) {
			gm_buf_putc(out, text.p[0]);
			covered = 1;
		}
		before = text.p[covered - 1];
		text = rest_of(text, covered);
	}
}

void
gm_secrets_release(struct gm_secrets *s)
{
	size_t i;

	for (i = 0; i < s->len; i++)
		gm_buf_release(&s->items[i]);
	free(s->items);
	*s = (struct gm_secrets){ 0 };
}
