/*
 * Calls through the pool, without the rest of a tool:
 *
 *	pool CALLS [RUNS]
 *
 * Sends CALLS small prompts, 64 at once, RUNS times (default: 1) over the same
 * connections.  Prints the CPU time of a call in microseconds, without the start of
 * the program and, with several runs, without the first, which opens the
 * connections.  The environment names the service, as for gm-prompt.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "call/pool.h"
#include "call/services.h"

#define AT_ONCE 64

struct job {
	char text[32];
	struct gm_part part;
	struct gm_turn turn;
	struct gm_request request;
	struct gm_result result;
	bool busy;
};

struct run {
	const struct gm_service *service;
	const struct gm_request *request; /* of all calls */
	long begun, calls;
	struct job jobs[AT_ONCE];
};

static int
next(struct gm_call_args *ask, void *arg)
{
	struct run *r = arg;
	struct job *j = r->jobs;

	if (r->begun == r->calls)
		return -1;
	while (j->busy)
		j++;
	j->busy = true;
	(void)snprintf(j->text, sizeof(j->text), "record %ld", ++r->begun);
	j->part = (struct gm_part){ .text = gm_span_of(j->text) };
	j->turn = (struct gm_turn){ .parts = &j->part, .parts_len = 1 };
	j->request = *r->request;
	j->request.turns = &j->turn;
	j->request.turns_len = 1;
	gm_result_init(&j->result);
	*ask = (struct gm_call_args){ .service = r->service,
		.request = &j->request,
		.sink = &gm_sink_nowhere,
		.result = &j->result,
		.arg = j };
	return 1;
}

static int
done(const struct gm_call_args *ask, int rc, void *arg, struct gm_err *err)
{
	struct job *j = ask->arg;

	(void)arg;
	(void)err; /* of the call */
	j->busy = false;
	gm_result_release(&j->result);
	return rc;
}

static double
cpu_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
run_all(struct run *r, long runs, struct gm_err *err)
{
	struct gm_pool pool = { .http = r->service->http,
		.slots = AT_ONCE,
		.next = next,
		.done = done,
		.arg = r,
		.watch = -1 };
	double begun = cpu_us();
	long i;

	for (i = 0; i < runs; i++) {
		r->begun = 0;
		if (gm_pool_run(&pool, err) != 0)
			return -1;
		if (i == 0 && runs > 1)
			begun = cpu_us();
	}
	(void)printf("%.3f\n", (cpu_us() - begun) / (double)r->calls /
				   (double)(runs > 1 ? runs - 1 : 1));
	return 0;
}

int
main(int argc, char **argv)
{
	struct gm_vendors gemini = { { GM_VENDOR_GEMINI }, 1 };
	struct gm_config_wanted wanted = { .vendors = gemini };
	struct gm_config config;
	struct gm_secrets keys = { .len = 0 };
	struct gm_note note = { .tool = "pool", .secrets = &keys, .fd = 2 };
	struct gm_services services = { .len = 0 };
	struct gm_services_options options = { .agent = "pool/1",
		.keys = { .config = &config, .secrets = &keys, .note = &note },
		.vendors = gemini };
	struct gm_request request = { .operation = GM_OP_GENERATE };
	struct run *r;
	struct gm_err err;
	int rc;

	if (argc < 2 || argc > 3)
		return 64;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return 71;
	r->calls = strtol(argv[1], NULL, 10);
	gm_config_init(&config);
	if ((rc = gm_config_load(&config, &wanted, &note, &err)) == 0 &&
	    (rc = gm_services_open(&services, &options, &err)) == 0 &&
	    (rc = gm_services_fit(&services, &request, &err)) == 0 &&
	    (rc = gm_services_connect(&services, &err)) == 0) {
		r->service = services.services;
		r->request = &request;
		rc = run_all(r, argc > 2 ? strtol(argv[2], NULL, 10) : 1, &err);
	}
	if (rc != 0)
		gm_note(&note, GM_LEVEL_ERROR, "%s", err.msg);
	gm_services_close(&services);
	gm_config_release(&config);
	gm_secrets_release(&keys);
	free(r);
	return rc != 0 ? gm_err_status(err.code) : 0;
}
