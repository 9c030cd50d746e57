#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/near.h"
#include "base/secret.h"
#include "config/config.h"
#include "net/url.h"

#define PATH_LEN_MAX 4096

/* Our variables begin like this; unknown names that do draw a note. */
#define OURS "GM_"
/* Set for key commands, so that a tool of ours in one does not run another. */
#define KEY_COMMAND_MARK "GM_IN_KEY_COMMAND"
#define NAME_SHOWN 64 /* bytes of an unknown name that are shown */
/* "did you mean X?": one change for this many bytes after OURS, and at most. */
#define BYTES_PER_CHANGE 4
#define CHANGES_MAX 3

extern char **environ;

/* Sources of the path of a directory, after its setting. */
static const struct place {
	enum gm_setting setting;
	const char *systemd; /* absolute paths, separated by ':' */
	const char *xdg;     /* "gm" is below it */
	const char *home;    /* "gm" is below it in $HOME */
} places[] = {
	[GM_DIR_STATE] = { GM_SET_STATE_DIR, "STATE_DIRECTORY",
	    "XDG_STATE_HOME", ".local/state" },
	[GM_DIR_CACHE] = { GM_SET_CACHE_DIR, "CACHE_DIRECTORY",
	    "XDG_CACHE_HOME", ".cache" },
};

/* Read from the process environment alone. */
static const char *const process_variables[] = { "GM_ENV_FILE",
	"GM_ALLOW_UNSAFE_ENV" };

/*
 * Read by libcurl; they may hold a password.  For https, the first of the first
 * HTTPS_PROXIES that is set counts.  The others are for http, which we use only
 * for this machine, without a proxy.
 */
static const char *const proxy_variables[] = { "https_proxy", "HTTPS_PROXY",
	"all_proxy", "ALL_PROXY", "http_proxy", "HTTP_PROXY" };
#define HTTPS_PROXIES 4

/* Files of certificates, and, last, directories. */
static const char *const trust_variables[] = { "CURL_CA_BUNDLE",
	"SSL_CERT_FILE", "SSL_CERT_DIR" };

/* The value of a variable; NULL if it is empty or not set. */
static const char *
variable(const char *name)
{
	const char *text = getenv(name);

	return text != NULL && *text != '\0' ? text : NULL;
}

/* True if the terminal may not support escape sequences. */
static bool
is_dumb(void)
{
	const char *term = variable("TERM");

	return term == NULL || strcmp(term, "dumb") == 0;
}

/* True if a variable is set and not "0". */
static bool
is_on(const char *name)
{
	const char *text = variable(name);

	return text != NULL && strcmp(text, "0") != 0;
}

/* A directory in a variable; NULL if relative, as that could be anyone's. */
static const char *
directory(const char *name)
{
	const char *text = variable(name);

	return text != NULL && text[0] == '/' ? text : NULL;
}

static bool
is_variable(struct gm_span name)
{
	const char *known;
	size_t i;

	for (i = 0; (known = gm_config_variable(i)) != NULL; i++)
		if (gm_span_is(name, known))
			return true;
	return false;
}

/* True if a name looks like ours but is not: it is probably misspelt. */
static bool
is_unknown(struct gm_span name)
{
	return gm_span_starts(name, OURS) && !is_variable(name);
}

static struct gm_value
value_from(enum gm_origin origin, const char *name, const char *text)
{
	return (
	    struct gm_value){ .text = text, .name = name, .origin = origin };
}

/* The first variable that is set counts alone. */
static struct gm_trust
find_trust(void)
{
	struct gm_trust trust = { .file = NULL };
	const char *text = NULL;
	size_t i;

	for (i = 0; i < GM_LEN(trust_variables) && text == NULL; i++) {
		text = variable(trust_variables[i]);
		trust.variable = trust_variables[i];
	}
	if (text == NULL)
		trust.variable = NULL;
	else if (i == GM_LEN(trust_variables))
		trust.dir = text;
	else
		trust.file = text;
	return trust;
}

