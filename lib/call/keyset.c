#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/span.h"
#include "call/keyset.h"
#include "provider/provider.h"

/* Long enough for any path; the key state reports one that is too long. */
#define STATE_DIR_MAX (2 * 1024 * 1024)

/* Reject a key that is given as a model: it would get into URLs, the key state
 * and logs. */
static int
check_model(const struct gm_keyset *k, const struct gm_secrets *secrets,
    const char *model, struct gm_err *err)
{
	const char *name = strrchr(model, '/');
	struct gm_span last = gm_span_of(name != NULL ? name + 1 : model);

	if (gm_secret_is_key(last) || gm_secrets_have(secrets, last))
		return gm_fail(
		    err, GM_ECONFIG, "a key, not a model; " GM_SETTING_KEYS);
	return k->provider->check_model(model, err);
}

/* Split a list of models, "a, b". */
static int
list_models(struct gm_keyset *k, const struct gm_keyset_options *options,
    struct gm_err *err)
{
	const struct gm_config *c = options->config;
	enum gm_setting id = gm_vendor(k->place.vendor)->model;
	const char *text = c->values[id].text;
	char *p;
	size_t len;

	if (text == NULL)
		return 0;
	k->models_text = malloc(strlen(text) + 1);
	if (k->models_text == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	memcpy(k->models_text, text, strlen(text) + 1);
	p = k->models_text;
	do {
		p += strspn(p, " \t");
		if (k->models_len == GM_MODELS_LISTED) {
			(void)gm_fail(err, GM_ECONFIG, "more than %d models",
			    GM_MODELS_LISTED);
			return gm_config_blame(c, id, err);
		}
		k->models[k->models_len++] = p;
		len = strcspn(p, ",");
		text = p[len] == ',' ? p + len + 1 : NULL;
		while (len > 0 && (p[len - 1] == ' ' || p[len - 1] == '\t'))
			len--;
		p[len] = '\0';
		if (check_model(k, options->secrets, p, err) != 0)
			return gm_config_blame(c, id, err);
		p += text != NULL ? text - p : 0;
	} while (text != NULL);
	return 0;
}

static int
open_keys(struct gm_keyset *k, const struct gm_keyset_options *o,
    struct gm_keystate *state, struct gm_err *err)
{
	const struct gm_value *values = o->config->values;
	const struct gm_keys_options options = {
		.ring = &k->place.ring,
		.base_url = k->base_url,
		.state = state,
		.round_robin = values[GM_SET_POLICY].number != 0,
		.rpm = values[GM_SET_RPM].number,
		.rpd = values[GM_SET_RPD].number,
		.tpm = values[GM_SET_TPM].number,
	};

	if (state->note == NULL)
		gm_keystate_open(state,
		    o->no_state ? NULL : gm_buf_str(&k->state_dir), o->note,
		    o->must_store);
	return gm_keys_open(&k->keys, &options, err);
}

static int
make_filter(
    struct gm_keyset *k, const struct gm_keyset_options *o, struct gm_err *err)
{
	const struct gm_value *only = &o->config->values[GM_SET_KEY_INDEX];

