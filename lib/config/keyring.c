#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/keyring.h"

/* Bytes of all keys together. */
#define RING_MAX (1024 * 1024)

/* Separators of words in a label. */
#define AROUND_WORDS " \t\v\f!\"#$%&'()*+,/:;<=>?@[\\]^`{|}~"

#define BOM "\xEF\xBB\xBF"
#define WORD_BYTES \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

/* True for straight and typographic quotes, and backquotes. */
static bool
is_quote(struct gm_span s)
{
	if (s.p[0] == '"' || s.p[0] == '\'' || s.p[0] == '`')
		return true;
	return s.len >= 3 && s.p[0] == '\xE2' && s.p[1] == '\x80' &&
	       (s.p[2] & '\xF8') == '\x98';
}

/*
 * The fault of the character at the start of s, with advice; NULL: none.
 *  Quotes and backslashes are faults because JSON escapes them, so that masking
 * would not find the key there.
 */
static const char *
fault_of(struct gm_span s)
{
	if (is_quote(s))
		return "is a quote; remove the quotes";
	if (gm_span_starts(s, BOM))
		return "begins a byte order mark; remove it";
	switch (s.p[0]) {
	case '\\':
		return "is a backslash; give only the key";
	case ';':
		return "is a ';'; separate keys with commas";
	case '|':
		return "is a '|'; separate keys with commas";
	case ' ':
	case '\t':
		return "is a blank; separate keys with commas";
	default:
		break;
	}
	if ((unsigned char)s.p[0] >= 0x80)
		return "is not ASCII; copy the key again";
	if (s.p[0] < ' ' || s.p[0] == '\177')
		return "is a control character; copy the key again";
	return NULL;
}

/* True for "NAME=value" and "export ..."; '=' may end a key, as in Base64. */
static bool
is_assignment(struct gm_span s)
{
	size_t i;

	if (gm_span_starts(s, "export ") || gm_span_starts(s, "export\t"))
		return true;
	for (i = 0; i < s.len && s.p[i] != '\0'; i++)
		if (strchr(WORD_BYTES, s.p[i]) == NULL)
			break;
	if (i == 0 || (s.p[0] >= '0' && s.p[0] <= '9') || i == s.len ||
	    s.p[i] != '=')
		return false;
	while (i < s.len && s.p[i] == '=')
		i++;
	return i < s.len;
}

/* True for "Bearer KEY", as in a header. */
static bool
is_bearer(struct gm_span s)
{
	static const char word[] = "bearer";
	size_t len = sizeof(word) - 1;

	return s.len > len && (s.p[len] == ' ' || s.p[len] == '\t') &&
	       gm_span_find((struct gm_span){ s.p, len }, word) != NULL;
}

/* Reject text that was pasted before a key or label. */
static int
check_front(struct gm_span item, size_t index, struct gm_err *err)
{
	if (gm_span_starts(item, BOM) || (item.len > 0 && is_quote(item)))
		return gm_fail(err, GM_ECONFIG, "key %zu: byte 1 %s", index,
		    fault_of(item));
	if (is_assignment(item))
		return gm_fail(err, GM_ECONFIG,
		    "key %zu: begins with NAME=; give only the key", index);
	return 0;
}

static int
check_key(struct gm_span key, size_t index, struct gm_err *err)
{
	const char *why;
	size_t i;

	if (key.len == 0)
		return gm_fail(
		    err, GM_ECONFIG, "key %zu: a label without a key", index);
	if (check_front(key, index, err) != 0)
		return -1;
	if (is_bearer(key))
		return gm_fail(err, GM_ECONFIG,
		    "key %zu: begins with 'Bearer '; give only the key", index);
	for (i = 0; i < key.len; i++) {
		why = fault_of((struct gm_span){ key.p + i, key.len - i });
		if (why != NULL)
			return gm_fail(err, GM_ECONFIG, "key %zu: byte %zu %s",
			    index, i + 1, why);
	}
	if (key.len > GM_KEY_MAX)
		return gm_fail(err, GM_ECONFIG, "key %zu: longer than %d bytes",
		    index, GM_KEY_MAX);
	return 0;
}

