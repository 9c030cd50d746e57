#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "gm-summ/names.h"

#define LIST_MAX ((size_t)64 * 1024 * 1024)

static int
make_room(struct gm_names *n, size_t len, struct gm_err *err)
{
	n->items = calloc(len + 1, sizeof(*n->items));
	if (n->items == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	return 0;
}

int
gm_names_from_operands(
    struct gm_names *n, int argc, char **argv, int literal, struct gm_err *err)
{
	int i;

	if (make_room(n, (size_t)argc + 1, err) != 0)
		return -1;
	if (argc == 0)
		n->items[n->len++] = NULL;
	for (i = 0; i < argc; i++)
		n->items[n->len++] =
		    i < argc - literal && strcmp(argv[i], "-") == 0 ? NULL
								    : argv[i];
	return 0;
}

/* Split the list into names.  The buffer ends with a NUL in any case. */
static int
split(struct gm_names *n, const char *path, struct gm_err *err)
{
	const char *p = n->list.data, *end = p + n->list.len;
	size_t count = 1;

	for (; p < end; p++)
		count += *p == '\0';
	if (make_room(n, count, err) != 0)
		return -1;
	for (p = n->list.data; p < end; p += strlen(p) + 1) {
		if (*p == '\0')
			return gm_fail(err, GM_EDATA,
			    "--files0-from: %s: name %zu is empty", path,
			    n->len + 1);
		n->items[n->len++] = p;
	}
	return 0;
}

int
gm_names_from_file(struct gm_names *n, const char *path, struct gm_err *err)
{
	int rc;

	gm_buf_init(&n->list, LIST_MAX);
	rc = strcmp(path, "-") == 0
	         ? gm_file_read(STDIN_FILENO, "standard input", &n->list, err)
	         : gm_file_slurp(path, &n->list, err);
	if (rc != 0) {
		gm_err_prefix(err, "--files0-from: ");
		return -1;
	}
	return n->list.len > 0 ? split(n, path, err) : 0;
}

void
gm_names_release(struct gm_names *n)
{
	free(n->items);
	gm_buf_release(&n->list);
	*n = (struct gm_names){ .items = NULL };
}
