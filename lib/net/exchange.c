#include <string.h>
#include <strings.h>

#include "net/exchange.h"

/* Return true if the line is "name: value" in any case; set *value then. */
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

static int64_t
read_span(void *arg, char *p, size_t size, struct gm_err *err)
{
	struct gm_body_span *s = arg;
	size_t left = s->all.len - s->at, n = size < left ? size : left;

	(void)err;
	memcpy(p, s->all.p + s->at, n);
	s->at += n;
	return (int64_t)n;
}

static int
rewind_span(void *arg, struct gm_err *err)
{
	struct gm_body_span *s = arg;

	(void)err;
	s->at = 0;
	return 0;
}

struct gm_body
gm_body_of(struct gm_body_span *s, struct gm_span all)
{
	*s = (struct gm_body_span){ .all = all };
	if (all.len == 0)
		return (struct gm_body){ 0 };
	return (struct gm_body){ .len = (int64_t)all.len,
		.read = read_span,
		.rewind = rewind_span,
		.arg = s };
}
