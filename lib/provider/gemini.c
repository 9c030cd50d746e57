/*
 * The Gemini API as a provider: its requests.
 *
 * Source: google/ai/generativelanguage/v1beta/generative_service.proto and
 * content.proto as JSON; https://ai.google.dev/api/generate-content.
 */

#include <string.h>

#include "base/term.h"
#include "net/url.h"
#include "provider/gemini_err.h"
#include "provider/gemini_model.h"
#include "provider/gemini_response.h"
#include "provider/provider.h"
#include "json/write.h"

#define MODEL_MAX 200
#define PAGE "1000" /* models on a page: the maximum of the service */

/* Valid prefixes of a model name; without one, "models/" is implied. */
static const char *const prefixes[] = { "tunedModels/", "dynamic/" };

static const char *const roles[] = {
	[GM_ROLE_USER] = "user", [GM_ROLE_MODEL] = "model"
};

static const char *const harm_categories[] = {
	"HARM_CATEGORY_HARASSMENT",
	"HARM_CATEGORY_HATE_SPEECH",
	"HARM_CATEGORY_SEXUALLY_EXPLICIT",
	"HARM_CATEGORY_DANGEROUS_CONTENT",
};

/* The model name without "models/", or the whole name of another resource. */
static const char *
bare_model(const char *model)
{
	return strncmp(model, "models/", 7) == 0 ? model + 7 : model;
}

static size_t
prefix_len(const char *model)
{
	size_t i, len;

	for (i = 0; i < GM_LEN(prefixes); i++) {
		len = strlen(prefixes[i]);
		if (strncmp(model, prefixes[i], len) == 0)
			return len;
	}
	return 0;
}

static int
check_model(const char *model, struct gm_err *err)
{
	const char *id = bare_model(model);

	id += prefix_len(id);
	if (*id == '\0' || strlen(id) > MODEL_MAX)
		return gm_fail(err, GM_ECONFIG,
		    "a model name has 1 to %d characters", MODEL_MAX);
	if (!gm_term_is_clean(gm_span_of(id)) || strpbrk(id, " /?#,%") != NULL)
		return gm_fail(err, GM_ECONFIG,
		    "not a model name: it contains blanks, control characters "
		    "or one of / ? # , %%");
	return 0;
}

static void
put_resource(const char *model, struct gm_buf *out)
{
	const char *id = bare_model(model);
	size_t len = prefix_len(id);

	gm_buf_puts(out, len > 0 ? "" : "models/");
	gm_buf_put(out, id, len);
	gm_url_escape(out, id + len);
}

static void
put_list_url(const struct gm_request *q, const char *base, struct gm_buf *out)
{
	gm_url_join(out, base, "/v1beta/models?pageSize=");
	gm_buf_puts(out, q->page_size != NULL ? q->page_size : PAGE);
	if (q->page_token != NULL) {
		gm_buf_puts(out, "&pageToken=");
		gm_url_escape(out, q->page_token);
	}
}

static void
put_url(const struct gm_provider *p, const struct gm_request *q,
    const char *base, struct gm_buf *out)
{
	(void)p;
	if (q->operation == GM_OP_MODELS) {
		put_list_url(q, base, out);
		return;
	}
	gm_url_join(out, base, "/v1beta/");
	put_resource(q->model, out);
	gm_buf_puts(out, q->operation == GM_OP_COUNT
			     ? ":countTokens"
			     : ":streamGenerateContent?alt=sse");
}

static void
write_file(struct gm_jsonw *w, const char *name, const char *member,
    const struct gm_part *part)
{
	gm_jsonw_object(w, name);
	if (part->mime != NULL)
		gm_jsonw_text(w, "mimeType", part->mime);
	gm_jsonw_span(w, member, part->text);
	gm_jsonw_end(w);
}

static void
write_part(struct gm_jsonw *w, const struct gm_part *part)
{
	gm_jsonw_object(w, NULL);
	switch (part->kind) {
	case GM_PART_TEXT:
		gm_jsonw_span(w, "text", part->text);
		break;
	case GM_PART_DATA:
		write_file(w, "inlineData", "data", part);
		break;
	case GM_PART_FILE:
		write_file(w, "fileData", "fileUri", part);
		break;
	case GM_PART_OTHER:
		break; /* only in responses */
	}
	if (part->signature.len > 0)
		gm_jsonw_span(w, "thoughtSignature", part->signature);
	gm_jsonw_end(w);
}

static void
write_content(struct gm_jsonw *w, const char *name, const char *role,
    const struct gm_part *parts, size_t len)
{
	gm_jsonw_object(w, name);
	if (role != NULL)
		gm_jsonw_text(w, "role", role);
	gm_jsonw_array(w, "parts");
	for (; len > 0; len--)
		write_part(w, parts++);
	gm_jsonw_end(w);
	gm_jsonw_end(w);
}

static void
write_thinking(struct gm_jsonw *w, const struct gm_request *q)
{
	gm_jsonw_object(w, "thinkingConfig");
	if (q->thinking_level != NULL)
		gm_jsonw_text(w, "thinkingLevel", q->thinking_level);
	gm_jsonw_number(w, "thinkingBudget", q->thinking_budget);
	if (q->thoughts)
		gm_jsonw_bool(w, "includeThoughts", true);
	gm_jsonw_end_or_drop(w);
}