/* The first variable that is set, in libcurl's order for https. */
static void
find_proxy(struct gm_environment *around)
{
	size_t i;

	for (i = 0; i < HTTPS_PROXIES && around->proxy == NULL; i++) {
		around->proxy_variable = proxy_variables[i];
		around->proxy = variable(proxy_variables[i]);
	}
	if (around->proxy == NULL)
		around->proxy_variable = NULL;
}

void
gm_config_init(struct gm_config *c)
{
	struct gm_environment *around = &c->around;
	size_t i;

	*c = (struct gm_config){ .file_origin = GM_FROM_DEFAULT };
	around->trust = find_trust();
	find_proxy(around);
	for (i = 0; i < GM_KEY_VARIABLES; i++)
		around->keys[i] = variable(gm_vendor_variable(i));
	around->credentials = directory("CREDENTIALS_DIRECTORY");
	around->journal = variable("JOURNAL_STREAM");
	around->path = variable("PATH");
	around->home = directory("HOME");
	around->temporary = directory("TMPDIR");
	if (around->temporary == NULL)
		around->temporary = "/tmp";
	around->config_home = directory("XDG_CONFIG_HOME");
	around->dumb = is_dumb();
	around->no_color = variable("NO_COLOR") != NULL || around->dumb;
	around->force_color = is_on("CLICOLOR_FORCE");
	around->in_key_command = variable(KEY_COMMAND_MARK) != NULL;
}

void
gm_config_option(
    struct gm_config *c, enum gm_setting id, const char *name, const char *text)
{
	c->values[id] = value_from(GM_FROM_OPTION, name, text);
}

static int
hide_variable(struct gm_secrets *secrets, const char *name, struct gm_err *err)
{
	const char *text = variable(name);

	return text != NULL ? gm_secrets_add_from(secrets, text, err) : 0;
}

int
gm_config_hide(
    const struct gm_config *c, struct gm_secrets *secrets, struct gm_err *err)
{
	const char *name, *text;
	size_t i = GM_KEY_VARIABLES;

	for (; (name = gm_config_variable(i)) != NULL; i++)
		if (hide_variable(secrets, name, err) != 0)
			return -1;
	for (i = 0; i < GM_LEN(proxy_variables); i++)
		if (hide_variable(secrets, proxy_variables[i], err) != 0)
			return -1;
	for (i = 0; i < GM_LEN(trust_variables); i++)
		if (hide_variable(secrets, trust_variables[i], err) != 0)
			return -1;
	if (hide_variable(secrets, "CREDENTIALS_DIRECTORY", err) != 0)
		return -1;
	for (i = 0; i < GM_SETTINGS; i++) {
		text = c->values[i].text;
		if (text != NULL &&
		    gm_secrets_add_from(secrets, text, err) != 0)
			return -1;
	}
	return 0;
}

/* Append the path of ~/.config/gm/env, as the XDG specification has it. */
static void
put_user_file(
    const struct gm_config *c, const struct gm_note *note, struct gm_buf *path)
{
	if (c->around.config_home != NULL)
		gm_buf_printf(path, "%s/gm/env", c->around.config_home);
	else if (c->around.home != NULL)
		gm_buf_printf(path, "%s/.config/gm/env", c->around.home);
	if (path->failed != GM_EDATA)
		return;
	gm_note(note, GM_LEVEL_NOTE,
	    "%s: longer than %d bytes; its env file is skipped",
	    c->around.config_home != NULL ? "XDG_CONFIG_HOME" : "HOME",
	    PATH_LEN_MAX);
	gm_buf_release(path);
}

/* True if text has more than blanks and commas. */
static bool
has_keys(const char *text)
{
	return text != NULL && text[strspn(text, " \t\r\n,")] != '\0';
}

/* True if systemd provides a file of keys; keyplace.c reports read errors. */
static bool
has_credential(const struct gm_config *c, const char *name)
{
	const char *dir = c->around.credentials;
	struct gm_buf path;
	struct stat st;
	bool found = false;

	if (dir == NULL)
		return false;
	gm_buf_init(&path, PATH_LEN_MAX);
	gm_buf_printf(&path, "%s/%s", dir, name);
	if (path.failed != GM_OK)
		found = true;
	else if (stat(gm_buf_str(&path), &st) == 0)
		found = st.st_size > 0;
	else
		found = errno != ENOENT;
	gm_buf_release(&path);
	return found;
}

