#include <string.h>

#include "base/span.h"

struct gm_span
gm_span_of(const char *text)
{
	return (struct gm_span){ text, text != NULL ? strlen(text) : 0 };
}

bool
gm_span_is(struct gm_span s, const char *text)
{
	size_t len = strlen(text);

	return s.len == len && (len == 0 || memcmp(s.p, text, len) == 0);
}

bool
gm_span_starts(struct gm_span s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && (len == 0 || memcmp(s.p, prefix, len) == 0);
}

bool
gm_span_ends(struct gm_span s, const char *suffix)
{
	size_t len = strlen(suffix);

	return s.len >= len &&
	       (len == 0 || memcmp(s.p + s.len - len, suffix, len) == 0);
}

/* tolower(3) would depend on the locale. */
static int
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

const char *
gm_span_find(struct gm_span s, const char *text)
{
	size_t len = strlen(text), i, n;

	for (i = 0; i + len <= s.len; i++) {
		for (n = 0; n < len && lower(s.p[i + n]) == lower(text[n]); n++)
			;
		if (n == len)
			return s.p + i;
	}
	return NULL;
}

bool
gm_span_has(struct gm_span s, const char *text)
{
	return text[0] == '\0' || gm_span_find(s, text) != NULL;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct gm_span
gm_span_ltrim(struct gm_span s)
{
	while (s.len > 0 && is_blank(s.p[0])) {
		s.p++;
		s.len--;
	}
	return s;
}

struct gm_span
gm_span_trim(struct gm_span s)
{
	s = gm_span_ltrim(s);
	while (s.len > 0 && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

/* The number of bytes before the first separator. */
static size_t
until(struct gm_span s, const char *separators)
{
	const char *p;
	size_t i;

	if (separators[0] != '\0' && separators[1] == '\0') {
		p = memchr(s.p, separators[0], s.len);
		return p != NULL ? (size_t)(p - s.p) : s.len;
	}
	for (i = 0; i < s.len; i++)
		if (s.p[i] != '\0' && strchr(separators, s.p[i]) != NULL)
			break;
	return i;
}

bool
gm_span_split(
    struct gm_span *rest, const char *separators, struct gm_span *item)
{
	size_t len;

	if (rest->p == NULL)
		return false;
	len = until(*rest, separators);
	*item = (struct gm_span){ rest->p, len };
	if (len == rest->len)
		*rest = (struct gm_span){ NULL, 0 };
	else
		*rest =
		    (struct gm_span){ rest->p + len + 1, rest->len - len - 1 };
	return true;
}
