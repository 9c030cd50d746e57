#include "provider/provider.h"
#include "base/file.h"

#define SOURCES_MAX (64 * 1024)

void
gm_answer_init(struct gm_answer *a)
{
	*a = (struct gm_answer){ .usage = { -1, -1, -1, -1, -1 } };
	gm_buf_init(&a->sources, SOURCES_MAX);
	gm_buf_init(&a->omitted, GM_OMITTED_MAX * sizeof(struct gm_omitted));
}

void
gm_answer_release(struct gm_answer *a)
{
	gm_buf_release(&a->sources);
	gm_buf_release(&a->omitted);
	gm_think_release(&a->think);
}

int
gm_answer_omit(
    struct gm_answer *a, const struct gm_omitted *o, struct gm_err *err)
{
	if (a->omitted_len++ < GM_OMITTED_MAX)
		gm_buf_put(&a->omitted, (const char *)o, sizeof(*o));
	return gm_buf_check(&a->omitted, err);
}

static int
drop_part(const struct gm_part *part, void *arg, struct gm_err *err)
{
	(void)arg;
	(void)err;
	return part->kind == GM_PART_TEXT ? 0 : GM_SINK_OMITS;
}

static int
drop_flush(void *arg, struct gm_err *err)
{
	(void)arg;
	(void)err;
	return 0;
}

static void
drop_restart(void *arg)
{
	(void)arg;
}

const struct gm_sink gm_sink_nowhere = {
	.part = drop_part, .flush = drop_flush, .restart = drop_restart
};

static int
write_part(const struct gm_part *part, void *arg, struct gm_err *err)
{
	const int *fd = arg;

	if (part->kind != GM_PART_TEXT)
		return GM_SINK_OMITS;
	if (part->thought ||
	    gm_file_write(*fd, part->text, GM_STOP_NOW, err) == 0)
		return 0;
	gm_err_prefix(err, "answer: ");
	return -1;
}

struct gm_sink
gm_sink_fd(int *fd)
{
	return (struct gm_sink){ .part = write_part,
		.flush = drop_flush,
		.restart = drop_restart,
		.final = true,
		.arg = fd };
}

void
gm_provider_classify(const struct gm_provider *provider,
    const struct gm_request *q, const struct gm_http_head *head,
    struct gm_span body, struct gm_fault *fault)
{
	provider->classify(q, head, body, fault);
	/* A list of models needs no model: the address is wrong. */
	if (q->operation == GM_OP_MODELS && fault->class == GM_CLASS_MODEL_GONE)
		fault->class = GM_CLASS_BAD_URL;
}
