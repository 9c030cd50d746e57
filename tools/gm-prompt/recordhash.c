#include "gm-prompt/recordhash.h"

#define VERSION "gm-prompt record 1\n"
#define SHORT 64 /* bytes; longer texts are hashed separately, not copied */

/*
 * Append a field: a letter for what it is, its length, its bytes.  With the
 * length no two lists of fields give the same bytes.
 */
static void
put(struct gm_buf *out, char what, struct gm_span text)
{
	char hash[GM_HASH_HEX];

	gm_buf_putc(out, what);
	if (text.len <= SHORT) {
		gm_buf_printf(out, "%zu:", text.len);
		gm_buf_put_span(out, text);
		return;
	}
	gm_hash_hex(hash, gm_span_of(""), text);
	gm_buf_printf(out, "%zu#%s", text.len, hash);
}

/* Append a field that may be unset, which differs from an empty one. */
static void
put_text(struct gm_buf *out, char what, const char *text)
{
	if (text == NULL)
		gm_buf_printf(out, "%c-", what);
	else
		put(out, what, gm_span_of(text));
}

static void
put_texts(struct gm_buf *out, char what, const char *const *texts, size_t len)
{
	size_t i;

	gm_buf_printf(out, "%c%zu=", what, len);
	for (i = 0; i < len; i++)
		put(out, what, gm_span_of(texts[i]));
}

static void
put_services(struct gm_buf *out, const struct gm_recordhash *h)
{
	const struct gm_request *q = h->request;
	const struct gm_service *s = h->service;

	put(out, 's', gm_span_of(s->provider->name));
	put_text(out, 'm', q->model);
	put_texts(out, 'm', q->next_models, q->next_models_len);
	for (s = s->next; s != NULL; s = s->next) {
		put(out, 's', gm_span_of(s->provider->name));
		put_texts(out, 'm', s->models, s->models_len);
	}
}

/*
 * Append the turns without the parts that are files: a file of all records was
 * read and hashed once.
 */
static void
put_turns(struct gm_buf *out, const struct gm_recordhash *h)
{
	const struct gm_request *q = h->request;
	size_t files = h->files.len / (GM_HASH_HEX - 1);
	const struct gm_turn *turn;
	size_t i, len;

	gm_buf_printf(out, "t%zu=", q->turns_len);
	for (turn = q->turns; turn < q->turns + q->turns_len; turn++) {
		len = turn->parts_len;
		if (turn == q->turns + q->turns_len - 1)
			len -= files;
		gm_buf_printf(out,
		    "%c%zu=", turn->role == GM_ROLE_MODEL ? 'M' : 'U', len);
		for (i = 0; i < len; i++) {
			put(out, 'p', turn->parts[i].text);
			put(out, 'g', turn->parts[i].signature);
		}
	}
}

int
gm_recordhash_make(char out[GM_HASH_HEX], const struct gm_recordhash *h,
    struct gm_buf *room, struct gm_err *err)
{
	const struct gm_request *q = h->request;

	gm_buf_reset(room);
	gm_buf_put_span(room, h->files);
	gm_buf_printf(room, "o%d,%d%d%d", (int)q->operation, q->thoughts,
	    q->search, q->url_context);
	put_services(room, h);
	put(room, 'r', h->record);
	gm_buf_printf(room, "y%s", h->system);
	put_turns(room, h);
	put_text(room, 'a', q->temperature);
	put_text(room, 'b', q->top_p);
	put_text(room, 'c', q->top_k);
	put_text(room, 'd', q->max_tokens);
	put_text(room, 'e', q->seed);
	put_text(room, 'h', q->thinking_level);
	put_text(room, 'i', q->thinking_budget);
	put_text(room, 'j', q->safety);
	put_texts(room, 'k', q->stop, q->stop_len);
	if (h->extract)
		gm_buf_putc(room, 'x');
	if (gm_buf_check(room, err) != 0)
		return -1;
	gm_hash_hex(out, gm_span_of(VERSION), gm_buf_span(room));
	return 0;
}
