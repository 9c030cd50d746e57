#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "config/envsearch.h"
#include "net/url.h"

#define LOCAL "./.env"
#define SYSTEM "/etc/gm/env"
#define SEARCHED_MAX (4 * PATH_MAX)

/* Number of default files: the user's own, and the system's. */
#define DEFAULTS 2

/* True if the file sets a variable to more than blanks and commas. */
static bool
is_set(const struct gm_envfile *file, const char *name)
{
	const struct gm_buf *text = gm_envfile_get(file, name);
	const char *p = text != NULL ? gm_buf_str(text) : "";

	return p[strspn(p, " \t\r\n,")] != '\0';
}

static const char *
command_of(enum gm_vendor vendor)
{
	return gm_setting(gm_vendor(vendor)->command)->variable;
}

static bool
is_key_variable(struct gm_span name, enum gm_vendor vendor)
{
	const struct gm_vendor_row *row = gm_vendor(vendor);
	size_t i;

	for (i = row->first_key; i < row->first_key + row->keys; i++)
		if (gm_span_is(name, gm_vendor_variable(i)))
			return true;
	return gm_span_is(name, command_of(vendor));
}

static bool
is_local_deciding(struct gm_span name, const void *arg)
{
	const struct gm_envsearch *s = arg;
	size_t i;

	for (i = 0; i < s->vendors.len; i++)
		if (is_key_variable(name, s->vendors.items[i]))
			return true;
	return false;
}

static bool
is_deciding(struct gm_span name, const void *arg)
{
	const struct gm_vendor_row *row;
	int i;

	(void)arg;
	for (i = 0; i < GM_VENDORS; i++) {
		row = gm_vendor((enum gm_vendor)i);
		if (is_key_variable(name, (enum gm_vendor)i) ||
		    (row->local &&
			gm_span_is(name, gm_setting(row->base_url)->variable)))
			return true;
	}
	return gm_span_is(name, gm_setting(GM_SET_FALLBACK)->variable);
}

static bool
gives_keys(const struct gm_envfile *file, enum gm_vendor vendor)
{
	const struct gm_vendor_row *row = gm_vendor(vendor);
	size_t i;

	for (i = row->first_key; i < row->first_key + row->keys; i++)
		if (is_set(file, gm_vendor_variable(i)))
			return true;
	return is_set(file, command_of(vendor));
}

/* True if the file names a server on this machine, which needs no key. */
static bool
needs_no_keys(const struct gm_envfile *file, enum gm_vendor vendor)
{
	const struct gm_vendor_row *row = gm_vendor(vendor);
	const struct gm_buf *url =
	    gm_envfile_get(file, gm_setting(row->base_url)->variable);

	return row->local && url != NULL && url->len > 0 &&
	       gm_url_is_loopback(gm_buf_str(url));
}

static bool
is_local_needed(const struct gm_envfile *file, const void *arg)
{
	const struct gm_envsearch *s = arg;
	size_t i;

	for (i = 0; i < s->vendors.len; i++)
		if (gives_keys(file, s->vendors.items[i]))
			return true;
	return false;
}

static bool
is_needed(const struct gm_envfile *file, const void *arg)
{
	const struct gm_envsearch *s = arg;
	struct gm_vendors vendors = s->vendors;
	const struct gm_buf *then =
	    gm_envfile_get(file, gm_setting(GM_SET_FALLBACK)->variable);
	struct gm_err later; /* reported when the file is used */
	size_t i;

	if (s->fallback && then != NULL)
		(void)!gm_vendors_add(&vendors, gm_buf_str(then), &later);
	for (i = 0; i < vendors.len; i++)
		if (!s->keys[vendors.items[i]] &&
		    (gives_keys(file, vendors.items[i]) ||
			needs_no_keys(file, vendors.items[i])))
			return true;
	return false;
}

/* True if all services that are used have keys outside of env files. */
static bool
is_served(const struct gm_envsearch *s)
{
	size_t i;

	for (i = 0; i < s->vendors.len; i++)
		if (!s->keys[s->vendors.items[i]])
			return false;
	return true;
}

/* True if one of them has keys there, or a key command. */
static bool
has_keys(const struct gm_envsearch *s)
{
	size_t i;

	for (i = 0; i < s->vendors.len; i++)
		if (s->keys[s->vendors.items[i]] ||
		    s->commands[s->vendors.items[i]])
			return true;
	return false;
}

/* A search in progress. */
struct run {
	const struct gm_envsearch *search;
	struct gm_envsearch_found *found;
	struct gm_envfile *file;
};

static void
put_searched(struct run *r, const char *path)
{
	struct gm_buf *all = &r->found->searched;

	gm_buf_printf(all, "%s%s", all->len > 0 ? ", " : "", path);
}

static enum gm_envfile_found
try_file(struct run *r, const char *path, enum gm_envsearch_trust trust,
    const struct gm_envfile_rules *rules, struct gm_err *err)
{
	enum gm_envfile_found found =
	    gm_envfile_load(r->file, path, rules, r->search->note, err);

	if (found == GM_ENVFILE_USED) {
		gm_buf_puts(&r->found->path, path);
		r->found->trust = trust;
	}
	return found;
}

static struct gm_envfile_rules
rules_of(const struct gm_envsearch *s, enum gm_envfile_whose whose)
{
	return (struct gm_envfile_rules){ .wanted = s->wanted,
		.unknown = s->unknown,
		.arg = s,
		.whose = whose,
		.allow_unsafe = s->allow_unsafe };
}

/*
 * Try the user's own file, then the system's; with any, also files that provide
 * no keys.  A file that an earlier call has not found is not tried again; found
 * has the results.
 */
