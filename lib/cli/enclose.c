#include <stdio.h>

#include "base/utf8.h"
#include "cli/enclose.h"

#define ID_MIN 8 /* digits */

/* If the content has the whole hash, take the hash of the hash. */
void
gm_enclose_id(char id[GM_HASH_HEX], struct gm_span content)
{
	size_t len = ID_MIN;
	char full[GM_HASH_HEX];

	gm_hash_hex(full, gm_span_of(""), content);
	(void)snprintf(id, GM_HASH_HEX, "%.*s", (int)len, full);
	while (gm_span_has(content, id)) {
		if (++len == GM_HASH_HEX) {
			gm_hash_hex(full, gm_span_of(full), content);
			len = ID_MIN;
		}
		(void)snprintf(id, GM_HASH_HEX, "%.*s", (int)len, full);
	}
}

void
gm_enclose_name(struct gm_buf *out, struct gm_span name)
{
	uint32_t point;
	size_t n, skip;

	for (; name.len > 0; name.p += n, name.len -= n) {
		n = gm_utf8_decode(name, &point, &skip);
		if (n == 0) {
			gm_utf8_put(out, GM_UTF8_REPLACEMENT);
			n = skip;
		} else if (point < ' ' || (point >= 0x7F && point < 0xA0) ||
			   point == 0x2028 || point == 0x2029)
			gm_buf_printf(out, "&#%u;", (unsigned)point);
		else if (point == '&')
			gm_buf_puts(out, "&amp;");
		else if (point == '<')
			gm_buf_puts(out, "&lt;");
		else if (point == '>')
			gm_buf_puts(out, "&gt;");
		else if (point == '"')
			gm_buf_puts(out, "&quot;");
		else
			gm_buf_put(out, name.p, n);
	}
}
