#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "config/keycommand.h"
#include "config/keyplace.h"
#include "net/url.h"

#define CREDENTIALS_MAX (1024 * 1024)
#define PLACE_MAX 4096

struct search {
	struct gm_keyplace *place;
	struct gm_config *config;
	struct gm_secrets *secrets;
	const struct gm_note *note;
};

/* Append "environment: GOOGLE_API_KEYS"; standard input has no variables. */
static void
put_place(const struct search *s, const char *variable, enum gm_origin origin,
    struct gm_buf *out)
{
	gm_buf_puts(out, gm_config_place(s->config, origin));
	if (origin != GM_FROM_INPUT)
		gm_buf_printf(out, ": %s", variable);
}

static int
parse(struct search *s, struct gm_span text, const char *where,
    struct gm_err *err)
{
	struct gm_keyring *ring = &s->place->ring;

	gm_keyring_release(ring);
	if (gm_keyring_parse(ring, text, s->secrets, err) != 0) {
		gm_err_prefix(err, "%s: ", where);
		return -1;
	}
	if (ring->doubles > 0)
		gm_note(s->note, GM_LEVEL_NOTE,
		    "%s: %zu duplicate key%s ignored", where, ring->doubles,
		    ring->doubles == 1 ? "" : "s");
	return 0;
}

/* Returns 1: keys found, 0: none, try the next source, -1: malformed. */
static int
try_text(struct search *s, struct gm_span text, const char *variable,
    enum gm_origin origin, struct gm_err *err)
{
	struct gm_keyplace *place = s->place;
	const char *foreign = gm_utf8_foreign(text);
	struct gm_buf where;
	int rc;

	/* UTF-16 has NULs, about which the parser would say less. */
	gm_buf_init(&where, 2 * PLACE_MAX);
	put_place(s, variable, origin, &where);
	if (foreign != NULL)
		rc = gm_fail(err, GM_ECONFIG,
		    "%s: this is %s; convert it with iconv -f %s -t UTF-8",
		    gm_buf_str(&where), foreign, foreign);
	else
		rc = parse(s, text, gm_buf_str(&where), err);
	gm_buf_release(&where);
	if (rc != 0)
		return -1;
	place->variable = variable;
	place->origin = origin;
	return place->ring.len > 0;
}

static int
try_environment(struct search *s, struct gm_err *err)
{
	const struct gm_vendor_row *row = gm_vendor(s->place->vendor);
	const char *text;
	size_t i;
	int found = 0;

	for (i = row->first_key; i < row->first_key + row->keys && found == 0;
	     i++) {
		text = s->config->around.keys[i];
		if (text != NULL)
			found = try_text(s, gm_span_of(text),
			    gm_vendor_variable(i), GM_FROM_ENVIRONMENT, err);
	}
	return found;
}

/* Read a file of systemd's LoadCredential=google-api-keys:PATH. */
static int
try_credentials(struct search *s, struct gm_err *err)
{
	const char *name = gm_vendor(s->place->vendor)->credential;
	const char *dir = s->config->around.credentials;
	struct gm_buf path, text;
	int found = 0;

	if (dir == NULL)
		return 0;
	gm_buf_init(&path, PLACE_MAX);
	gm_buf_init(&text, CREDENTIALS_MAX);
	gm_buf_printf(&path, "%s/%s", dir, name);
	if (gm_buf_check(&path, err) == 0 &&
	    gm_file_slurp(gm_buf_str(&path), &text, err) == 0)
		found = try_text(
		    s, gm_buf_span(&text), name, GM_FROM_CREDENTIALS, err);
	else if (err->code != GM_ENOINPUT || err->number != ENOENT)
		found = -1; /* only a missing file means that it has no keys */
	if (found == -1 && (err->code == GM_ENOINPUT || err->code == GM_EDATA))
		err->code = GM_ECONFIG;
	gm_buf_release(&text);
	gm_buf_release(&path);
	return found;
}

static int
try_file(struct search *s, struct gm_err *err)
{
	const struct gm_vendor_row *row = gm_vendor(s->place->vendor);
	const struct gm_buf *text;
	const char *name;
	size_t i;
	int found = 0;

	for (i = row->first_key; i < row->first_key + row->keys && found == 0;
	     i++) {
		name = gm_vendor_variable(i);
		text = gm_envfile_get(&s->config->file, name);
		if (text != NULL)
			found = try_text(s, gm_buf_span(text), name,
			    s->config->file_origin, err);
	}
	return found;
}

/*
 * Run a key command.  Not one that is a key, as sh would print it as a command
 * not found; and none from within a key command, as it could run itself for
 * ever.
 */
static int
run_command(const struct search *s, const char *text, struct gm_buf *keys,
    struct gm_err *err)
{
	const struct gm_vendor_row *row = gm_vendor(s->place->vendor);
	struct gm_keycommand run = { .text = text, .limits = s->place->limits };
	char **environment;
	int rc;