/*
 * True if a word of the label looks like a key, as in "key:label".  It would be
 * shown: labels are in the key state, in tables and in JSON.
 */
static bool
holds_key(struct gm_span label)
{
	struct gm_span word;

	while (gm_span_split(&label, AROUND_WORDS, &word))
		if (gm_secret_is_key(word))
			return true;
	return false;
}

/* Split "label:key"; keys have no colon. */
static int
cut_label(
    struct gm_key *key, struct gm_span item, size_t index, struct gm_err *err)
{
	const char *colon = memchr(item.p, ':', item.len);
	struct gm_span label;
	char *blank;
	size_t i;

	*key = (struct gm_key){ .text = item };
	if (colon == NULL)
		return 0;
	label = (struct gm_span){ item.p, (size_t)(colon - item.p) };
	key->text = gm_span_trim(
	    (struct gm_span){ colon + 1, item.len - label.len - 1 });
	label = gm_span_trim(label);
	if (holds_key(label))
		return gm_fail(err, GM_ECONFIG,
		    "key %zu: its label looks like a key; write label:key",
		    index);
	for (i = 0; i < label.len; i++)
		if (label.p[i] < ' ' || label.p[i] > '~' || i == GM_LABEL_MAX)
			return gm_fail(err, GM_ECONFIG,
			    "key %zu: label longer than %d characters, or not "
			    "ASCII",
			    index, GM_LABEL_MAX);
	if (label.len > 0)
		(void)snprintf(key->project, sizeof(key->project), "label:%.*s",
		    (int)label.len, label.p);
	while ((blank = strchr(key->project, ' ')) != NULL)
		*blank = '_';
	return 0;
}

static bool
is_double(const struct gm_keyring *ring, struct gm_span text)
{
	size_t i;

	for (i = 0; i < ring->len; i++)
		if (ring->keys[i].text.len == text.len &&
		    memcmp(ring->keys[i].text.p, text.p, text.len) == 0)
			return true;
	return false;
}

static int
add(struct gm_keyring *ring, struct gm_key key, struct gm_err *err)
{
	struct gm_key *keys;

	if (is_double(ring, key.text)) {
		ring->doubles++;
		return 0;
	}
	keys = realloc(ring->keys, (ring->len + 1) * sizeof(*keys));
	if (keys == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	ring->keys = keys;
	ring->keys[ring->len++] = key;
	return 0;
}

int
gm_keyring_parse(struct gm_keyring *ring, struct gm_span text,
    struct gm_secrets *secrets, struct gm_err *err)
{
	struct gm_span rest, item;
	struct gm_key key;
	size_t index;

	/* The ring's copy is what the spans of its keys refer to. */
	*ring = (struct gm_keyring){ 0 };
	gm_buf_init(&ring->memory, RING_MAX);
	gm_buf_put_span(&ring->memory, text);
	if (gm_buf_check(&ring->memory, err) != 0) {
		if (err->code == GM_EDATA)
			err->code = GM_ECONFIG;
		return -1;
	}
	rest = gm_buf_span(&ring->memory);
	while (gm_span_split(&rest, ",\n\r", &item)) {
		item = gm_span_trim(item);
		if (item.len == 0)
			continue;
		/* Users count all keys of their list, duplicates included. */
		index = ring->len + ring->doubles;
		if (check_front(item, index, err) != 0 ||
		    cut_label(&key, item, index, err) != 0 ||
		    check_key(key.text, index, err) != 0 ||
		    gm_secrets_add(secrets, key.text, err) != 0 ||
		    add(ring, key, err) != 0)
			return -1;
	}
	return 0;
}

int
gm_keyring_empty(struct gm_keyring *ring, struct gm_err *err)
{
	return add(ring, (struct gm_key){ .text = { "", 0 } }, err);
}

void
gm_keyring_release(struct gm_keyring *ring)
{
	gm_buf_release(&ring->memory);
	free(ring->keys);
	*ring = (struct gm_keyring){ 0 };
}
