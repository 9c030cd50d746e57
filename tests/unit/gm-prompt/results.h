#ifndef GM_TEST_RESULTS_H
#define GM_TEST_RESULTS_H

/* Lines of a batch, as gm-prompt writes them, but shorter. */

#include <stdio.h>
#include <stdlib.h>

#include "base/file_place.h"
#include "base/hash.h"

#define HASH "%032x"
#define HEAD "{\"record\":%d,\"hash\":\"" HASH "\",\"ok\":"
#define GOOD "true,\"text\":\"%s\",\"error\":null}\n"
#define BAD "false,\"text\":\"\",\"error\":{\"class\":\"%s\"}}\n"

/* Make the line of a record whose hash is a number; 0: it is invalid. */
static inline void
put_result(
    struct gm_buf *out, int record, unsigned hash, bool ok, const char *text)
{
	if (hash == 0)
		gm_buf_puts(out, "{\"record\":1,\"hash\":\"\",\"ok\":");
	else
		gm_buf_printf(out, HEAD, record, hash);
	if (ok)
		gm_buf_printf(out, GOOD, text);
	else
		gm_buf_printf(out, BAD, text);
}

/*
 * Make lines from a list such as "1+a 2-b": the line of record 1 with the hash
 * 1 and the text "a", and that of record 2, which has failed with the class
 * "b".  The caller frees them.
 */
static inline char *
results(const char *list)
{
	struct gm_span rest = gm_span_of(list), item;
	struct gm_buf out;
	char text[64], *end, *all;
	long n;

	gm_buf_init(&out, (size_t)1 << 30);
	gm_buf_puts(&out, "");
	while (gm_span_split(&rest, " ", &item)) {
		if (item.len == 0)
			continue;
		n = strtol(item.p, &end, 10);
		(void)snprintf(text, sizeof(text), "%.*s",
		    (int)(item.p + item.len - end - 1), end + 1);
		put_result(&out, (int)n, (unsigned)n, *end == '+', text);
	}
	all = gm_buf_take(&out);
	assert_non_null(all);
	return all;
}

static inline void
put_results(const char *path, const char *list)
{
	char *all = results(list);

	put_file(path, all);
	free(all);
}

static inline void
assert_results(const char *path, const char *list)
{
	char *all = results(list);

	assert_file(path, all);
	free(all);
}

#endif
