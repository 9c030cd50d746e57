/* gm-prompt: send a prompt, or a batch of them, and print the answers. */

#include <stdlib.h>

#include "cli/cli.h"
#include "cli/wanted.h"
#include "gm-prompt/batch.h"
#include "gm-prompt/options.h"
#include "gm-prompt/single.h"

static int
open_services(const struct gm_tool *tool, struct gm_services *services,
    struct gm_err *err)
{
	const struct gm_cli_operands operands = { .alone = false };
	struct gm_services_options options;

	if (gm_cli_configure(tool, &operands, err) != 0 ||
	    gm_wanted_services(tool, &operands, &options, err) != 0)
		return -1;
	options.advise = true;
	return gm_services_open(services, &options, err);
}

static int
run(void *options, const struct gm_tool *tool, int argc, char **argv,
    struct gm_err *err)
{
	struct gm_prompt_options *opt = options;
	struct gm_services services = { .len = 0 };
	int rc;

	if (gm_prompt_options_check(opt, argc, argv, err) != 0)
		return -1;
	rc = open_services(tool, &services, err);
	if (!opt->batch)
		rc = gm_single_run(opt, &services, rc, argc, argv, err);
	else if (rc == 0)
		rc = gm_batch_run(opt, &services, argc, argv, err);
	gm_services_close(&services);
	gm_params_release(&opt->params);
	return rc;
}

int
main(int argc, char **argv)
{
	struct gm_prompt_options opt = { .output = NULL };
	const struct gm_tool tool = {
		.name = "gm-prompt",
		.agent = "gm-prompt/" GM_VERSION,
		.operands = "[prompt ...]",
		.summary = "send a prompt to Gemini and print the answer",
		.example = "git diff | gm-prompt 'Write a commit message.'",
		.shared = GM_OPT_JSON | GM_OPT_MODEL | GM_OPT_SERVICE |
		          GM_OPT_WAIT | GM_OPT_LOG,
		.add_rows = gm_prompt_rows,
		.common = &opt.common,
	};
	int status;

	status = gm_cli_main(&tool, run, &opt, argc, argv);
	free(opt.stop.items);
	free(opt.files.items);
	return status;
}
