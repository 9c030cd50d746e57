/*
 * Chat completions as a provider: requests, in three dialects whose differences
 * are data.
 *
 * Source: https://docs.mistral.ai/api (chat completions; unknown members are
 * errors), https://platform.openai.com/docs/api-reference/chat, and the READMEs
 * of llama.cpp's server and of Ollama.
 */

#include <ctype.h>
#include <string.h>

#include "base/num.h"
#include "base/term.h"
#include "net/url.h"
#include "provider/chat_err.h"
#include "provider/chat_response.h"
#include "provider/provider.h"
#include "json/write.h"

#define MODEL_MAX 200
#define EFFORT_MAX 32

static const char *const roles[] = {
	[GM_ROLE_USER] = "user", [GM_ROLE_MODEL] = "assistant"
};

struct gm_dialect {
	const char *seed, *limit; /* names of members */
	bool adds_version;        /* base URLs may lack "/v1" */
	bool requests_usage;      /* else the service sends it anyway */
	size_t stops;             /* maximum of stop sequences; 0: none */
	double temperature;       /* maximum; 0: none */
};

static int
check_model(const char *model, struct gm_err *err)
{
	if (*model == '\0' || strlen(model) > MODEL_MAX)
		return gm_fail(err, GM_ECONFIG,
		    "a model name has 1 to %d characters", MODEL_MAX);
	if (!gm_term_is_clean(gm_span_of(model)) ||
	    strpbrk(model, " ,") != NULL)
		return gm_fail(err, GM_ECONFIG,
		    "not a model name: it contains blanks, control characters "
		    "or a comma");
	return 0;
}

static const char *
path_of(const struct gm_request *q)
{
	return q->operation == GM_OP_MODELS ? "/v1/models"
	                                    : "/v1/chat/completions";
}

/* Append the URL.  By convention OPENAI_BASE_URL ends in a version. */
static void
put_url(const struct gm_provider *p, const struct gm_request *q,
    const char *base, struct gm_buf *out)
{
	const char *path = strstr(base, "://");
	size_t len = strlen(base);

	path = path != NULL ? path + 3 : base;
	path += strcspn(path, "/");
	if (p->dialect->adds_version || path[strspn(path, "/")] == '\0') {
		gm_url_join(out, base, path_of(q));
		return;
	}
	while (base[len - 1] == '/')
		len--;
	gm_buf_put(out, base, len);
	gm_buf_puts(out, path_of(q) + strlen("/v1"));
}

/* Write the texts of a user, such as files, with a blank line between them. */
static void
write_texts(struct gm_jsonw *w, const struct gm_turn *turn)
{
	struct gm_span before = { NULL, 0 };
	size_t i;

	for (i = 0; i < turn->parts_len; i++) {
		if (turn->parts[i].text.len == 0)
			continue;
		while (before.len > 0 && before.p[before.len - 1] == '\n')
			before.len--;
		gm_jsonw_piece(w, before);
		if (before.len > 0)
			gm_jsonw_piece(w, gm_span_of("\n\n"));
		before = turn->parts[i].text;
	}
	gm_jsonw_piece(w, before);
}

/* Write the texts of a model, which are pieces of one answer. */
static void
write_pieces(struct gm_jsonw *w, const struct gm_turn *turn)
{
	size_t i;

	for (i = 0; i < turn->parts_len; i++)
		gm_jsonw_piece(w, turn->parts[i].text);
}

/*
 * Write the content as one string, as many servers do not support arrays.  All
 * parts are texts: check() rejects others.
 */
static void
write_message(struct gm_jsonw *w, const char *role, const struct gm_turn *turn)
{
	gm_jsonw_object(w, NULL);
	gm_jsonw_text(w, "role", role);
	gm_jsonw_string(w, "content");
	if (turn->role == GM_ROLE_USER)
		write_texts(w, turn);
	else
		write_pieces(w, turn);
	gm_jsonw_end(w);
	gm_jsonw_end(w);
}

static void
write_messages(struct gm_jsonw *w, const struct gm_request *q)
{
	const struct gm_part text = { .text = q->system };
	const struct gm_turn system = { .parts = &text, .parts_len = 1 };
	const struct gm_turn *turn;

	gm_jsonw_array(w, "messages");
	if (q->system.len > 0)
		write_message(w, "system", &system);
	for (turn = q->turns; turn < q->turns + q->turns_len; turn++)
		write_message(w, roles[turn->role], turn);
	gm_jsonw_end(w);
}

/* Write the level in lower case, or "none" for a budget, which is 0. */
static void
write_effort(struct gm_jsonw *w, const struct gm_request *q)
{
	char effort[EFFORT_MAX];
	size_t n = 0;

	if (q->thinking_level != NULL) {
		for (; n < EFFORT_MAX - 1 && q->thinking_level[n] != '\0'; n++)
			effort[n] =
			    (char)tolower((unsigned char)q->thinking_level[n]);
		effort[n] = '\0';
		gm_jsonw_text(w, "reasoning_effort", effort);
	} else if (q->thinking_budget != NULL) {
		gm_jsonw_text(w, "reasoning_effort", "none");
	}
}

