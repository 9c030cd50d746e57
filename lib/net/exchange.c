#include <string.h>
#include <strings.h>

#include "net/exchange.h"

/* Is it "name: value", in whatever case?  Then *value is set. */
static bool
is_header(struct gm_span line, const char *name, struct gm_span *value)
{
	size_t len = strlen(name);

	if (line.len <= len || line.p[len] != ':' ||
	    strncasecmp(line.p, name, len) != 0)
		return false;
	*value = gm_span_trim(
	    (struct gm_span){ line.p + len + 1, line.len - len - 1 });
	return true;
}

struct gm_span
gm_http_header(const struct gm_http_head *head, const char *name)
{
	struct gm_span rest = head->headers, line, value = { 0 };

	while (gm_span_split(&rest, "\n", &line))
		(void)is_header(line, name, &value);
	return value;
}