/* True if environment or credentials have keys, so that no file is needed. */
static bool
is_elsewhere(const struct gm_config *c, enum gm_vendor vendor)
{
	const struct gm_vendor_row *row = gm_vendor(vendor);
	size_t i;

	for (i = row->first_key; i < row->first_key + row->keys; i++)
		if (has_keys(c->around.keys[i]))
			return true;
	return has_credential(c, row->credential);
}

static int
load_file(struct gm_config *c, const struct gm_config_wanted *wanted,
    const struct gm_note *note, struct gm_err *err)
{
	static const enum gm_origin origins[] = {
		[GM_ENVSEARCH_NONE] = GM_FROM_DEFAULT,
		[GM_ENVSEARCH_LOCAL] = GM_FROM_LOCAL,
		[GM_ENVSEARCH_SYSTEM] = GM_FROM_SYSTEM,
		[GM_ENVSEARCH_NAMED] = GM_FROM_NAMED,
	};
	struct gm_envsearch search;
	struct gm_buf user;
	size_t i;
	int rc;

	c->allow_unsafe = is_on("GM_ALLOW_UNSAFE_ENV");
	search = (struct gm_envsearch){ .option = wanted->env_file,
		.variable = variable("GM_ENV_FILE"),
		.vendors =
		    wanted->vendors.len > 0 ? wanted->vendors : gm_vendors_all,
		.fallback = wanted->fallback,
		.allow_unsafe = c->allow_unsafe,
		.wanted = is_variable,
		.unknown = is_unknown,
		.note = note };
	gm_buf_init(&user, PATH_LEN_MAX);
	put_user_file(c, note, &user);
	if (user.len > 0)
		search.user = gm_buf_str(&user);
	/* Files may be needless if there are keys elsewhere, so check first. */
	for (i = 0; i < GM_VENDORS; i++)
		search.keys[i] =
		    wanted->typed || is_elsewhere(c, (enum gm_vendor)i);
	for (i = 0; i < GM_VENDORS; i++)
		search.commands[i] =
		    variable(gm_setting(gm_vendor((enum gm_vendor)i)->command)
				 ->variable) != NULL;
	rc = gm_buf_check(&user, err);
	if (rc == 0)
		rc = gm_envsearch_run(&search, &c->search, &c->file, err);
	c->file_origin = origins[c->search.trust];
	gm_buf_release(&user);
	return rc;
}

/* True if a setting may come from ./.env; a base URL only if it is loopback. */
static bool
is_local(const char *name, const char *text)
{
	const struct gm_setting_row *row;
	int id;

	for (id = 0; id < GM_SETTINGS; id++) {
		row = gm_setting((enum gm_setting)id);
		if (row->variable != NULL && strcmp(row->variable, name) == 0)
			return row->local == GM_LOCAL_YES ||
			       (row->local == GM_LOCAL_LOOPBACK &&
				   gm_url_is_loopback(text));
	}
	return false;
}

/* List all settings that ./.env must not set in one note. */
static void
note_ignored(const struct gm_config *c, const struct gm_note *note)
{
	const struct gm_buf *text;
	struct gm_buf names;
	const char *name;
	size_t i = GM_KEY_VARIABLES;

	gm_buf_init(&names, PATH_LEN_MAX);
	for (; (name = gm_config_variable(i)) != NULL; i++) {
		text = gm_envfile_get(&c->file, name);
		if (text != NULL && !is_local(name, gm_buf_str(text)))
			gm_buf_printf(
			    &names, "%s%s", names.len > 0 ? ", " : "", name);
	}
	if (names.len > 0)
		gm_note(note, GM_LEVEL_NOTE,
		    "%s: %s ignored: only keys, model names, numbers and "
		    "loopback base URLs are read from this file",
		    gm_config_file(c), gm_buf_str(&names));
	gm_buf_release(&names);
}

