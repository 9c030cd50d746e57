#include "cli/wanted.h"

struct gm_keyset_options
gm_wanted_keys(const struct gm_tool *tool)
{
	struct gm_common *c = tool->common;

	return (struct gm_keyset_options){ .config = &c->config,
		.secrets = &c->secrets,
		.note = &c->note,
		.limits = &c->limits,
		.ignore_cooldown = c->ignore_cooldown };
}

/* List the providers in the order of fallback. */
static int
list_vendors(const struct gm_tool *tool, const struct gm_cli_operands *operands,
    struct gm_vendors *vendors, struct gm_err *err)
{
	const struct gm_common *c = tool->common;
	const struct gm_value *then = &c->config.values[GM_SET_FALLBACK];
	const char *list = gm_cli_fallback(tool, operands);
	bool only = c->config.values[GM_SET_KEY_INDEX].text != NULL;

	*vendors = (struct gm_vendors){ { c->vendor }, 1 };
	if (c->all_vendors)
		*vendors = gm_vendors_all;
	if (list == NULL && then->text != NULL && !c->all_vendors)
		gm_note(&c->note, GM_LEVEL_DETAIL,
		    "%s is ignored, as a key or a provider is given",
		    then->name);
	if (list != NULL && gm_vendors_add(vendors, list, err) != 0)
		return gm_config_blame(&c->config, GM_SET_FALLBACK, err);
	if (list != NULL && vendors->len > 1 && (only || operands->alone))
		return gm_fail(err, GM_EUSAGE,
		    only ? "--key-index and --%s cannot be combined"
			 : "--%s and operands cannot be combined",
		    then->name);
	return 0;
}

static enum gm_http_family
family(const struct gm_common *c)
{
	if (c->ipv4)
		return GM_HTTP_V4;
	return c->ipv6 ? GM_HTTP_V6 : GM_HTTP_ANY;
}

int
gm_wanted_services(const struct gm_tool *tool,
    const struct gm_cli_operands *operands, struct gm_services_options *o,
    struct gm_err *err)
{
	const struct gm_common *c = tool->common;

	*o = (struct gm_services_options){ .keys = gm_wanted_keys(tool),
		.all = c->all_vendors,
		.agent = tool->agent,
		.family = family(c),
		.http1 = c->http1,
		.deadline_ms = c->deadline_ms };
	return list_vendors(tool, operands, &o->vendors, err);
}