/* Write only fields that the user has set: models reject ones they lack. */
static void
write_config(struct gm_jsonw *w, const struct gm_request *q)
{
	gm_jsonw_object(w, "generationConfig");
	gm_jsonw_number(w, "temperature", q->temperature);
	gm_jsonw_number(w, "topP", q->top_p);
	gm_jsonw_number(w, "topK", q->top_k);
	gm_jsonw_number(w, "maxOutputTokens", q->max_tokens);
	gm_jsonw_number(w, "seed", q->seed);
	gm_jsonw_texts(w, "stopSequences", q->stop, q->stop_len);
	write_thinking(w, q);
	gm_jsonw_end_or_drop(w);
}

static void
write_safety(struct gm_jsonw *w, const struct gm_request *q)
{
	size_t i;

	if (q->safety == NULL)
		return;
	gm_jsonw_array(w, "safetySettings");
	for (i = 0; i < GM_LEN(harm_categories); i++) {
		gm_jsonw_object(w, NULL);
		gm_jsonw_text(w, "category", harm_categories[i]);
		gm_jsonw_text(w, "threshold", q->safety);
		gm_jsonw_end(w);
	}
	gm_jsonw_end(w);
}

static void
write_tool(struct gm_jsonw *w, const char *name)
{
	gm_jsonw_object(w, NULL);
	gm_jsonw_object(w, name);
	gm_jsonw_end(w);
	gm_jsonw_end(w);
}

static void
write_tools(struct gm_jsonw *w, const struct gm_request *q)
{
	gm_jsonw_array(w, "tools");
	if (q->search)
		write_tool(w, "googleSearch");
	if (q->url_context)
		write_tool(w, "urlContext");
	gm_jsonw_end_or_drop(w);
}

static void
write_contents(struct gm_jsonw *w, const struct gm_request *q)
{
	const struct gm_turn *turn;

	gm_jsonw_array(w, "contents");
	for (turn = q->turns; turn < q->turns + q->turns_len; turn++)
		write_content(
		    w, NULL, roles[turn->role], turn->parts, turn->parts_len);
	gm_jsonw_end(w);
}

static void
write_request(struct gm_jsonw *w, const struct gm_request *q)
{
	const struct gm_part system = { .text = q->system };

	if (q->system.len > 0)
		write_content(w, "systemInstruction", NULL, &system, 1);
	write_contents(w, q);
	write_config(w, q);
	write_safety(w, q);
	write_tools(w, q);
}

/*
 * Write the body of countTokens.  Only its long form has a system instruction; the
 * short one is used otherwise, as some gateways ignore the long form and return a
 * wrong number without an error.
 */
static void
write_count(struct gm_jsonw *w, const struct gm_request *q)
{
	struct gm_buf resource;

	if (q->system.len == 0) {
		write_contents(w, q);
		return;
	}
	gm_buf_init(&resource, GM_URL_MAX);
	put_resource(q->model, &resource);
	gm_jsonw_object(w, "generateContentRequest");
	gm_jsonw_text(w, "model", gm_buf_str(&resource));
	gm_buf_inherit(w->out, &resource);
	write_request(w, q);
	gm_jsonw_end(w);
	gm_buf_release(&resource);
}

static void
put_body(
    const struct gm_provider *p, const struct gm_request *q, struct gm_buf *out)
{
	struct gm_jsonw w;

	(void)p;
	if (q->operation == GM_OP_MODELS)
		return;
	gm_jsonw_init(&w, out);
	gm_jsonw_object(&w, NULL);
	if (q->operation == GM_OP_COUNT)
		write_count(&w, q);
	else
		write_request(&w, q);
	if (q->token.len > 0)
		gm_jsonw_span(&w, "continuationToken", q->token);
	gm_jsonw_end(&w);
}

/* Accept all: requests have the options of Gemini. */
static int
check(
    const struct gm_provider *p, const struct gm_request *q, struct gm_err *err)
{
	(void)p;
	(void)q;
	(void)err;
	return 0;
}

static void
caution(const struct gm_request *q, struct gm_buf *out)
{
	gm_gemini_model_caution(bare_model(q->model), q, out);
}

static void
classify(const struct gm_request *q, const struct gm_http_head *head,
    struct gm_span body, struct gm_fault *fault)
{
	gm_gemini_classify(bare_model(q->model), head->status, body, fault);
	/* A 429 without details: the quota of search, if it was used. */
	if (q->search && fault->class == GM_CLASS_QUOTA)
		fault->class = GM_CLASS_QUOTA_SEARCH;
}

const struct gm_provider gm_gemini = {
	.name = "gemini",
	.key_header = "x-goog-api-key: ",
	.method = "generateContent",
	.check = check,
	.check_model = check_model,
	.caution = caution,
	.url = put_url,
	.body = put_body,
	.read = gm_gemini_read,
	.classify = classify,
};