/* Find a value; an empty one counts as not set, in the file, too. */
static struct gm_value
find_value(const struct gm_config *c, const struct gm_setting_row *row)
{
	const struct gm_buf *in_file;
	const char *text;

	if (row->variable == NULL)
		return value_from(GM_FROM_DEFAULT, NULL, row->standard);
	text = variable(row->variable);
	if (text != NULL)
		return value_from(GM_FROM_ENVIRONMENT, row->variable, text);
	in_file = gm_envfile_get(&c->file, row->variable);
	if (in_file != NULL && in_file->len > 0 &&
	    (c->file_origin != GM_FROM_LOCAL ||
		is_local(row->variable, gm_buf_str(in_file))))
		return value_from(
		    c->file_origin, row->variable, gm_buf_str(in_file));
	return value_from(GM_FROM_DEFAULT, row->variable, row->standard);
}

/* Keep the value of an option, else find one; check it in any case. */
static int
fill(struct gm_config *c, enum gm_setting id, struct gm_err *err)
{
	struct gm_value *v = &c->values[id];

	if (v->text == NULL)
		*v = find_value(c, gm_setting(id));
	if (v->text == NULL ||
	    gm_setting_parse(id, v->text, &v->number, err) == 0)
		return 0;
	return gm_config_blame(c, id, err);
}

int
gm_config_early(struct gm_config *c, enum gm_setting id, struct gm_err *err)
{
	return fill(c, id, err);
}

/* The variable of ours that is nearest to name; NULL if none is near. */
static const char *
find_near(const char *name)
{
	size_t most = (strlen(name) - strlen(OURS)) / BYTES_PER_CHANGE;
	size_t best = (most < CHANGES_MAX ? most : CHANGES_MAX) + 1, far, i;
	const char *known, *near = NULL;

	for (i = 0; (known = gm_config_variable(i)) != NULL; i++) {
		far = gm_near_distance(name, known);
		if (far < best) {
			best = far;
			near = known;
		}
	}
	return near;
}

/*
 * The part of a name after a '_' that looks like a key, as in "GM_AIzaSy...";
 * empty if there is none.
 */
static struct gm_span
key_in(struct gm_span name)
{
	size_t i;

	for (i = 1; i < name.len; i++) {
		struct gm_span end = { name.p + i, name.len - i };

		if (name.p[i - 1] == '_' && gm_secret_is_key(end))
			return end;
	}
	return (struct gm_span){ name.p + name.len, 0 };
}

static void
note_unknown(const char *place, struct gm_span name, const struct gm_note *note)
{
	char text[NAME_SHOWN + 1];
	const char *near;
	struct gm_span key = key_in(name);
	struct gm_buf shown;
	size_t len = name.len - key.len;

	gm_buf_init(&shown, NAME_SHOWN);
	if (key.len > 0)
		gm_secret_show(&shown, key);
	len = len < NAME_SHOWN ? len : NAME_SHOWN;
	memcpy(text, name.p, len);
	text[len] = '\0';
	near = key.len > 0 ? NULL : find_near(text);
	gm_note(note, GM_LEVEL_NOTE, "%s: unknown variable %s%s%s%s%s", place,
	    text, gm_buf_str(&shown), near != NULL ? "; did you mean " : "",
	    near != NULL ? near : "", near != NULL ? "?" : "");
	gm_buf_release(&shown);
}

/* Note unknown variables of environment and env file; never their values. */
static void
note_all_unknown(const struct gm_config *c, const struct gm_note *note)
{
	struct gm_span rest = gm_buf_span(&c->file.unknown), name;
	char **at;

	for (at = environ; at != NULL && *at != NULL; at++) {
		name = (struct gm_span){ *at, strcspn(*at, "=") };
		if (is_unknown(name) && !gm_span_is(name, KEY_COMMAND_MARK) &&
		    (*at)[name.len] == '=')
			note_unknown("environment", name, note);
	}
	while (gm_span_split(&rest, "\n", &name))
		if (name.len > 0)
			note_unknown(gm_config_file(c), name, note);
}

/*
 * Relative paths are ignored; the XDG specification wants no note for its own.
 */
