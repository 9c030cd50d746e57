#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "provider/errrule.h"
#include "provider/gemini_err.h"

/* Files, tuned models and the like, which the request names. */
#define NAMED \
	"files/|the file |tunedModels/|tuned model|cachedContent|" \
	"cached content|corpora/|fileSearchStores/"

/*
 * A 403 or 404 about something that the request names does not concern the
 * key or the model.  A 503 with "deadline" is a timeout inside the service.
 */
static const struct gm_errrule rules[] = {
	{ 403, NULL, "unregistered callers", GM_CLASS_NO_KEY_SENT },
	{ 403, NULL, NAMED, GM_CLASS_BAD_REQUEST },
	{ 404, NULL, NAMED "|requested entity was not found|file*not exist",
	    GM_CLASS_BAD_REQUEST },
	{ 400, NULL, "unexpected model name", GM_CLASS_MODEL_GONE },
	{ 503, NULL, "deadline", GM_CLASS_SERVER_TIMEOUT },
};

/* True for a tuned model, whose 403 and 404 are about its name. */
static bool
is_tuned(const char *model)
{
	return gm_span_starts(gm_span_of(model), "tunedModels/");
}

static enum gm_class
class_of(const char *model, long http, const struct gm_errbody *e)
{
	enum gm_class class;

	if (!gm_errrule_find(rules, GM_LEN(rules), http, e, &class))
		class = http == 429 ? gm_errrule_quota(e)
		                    : gm_errrule_by_status(http);
	if (is_tuned(model) &&
	    (class == GM_CLASS_FORBIDDEN || class == GM_CLASS_MODEL_GONE))
		class = GM_CLASS_BAD_REQUEST;
	/* Searches have a quota that is separate from that of requests. */
	if (http == 429 &&
	    (gm_span_has(gm_buf_span(&e->quota), "search") ||
		gm_span_has(gm_buf_span(&e->quota), "grounding")))
		class = GM_CLASS_QUOTA_SEARCH;
	return class;
}

/* True if the words before a model name, or right after it, recommend it. */
static bool
is_offered(struct gm_span before, struct gm_span after)
{
	static const char *const words[] = { "use ", "try ", "switch to",
		"migrate to", "upgrade to", "move to", "replaced by",
		"in favor of", "instead" };
	size_t i;

	for (i = 0; i < GM_LEN(words); i++)
		if (gm_span_has(before, words[i]))
			return true;
	return gm_span_starts(after, " instead");
}

/* True if a name is complete: not cut off, and no pattern like "gemini-*". */
static bool
is_complete(struct gm_span name, struct gm_span after, bool cut)
{
	if (name.len == 0 || name.len >= 100 || name.p[name.len - 1] == '-')
		return false;
	if (gm_span_starts(after, ".")) { /* the end of a sentence, not "..." */
		after.p++;
		after.len--;
		if (gm_span_starts(after, "."))
			return false;
	}
	if (after.len == 0)
		return !cut;
	return strchr(" \t\n,;:!?)'\"`", after.p[0]) != NULL;
}

/* True for a byte of a name or path: no name begins after it. */
static bool
is_name_byte(char c)
{
	return isalnum((unsigned char)c) || strchr("-_./", c) != NULL;
}

/*
 * Find the next model name: after "models/", or with the name of a family, but
 * not inside another name.  NULL if there is none.
 */
static const char *
find_name(struct gm_span text)
{
	static const char *const families[] = { "gemini-", "gemma-" };
	static const char prefix[] = "models/"; /* not "tunedModels/" */
	struct gm_span rest = text;
	size_t i;

	for (; rest.len > 0; rest.p++, rest.len--) {
		if (gm_span_starts(rest, prefix))
			return rest.p + strlen(prefix);
		if (rest.p > text.p && is_name_byte(rest.p[-1]))
			continue;
		for (i = 0; i < GM_LEN(families); i++)
			if (gm_span_starts(rest, families[i]))
				return rest.p;
	}
	return NULL;
}

/* Set the remedy if the message recommends another model. */
static void
find_replacement(
    const char *model, const struct gm_errbody *e, struct gm_fault *fault)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
	struct gm_span rest = gm_buf_span(&e->message), before, name;
	const char *p;

	while ((p = find_name(rest)) != NULL) {
		before = (struct gm_span){ rest.p, (size_t)(p - rest.p) };
		name = (struct gm_span){ p, strspn(p, set) };
		while (name.len > 0 && p[name.len - 1] == '.')
			name.len--;
		rest.len = (size_t)(rest.p + rest.len - p) - name.len;
		rest.p = p + name.len;
		if (!gm_span_is(name, model) &&
		    is_complete(name, rest, e->cut) &&
		    is_offered(before, rest)) {
			(void)snprintf(fault->remedy, sizeof(fault->remedy),
			    "use %.*s", (int)name.len, name.p);
			return;
		}
	}
}

/* Find the number of the project in one of its forms. */
static void
find_project(const struct gm_errbody *e, struct gm_fault *fault)
{
	static const struct {
		const char *words;
		bool anywhere; /* also in the message */
	} forms[] = {
		{ "projects/", false },
		{ "project_number:", true },
		{ "used in project ", true },
	};
	const char *p = NULL;
	size_t i, len;

	for (i = 0; i < GM_LEN(forms) && p == NULL; i++) {
		p = gm_span_find(gm_buf_span(&e->project), forms[i].words);
		if (p == NULL && forms[i].anywhere)
			p = gm_span_find(
			    gm_buf_span(&e->message), forms[i].words);
		if (p != NULL)
			p += strlen(forms[i].words);
	}
	len = p != NULL ? strspn(p, "0123456789") : 0;
	if (len > 0 && len < sizeof(fault->project))
		(void)snprintf(fault->project, sizeof(fault->project), "%.*s",
		    (int)len, p);
}

/* Set the remedy if the error has better advice than its class. */
static void
find_remedy(
    const char *model, const struct gm_errbody *e, struct gm_fault *fault)
{
	if (fault->class == GM_CLASS_MODEL_GONE)
		find_replacement(model, e, fault);
	else if (fault->class == GM_CLASS_PROJECT_BLOCKED &&
		 (gm_span_is(gm_buf_span(&e->reason), "CONSUMER_SUSPENDED") ||
		     gm_span_has(gm_buf_span(&e->message), "suspended")))
		(void)snprintf(fault->remedy, sizeof(fault->remedy),
		    "appeal to Google against the suspension, or use another "
		    "project");
}

void
gm_gemini_classify(
    const char *model, long http, struct gm_span body, struct gm_fault *fault)
{
	struct gm_errbody e;
	long status;

	/* The message of a 429 begins with half a page of general advice. */
	if (gm_errrule_begin(
		&e, http, body, "Quota exceeded for metric", fault)) {
		status = gm_errrule_status(http, &e);
		fault->class = class_of(model, status, &e);
		find_project(&e, fault);
		find_remedy(model, &e, fault);
	}
	gm_errbody_release(&e);
}
