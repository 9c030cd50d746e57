#include "gm-prompt/delivery.h"
#include "base/file.h"
#include "base/utf8.h"
#include "cli/hold.h"
#include "gm-prompt/fence.h"

/*
 * Bytes written at a time.  The output copies and filters each piece, so this
 * bounds the memory for a large answer.
 */
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
gm_delivery_block(struct gm_result *o, struct gm_span answer, int rc,
    struct gm_buf *block, struct gm_err *err)
{
	const struct gm_class_row *row = gm_class(GM_CLASS_NO_BLOCK);
	bool found = gm_fence_first(answer, block);

	if (gm_buf_check(block, err) != 0) {
		o->class = GM_CLASS_LOCAL;
		return -1;
	}
	if (found || rc != 0)
		return rc;
	if (o->class == GM_CLASS_OK) /* else it is truncated, which says more */
		o->class = GM_CLASS_NO_BLOCK;
	(void)gm_fail(err, row->code, "%s: %s", o->model, row->phrase);
	gm_err_advise(err, "%s", row->advice);
	gm_err_ids(err, "%s", row->name);
	return -1;
}

/* Hold back a part; the sink of an answer that is not streamed. */
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

/* The request is retried: drop what the failed attempt has given. */
static void
drop(void *arg)
{
	struct gm_delivery *d = arg;

	gm_buf_reset(&d->held);
	gm_buf_reset(&d->thoughts);
}

/*
 * Write thoughts.  Ignore errors: thoughts are not the answer, which must not
 * fail because they cannot be shown.
 */
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

/* Pass a part on to the output; the sink of a streamed answer. */
static int
give_part(const struct gm_part *part, void *arg, struct gm_err *err)
{
	struct gm_delivery *d = arg;

	(void)err;
	if (part->kind != GM_PART_TEXT)
		return GM_SINK_OMITS;
	if (part->text.len == 0)
		return 0; /* only a signature: leave the thoughts' line open */
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
