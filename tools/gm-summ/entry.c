#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gm-summ/entry.h"

/* Change the number if what is hashed or the format changes. */
#define VERSION "gm-summ cache 1\n"
#define DIGITS ((size_t)(GM_HASH_HEX - 1))

/*
 * Add a field to the hash: salt it with the hash so far and its length.
 * Nothing is copied, so no memory is needed and nothing can fail.
 */
static void
add(char hash[GM_HASH_HEX], struct gm_span text)
{
	char salt[GM_HASH_HEX + 32];

	(void)snprintf(salt, sizeof(salt), "%s %zu:", hash, text.len);
	gm_hash_hex(hash, gm_span_of(salt), text);
}

void
gm_entry_key(char key[GM_HASH_HEX], const struct gm_entry_request *r)
{
	size_t i;

	gm_hash_hex(key, gm_span_of(VERSION), gm_span_of("key"));
	add(key, gm_span_of(r->origin));
	add(key, gm_span_of(r->model));
	add(key, gm_span_of(r->prompts));
	add(key, gm_span_of(r->params));
	add(key, r->system);
	for (i = 0; i < r->parts_len; i++)
		add(key, r->parts[i]);
}

/* The key is part of the checksum: a renamed file does not match. */
static void
put_checksum(
    char out[GM_HASH_HEX], const char key[GM_HASH_HEX], struct gm_span body)
{
	char salt[sizeof(VERSION) + GM_HASH_HEX];

	(void)snprintf(salt, sizeof(salt), "%s%s", VERSION, key);
	gm_hash_hex(out, gm_span_of(salt), body);
}

void
gm_entry_write(
    struct gm_buf *out, const char key[GM_HASH_HEX], const struct gm_entry *e)
{
	char sum[GM_HASH_HEX];
	size_t start = out->len, body;

	/* Leave room for the checksum, which is known last. */
	gm_buf_printf(out, "%*s\n", (int)DIGITS, "");
	body = out->len;
	gm_buf_printf(out, "%lld %lld\n", (long long)e->input_tokens,
	    (long long)e->output_tokens);
	gm_buf_put(out, e->model, strlen(e->model) + 1);
	gm_buf_put_span(out, e->text);
	if (out->failed != GM_OK)
		return;
	put_checksum(
	    sum, key, (struct gm_span){ out->data + body, out->len - body });
	memcpy(out->data + start, sum, DIGITS);
}

/* Take a number and the byte after it off *rest. */
static bool
take_number(struct gm_span *rest, char after, int64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoll(rest->p, &end, 10);
	if (errno != 0 || end == rest->p || *end != after)
		return false;
	end++;
	rest->len -= (size_t)(end - rest->p);
	rest->p = end;
	return true;
}

bool
gm_entry_parse(
    struct gm_entry *e, const char key[GM_HASH_HEX], struct gm_span bytes)
{
	char sum[GM_HASH_HEX];
	struct gm_span rest;
	const char *end;

	if (bytes.len <= DIGITS + 1 || bytes.p[DIGITS] != '\n')
		return false;
	rest.p = bytes.p + DIGITS + 1;
	rest.len = bytes.len - DIGITS - 1;
	put_checksum(sum, key, rest);
	if (memcmp(sum, bytes.p, DIGITS) != 0 ||
	    !take_number(&rest, ' ', &e->input_tokens) ||
	    !take_number(&rest, '\n', &e->output_tokens))
		return false;
	e->model = rest.p;
	end = memchr(rest.p, '\0', rest.len);
	if (end == NULL)
		return false;
	e->text.p = end + 1;
	e->text.len = rest.len - (size_t)(e->text.p - rest.p);
	return e->text.len > 0;
}
