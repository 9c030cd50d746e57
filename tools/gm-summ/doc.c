#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "gm-summ/doc.h"

#define WINDOW ((size_t)1024 * 1024)           /* bytes scanned at a time */
#define PROMPT_MAX ((size_t)512 * 1024 * 1024) /* bytes */
#define LIMIT_MIN 256 /* tokens; a service that rejects these is of no use */
#define ROUNDS_MAX 20

/*
 * Files of a document that stay open: below common limits of 256 descriptors.
 */
#define OPEN_MAX_TEXTS 64

/*
 * FNV-1a over 8 bytes at a time.  It only has to detect accidental changes of a
 * file, so it may be fast and weak.
 */
static uint64_t
sum_of(struct gm_span bytes)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325), word;
	size_t n;

	for (; bytes.len > 0; bytes.p += n, bytes.len -= n) {
		n = bytes.len < sizeof(word) ? bytes.len : sizeof(word);
		word = 0;
		memcpy(&word, bytes.p, n);
		sum = (sum ^ word) * UINT64_C(0x100000001b3);
		sum ^= sum >> 29;
	}
	return sum;
}

static const char *
name_of(const struct gm_doc *d)
{
	return d->texts_len > 0 && d->texts[0].name != NULL ? d->texts[0].name
	                                                    : "text";
}

/* --- sections */

static int64_t
with_margin(int64_t tokens)
{
	return tokens * (100 + GM_TOKENS_MARGIN_PERCENT) / 100;
}

static void
free_sections(struct gm_doc *d)
{
	struct gm_section *s;

	while ((s = d->first) != NULL) {
		d->first = s->next;
		free(s->stretches);
		free(s->answer);
		free(s);
	}
	d->last = d->due = NULL;
	d->sections = d->answers = 0;
}

static struct gm_section *
new_section(struct gm_err *err)
{
	struct gm_section *s = calloc(1, sizeof(*s));

	if (s == NULL)
		(void)gm_fail(err, GM_EOS, "out of memory");
	return s;
}

