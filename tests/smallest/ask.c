#include "call/pool.h"
#include "call/services.h"

int
main(int argc, char **argv)
{
	struct gm_vendors gemini = { { GM_VENDOR_GEMINI }, 1 };
	struct gm_config_wanted wanted = { .vendors = gemini };
	struct gm_config config;
	struct gm_secrets keys = { .len = 0 };
	struct gm_note note = { .tool = "ask", .secrets = &keys, .fd = 2 };
	struct gm_services services = { .len = 0 };
	struct gm_services_options options = { .agent = "ask/1",
		.keys = { .config = &config, .secrets = &keys, .note = &note },
		.vendors = gemini };
	struct gm_part prompt = { .text = gm_span_of(argv[argc - 1]) };
	struct gm_turn turn = { .parts = &prompt, .parts_len = 1 };
	struct gm_request q = { .turns = &turn, .turns_len = 1 };
	int rc, out = 1; /* standard output */
	struct gm_sink sink = gm_sink_fd(&out);
	struct gm_result result;
	struct gm_call_args call = { services.services, &q, &sink, &result,
		NULL };
	struct gm_err err;

	gm_config_init(&config);
	gm_result_init(&result);
	if ((rc = gm_config_load(&config, &wanted, &note, &err)) == 0 &&
	    (rc = gm_services_open(&services, &options, &err)) == 0 &&
	    (rc = gm_services_fit(&services, &q, &err)) == 0 &&
	    (rc = gm_services_connect(&services, &err)) == 0)
		rc = gm_pool_call(&call, &err);
	if (rc != 0)
		gm_note(&note, GM_LEVEL_ERROR, "%s", err.msg);
	gm_result_release(&result);
	gm_services_close(&services);
	gm_config_release(&config);
	gm_secrets_release(&keys);
	return rc != 0 ? gm_err_status(err.code) : 0;
}