static void
note_relative(const struct gm_note *note)
{
	static const char *const names[] = { "HOME", "CREDENTIALS_DIRECTORY",
		"STATE_DIRECTORY", "CACHE_DIRECTORY" };
	size_t i;

	for (i = 0; i < GM_LEN(names); i++)
		if (variable(names[i]) != NULL && directory(names[i]) == NULL)
			gm_note(note, GM_LEVEL_NOTE,
			    "%s: not an absolute path; ignored", names[i]);
}

/* Ignore a directory whose path is too long: no file can be opened in it. */
static void
drop_long_credentials(struct gm_config *c, const struct gm_note *note)
{
	struct gm_environment *around = &c->around;
	struct gm_buf path;
	struct stat st;
	bool fits = true;
	int i;

	for (i = 0; i < GM_VENDORS && around->credentials != NULL && fits;
	     i++) {
		gm_buf_init(&path, PATH_LEN_MAX);
		gm_buf_printf(&path, "%s/%s", around->credentials,
		    gm_vendor((enum gm_vendor)i)->credential);
		fits = path.failed != GM_EDATA &&
		       (path.failed != GM_OK ||
			   stat(gm_buf_str(&path), &st) == 0 ||
			   errno != ENAMETOOLONG);
		gm_buf_release(&path);
	}
	if (fits)
		return;
	gm_note(note, GM_LEVEL_NOTE,
	    "CREDENTIALS_DIRECTORY: file name too long; ignored");
	around->credentials = NULL;
}

int
gm_config_load(struct gm_config *c, const struct gm_config_wanted *wanted,
    const struct gm_note *note, struct gm_err *err)
{
	int id;

	note_relative(note);
	drop_long_credentials(c, note);
	if (load_file(c, wanted, note, err) != 0)
		return -1;
	/* Now the unknown names of the file are there, too. */
	note_all_unknown(c, note);
	if (c->file_origin == GM_FROM_LOCAL)
		note_ignored(c, note);
	for (id = 0; id < GM_SETTINGS; id++)
		if (fill(c, (enum gm_setting)id, err) != 0)
			return -1;
	return 0;
}

void
gm_config_dir(
    const struct gm_config *c, enum gm_config_dir which, struct gm_buf *out)
{
	const struct place *p = &places[which];
	const char *named = c->values[p->setting].text;
	const char *systemd = directory(p->systemd), *base = directory(p->xdg);

	if (named != NULL && *named != '\0') {
		gm_buf_puts(out, named);
	} else if (systemd != NULL) {
		gm_buf_put(out, systemd, strcspn(systemd, ":"));
	} else if (base != NULL) {
		gm_buf_printf(out, "%s/gm", base);
	} else {
		base = directory("HOME");
		if (base != NULL)
			gm_buf_printf(out, "%s/%s/gm", base, p->home);
	}
}

int
gm_config_blame(
    const struct gm_config *c, enum gm_setting id, struct gm_err *err)
{
	const struct gm_value *v = &c->values[id];

	if (err->code == GM_EOS)
		return -1; /* out of memory: the value is not at fault */
	if (v->origin == GM_FROM_OPTION) {
		err->code = GM_EUSAGE;
		gm_err_prefix(err, "--%s: ", v->name);
	} else {
		err->code = GM_ECONFIG;
		gm_err_prefix(
		    err, "%s: %s: ", gm_config_place(c, v->origin), v->name);
	}
	return -1;
}

const struct gm_value *
gm_config_command(
    const struct gm_config *c, enum gm_vendor vendor, const char **why)
{
	const struct gm_value *v = &c->values[gm_vendor(vendor)->command];

	*why = NULL;
	if (v->text == NULL)
		return NULL;
	if (c->allow_unsafe)
		*why = "GM_ALLOW_UNSAFE_ENV is set";
	else if (v->origin == GM_FROM_NAMED && c->search.dot_env)
		*why = "commands in ./.env are never run";
	else if (v->origin == GM_FROM_NAMED && gm_config_file(c)[0] != '/')
		*why = "its path is relative; use an absolute path";
	return *why == NULL ? v : NULL;
}