static int
try_defaults(struct run *r, bool any, enum gm_envfile_found found[DEFAULTS],
    struct gm_err *err)
{
	static const enum gm_envfile_whose whose[DEFAULTS] = { GM_ENVFILE_OWN,
		GM_ENVFILE_SHARED };
	const char *const paths[DEFAULTS] = { r->search->user, SYSTEM };
	struct gm_envfile_rules rules;
	size_t i;

	for (i = 0; i < DEFAULTS && r->found->trust == GM_ENVSEARCH_NONE; i++) {
		if (paths[i] == NULL || found[i] != GM_ENVFILE_OTHER)
			continue;
		rules = rules_of(r->search, whose[i]);
		if (!any) {
			rules.deciding = is_deciding;
			rules.needed = is_needed;
		}
		found[i] =
		    try_file(r, paths[i], GM_ENVSEARCH_SYSTEM, &rules, err);
		if (found[i] == GM_ENVFILE_BAD)
			return -1;
	}
	return 0;
}

/* A file that $GM_ENV_FILE names is used even if it provides no keys. */
static struct gm_envfile_rules
local_rules(const struct gm_envsearch *s)
{
	struct gm_envfile_rules rules = rules_of(
	    s, s->variable != NULL ? GM_ENVFILE_NAMED : GM_ENVFILE_SHARED);

	if (s->variable == NULL) {
		rules.deciding = is_local_deciding;
		rules.needed = is_local_needed;
	}
	return rules;
}

static int
try_local(struct run *r, struct gm_err *err)
{
	const struct gm_envsearch *s = r->search;
	const char *path = s->variable != NULL ? s->variable : LOCAL;
	const struct gm_envfile_rules rules = local_rules(s);

	put_searched(r, path);
	return try_file(r, path, GM_ENVSEARCH_LOCAL, &rules, err) ==
	               GM_ENVFILE_BAD
	           ? -1
	           : 0;
}

/* Note that $GM_ENV_FILE, or a ./.env with keys, is not used. */
static int
note_unused_local(const struct run *r, struct gm_err *err)
{
	const struct gm_envsearch *s = r->search;
	const bool by_file =
	    r->found->trust == GM_ENVSEARCH_SYSTEM && !has_keys(s);
	const char *place =
	    by_file ? gm_buf_str(&r->found->path) : "a more trusted source";
	const struct gm_envfile_rules rules = local_rules(s);
	int fd;

	if (s->variable != NULL) {
		/* A file that the user names must exist, even if not used. */
		fd = gm_file_open(s->variable, err);
		if (fd == -1) {
			err->code = GM_ECONFIG;
			return -1;
		}
		(void)close(fd);
		gm_note(s->note, GM_LEVEL_NOTE,
		    "GM_ENV_FILE: %s is trusted like " LOCAL
		    " and not used, as keys come from %s; to use it, add "
		    "--env-file %s",
		    s->variable, place, s->variable);
	} else if ((by_file || s->note->verbose > 0) &&
		   gm_envfile_is_needed(LOCAL, &rules)) {
		gm_note(s->note, by_file ? GM_LEVEL_NOTE : GM_LEVEL_DETAIL,
		    LOCAL " is not used: keys come from %s; to use it, add "
			  "--env-file .env",
		    place);
	}
	return 0;
}

/* Steps 2 to 4 of envsearch.h. */
static int
search(struct run *r, struct gm_err *err)
{
	const struct gm_envsearch *s = r->search;
	enum gm_envfile_found found[DEFAULTS] = { GM_ENVFILE_OTHER,
		GM_ENVFILE_OTHER };
	bool local;

	if (s->user != NULL)
		put_searched(r, s->user);
	put_searched(r, SYSTEM);
	/* First only files that are needed; any file only after ./.env. */
	if (try_defaults(r, is_served(s), found, err) != 0)
		return -1;
	local = r->found->trust == GM_ENVSEARCH_NONE && !has_keys(s);
	if (local ? try_local(r, err) != 0 : note_unused_local(r, err) != 0)
		return -1;
	return try_defaults(r, true, found, err);
}

static bool
is_dot_env(const char *path)
{
	struct stat st, local;

	return stat(path, &st) == 0 && stat(LOCAL, &local) == 0 &&
	       st.st_dev == local.st_dev && st.st_ino == local.st_ino;
}

/* True if a file may be part of a cloned repository. */
static bool
is_local(const char *path)
{
	return path[0] != '/' || is_dot_env(path);
}

int
gm_envsearch_run(const struct gm_envsearch *s, struct gm_envsearch_found *found,
    struct gm_envfile *file, struct gm_err *err)
{
	struct run r = { s, found, file };
	const char *named = s->option;
	struct gm_envfile_rules rules;

	*found = (struct gm_envsearch_found){ .trust = GM_ENVSEARCH_NONE };
	gm_buf_init(&found->path, PATH_MAX);
	gm_buf_init(&found->searched, SEARCHED_MAX);
	if (named == NULL && s->variable != NULL && !is_local(s->variable))
		named = s->variable;
	if (named != NULL) {
		rules = rules_of(s, GM_ENVFILE_NAMED);
		put_searched(&r, named);
		if (try_file(&r, named, GM_ENVSEARCH_NAMED, &rules, err) ==
		    GM_ENVFILE_BAD)
			return -1;
	} else if (search(&r, err) != 0) {
		return -1;
	}
	if (gm_buf_check(&found->path, err) != 0)
		return -1;
	found->dot_env =
	    found->path.len > 0 && is_dot_env(gm_buf_str(&found->path));
	return gm_buf_check(&found->searched, err);
}

void
gm_envsearch_release(struct gm_envsearch_found *found)
{
	gm_buf_release(&found->path);
	gm_buf_release(&found->searched);
}
