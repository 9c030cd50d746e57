#include <stdio.h>

#include "call/pool.h"
#include "call/services.h"

static int
print(const struct gm_part *part, void *out, struct gm_err *err)
{
	struct gm_span text = part->text;

	if (part->kind != GM_PART_TEXT)
		return GM_SINK_OMITS;
	if (part->thought)
		return 0;
	if (fwrite(text.p, 1, text.len, out) == text.len && fflush(out) == 0)
		return 0;
	return gm_fail_errno(err, GM_EIO, "standard output");
}

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
	struct gm_question question = { .turns = &turn, .turns_len = 1 };
	struct gm_sink sink = gm_sink_nowhere;
	struct gm_outcome outcome;
	struct gm_ask ask = { .service = services.services,
		.question = &question,
		.sink = &sink,
		.outcome = &outcome };
	struct gm_err err;
	int rc;

	sink.part = print;
	sink.arg = stdout;
	sink.final = true; /* text that was printed cannot be taken back */
	gm_config_init(&config);
	gm_outcome_init(&outcome);
	if ((rc = gm_config_load(&config, &wanted, &note, &err)) == 0 &&
	    (rc = gm_services_open(&services, &options, &err)) == 0 &&
	    (rc = gm_services_fit(&services, &question, &err)) == 0 &&
	    (rc = gm_services_connect(&services, &err)) == 0)
		rc = gm_pool_ask(&ask, &err);
	if (rc != 0)
		gm_note(&note, GM_LEVEL_ERROR, "%s", err.msg);
	gm_outcome_release(&outcome);
	gm_services_close(&services);
	gm_config_release(&config);
	gm_secrets_release(&keys);
	return rc != 0 ? gm_err_status(err.code) : 0;
}