	if (s->config->around.in_key_command)
		return gm_fail(err, GM_ECONFIG,
		    "a key command cannot use another key command");
	if (gm_keycommand_is_key(text))
		return gm_fail(err, GM_ECONFIG,
		    "this is a key, not a command; put it into %s",
		    gm_vendor_variable(row->first_key));
	environment = gm_config_command_environment();
	if (environment == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	run.environment = environment;
	rc = gm_keycommand_run(&run, keys, err);
	free(environment);
	return rc;
}

/* Run GOOGLE_API_KEYS_COMMAND='pass show gemini', unless it is ignored. */
static int
try_command(struct search *s, struct gm_err *err)
{
	enum gm_setting id = gm_vendor(s->place->vendor)->command;
	const struct gm_value *command;
	const char *why;
	struct gm_buf keys;
	int found;

	command = gm_config_command(s->config, s->place->vendor, &why);
	if (why != NULL)
		gm_note(s->note, GM_LEVEL_NOTE, "%s: %s ignored: %s",
		    gm_config_place(s->config, s->config->values[id].origin),
		    gm_setting(id)->variable, why);
	if (command == NULL || s->place->no_command)
		return 0;
	gm_buf_init(&keys, GM_KEYCOMMAND_MAX);
	found = run_command(s, command->text, &keys, err);
	if (found != 0) {
		gm_err_prefix(err,
		    "%s: %s: ", gm_config_place(s->config, command->origin),
		    command->name);
	} else {
		found = try_text(
		    s, gm_buf_span(&keys), command->name, command->origin, err);
		if (found == 0)
			found = gm_fail(err, GM_ECONFIG,
			    "%s: %s: the command printed no key",
			    gm_config_place(s->config, command->origin),
			    command->name);
	}
	gm_buf_release(&keys);
	return found;
}

/* True if there is a key command that the caller does not want to run. */
static bool
has_unused_command(const struct gm_keyplace *place, const struct gm_config *c)
{
	const char *why;

	return place->no_command &&
	       gm_config_command(c, place->vendor, &why) != NULL;
}

/* ./.env may be part of a cloned repository, so it must not redirect keys. */
static bool
is_local_harmless(const struct gm_keyplace *place, const struct gm_value *url)
{
	struct gm_err ignored;

	return place->origin == GM_FROM_LOCAL &&
	       gm_url_check(url->text, &ignored) == 0 &&
	       gm_url_is_loopback(url->text);
}

/* Check the base URL against the source of the keys; see keyplace.h. */
static int
check_url(const struct gm_keyplace *place, struct gm_config *c,
    const struct gm_note *note, struct gm_err *err)
{
	enum gm_setting id = gm_vendor(place->vendor)->base_url;
	const struct gm_value *url = &c->values[id];

	if (url->origin == GM_FROM_LOCAL) {
		if (is_local_harmless(place, url))
			return 0;
		gm_note(note, GM_LEVEL_NOTE,
		    "%s: %s ignored: a base URL in this file must be loopback, "
		    "and is used only with keys in this file",
		    gm_config_file(c), url->name);
		gm_config_reset(c, id);
		return 0;
	}
	if (url->origin < place->origin)
		return gm_fail(err, GM_ECONFIG,
		    "%s: %s is less trusted than the keys (%s); set both in "
		    "one file, or both in the environment",
		    gm_config_place(c, url->origin), url->name,
		    gm_config_place(c, place->origin));
	if (gm_url_check(url->text, err) != 0)
		return gm_config_blame(c, id, err);
	return 0;
}

/* Give a loopback server the empty key, as it needs none by default. */
static int
try_local(struct gm_keyplace *place, struct gm_config *c,
    const struct gm_note *note, struct gm_err *err)
{
	const struct gm_vendor_row *row = gm_vendor(place->vendor);

	if (!row->local)
		return 0;
	place->origin =
	    GM_FROM_LOCAL; /* without a key any base URL is trusted enough */
	place->variable = NULL;
	if (check_url(place, c, note, err) != 0)
		return -1;
	if (!gm_url_is_loopback(c->values[row->base_url].text))
		return 0;
	return gm_keyring_empty(&place->ring, err);
}

int
gm_keyplace_find(struct gm_keyplace *place, struct gm_config *config,
    struct gm_secrets *secrets, const struct gm_note *note, struct gm_err *err)
{
	struct search s = { place, config, secrets, note };
	int found = try_environment(&s, err);

	if (found == 0)
		found = try_credentials(&s, err);
	if (found == 0)
		found = try_file(&s, err);
	if (found == 0)
		found = try_command(&s, err);
	if (found < 0)
		return -1;
	/* The command may have keys, so do not fall back to none. */
	if (found == 0 && has_unused_command(place, config))
		return 0;
	if (found == 0)
		return try_local(place, config, note, err);
	return check_url(place, config, note, err);
}

int
gm_keyplace_take(struct gm_keyplace *place, struct gm_config *config,
    struct gm_span typed, struct gm_secrets *secrets,
    const struct gm_note *note, struct gm_err *err)
{
	struct search s = { place, config, secrets, note };
	int found = try_text(&s, typed, "keys", GM_FROM_INPUT, err);

	if (found == 0)
		return gm_fail(err, GM_ECONFIG,
		    "standard input: no API key; type one on each line");
	if (found < 0 || check_url(place, config, note, err) != 0)
		return -1;
	return 0;
}

int
gm_keyplace_fail(const struct gm_keyplace *place,
    const struct gm_config *config, struct gm_err *err)
{
	const struct gm_vendor_row *row = gm_vendor(place->vendor);
	const struct gm_value *command = &config->values[row->command];

	if (has_unused_command(place, config))
		return gm_fail(err, GM_ECONFIG,
		    "no API key: %s is run only with --print-key or a command "
		    "after -- (%s)",
		    command->name, gm_config_place(config, command->origin));
	if (config->around.credentials != NULL)
		return gm_fail(err, GM_ECONFIG,
		    "no API key in %s, the credential %s or the "
		    "environment; set %s",
		    gm_buf_str(&config->search.searched), row->credential,
		    gm_vendor_variable(row->first_key));
	return gm_fail(err, GM_ECONFIG,
	    "no API key in %s or the environment; set %s",
	    gm_buf_str(&config->search.searched),
	    gm_vendor_variable(row->first_key));
}

void
gm_keyplace_release(struct gm_keyplace *place)
{
	gm_keyring_release(&place->ring);
}
