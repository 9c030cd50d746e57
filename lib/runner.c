#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "buf.h"
#include "runner.h"

static int
set_variables(enum gm_vendor vendor, const char *key)
{
	const struct gm_vendor_row *row = gm_vendor(vendor);
	const char *name;
	size_t i;
	int rc = 0;

	for (i = 0; i < row->keys && rc == 0; i++) {
		name = gm_vendor_variable(row->first_key + i);
		rc = i < row->lists ? unsetenv(name) : setenv(name, key, 1);
	}
	return rc;
}

static int
set_key(enum gm_vendor vendor, struct gm_span key, struct gm_err *err)
{
	struct gm_buf text;
	int rc;

	gm_buf_init(&text, key.len);
	gm_buf_put_span(&text, key);
	rc = gm_buf_check(&text, err);
	if (rc == 0 && set_variables(vendor, gm_buf_str(&text)) != 0)
		rc = gm_fail_errno(err, GM_EOS, "environment");
	gm_buf_release(&text);
	return rc;
}

int
gm_runner_exec(
    char **argv, enum gm_vendor vendor, struct gm_span key, struct gm_err *err)
{
	if (set_key(vendor, key, err) != 0)
		return -1;
	(void)execvp(argv[0], argv);
	return gm_fail_errno(
	    err, errno == ENOENT ? GM_ENOCOMMAND : GM_ENOEXEC, "%s", argv[0]);
}
