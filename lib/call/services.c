#include <stdlib.h>

#include "call/services.h"
#include "net/proxy.h"

/* If the path is longer, there is no cache. */
#define PATH_LEN_MAX 4096

static struct gm_service
service_of(const struct gm_services *s, struct gm_keyset *set)
{
	const struct gm_services_options *o = &s->options;
	const struct gm_value *values = o->keys.config->values;

	return (struct gm_service){
		.provider = set->provider,
		.base_url = set->base_url,
		.keys = &set->keys,
		.filter = set->filter,
		.key_variable =
		    gm_vendor_variable(gm_vendor(set->place.vendor)->first_key),
		.models = set->models,
		.models_len = set->models_len,
		.fallback = set->place.vendor != o->vendors.items[0],
		.note = o->keys.note,
		.cache = { .dir = s->cache_dir.failed == GM_OK
		                      ? gm_buf_str(&s->cache_dir)
		                      : "",
		    .base_url = set->base_url,
		    .note = o->keys.note },
		.response_ms = values[GM_SET_RESPONSE_TIMEOUT].number,
		.timeout_ms = values[GM_SET_TIMEOUT].number,
		.max_wait_ms = values[GM_SET_MAX_WAIT].number,
		.deadline_ms = o->deadline_ms,
		.retries = (unsigned)values[GM_SET_RETRIES].number,
	};
}

/* Set the fallback of each service. */
static void
link_services(struct gm_services *s)
{
	size_t i;

	for (i = 0; i < s->len; i++)
		s->services[i].next =
		    i + 1 < s->len ? &s->services[i + 1] : NULL;
}

/* Find the keys of each service; one without keys has an empty ring. */
static int
find_all(struct gm_services *s, struct gm_err *err)
{
	const struct gm_vendors *vendors = &s->options.vendors;
	size_t i;
	int rc = 0;

	for (i = 0; i < vendors->len && rc == 0; i++)
		rc = gm_keyset_find(&s->room[i], &s->options.keys,
		    vendors->items[i], s->state, err);
	/* Trace only now: base URLs are final, and all keys are known, so that
	 * they are masked. */
	gm_keyset_trace(s->room, vendors->len, &s->options.keys);
	return rc;
}

/* Keep the services that have a key. */
static void
take_usable(struct gm_services *s)
{
	struct gm_keyset *set;

	for (set = s->room; set < s->room + s->options.vendors.len; set++) {
		if (set->place.ring.len == 0)
			continue;
		s->services[s->len] = service_of(s, set);
		s->keysets[s->len++] = set;
	}
}

static void
note_skipped(const struct gm_services *s)
{
	const struct gm_services_options *o = &s->options;
	const struct gm_keyset *set;
	struct gm_err why;

	for (set = s->room; set < s->room + o->vendors.len; set++) {
		if (set->place.ring.len > 0)
			continue;
		(void)gm_keyplace_fail(&set->place, o->keys.config, &why);
		gm_note(o->keys.note, o->all ? GM_LEVEL_DETAIL : GM_LEVEL_NOTE,
		    "%s: skipped: %s", gm_vendor(set->place.vendor)->name,
		    why.msg);
	}
}

int
gm_services_open(struct gm_services *s, const struct gm_services_options *o,
    struct gm_err *err)
{
	*s = (struct gm_services){ .options = *o };
	gm_buf_init(&s->cache_dir, PATH_LEN_MAX);
	if (o->advise)
		gm_config_dir(o->keys.config, GM_DIR_CACHE, &s->cache_dir);
	s->room = calloc(GM_VENDORS, sizeof(*s->room));
	s->state = calloc(1, sizeof(*s->state));
	if (s->room == NULL || s->state == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	if (find_all(s, err) != 0)
		return -1;
	take_usable(s);
	if (s->len == 0)
		return gm_keyplace_fail(&s->room[0].place, o->keys.config, err);
	note_skipped(s);
	link_services(s);
	return 0;
}

int
gm_services_connect(struct gm_services *s, struct gm_err *err)
{
	const struct gm_services_options *o = &s->options;
	const struct gm_config *config = o->keys.config;
	const struct gm_http_options options = {
		.trust = config->around.trust,
		.agent = o->agent,
		.connect_timeout_ms =
		    config->values[GM_SET_CONNECT_TIMEOUT].number,
		.family = o->family,
		.http1 = o->http1,
		.proxy = config->around.proxy,
		.proxy_variable = config->around.proxy_variable,
	};
	struct gm_http *http = gm_http_open(&options, err);
	size_t i;

	for (i = 0; i < s->len; i++)
		s->services[i].http = http;
	if (http == NULL)
		return -1;
	for (i = 0; i < s->len; i++)
		if (gm_proxy_check(&options, s->services[i].base_url, err) != 0)
			return -1;
	return 0;
}

/* Check that a service can take the request. */
static int
check_fit(const struct gm_keyset *set, const struct gm_request *request,
    struct gm_err *err)
{
	if (gm_keyset_need_model(set, err) != 0)
		return -1;
	return set->provider->check(set->provider, request, err);
}

/* Skip the services that have an error. */
static void
keep_fit(struct gm_services *s, const struct gm_err *why)
{
	size_t i, len = 0;

	for (i = 0; i < s->len; i++) {
		if (why[i].code == GM_OK) {
			s->keysets[len] = s->keysets[i];
			s->services[len++] = s->services[i];
			continue;
		}
		gm_note(s->services[i].note, GM_LEVEL_NOTE, "%s: skipped: %s",
		    s->keysets[i]->provider->name, why[i].msg);
	}
	s->len = len;
	link_services(s);
}

int
gm_services_fit(
    struct gm_services *s, struct gm_request *request, struct gm_err *err)
{
	struct gm_err why[GM_VENDORS] = { { .code = GM_OK } };
	size_t i, len = 0;

	for (i = 0; i < s->len; i++) {
		if (check_fit(s->keysets[i], request, &why[i]) == 0) {
			len++;
		} else if (!s->services[i].fallback) {
			*err = why[i];
			return -1;
		}
	}
	if (len == 0) {
		*err = why[0];
		return -1;
	}
	keep_fit(s, why);
	request->model = s->keysets[0]->models[0];
	request->next_models = s->keysets[0]->models + 1;
	request->next_models_len = s->keysets[0]->models_len - 1;
	return 0;
}

void
gm_services_close(struct gm_services *s)
{
	struct gm_keyset *set;

	if (s->len > 0)
		gm_http_close(s->services[0].http);
	for (set = s->room; s->room != NULL && set < s->room + GM_VENDORS;
	     set++)
		gm_keyset_close(set);
	gm_buf_release(&s->cache_dir);
	free(s->room);
	if (s->state != NULL)
		gm_keystate_close(s->state);
	free(s->state);
	*s = (struct gm_services){ .len = 0 };
}
