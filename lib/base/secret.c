#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

/* Bytes of a secret that are shown, and below which none are. */
#define TAIL 4
#define SHORT 12
/* Bytes of the shortest secret that is no dummy. */
#define MIXTURE_MIN 4
/*
 * Beginnings of secrets that are longer are masked: HEAD if a mark of a cut
 * follows, HEAD_OF_MOST if it is at least three quarters of the secret.
 */
#define HEAD 3
#define HEAD_OF_MOST 7

/* The characters of keys. */
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define WORD LOWER UPPER DIGITS "-_."

/* A mix of letters and digits of this length looks like a key. */
#define MIX_MIN 24
/* The longest suffix of a file name. */
#define SUFFIX_MAX 5
#define UUID_LEN 36
/* The length of the shortest key that begins with a mark. */
#define MARKED_MIN 11

/* Beginnings of keys and tokens of well-known services. */
static const char *const marks[] = { "AIza", "AQ.", "ya29.", "sk-", "gsk_",
	"xai-", "hf_", "nvapi-", "ghp_", "github_pat_", "eyJ" };

/* Enough for any command line or environment; bounds the time to mask. */
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

/* The number of bytes of text that are in set. */
static size_t
count(struct gm_span text, const char *set)
{
	size_t n = 0, i;

	for (i = 0; i < text.len; i++)
		n += text.p[i] != '\0' && strchr(set, text.p[i]) != NULL;
	return n;
}

/* True if a text is too short or plain to be masked; see secret.h. */
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

/* True if a part between "-_." is long and mixes kinds of characters. */
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

/* True if text is a UUID, or ends in one after '-' or '_', as "key-UUID". */
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

/* True for names such as "0123abcd.txt", which may hold a hash. */
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

/* Try the word, and the word without a leading option letter ("-kKEY"). */
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
 * Add the password of "scheme://user:password@host", or the user if there is no
 * colon, as that is a token.  Ends at the last '@', as a password that is not
 * escaped may contain any character.
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

/* True if a secret of len bytes may begin after the byte before. */
static bool
may_begin(size_t len, char before)
{
	return len >= GM_SECRET_MIN || !is_in_word(before);
}

/* True if a secret of len bytes may end before text. */
static bool
may_end(size_t len, struct gm_span text)
{
	return len >= GM_SECRET_MIN || text.len == 0 || !is_in_word(text.p[0]);
}

/* The longest secret at the start of text, after the byte before; or empty. */
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
 * The number of bytes at the start of text that secrets cover; *last is the
 * secret at their end.  A secret may begin within another and end after it.
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

/* True for "...", by which we mark a cut, and "***", by which servers do. */
static bool
is_mark(struct gm_span text)
{
	return gm_span_starts(text, "...") || gm_span_starts(text, "***");
}

/*
 * The number of bytes at the start of text that are the beginning of a secret:
 * three quarters of it or more, or a few bytes followed by a mark of a cut.
 * 0 if there is none.
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
			covered = measure_cut(
			    s, before, text); /* keep the mark of the cut */
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
