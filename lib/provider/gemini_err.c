#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "provider/errrule.h"
#include "provider/gemini_err.h"

/* A file, a tuned model or the like: the request names it. */
#define OURS \
	"files/|the file |tunedModels/|tuned model|cachedContent|" \
	"cached content|corpora/|fileSearchStores/"

static const struct gm_errrule rules[] = {
	{ 403, NULL, "unregistered callers", GM_CLASS_NO_KEY_SENT },
	{ 403, NULL, OURS, GM_CLASS_BAD_REQUEST },
	{ 404, NULL, OURS "|requested entity was not found|file*not exist",
	    GM_CLASS_BAD_REQUEST },
	{ 400, NULL, "unexpected model name", GM_CLASS_MODEL_GONE },
	{ 503, NULL, "deadline", GM_CLASS_SERVER_TIMEOUT },
};

/* Whose 403 and 404 are about what the request names? */
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
	/* Google counts searches apart from requests. */
	if (http == 429 &&
	    (gm_span_has(gm_buf_span(&e->quota), "search") ||
		gm_span_has(gm_buf_span(&e->quota), "grounding")))
		class = GM_CLASS_QUOTA_SEARCH;
	return class;
}

/* Do the words before a name, or right after it, offer it? */
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

/* Does a name end where the letters of one end, or was it cut or a pattern? */
static bool
is_complete(struct gm_span name, struct gm_span after, bool cut)
{
	if (name.len == 0 || name.len >= 100 || name.p[name.len - 1] == '-')
		return false;
	if (gm_span_starts(after, ".")) { /* at most the end of a sentence */
		after.p++;
		after.len--;
		if (gm_span_starts(after, "."))
			return false;
	}
	if (after.len == 0)
		return !cut;
	return strchr(" \t\n,;:!?)'\"`", after.p[0]) != NULL;
}

/* Is a byte part of a name or a path, so that no name begins after it? */
static bool
is_name_byte(char c)
{
	return isalnum((unsigned char)c) || strchr("-_./", c) != NULL;
}

/*
 * Where the next name of a model begins: behind "models/", or with that of a
 * family, but for the middle of another name.  NULL: there is none.
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

/* The service offers another model. */
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
			    "use %.*s instead", (int)name.len, name.p);
			return;
		}
	}
}

/* The number behind one of the ways to name a project. */
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

/* More than a class says: what helps. */
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
		    "it is suspended: appeal to Google, or use another "
		    "project");
}

void
gm_gemini_classify(
    const char *model, long http, struct gm_span body, struct gm_fault *fault)
{
	struct gm_errbody e;
	long status;

	/* Half a page of advice stands before what tells one from another. */
	if (gm_errrule_begin(
		&e, http, body, "Quota exceeded for metric", fault)) {
		status = gm_errrule_status(http, &e);
		fault->class = class_of(model, status, &e);
		find_project(&e, fault);
		find_remedy(model, &e, fault);
	}
	gm_errbody_release(&e);
}
