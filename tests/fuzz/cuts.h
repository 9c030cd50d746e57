#ifndef GM_TESTS_CUTS_H
#define GM_TESTS_CUTS_H

/*
 * Bodies of responses, for the fuzzers of the providers: text and result do not
 * depend on the cuts, text is well-formed, and names are one clean line.
 */

#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "provider/response.h"

#define CUTS 12
#define LOG_MAX ((size_t)1 << 26)

struct run {
	struct gm_response response;
	struct gm_answer answer;
	struct gm_buf text, thoughts;
};

static void
check_line(const char *line, size_t size)
{
	struct gm_span s = gm_span_of(line);
	size_t i;

	assert(s.len < size && gm_utf8_valid(s) == s.len);
	for (i = 0; i < s.len; i++)
		assert((unsigned char)s.p[i] >= ' ' && s.p[i] != 0x7F);
}

/* Note the position of a part that is not text in the text. */
static int
on_other(struct run *r, const struct gm_part *part, struct gm_err *err)
{
	const struct gm_omitted *o = part->listed;

	assert(part->kind != GM_PART_DATA || part->mime == o->mime);
	gm_buf_printf(&r->text, "[%d %s %s %lld ", (int)part->kind, o->type,
	    o->mime, (long long)o->bytes);
	gm_buf_put_span(&r->text, part->text);
	gm_buf_putc(&r->text, ']');
	return gm_answer_omit(&r->answer, o, err) == 0 ? GM_SINK_OMITS : -1;
}

static int
on_part(const struct gm_part *part, void *arg, struct gm_err *err)
{
	struct gm_span text = part->text;
	struct run *r = arg;

	assert(gm_utf8_valid(part->signature) == part->signature.len);
	gm_buf_put_span(&r->thoughts, part->signature);
	if (part->kind != GM_PART_TEXT)
		return on_other(r, part, err);
	if (part->signature.len > 0) {
		assert(text.len == 0);
		return 0;
	}
	assert(text.len > 0 && gm_utf8_valid(text) == text.len);
	gm_buf_put_span(part->thought ? &r->thoughts : &r->text, text);
	return 0;
}

/* Note the position of a token in the text. */
static int
on_checkpoint(struct gm_span token, void *arg, struct gm_err *err)
{
	struct run *r = arg;

	(void)err;
	assert(token.len > 0 && gm_utf8_valid(token) == token.len);
	gm_buf_putc(&r->text, '[');
	gm_buf_put_span(&r->text, token);
	gm_buf_putc(&r->text, ']');
	return 0;
}

/* The request, the provider, and the status of the response. */
struct asked {
	const struct gm_provider *provider;
	struct gm_request request;
	long status;
	enum gm_http_fault fault; /* how the transfer ends */
	bool final;               /* of the sink */
};

/* In pieces: the first bytes, then step bytes each. */
static void
run(struct run *r, const struct asked *asked, struct gm_span body, size_t cut,
    size_t step)
{
	const struct gm_sink sink = { .part = on_part,
		.checkpoint = on_checkpoint,
		.final = asked->final,
		.arg = r };
	struct gm_http_result result = { .head = { .status = asked->status } };
	enum gm_http_pulse pulse = GM_HTTP_IDLE;
	size_t n = cut;

	*r = (struct run){ .text = { .max = LOG_MAX },
		.thoughts = { .max = LOG_MAX } };
	gm_answer_init(&r->answer);
	gm_response_init(
	    &r->response, asked->provider, &asked->request, &sink, &r->answer);
	while (body.len > 0 && result.fault == GM_HTTP_DONE) {
		if (n > body.len)
			n = body.len;
		pulse = gm_response_take(&result.head,
		    (struct gm_span){ body.p, n }, &r->response, &result.err);
		if (pulse == GM_HTTP_ENOUGH)
			break; /* as http.c does */
		if (pulse == GM_HTTP_STOP)
			result.fault = GM_HTTP_ABORTED;
		body.p += n;
		body.len -= n;
		n = step;
	}
	if (result.fault == GM_HTTP_DONE && pulse != GM_HTTP_ENOUGH)
		result.fault = asked->fault;
	if (result.fault != GM_HTTP_DONE && result.fault != GM_HTTP_ABORTED)
		(void)gm_fail(&result.err, GM_EUNAVAILABLE, "broken");
	gm_response_end(&r->response, &result);
}

static void
release(struct run *r)
{
	gm_response_release(&r->response);
	gm_answer_release(&r->answer);
	gm_buf_release(&r->text);
	gm_buf_release(&r->thoughts);
}

static void
check_omitted(const struct gm_answer *a)
{
	const void *all = a->omitted.data;
	const struct gm_omitted *o = all;
	size_t i;

	assert(a->omitted.len / sizeof(*o) == (a->omitted_len < GM_OMITTED_MAX
						      ? a->omitted_len
						      : GM_OMITTED_MAX));
	for (i = 0; i < a->omitted.len / sizeof(*o); i++) {
		check_line(o[i].type, sizeof(o[i].type));
		check_line(o[i].mime, sizeof(o[i].mime));
		assert(o[i].bytes >= 0);
	}
}

static void
check_run(const struct run *r)
{
	const struct gm_fault *f = &r->response.fault;
	const struct gm_answer *a = &r->answer;
	struct gm_span sources = gm_buf_span(&a->sources);

	check_line(f->words, sizeof(f->words));
	check_line(f->remedy, sizeof(f->remedy));
	check_line(a->reason, sizeof(a->reason));
	check_line(a->explanation, sizeof(a->explanation));
	check_line(a->model_version, sizeof(a->model_version));
	check_line(a->stage, sizeof(a->stage));
	check_omitted(a);
	assert(gm_utf8_valid(sources) == sources.len);
	assert(sources.len == 0 || sources.p[sources.len - 1] == '\n');
	assert(f->hint_ms >= -1);
	/* A result without a fault has a finish. */
	assert(f->class != GM_CLASS_OK || a->finish != GM_FINISH_NONE);
	assert(f->class != GM_CLASS_LOCAL);
}

static bool
same(const struct gm_buf *a, const struct gm_buf *b)
{
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static void
check_same(const struct run *a, const struct run *b)
{
	const struct gm_fault *f = &a->response.fault, *g = &b->response.fault;

	assert(same(&a->text, &b->text));
	assert(same(&a->thoughts, &b->thoughts));
	assert(same(&a->answer.sources, &b->answer.sources));
	assert(same(&a->answer.omitted, &b->answer.omitted));
	assert(a->answer.omitted_len == b->answer.omitted_len);
	assert(a->answer.think.leaked == b->answer.think.leaked);
	assert(a->answer.finish == b->answer.finish);
	assert(strcmp(a->answer.reason, b->answer.reason) == 0);
	assert(a->answer.usage.total == b->answer.usage.total);
	assert(f->class == g->class && f->http == g->http);
	assert(f->hint_ms == g->hint_ms);
	assert(strcmp(f->words, g->words) == 0);
	assert(strcmp(f->remedy, g->remedy) == 0);
}

static void
check(const struct asked *asked, struct gm_span body)
{
	size_t step = body.len / CUTS + 1, cut;
	struct run whole, r;

	run(&whole, asked, body, body.len, 1);
	check_run(&whole);
	assert(
	    asked->status == 200 || whole.response.fault.class != GM_CLASS_OK);
	for (cut = 1; cut < body.len; cut += step) {
		run(&r, asked, body, cut, SIZE_MAX);
		check_same(&whole, &r);
		release(&r);
	}
	run(&r, asked, body, 1, 1);
	check_same(&whole, &r);
	release(&r);
	release(&whole);
}

#endif
