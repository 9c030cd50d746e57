#include "call/window.h"
#include "base/clock.h"
#include "provider/tokens.h"

/* The largest window so far, and its model; borrowed. */
struct widest {
	int64_t tokens;
	const char *model;
	const struct gm_service *service;
};

/* Remember a larger window.  Returns false if the window is not known. */
static bool
compare(struct widest *w, const struct gm_service *s, const char *model)
{
	int64_t tokens = gm_modelcache_window(
	    &s->cache, gm_clock_wall_ms(), GM_MODELCACHE_FRESH_MS, model);

	if (tokens > w->tokens)
		*w = (struct widest){ tokens, model, s };
	return tokens > 0;
}

static bool
compare_all(struct widest *w, const struct gm_service *s,
    const char *const *models, size_t len)
{
	while (len > 0 && compare(w, s, *models)) {
		models++;
		len--;
	}
	return len == 0;
}

/* Find the largest window of all models; false if one is not known. */
static bool
find(struct widest *w, const struct gm_call_args *args)
{
	const struct gm_request *q = args->request;
	const struct gm_service *s = args->service;
	bool known = compare(w, s, q->model) &&
	             compare_all(w, s, q->next_models, q->next_models_len);

	while (known && (s = s->next) != NULL)
		known = compare_all(w, s, s->models, s->models_len);
	return known;
}

int
gm_window_check(const struct gm_call_args *args, struct gm_err *err)
{
	const struct gm_request *q = args->request;
	const int64_t least =
	    q->tokens * (100 - GM_TOKENS_MARGIN_PERCENT) / 100;
	struct widest w = { .tokens = 0 };

	if (q->operation != GM_OP_GENERATE || q->tokens < GM_WINDOW_MIN ||
	    !find(&w, args) || least <= w.tokens)
		return 0;
	args->result->class = GM_CLASS_TOO_LARGE;
	args->result->model = w.model;
	args->result->provider = w.service->provider->name;
	args->result->fallback = w.service->fallback;
	(void)gm_fail(err, gm_class(GM_CLASS_TOO_LARGE)->code,
	    "%s: the prompt has about %lld tokens, the model takes %lld",
	    w.model, (long long)q->tokens, (long long)w.tokens);
	gm_err_advise(err, "shorten it, or use another model");
	gm_err_ids(err, "%s", gm_class(GM_CLASS_TOO_LARGE)->name);
	return -1;
}
