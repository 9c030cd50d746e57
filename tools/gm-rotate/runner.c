#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "gm-rotate/runner.h"

#define NAME_BYTES \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

static bool
is_name(const char *name)
{
	return name[0] != '\0' && (name[0] < '0' || name[0] > '9') &&
	       name[strspn(name, NAME_BYTES)] == '\0';
}

/* True for a variable of the tools that holds a list of keys, or no key. */
static bool
is_setting(const char *name)
{
	const struct gm_vendor_row *row;
	size_t i;
	int id;

	for (id = 0; id < GM_SETTINGS; id++)
		if (gm_setting((enum gm_setting)id)->variable != NULL &&
		    strcmp(name, gm_setting((enum gm_setting)id)->variable) ==
			0)
			return true;
	for (id = 0; id < GM_VENDORS; id++) {
		row = gm_vendor((enum gm_vendor)id);
		for (i = 0; i < row->lists; i++)
			if (strcmp(name,
				gm_vendor_variable(row->first_key + i)) == 0)
				return true;
	}
	return false;
}

int
gm_runner_check(const char *name, struct gm_err *err)
{
	if (!is_name(name))
		return gm_fail(err, GM_EUSAGE,
		    "not a variable name (letters, digits and _; no digit "
		    "first)");
	if (is_setting(name))
		return gm_fail(err, GM_EUSAGE,
		    "%s is a setting of the gm tools, not a name for one key",
		    name);

	return 0;
}

/*
 * Set the variables of a single key, and remove those of lists: other programs
 * do not know them, but a gm tool would prefer a list to our key.
 */
static int
set_variables(const struct gm_runner *r, const char *key)
{
	const struct gm_vendor_row *row = gm_vendor(r->vendor);
	const char *name;
	size_t i;
	int rc = 0;

	for (i = 0; i < row->keys && rc == 0; i++) {
		name = gm_vendor_variable(row->first_key + i);
		rc = i < row->lists ? unsetenv(name) : setenv(name, key, 1);
	}
	for (i = 0; i < r->len && rc == 0; i++)
		rc = setenv(r->names[i], key, 1);
	return rc;
}

static int
set_key(const struct gm_runner *r, struct gm_err *err)
{
	struct gm_buf text;
	int rc;

	gm_buf_init(&text, r->key.len);
	gm_buf_put_span(&text, r->key);
	rc = gm_buf_check(&text, err);
	if (rc == 0 && set_variables(r, gm_buf_str(&text)) != 0)
		rc = gm_fail_errno(err, GM_EOS, "environment");
	gm_buf_release(&text);
	return rc;
}

int
gm_runner_exec(char **argv, const struct gm_runner *r, struct gm_err *err)
{
	if (set_key(r, err) != 0)
		return -1;
	(void)execvp(argv[0], argv);
	/* As env(1): 127 if there is no such command, else 126. */
	return gm_fail_errno(

	    err, errno == ENOENT ? GM_ENOCOMMAND : GM_ENOEXEC, "%s", argv[0]);
}
