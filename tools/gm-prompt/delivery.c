#include "gm-prompt/delivery.h"
#include "base/file.h"
#include "base/utf8.h"
#include "cli/hold.h"
#include "gm-prompt/fence.h"

/* Characters written at once: no more than is worth a copy. */
#define PIECE 16384

bool
gm_delivery_is_showable(const struct gm_result *o, int rc)
{
	return rc == 0 || o->class == GM_CLASS_TOKEN_LIMIT ||
	       o->class == GM_CLASS_UNFINISHED ||
	       (o->class == GM_CLASS_PARTIAL && o->text_bytes > 0) ||
	       o->class == GM_CLASS_THOUGHTS;
}

int
gm_delivery_block(const struct gm_result *o, struct gm_span answer, int rc,
    struct gm_buf *block, struct gm_err *err)
{
	if (gm_fence_first(answer, block) || rc != 0)
		return rc;
	return gm_fail(
	    err, GM_ENEGATIVE, "%s: the answer has no fenced block", o->model);
}

static int
hold_part(const struct gm_part *part, void *arg, struct gm_err *err)
{
	struct gm_delivery *d = arg;

	if (part->kind != GM_PART_TEXT)
		return GM_SINK_OMITS;
	if (!part->thought)
		return gm_hold_put(&d->held, part->text, err);
	if (d->thoughts_fd == -1)
		return 0;
	gm_buf_put_span(&d->thoughts, part->text);
	return gm_buf_check(&d->thoughts, err);
}

static void
drop(void *arg)
{
	struct gm_delivery *d = arg;

	gm_buf_reset(&d->held);
	gm_buf_reset(&d->thoughts);
}

/* Thoughts are not the answer: if they cannot be shown, it still comes. */
static void
show_thought(struct gm_delivery *d, struct gm_span text)
{
	struct gm_buf shown;
	struct gm_err ignored;

	gm_buf_init(&shown, GM_DELIVERY_MAX);
	if (d->raw)
		gm_buf_put_span(&shown, text);
	else
		gm_term_filter(&d->filter, &shown, text);
	if (shown.len > 0) {
		d->thought_open = shown.data[shown.len - 1] != '\n';
		(void)!gm_file_write(
		    d->thoughts_fd, gm_buf_span(&shown), GM_STOP_NOW, &ignored);
	}
	gm_buf_release(&shown);
}

static void
end_thoughts(struct gm_delivery *d)
{
	if (d->thought_open)
		show_thought(d, gm_span_of("\n"));
}

static int
give_part(const struct gm_part *part, void *arg, struct gm_err *err)
{
	struct gm_delivery *d = arg;

	(void)err;
	if (part->kind != GM_PART_TEXT)
		return GM_SINK_OMITS;
	if (part->text.len == 0)
		return 0; /* a signature ends no line */
	if (!part->thought) {
		end_thoughts(d);
		gm_out_put(d->out, part->text);
	} else if (d->thoughts_fd != -1) {
		show_thought(d, part->text);
	}
	return 0;
}

static int
flush_text(void *arg, struct gm_err *err)
{
	struct gm_delivery *d = arg;

	return gm_out_flush(d->out, err);
}

void
gm_delivery_init(struct gm_delivery *d, struct gm_out *out, bool stream)
{
	*d = (struct gm_delivery){ .out = out, .thoughts_fd = -1 };
	gm_buf_init(&d->held, GM_DELIVERY_MAX);
	gm_buf_init(&d->thoughts, GM_DELIVERY_MAX);
	d->sink = (struct gm_sink){
		.part = stream ? give_part : hold_part,
		.flush = flush_text,
		.restart = drop,
		.final = stream,
		.arg = d,
	};
}

int
gm_delivery_replace(
    struct gm_delivery *d, struct gm_span text, struct gm_err *err)
{
	struct gm_span piece;

	if (d->thoughts.len > 0)
		show_thought(d, gm_buf_span(&d->thoughts));
	end_thoughts(d);
	while (text.len > 0) {
		piece = text;
		piece.len = gm_utf8_cut(text, PIECE);
		gm_out_put(d->out, piece);
		if (gm_out_flush(d->out, err) != 0)
			return -1;
		text.p += piece.len;
		text.len -= piece.len;
	}
	return gm_out_end(d->out, err);
}

int
gm_delivery_finish(struct gm_delivery *d, struct gm_err *err)
{
	return gm_delivery_replace(d, gm_buf_span(&d->held), err);
}

int
gm_delivery_end(struct gm_delivery *d, struct gm_err *err)
{
	end_thoughts(d);
	return gm_out_end(d->out, err);
}

void
gm_delivery_release(struct gm_delivery *d)
{
	gm_buf_release(&d->held);
	gm_buf_release(&d->thoughts);
}
