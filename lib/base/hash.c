#include <string.h>

#include <sha2.h>

#include "base/hash.h"

static void
add(SHA2_CTX *context, struct gm_span bytes)
{
	if (bytes.len > 0) /* an empty span may have no pointer */
		SHA256Update(context, (const uint8_t *)bytes.p, bytes.len);
}

void
gm_hash_hex(char out[GM_HASH_HEX], struct gm_span salt, struct gm_span text)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX context;
	size_t i;

	SHA256Init(&context);
	add(&context, salt);
	add(&context, text);
	SHA256Final(digest, &context);
	for (i = 0; i < GM_HASH_HEX - 1; i++)
		out[i] = digits[digest[i / 2] >> (i % 2 == 0 ? 4 : 0) & 0xf];
	out[i] = '\0';
	/* The text may be a key. */
	explicit_bzero(&context, sizeof(context));
	explicit_bzero(digest, sizeof(digest));
}