static int
add_stretch(struct gm_section *s, const struct gm_stretch *stretch,
    int64_t tokens, struct gm_err *err)
{
	struct gm_stretch *more =
	    realloc(s->stretches, (s->len + 1) * sizeof(*more));

	if (more == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	s->stretches = more;
	s->stretches[s->len++] = *stretch;
	s->tokens += tokens;
	return 0;
}

/*
 * Return true if the stretch can be added to the last section: small texts of
 * --combine share a request.  Parts of one text never do: their border is where
 * the chunker wanted it.
 */
static bool
goes_along(
    const struct gm_doc *d, const struct gm_stretch *stretch, int64_t tokens)
{
	const struct gm_section *s = d->last;

	return s != NULL && d->named && !d->cutting &&
	       s->stretches[s->len - 1].text != stretch->text &&
	       with_margin(s->tokens + tokens) <= d->limit;
}

/* Add a chunk of the text being scanned to the sections. */
static int
add_chunk(struct gm_doc *d, const struct gm_chunk *chunk, struct gm_err *err)
{
	const struct gm_stretch stretch = { .text = d->scanning,
		.at = chunk->offset,
		.len = chunk->text.len,
		.sum = sum_of(chunk->text) };
	struct gm_section *s;

	if (gm_utf8_blanks(chunk->text) == chunk->text.len)
		return 0; /* white space needs no request */
	if (goes_along(d, &stretch, chunk->tokens))
		return add_stretch(d->last, &stretch, chunk->tokens, err);
	s = new_section(err);
	if (s == NULL)
		return -1;
	if (d->last == NULL)
		d->first = d->due = s;
	else
		d->last->next = s;
	d->last = s;
	d->sections++;
	return add_stretch(s, &stretch, chunk->tokens, err);
}

/* --- rounds */

/*
 * Start a round after all sections are known, as their number decides if they
 * become facts or the summary.
 */
static int
begin_round(struct gm_doc *d, struct gm_err *err)
{
	enum gm_round round = GM_ROUND_MERGE;
	struct gm_section *s;
	size_t i = 0;

	if (d->sections == 0)
		return gm_fail(err, GM_EDATA, "%s: empty", name_of(d));
	if (d->sections == 1)
		round = GM_ROUND_SUMMARY;
	else if (d->rounds == 0)
		round = GM_ROUND_FACTS;
	if (d->rounds == 0)
		d->parts = d->sections;
	for (s = d->first; s != NULL; s = s->next)
		s->part = (struct gm_prompt_part){ .round = round,
			.facts = d->rounds > 0,
			.index = ++i,
			.count = d->sections };
	d->due = d->first;
	d->rounds++;
	d->phase = GM_DOC_SENDING;
	return 0;
}

/* Start to cut the texts of a round into sections. */
static void
begin_scan(struct gm_doc *d)
{
	size_t i;

	free_sections(d);
	d->scanning = 0;
	d->scanned = 0;
	d->chunking = false;
	d->size = 0;
	for (i = 0; i < d->texts_len; i++)
		d->size += d->texts[i].size;
	d->phase = GM_DOC_SCANNING;
}

/* End the document with a failure.  Returns -1. */
static int
end_with(struct gm_doc *d, const struct gm_err *err)
{
	if (d->phase == GM_DOC_ENDED)
		return -1; /* the first failure counts */
	d->failure = *err;
	d->phase = GM_DOC_ENDED;
	return -1;
}

/* Open a text.  With --combine, one that cannot be read is only missing. */
static int
open_text(struct gm_doc *d, const char *path, bool many, struct gm_err *err)
{
	struct gm_text *t = &d->texts[d->texts_len];

	if (gm_text_open(t, d->options, path, err) == 0) {
		d->texts_len++;
		if (many)
			gm_text_park(t, path);
		return 0;
	}
	gm_text_close(t);
	if (!d->named || (err->code != GM_ENOINPUT && err->code != GM_EDATA))
		return -1;
	gm_note(d->options->note, GM_LEVEL_ERROR, "%s", err->msg);
	d->missing++;
	return 0;
}

int
gm_doc_open(struct gm_doc *d, const char *const *paths, size_t len,
    int64_t limit, const struct gm_wanted_summary *wanted,
    const struct gm_text_options *options, struct gm_err *err)
{
	size_t i;

	*d = (struct gm_doc){ .limit = limit,
		.wanted = wanted,
		.options = options,
		.named = len > 1 };
	gm_buf_init(&d->window, WINDOW);
	d->texts = calloc(len, sizeof(*d->texts));
	if (d->texts == NULL) {
		(void)gm_fail(err, GM_EOS, "out of memory");
		return end_with(d, err);
	}
	for (i = 0; i < len; i++)
		if (open_text(d, paths[i], len > OPEN_MAX_TEXTS, err) != 0)
			return end_with(d, err);
	if (d->texts_len == 0) {
		(void)gm_fail(err, err->code,
		    "none of the %zu files can be summarised", len);
		return end_with(d, err);
	}
	d->changed = d->texts[0].changed;
	begin_scan(d);
	return 0;
}

/* Add the chunks that are complete so far. */
static int
take_chunks(struct gm_doc *d, struct gm_err *err)
{
	struct gm_chunk chunk;

	while (gm_chunker_next(&d->chunker, &chunk))
		if (add_chunk(d, &chunk, err) != 0)
			return -1;
	return 0;
}

/* Scan the next window of the text.  Returns 1, 0 at its end, or -1. */
static int
scan_window(struct gm_doc *d, struct gm_err *err)
{
	const struct gm_text *t = &d->texts[d->scanning];
	off_t left = t->size - d->scanned;
	size_t len = left < (off_t)WINDOW ? (size_t)left : WINDOW;

	if (!d->chunking) {
		gm_chunker_init(&d->chunker, d->limit);
		gm_buf_release(&d->window);
		gm_buf_init(&d->window, WINDOW);
	}
	d->chunking = true;
	gm_buf_reset(&d->window);
	if (gm_text_read(t, d->scanned, len, &d->window, err) != 0)
		return -1;
	if (len > 0 && memchr(d->window.data, '\0', len) != NULL)
		return gm_fail(err, GM_EDATA,
		    "%s: contains a NUL byte; only text can be summarised",
		    t->name);
	if (gm_chunker_add(&d->chunker, gm_buf_span(&d->window), err) != 0)
		return -1;
	d->scanned += (off_t)len;
	if (d->scanned == t->size)
		gm_chunker_end(&d->chunker);
	if (take_chunks(d, err) != 0)
		return -1;
	return d->scanned < t->size;
}

int
gm_doc_scan(struct gm_doc *d, struct gm_err *err)
{
	int rc = scan_window(d, err);

	if (rc == -1)
		return end_with(d, err);
	if (rc == 1)
		return 1;
	gm_chunker_release(&d->chunker);
	d->chunking = false;
	d->scanned = 0;
	if (++d->scanning < d->texts_len)
		return 1;
	gm_buf_release(&d->window);
	return begin_round(d, err) != 0 ? end_with(d, err) : 0;
}

struct gm_section *
gm_doc_next(struct gm_doc *d)
{
	struct gm_section *s = d->due;

	if (d->phase != GM_DOC_SENDING)
		return NULL;
	while (s != NULL && s->sent)
		s = s->next;
	d->due = s;
	if (s != NULL)
		s->sent = true;
	return s;
}

/* --- prompts */

/*
 * Append a stretch between its tags.  The file is read again, as its text may
 * be larger than memory; fail if its bytes are no longer those that were
 * scanned.
 */
static int
put_stretch(struct gm_doc *d, const struct gm_stretch *from,
    const struct gm_prompt_part *part, struct gm_buf *out, struct gm_err *err)
{
	struct gm_text *t = &d->texts[from->text];
	struct gm_span name = { NULL, 0 };
	struct gm_buf raw, clean;
	int rc;

	gm_buf_init(&raw, PROMPT_MAX);
	gm_buf_init(&clean, PROMPT_MAX);
	rc = gm_text_read(t, from->at, from->len, &raw, err);
	if (rc == 0 && sum_of(gm_buf_span(&raw)) != from->sum)
		rc = gm_fail(
		    err, GM_ENOINPUT, "%s: changed while it was read", t->name);
	if (rc == 0)
		rc = gm_text_put(t, gm_buf_span(&raw), &clean, err);
	if (d->named && d->rounds == 1)
		name = gm_span_of(t->name);
	if (rc == 0)
		gm_prompts_put_text(part, name, gm_buf_span(&clean), out);
	gm_buf_release(&raw);
	gm_buf_release(&clean);
	return rc;
}

static int
compose(struct gm_doc *d, const struct gm_section *s,
    const struct gm_prompt_part *part, struct gm_buf *out, struct gm_err *err)
{
	struct gm_prompt_part of = *part;
	size_t i;

	gm_prompts_put_head(part, d->wanted, out);
	for (i = 0; i < s->len; i++) {
		if (put_stretch(d, &s->stretches[i], &of, out, err) != 0)
			return -1;
		of.count = 1; /* name the part only once */
	}
	return gm_buf_check(out, err);
}

int
gm_doc_compose(struct gm_doc *d, const struct gm_section *s, struct gm_buf *out,
    struct gm_err *err)
{
	return compose(d, s, &s->part, out, err) == 0 ? 0 : end_with(d, err);
}

int
gm_doc_identity(struct gm_doc *d, const struct gm_section *s,
    struct gm_buf *out, struct gm_err *err)
{
	struct gm_prompt_part whole = s->part;

	whole.index = whole.count = 1;
	return compose(d, s, &whole, out, err) == 0 ? 0 : end_with(d, err);
}

/* --- answers */

/*
 * Make the text of the next round from the lists of facts, in order.  Fail if
 * it is hardly shorter than that of this round: a model that only repeats the
 * text would be sent requests without end.  The first round is exempt, as a
 * list of facts can be longer than a short text.
 */
static int
next_round(struct gm_doc *d, struct gm_err *err)
{
	struct gm_text text;
	struct gm_section *s;
	char *name = strdup(name_of(d));
	size_t i;
	int rc;

	if (name == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	rc = gm_text_make(&text, d->options, name, err);
	free(name);
	for (s = d->first; rc == 0 && s != NULL; s = s->next) {
		if (s->answer_len == 0)
			continue; /* cut_section() has replaced it */
		gm_buf_put(&text.memory, s->answer, s->answer_len);
		gm_buf_puts(&text.memory, "\n\n");
	}
	if (rc == 0)
		rc = gm_buf_check(&text.memory, err);
	gm_text_grow(&text);
	if (rc == 0 && (d->rounds >= ROUNDS_MAX ||
			   (d->rounds > 1 && text.size > d->size / 10 * 9)))
		rc = gm_fail(err, GM_EPROTOCOL,
		    "%s: the model does not shorten the text: round %zu turned "
		    "%lld bytes into %lld; use another model",
		    name_of(d), d->rounds, (long long)d->size,
		    (long long)text.size);
	if (rc != 0) {
		gm_text_close(&text);
		return -1;
	}
	for (i = 0; i < d->texts_len; i++)
		gm_text_close(&d->texts[i]);
	d->texts[0] = text;
	d->texts_len = 1;
	begin_scan(d);
	return 0;
}

static struct gm_span
trim_end(struct gm_span text)
{
	while (text.len > 0 && strchr(" \t\r\n", text.p[text.len - 1]) != NULL)
		text.len--;
	return text;
}

int
gm_doc_answer(struct gm_doc *d, struct gm_section *s, struct gm_span answer,
    struct gm_err *err)
{
	struct gm_span text = trim_end(answer);

	s->answer = malloc(text.len + 1);
	if (s->answer == NULL) {
		(void)gm_fail(err, GM_EOS, "out of memory");
		return end_with(d, err);
	}
	memcpy(s->answer, text.p, text.len);
	s->answer[text.len] = '\0';
	s->answer_len = text.len;
	if (d->phase != GM_DOC_SENDING || ++d->answers < d->sections)
		return 0;
	if (s->part.round == GM_ROUND_SUMMARY) {
		d->summary = s->answer;
		d->summary_len = s->answer_len;
		s->answer = NULL;
		d->phase = GM_DOC_ENDED;
		return 0;
	}
	return next_round(d, err) != 0 ? end_with(d, err) : 0;
}

/*
 * Cut a section into two or more, which take its place.  Answers to other
 * sections stay valid.  The section stays in the list, with an empty answer.
 */
static int
cut_section(struct gm_doc *d, struct gm_section *s, struct gm_err *err)
{
	struct gm_section *after = s->next, *before = d->last, *more;
	struct gm_stretch whole;
	struct gm_chunk chunk;
	struct gm_buf raw;
	size_t i;
	int rc = 0;

	/* add_chunk() appends the new sections; they are moved below. */
	gm_buf_init(&raw, PROMPT_MAX);
	d->cutting = true;
	for (i = 0; rc == 0 && i < s->len; i++) {
		whole = s->stretches[i];
		gm_buf_reset(&raw);
		gm_chunker_init(&d->chunker, d->limit);
		d->scanning = whole.text;
		rc = gm_text_read(
		    &d->texts[whole.text], whole.at, whole.len, &raw, err);
		if (rc == 0)
			rc =
			    gm_chunker_add(&d->chunker, gm_buf_span(&raw), err);
		gm_chunker_end(&d->chunker);
		while (rc == 0 && gm_chunker_next(&d->chunker, &chunk)) {
			chunk.offset += whole.at;
			rc = add_chunk(d, &chunk, err);
		}
		gm_chunker_release(&d->chunker);
	}
	d->cutting = false;
	gm_buf_release(&raw);
	if (rc != 0)
		return -1;
	for (more = before->next; more != NULL; more = more->next)
		more->part = s->part;
	/*
	 * Change s, after ... before, new ... to s, new ..., after ... before.
	 */
	if (after != NULL) {
		s->next = before->next;
		d->last->next = after;
		before->next = NULL;
		d->last = before;
	}
	s->answer = calloc(1, 1); /* empty: the new sections have its text */
	d->due = d->first;
	if (s->answer == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	d->answers++;
	return 0;
}

int
gm_doc_split(struct gm_doc *d, struct gm_section *s, struct gm_err *err)
{
	int64_t limit = d->limit;
	int rc = 0;

	/* Another section in flight may have halved the limit already. */
	if (with_margin(s->tokens) <= d->limit)
		d->limit /= 2;
	if (d->limit < LIMIT_MIN)
		rc = gm_fail(err, GM_EDATA,
		    "%s: the service rejects even parts of %lld tokens",
		    name_of(d), (long long)limit);
	else if (s->part.round == GM_ROUND_SUMMARY) {
		d->rounds--; /* start this round again, with several sections */
		begin_scan(d);
	} else {
		rc = cut_section(d, s, err);
	}
	return rc != 0 ? end_with(d, err) : 0;
}

void
gm_doc_fail(struct gm_doc *d, struct gm_section *s, bool again,
    const struct gm_err *why)
{
	struct gm_err err = *why;

	if (again && !s->retried) {
		s->retried = true;
		s->sent = false;
		d->due = d->first;
		return;
	}
	if (s->part.count > 1)
		gm_err_prefix(&err,
		    "%s: part %zu of %zu, round %zu: ", name_of(d),
		    s->part.index, s->part.count, d->rounds);
	else
		gm_err_prefix(&err, "%s: ", name_of(d));
	(void)end_with(d, &err);
}

void
gm_doc_close(struct gm_doc *d)
{
	size_t i;

	free_sections(d);
	for (i = 0; i < d->texts_len; i++)
		gm_text_close(&d->texts[i]);
	free(d->texts);
	free(d->summary);
	if (d->chunking)
		gm_chunker_release(&d->chunker);
	gm_buf_release(&d->window);
	*d = (struct gm_doc){ .phase = GM_DOC_ENDED };
}