	if (o->ignore_cooldown)
		k->filter.ignore_before_ms = gm_clock_wall_ms();
	if (only->text == NULL)
		return 0;
	if (only->number >= (int64_t)k->place.ring.len)
		return gm_fail(err, GM_EUSAGE,
		    "--%s: no key has index %lld; the last one has %zu",
		    only->name, (long long)only->number, k->place.ring.len - 1);
	k->filter.of = GM_KEYS_ONE;
	k->filter.key = (size_t)only->number;
	return 0;
}

static int
find_keys(
    struct gm_keyset *k, const struct gm_keyset_options *o, struct gm_err *err)
{
	if (o->typed.p != NULL)
		return gm_keyplace_take(
		    &k->place, o->config, o->typed, o->secrets, o->note, err);
	return gm_keyplace_find(&k->place, o->config, o->secrets, o->note, err);
}

/* OpenAI's own hosts, and those where Azure serves its models. */
static bool
is_openai(const char *base_url)
{
	char origin[GM_URL_ORIGIN];

	gm_url_origin(base_url, origin);
	return strcmp(origin, "https://api.openai.com:443") == 0 ||
	       gm_span_ends(gm_span_of(origin), ".openai.azure.com:443");
}

/* OpenAI itself is stricter than OpenAI-compatible servers. */
const struct gm_provider *
gm_keyset_provider(enum gm_vendor vendor, const char *base_url)
{
	switch (vendor) {
	case GM_VENDOR_MISTRAL:
		return &gm_mistral;
	case GM_VENDOR_OPENAI:
		return is_openai(base_url) ? &gm_openai : &gm_compatible;
	case GM_VENDOR_GEMINI:
	case GM_VENDORS:
		break;
	}
	return &gm_gemini;
}

int
gm_keyset_find(struct gm_keyset *k, const struct gm_keyset_options *o,
    enum gm_vendor vendor, struct gm_keystate *state, struct gm_err *err)
{
	*k = (struct gm_keyset){ .place = { .vendor = vendor,
				     .no_command = o->no_command,
				     .limits = o->limits } };
	gm_buf_init(&k->state_dir, STATE_DIR_MAX);
	if (find_keys(k, o, err) != 0)
		return -1;
	if (k->place.ring.len == 0)
		return 0;
	k->base_url = o->config->values[gm_vendor(vendor)->base_url].text;
	k->provider = gm_keyset_provider(vendor, k->base_url);
	if (!o->no_state)
		gm_config_dir(o->config, GM_DIR_STATE, &k->state_dir);
	if (gm_buf_check(&k->state_dir, err) != 0) {
		gm_err_prefix(err, "state directory: ");
		return -1;
	}
	if (list_models(k, o, err) != 0 || make_filter(k, o, err) != 0)
		return -1;
	return open_keys(k, o, state, err);
}

static void
trace_keys(const struct gm_keyset *k, const struct gm_keyset_options *o)
{
	const struct gm_keyplace *place = &k->place;

	if (place->variable == NULL)
		gm_note(o->note, GM_LEVEL_TRACE, "keys: none needed at %s",
		    k->base_url);
	else
		gm_note(o->note, GM_LEVEL_TRACE, "keys: %zu in %s (%s)",
		    place->ring.len, place->variable,
		    gm_config_place(o->config, place->origin));
}

void
gm_keyset_trace(
    const struct gm_keyset *sets, size_t len, const struct gm_keyset_options *o)
{
	const struct gm_keyset *k;
	const char *state = "none";

	gm_config_trace(o->config, o->note);
	for (k = sets; k < sets + len; k++) {
		if (k->place.ring.len == 0)
			continue;
		trace_keys(k, o);
		if (k->state_dir.len > 0)
			state = gm_buf_str(&k->state_dir);
	}
	gm_note(o->note, GM_LEVEL_TRACE, "key state: %s", state);
}

int
gm_keyset_open(struct gm_keyset *k, const struct gm_keyset_options *o,
    enum gm_vendor vendor, struct gm_keystate *state, struct gm_err *err)
{
	int rc = gm_keyset_find(k, o, vendor, state, err);

	/* Trace only now: the base URL is final, and all keys are known, so
	 * that they are masked. */
	gm_keyset_trace(k, 1, o);
	if (rc != 0)
		return -1;
	if (k->place.ring.len == 0)
		return gm_keyplace_fail(&k->place, o->config, err);
	if (k->place.ring.keys[0].text.len == 0)
		return gm_fail(err, GM_ECONFIG,
		    "%s: %s: the server needs no key, so there is "
		    "none to choose",
		    k->provider->name, k->base_url);
	return gm_keyset_need_model(k, err);
}

int
gm_keyset_need_model(const struct gm_keyset *k, struct gm_err *err)
{
	enum gm_setting id = gm_vendor(k->place.vendor)->model;

	if (k->models_len > 0)
		return 0;
	return gm_fail(err, GM_ECONFIG,
	    "no model; set %s to a name from gm-models --provider %s",
	    gm_setting(id)->variable, k->provider->name);
}

void
gm_keyset_close(struct gm_keyset *k)
{
	gm_keys_close(&k->keys);
	gm_keyplace_release(&k->place);
	gm_buf_release(&k->state_dir);
	free(k->models_text);
	k->models_text = NULL;
}
