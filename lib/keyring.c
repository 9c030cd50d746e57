#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyring.h"

/* Bytes of all keys together. */
#define RING_MAX (1024 * 1024)

static int
check_key(struct gm_span key, size_t place, struct gm_err *err)
{
	size_t i;

	if (key.len == 0)
		return gm_fail(err, GM_ECONFIG,
		    "key %zu: there is a label but no key", place);
	if (key.len > GM_KEY_MAX)
		return gm_fail(err, GM_ECONFIG, "key %zu: longer than %d bytes",
		    place, GM_KEY_MAX);
	/* Escaped in JSON, a quote or backslash would hide a key from masking. */
	for (i = 0; i < key.len; i++)
		if (key.p[i] <= ' ' || key.p[i] > '~' || key.p[i] == '"' ||
		    key.p[i] == '\\')
			return gm_fail(err, GM_ECONFIG,
			    "key %zu: byte %zu is a blank, a control, a quote, "
			    "a backslash or not ASCII: separate keys by commas",
			    place, i + 1);
	return 0;
}

/* "label:key" to its parts; keys themselves have no colon. */
static int
cut_label(
    struct gm_key *key, struct gm_span item, size_t place, struct gm_err *err)
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
	/* It stands in the state, in tables and in JSON. */
	for (i = 0; i < label.len; i++)
		if (label.p[i] < ' ' || label.p[i] > '~' || i == GM_LABEL_MAX)
			return gm_fail(err, GM_ECONFIG,
			    "key %zu: a label has at most %d characters, "
			    "all of ASCII",
			    place, GM_LABEL_MAX);
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
	size_t place;

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
		place = ring->len + ring->doubles;
		if (cut_label(&key, item, place, err) != 0 ||
		    check_key(key.text, place, err) != 0 ||
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