/* True for all variables but key commands: one could run itself for ever. */
static bool
is_for_command(const char *entry)
{
	const struct gm_span name = { entry, strcspn(entry, "=") };
	size_t i;

	if (gm_span_is(name, KEY_COMMAND_MARK))
		return false;
	for (i = 0; i < GM_VENDORS; i++)
		if (gm_span_is(
			name, gm_setting(gm_vendor((enum gm_vendor)i)->command)
				  ->variable))
			return false;
	return true;
}

char **
gm_config_command_environment(void)
{
	static const char mark[] = KEY_COMMAND_MARK "=1";
	size_t n = 0, kept = 0, i;
	char **list;

	while (environ != NULL && environ[n] != NULL)
		n++;
	/* one block: the pointers, and after them the mark */
	list = malloc((n + 2) * sizeof(*list) + sizeof(mark));
	if (list == NULL)
		return NULL;
	for (i = 0; i < n; i++)
		if (is_for_command(environ[i]))
			list[kept++] = environ[i];
	list[kept++] = memcpy(list + n + 2, mark, sizeof(mark));
	list[kept] = NULL;
	return list;
}

void
gm_config_reset(struct gm_config *c, enum gm_setting id)
{
	const struct gm_setting_row *row = gm_setting(id);

	c->values[id] =
	    value_from(GM_FROM_DEFAULT, row->variable, row->standard);
}

const char *
gm_config_file(const struct gm_config *c)
{
	return gm_buf_str(&c->search.path);
}

const char *
gm_config_place(const struct gm_config *c, enum gm_origin origin)
{
	switch (origin) {
	case GM_FROM_LOCAL:
	case GM_FROM_SYSTEM:
	case GM_FROM_NAMED:
		return gm_config_file(c);
	case GM_FROM_CREDENTIALS:
		return "credentials directory";
	case GM_FROM_INPUT:
		return "standard input";
	case GM_FROM_ENVIRONMENT:
		return "environment";
	case GM_FROM_OPTION:
		return "option";
	case GM_FROM_DEFAULT:
		break;
	}
	return "built-in default";
}

static bool
is_url(int id)
{
	return id == GM_SET_GEMINI_URL || id == GM_SET_MISTRAL_URL ||
	       id == GM_SET_OPENAI_URL;
}

void
gm_config_trace(const struct gm_config *c, const struct gm_note *note)
{
	const struct gm_value *v;
	const char *name, *text;
	struct gm_buf shown;
	int id;

	gm_buf_init(&shown, GM_URL_MAX + 8);
	gm_note(note, GM_LEVEL_TRACE, "env file: %s",
	    c->search.path.len > 0 ? gm_config_file(c) : "none");
	for (id = 0; id < GM_SETTINGS; id++) {
		v = &c->values[id];
		name = gm_setting((enum gm_setting)id)->variable;
		if (name == NULL) /* it has no variable */
			name = id == GM_SET_KEY_INDEX ? "key index"
			                              : "connect timeout";
		text = v->text != NULL ? v->text : "not set";
		/* A command may hold a key, a URL a password. */
		if (v->text != NULL &&
		    gm_setting((enum gm_setting)id)->local == GM_LOCAL_COMMAND)
			text = "set";
		if (v->text != NULL && is_url(id)) {
			gm_buf_reset(&shown);
			gm_url_show(&shown, v->text);
			text = gm_buf_str(&shown);
		}
		gm_note(note, GM_LEVEL_TRACE, "%s: %s (%s)", name, text,
		    gm_config_place(c, v->origin));
	}
	gm_buf_release(&shown);
}

const char *
gm_config_variable(size_t i)
{
	const char *name;
	int id;

	if (i < GM_KEY_VARIABLES)
		return gm_vendor_variable(i);
	i -= GM_KEY_VARIABLES;
	for (id = 0; id < GM_SETTINGS; id++) {
		name = gm_setting((enum gm_setting)id)->variable;
		if (name != NULL && i-- == 0)
			return name;
	}
	return i < GM_LEN(process_variables) ? process_variables[i] : NULL;
}

void
gm_config_release(struct gm_config *c)
{
	gm_envfile_release(&c->file);
	gm_envsearch_release(&c->search);
}
