/* gm-summ: summarise texts of any length. */

#include <stdio.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/wanted.h"
#include "gm-summ/cache.h"
#include "gm-summ/options.h"
#include "gm-summ/run.h"

static int
open_services(const struct gm_tool *tool, struct gm_services *services,
    struct gm_err *err)
{
	const struct gm_cli_operands operands = { .alone = false };
	struct gm_services_options options;

	if (gm_wanted_services(tool, &operands, &options, err) != 0)
		return -1;
	options.advise = true;
	return gm_services_open(services, &options, err);
}

static void
print_stats(const struct gm_summ_options *o, const struct gm_shard_sum *sum)
{
	char oldest[GM_CLOCK_TEXT] = "", newest[GM_CLOCK_TEXT] = "";

	if (sum->entries > 0) {
		gm_clock_format(oldest, sum->oldest_ms);
		gm_clock_format(newest, sum->newest_ms);
	}
	if (o->common.json)
		(void)printf("{\"answers\":%lld,\"bytes\":%lld,"
			     "\"oldest\":%s%s%s,\"newest\":%s%s%s}\n",
		    (long long)sum->entries, (long long)sum->bytes,
		    sum->entries > 0 ? "\"" : "null", oldest,
		    sum->entries > 0 ? "\"" : "",
		    sum->entries > 0 ? "\"" : "null", newest,
		    sum->entries > 0 ? "\"" : "");
	else if (sum->entries == 0)
		(void)printf("0 answers\n");
	else
		(void)printf("%lld answer%s, %lld bytes, used from %s to %s\n",
		    (long long)sum->entries, sum->entries == 1 ? "" : "s",
		    (long long)sum->bytes, oldest, newest);
}

static int
manage_cache(
    const struct gm_summ_options *o, struct gm_cache *cache, struct gm_err *err)
{
	struct gm_shard_sum sum = { .entries = 0 };

	if (o->cache_clear)
		return gm_cache_clear(cache, &sum, err);
	if (gm_cache_stats(cache, &sum, err) != 0)
		return -1;
	print_stats(o, &sum);
	return 0;
}

static int
work(const struct gm_tool *tool, const struct gm_summ_options *o,
    struct gm_services *services, int argc, char **argv, struct gm_err *err)
{
	const struct gm_cli_operands operands = { .alone = false };
	struct gm_cache cache = { .fd = -1 };
	struct gm_cache_options options = { .note = &o->common.note };
	struct gm_buf dir;
	int rc;

	if (gm_cli_configure(tool, &operands, err) != 0)
		return -1;
	gm_buf_init(&dir, 64 * 1024);
	gm_config_dir(&o->common.config, GM_DIR_CACHE, &dir);
	options.dir = gm_buf_str(&dir);
	if (!o->no_cache)
		gm_cache_init(&cache, &options);
	if (o->cache_clear || o->cache_stats)
		rc = manage_cache(o, &cache, err);
	else if ((rc = open_services(tool, services, err)) == 0)
		rc = gm_summ_run(o, services, &cache, argc, argv, err);
	gm_cache_release(&cache);
	gm_buf_release(&dir);
	return rc;
}

static int
run(void *options, const struct gm_tool *tool, int argc, char **argv,
    struct gm_err *err)
{
	struct gm_summ_options *o = options;
	struct gm_services services = { .len = 0 };
	int rc;

	if (gm_summ_options_check(o, argc, argv, err) != 0)
		return -1;
	rc = work(tool, o, &services, argc, argv, err);
	gm_services_close(&services);
	return rc;
}

int
main(int argc, char **argv)
{
	struct gm_summ_options opt = { .output = NULL };
	const struct gm_tool tool = {
		.name = "gm-summ",
		.agent = "gm-summ/" GM_VERSION,
		.operands = "[FILE ...]",
		.operand = GM_ARG_FILE,
		.summary = "summarise texts of any length",
		.example = "gm-summ --style tldr report.txt",
		.shared = GM_OPT_JSON | GM_OPT_MODEL | GM_OPT_SERVICE |
		          GM_OPT_WAIT | GM_OPT_LOG,
		.add_rows = gm_summ_rows,
		.common = &opt.common,
	};

	return gm_cli_main(&tool, run, &opt, argc, argv);
}
