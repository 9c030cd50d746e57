#include <string.h>

#include "call/keyset.h"
#include "cli/offer.h"
#include "config/keyplace.h"
#include "provider/modelcache.h"

#define PATH_LEN_MAX 4096

/* Completions print no notes. */
static const struct gm_note no_notes = { .fd = -1, .quiet = true };

/* Load the configuration, and find the keys: a base URL may depend on them. */
static int
look(const struct gm_offer *o, struct gm_keyplace *place, struct gm_err *err)
{
	struct gm_config_wanted wanted = { .env_file = o->env_file };

	*place = (struct gm_keyplace){ .no_command = true };
	if (o->provider != NULL &&
	    gm_vendor_find(gm_span_of(o->provider), &place->vendor, err) != 0)
		return -1;
	wanted.vendors = (struct gm_vendors){ { place->vendor }, 1 };
	if (gm_config_load(o->config, &wanted, &no_notes, err) != 0)
		return -1;
	return gm_keyplace_find(place, o->config, o->secrets, &no_notes, err);
}

/* True if a shell takes the name as one word, and a tool not as an option. */
static bool
is_plain(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-._:/@+";

	return *name != '-' && name[strspn(name, plain)] == '\0';
}

static void
put_models(const struct gm_offer *o, enum gm_vendor vendor, struct gm_buf *out)
{
	const struct gm_value *url =
	    &o->config->values[gm_vendor(vendor)->base_url];
	const struct gm_models_filter answering = {
		.method = gm_keyset_provider(vendor, url->text)->method,
		.unknown = true
	};
	struct gm_models models = { .items = NULL };
	struct gm_modelcache cache = { .base_url = url->text,
		.note = &no_notes };
	struct gm_buf dir;
	size_t i;

	gm_buf_init(&dir, PATH_LEN_MAX);
	gm_config_dir(o->config, GM_DIR_CACHE, &dir);
	cache.dir = dir.failed == GM_OK ? gm_buf_str(&dir) : "";
	if (gm_modelcache_read(&cache, 0, INT64_MAX, &models))
		gm_models_keep(&models, &answering);
	for (i = 0; i < models.len; i++)
		if (is_plain(models.items[i].name))
			gm_buf_printf(out, "%s\n", models.items[i].name);
	gm_models_release(&models);
	gm_buf_release(&dir);
}

void
gm_offer_models(const struct gm_offer *o, struct gm_buf *out)
{
	struct gm_keyplace place;
	struct gm_err ignored;

	if (look(o, &place, &ignored) == 0)
		put_models(o, place.vendor, out);
	gm_keyplace_release(&place);
}

void
gm_offer_keys(const struct gm_offer *o, struct gm_buf *out)
{
	struct gm_keyplace place;
	struct gm_err ignored;
	size_t i;

	if (look(o, &place, &ignored) == 0)
		for (i = 0; i < place.ring.len; i++)
			gm_buf_printf(out, "%zu\n", i);
	gm_keyplace_release(&place);
}