/* Write only what the user has set: servers reject members they do not know. */
static void
put_body(
    const struct gm_provider *p, const struct gm_request *q, struct gm_buf *out)
{
	const struct gm_dialect *d = p->dialect;
	struct gm_jsonw w;

	if (q->operation == GM_OP_MODELS)
		return;
	gm_jsonw_init(&w, out);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_text(&w, "model", q->model);
	write_messages(&w, q);
	gm_jsonw_bool(&w, "stream", true);
	if (d->requests_usage) {
		gm_jsonw_object(&w, "stream_options");
		gm_jsonw_bool(&w, "include_usage", true);
		gm_jsonw_end(&w);
	}
	gm_jsonw_number(&w, "temperature", q->temperature);
	gm_jsonw_number(&w, "top_p", q->top_p);
	gm_jsonw_number(&w, d->limit, q->max_tokens);
	gm_jsonw_number(&w, d->seed, q->seed);
	gm_jsonw_texts(&w, "stop", q->stop, q->stop_len);
	write_effort(&w, q);
	gm_jsonw_end(&w);
}

static bool
has_part(const struct gm_request *q, enum gm_part_kind kind)
{
	const struct gm_turn *turn;
	size_t i;

	for (turn = q->turns; turn < q->turns + q->turns_len; turn++)
		for (i = 0; i < turn->parts_len; i++)
			if (turn->parts[i].kind == kind)
				return true;
	return false;
}

/*
 * Append the options and parts that chat completions do not support: "--top-k,
 * --search".
 */
static void
put_unsupported(const struct gm_request *q, struct gm_buf *out)
{
	const struct {
		bool given;
		const char *option, *value;
	} rows[] = {
		{ q->operation == GM_OP_COUNT, "--count", "" },
		{ q->top_k != NULL, "--top-k", "" },
		{ q->safety != NULL, "--safety", "" },
		{ q->search, "--search", "" },
		{ q->url_context, "--url-context", "" },
		{ q->thinking_budget != NULL &&
			strcmp(q->thinking_budget, "0") != 0,
		    "--thinking ", q->thinking_budget },
		{ has_part(q, GM_PART_DATA), "files other than text", "" },
		{ has_part(q, GM_PART_FILE), "uploaded files and URLs", "" },
	};
	size_t i;

	for (i = 0; i < GM_LEN(rows); i++)
		if (rows[i].given)
			gm_buf_printf(out, "%s%s%s", out->len > 0 ? ", " : "",
			    rows[i].option, rows[i].value);
}

static bool
is_over_maximum(const struct gm_dialect *d, const char *temperature)
{
	struct gm_err ignored;
	struct gm_buf number;
	bool over;

	if (temperature == NULL || d->temperature <= 0)
		return false;
	gm_buf_init(&number, 128);
	over = gm_num_decimal(
		   &number, temperature, 0, d->temperature, &ignored) != 0;
	gm_buf_release(&number);
	return over;
}

/* Report everything that is not supported in one line. */
static int
check(
    const struct gm_provider *p, const struct gm_request *q, struct gm_err *err)
{
	const struct gm_dialect *d = p->dialect;
	struct gm_buf line;
	int rc;

	gm_buf_init(&line, GM_ERR_MAX);
	put_unsupported(q, &line);
	if (line.len > 0)
		gm_buf_printf(&line, ": not supported by %s", p->name);
	if (d->stops > 0 && q->stop_len > d->stops)
		gm_buf_printf(&line, "%s--stop: %s accepts at most %zu",
		    line.len > 0 ? "; " : "", p->name, d->stops);
	if (is_over_maximum(d, q->temperature))
		gm_buf_printf(&line, "%s--temperature: %s accepts at most %g",
		    line.len > 0 ? "; " : "", p->name, d->temperature);
	rc = gm_buf_check(&line, err);
	if (rc == 0 && line.len > 0)
		rc = gm_fail(err, GM_EUSAGE, "%s", gm_buf_str(&line));
	gm_buf_release(&line);
	return rc;
}

/* True if the plan lacks the model: Mistral sends a rate limit of 0 for it. */
static bool
is_not_in_plan(const struct gm_http_head *head, const struct gm_fault *fault)
{
	const struct gm_class_row *row = gm_class(fault->class);

	return row->scope == GM_SCOPE_QUOTA && row->code == GM_ETEMPFAIL &&
	       gm_span_is(
		   gm_http_header(head, "x-ratelimit-limit-req-minute"), "0");
}

static void
classify(const struct gm_request *q, const struct gm_http_head *head,
    struct gm_span body, struct gm_fault *fault)
{
	(void)q;
	gm_chat_classify(head->status, body, fault);
	if (is_not_in_plan(head, fault))
		fault->class = GM_CLASS_QUOTA_NONE;
}

/* Members that all dialects share. */
#define CHAT_COMPLETIONS \
	.key_header = "Authorization: Bearer ", .thinks_in_text = true, \
	.check = check, .check_model = check_model, .url = put_url, \
	.body = put_body, .read = gm_chat_read, .classify = classify

const struct gm_provider gm_mistral = {
	CHAT_COMPLETIONS,
	.name = "mistral",
	.method = "completion_chat",
	.dialect =
	    &(const struct gm_dialect){
		.seed = "random_seed",
		.limit = "max_tokens",
		.adds_version = true,
		.temperature = 1.5,
	    },
};

const struct gm_provider gm_openai = {
	CHAT_COMPLETIONS,
	.name = "openai",
	.dialect =
	    &(const struct gm_dialect){
		.seed = "seed",
		.limit = "max_completion_tokens",
		.requests_usage = true,
		.stops = 4,
	    },
};

/* Ollama sends the usage only on request; llama.cpp accepts that, too. */
const struct gm_provider gm_compatible = {
	CHAT_COMPLETIONS,
	.name = "openai",
	.dialect =
	    &(const struct gm_dialect){
		.seed = "seed",
		.limit = "max_tokens",
		.requests_usage = true,
	    },
};
