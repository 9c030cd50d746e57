#include "session.h"
#include "url.h"

/* Silence allowed by default; local models take long to load. */
#define SILENCE_MS 120000
#define LOOPBACK_SILENCE_MS 300000

int
gm_session_find(
    struct gm_session *s, const struct gm_tool *tool, struct gm_err *err)
{
	struct gm_common *c = tool->common;
	const struct gm_value *values = c->config.values;
	const char *url;

	*s = (struct gm_session){ .service = { .http = NULL } };
	if (gm_keyset_open(&s->keyset, tool, err) != 0)
		return -1;
	url = values[GM_SET_BASE_URL].text;
	s->service = (struct gm_service){
		.provider = &gm_gemini,
		.base_url = url,
		.keys = &s->keyset.keys,
		.note = &c->note,
		.timeout_ms = values[GM_SET_TIMEOUT].number,
		.max_wait_ms = values[GM_SET_MAX_WAIT].number,
		.deadline_ms = c->deadline_ms,
		.retries = (unsigned)values[GM_SET_RETRIES].number,
	};
	if (s->service.timeout_ms == 0)
		s->service.timeout_ms =
		    gm_url_is_loopback(url) ? LOOPBACK_SILENCE_MS : SILENCE_MS;
	return 0;
}

int
gm_session_open(
    struct gm_session *s, const struct gm_tool *tool, struct gm_err *err)
{
	*s = (struct gm_session){ .service = { .http = NULL } };
	if (gm_cli_configure(tool, err) != 0)
		return -1;
	return gm_session_find(s, tool, err);
}

static enum gm_http_family
family(const struct gm_common *c)
{
	if (c->ipv4)
		return GM_HTTP_V4;
	return c->ipv6 ? GM_HTTP_V6 : GM_HTTP_ANY;
}

int
gm_session_connect(
    struct gm_session *s, const struct gm_tool *tool, struct gm_err *err)
{
	const struct gm_common *c = tool->common;
	const struct gm_surroundings *around = &c->config.around;
	const struct gm_http_options options = {
		.ca_file = around->ca_file,
		.ca_dir = around->ca_dir,
		.agent = tool->agent,
		.connect_timeout_ms =
		    c->config.values[GM_SET_CONNECT_TIMEOUT].number,
		.family = family(c),
		.http1 = c->http1,
	};

	s->service.http = gm_http_open(&options, err);
	return s->service.http != NULL ? 0 : -1;
}

void
gm_session_models(const struct gm_session *s, struct gm_question *question)
{
	question->model = s->keyset.models[0];
	question->spare = s->keyset.models + 1;
	question->spare_len = s->keyset.models_len - 1;
}

void
gm_session_close(struct gm_session *s)
{
	gm_http_close(s->service.http);
	gm_keyset_close(&s->keyset);
}
