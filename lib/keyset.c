#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "keyset.h"
#include "provider.h"
#include "span.h"

#define PATH_LEN_MAX 4096
#define TYPED_MAX (1024 * 1024)

/* Whoever set it is told, as usage where it was an option. */
static int
blame_setting(const struct gm_config *c, enum gm_setting id, struct gm_err *err)
{
	const struct gm_value *value = &c->values[id];

	if (value->origin == GM_FROM_OPTION) {
		err->code = GM_EUSAGE;
		gm_err_prefix(err, "--%s: ", value->name);
	} else {
		gm_err_prefix(err,
		    "%s: %s: ", gm_config_place(c, value->origin), value->name);
	}
	return -1;
}

/* "a, b": tried in this order. */
static int
list_models(struct gm_keyset *k, const struct gm_config *c, struct gm_err *err)
{
	const char *text = c->values[GM_SET_MODEL].text;
	char *p;
	size_t len;

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
			return blame_setting(c, GM_SET_MODEL, err);
		}
		k->models[k->models_len++] = p;
		len = strcspn(p, ",");
		text = p[len] == ',' ? p + len + 1 : NULL;
		while (len > 0 && (p[len - 1] == ' ' || p[len - 1] == '\t'))
			len--;
		p[len] = '\0';
		if (gm_gemini.check_model(p, err) != 0)
			return blame_setting(c, GM_SET_MODEL, err);
		p += text != NULL ? text - p : 0;
	} while (text != NULL);
	return 0;
}

static int
open_keys(struct gm_keyset *k, const struct gm_common *c, struct gm_err *err)
{
	const struct gm_value *values = c->config.values;
	const struct gm_value *only = &values[GM_SET_KEY_INDEX];
	const struct gm_keys_options options = {
		.ring = &k->place.ring,
		.base_url = values[GM_SET_BASE_URL].text,
		.state_dir = c->no_state ? NULL : gm_buf_str(&k->state_dir),
		.note = &c->note,
		.round_robin = values[GM_SET_POLICY].number != 0,
		.ignore_marks = c->ignore_cooldown,
		.must_store = c->must_store,
		.only = only->text != NULL ? only->number : -1,
		.rpm = values[GM_SET_RPM].number,
		.rpd = values[GM_SET_RPD].number,
	};

	gm_note(&c->note, GM_LEVEL_TRACE, "key state: %s",
	    k->state_dir.len > 0 ? options.state_dir : "none");
	if (gm_keys_open(&k->keys, &options, err) == 0)
		return 0;
	if (err->code == GM_EUSAGE)
		gm_err_prefix(err, "--%s: ", only->name);
	return -1;
}

static int
type_keys(struct gm_keyset *k, struct gm_common *c, struct gm_err *err)
{
	struct gm_input input = { .note = &c->note,
		.closed = c->stdin_closed,
		.hint = c->err_is_tty };
	struct gm_buf text;
	int rc;

	gm_buf_init(&text, TYPED_MAX);
	rc = gm_input_stdin(&input, &text, err);
	if (rc == 0)
		rc = gm_keyplace_take(&k->place, &c->config, gm_buf_span(&text),
		    &c->secrets, &c->note, err);
	gm_buf_release(&text);
	return rc;
}

static int
find_keys(struct gm_keyset *k, struct gm_common *c, struct gm_err *err)
{
	if (c->typed_keys)
		return type_keys(k, c, err);
	return gm_keyplace_find(
	    &k->place, &c->config, &c->secrets, &c->note, err);
}

int
gm_keyset_open(
    struct gm_keyset *k, const struct gm_tool *tool, struct gm_err *err)
{
	struct gm_common *c = tool->common;
	int rc;

	*k = (struct gm_keyset){ .models_len = 0 };
	gm_buf_init(&k->state_dir, PATH_LEN_MAX);
	rc = find_keys(k, c, err);
	/* Now the base URL is settled, and what must be masked is known. */
	gm_config_trace(&c->config, &c->note);
	if (rc != 0)
		return -1;
	gm_note(&c->note, GM_LEVEL_TRACE, "keys: %zu in %s (%s)",
	    k->place.ring.len, k->place.variable,
	    gm_config_place(&c->config, k->place.origin));
	if (!c->no_state)
		gm_config_dir(&c->config, GM_DIR_STATE, &k->state_dir);
	if (gm_buf_check(&k->state_dir, err) != 0) {
		gm_err_prefix(err, "state directory: ");
		return -1;
	}
	if (list_models(k, &c->config, err) != 0)
		return -1;
	return open_keys(k, c, err);
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
