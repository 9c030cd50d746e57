#include <stdio.h>
#include <string.h>

#include "fault.h"

/* Short names for the table alone. */
#define STOP GM_ACTION_STOP
#define RETRY GM_ACTION_RETRY
#define WAIT GM_ACTION_WAIT
#define ROTATE GM_ACTION_ROTATE
#define MODEL GM_ACTION_MODEL
#define FALLBACK GM_ACTION_FALLBACK

static const struct gm_class_row rows[GM_CLASSES] = {
	[GM_CLASS_OK] = { "ok", GM_OK, STOP, GM_SCOPE_REQUEST, "done" },
	[GM_CLASS_KEY_INVALID] = { "key_invalid", GM_ENOPERM, ROTATE,
	    GM_SCOPE_KEY, "the key is not valid" },
	[GM_CLASS_KEY_EXPIRED] = { "key_expired", GM_ENOPERM, ROTATE,
	    GM_SCOPE_KEY, "the key has expired" },
	[GM_CLASS_KEY_LEAKED] = { "key_leaked", GM_ENOPERM, ROTATE,
	    GM_SCOPE_KEY,
	    "the key was reported as leaked: delete it and make another" },
	[GM_CLASS_KEY_RESTRICTED] = { "key_restricted", GM_ENOPERM, ROTATE,
	    GM_SCOPE_KEY, "the key's restrictions forbid this use" },
	[GM_CLASS_KEY_REJECTED] = { "key_rejected", GM_ENOPERM, ROTATE,
	    GM_SCOPE_KEY, "the key was not accepted" },
	[GM_CLASS_NO_KEY_SENT] = { "no_key_sent", GM_ENOPERM, STOP,
	    GM_SCOPE_SERVICE,
	    "no key reached the service: a proxy may have "
	    "removed it" },
	[GM_CLASS_PROJECT_BLOCKED] = { "project_blocked", GM_ENOPERM, ROTATE,
	    GM_SCOPE_PROJECT, "the key's project may not use the API" },
	[GM_CLASS_PROJECT_DENIED] = { "project_denied", GM_ENOPERM, ROTATE,
	    GM_SCOPE_PROJECT,
	    "the key's project was denied access: contact support, or use "
	    "another project" },
	/* A 403 without a known reason says little: no key or project is
	 * charged with it. */
	[GM_CLASS_FORBIDDEN] = { "forbidden", GM_ENOPERM, ROTATE,
	    GM_SCOPE_QUOTA, "permission denied" },
	[GM_CLASS_NO_CREDIT] = { "no_credit", GM_ENOPERM, ROTATE,
	    GM_SCOPE_PROJECT, "the account has no credit left" },
	[GM_CLASS_REGION] = { "region", GM_ENOPERM, ROTATE, GM_SCOPE_REGION,
	    "the service is not available in your region" },
	[GM_CLASS_QUOTA_MINUTE] = { "quota_minute", GM_ETEMPFAIL, ROTATE,
	    GM_SCOPE_QUOTA, "the quota per minute is used up" },
	[GM_CLASS_QUOTA_DAY] = { "quota_day", GM_ETEMPFAIL, ROTATE,
	    GM_SCOPE_QUOTA, "the quota per day is used up" },
	[GM_CLASS_QUOTA_NONE] = { "quota_none", GM_ETEMPFAIL, ROTATE,
	    GM_SCOPE_QUOTA,
	    "the key's project has no quota for this "
	    "model: use another model, or enable billing" },
	[GM_CLASS_QUOTA_SPEND] = { "quota_spend", GM_ETEMPFAIL, ROTATE,
	    GM_SCOPE_PROJECT, "the spend limit is reached" },
	[GM_CLASS_QUOTA] = { "quota", GM_ETEMPFAIL, ROTATE, GM_SCOPE_QUOTA,
	    "the quota is used up" },
	[GM_CLASS_QUOTA_SEARCH] = { "quota_search", GM_ETEMPFAIL, ROTATE,
	    GM_SCOPE_TOOL,
	    "search has a quota of its own, which is used up: try without "
	    "--search" },
	[GM_CLASS_MODEL_GONE] = { "model_gone", GM_ECONFIG, MODEL,
	    GM_SCOPE_MODEL, "the service does not have this model" },
	[GM_CLASS_BAD_URL] = { "bad_url", GM_ECONFIG, STOP, GM_SCOPE_SERVICE,
	    "no API at this address: check the base URL" },
	[GM_CLASS_BAD_REQUEST] = { "bad_request", GM_EDATA, STOP,
	    GM_SCOPE_REQUEST, "the service refuses the request" },
	[GM_CLASS_TOO_LARGE] = { "too_large", GM_EDATA, STOP, GM_SCOPE_REQUEST,
	    "the request is too large" },
	[GM_CLASS_OVERLOADED] = { "overloaded", GM_EUNAVAILABLE, RETRY,
	    GM_SCOPE_MODEL, "the model is overloaded" },
	[GM_CLASS_SERVER_TIMEOUT] = { "server_timeout", GM_EUNAVAILABLE, RETRY,
	    GM_SCOPE_MODEL, "the service ran out of time" },
	[GM_CLASS_CANCELLED] = { "cancelled", GM_EUNAVAILABLE, RETRY,
	    GM_SCOPE_MODEL, "the service cancelled the request" },
	[GM_CLASS_SERVER] = { "server", GM_EUNAVAILABLE, RETRY, GM_SCOPE_MODEL,
	    "the service failed" },
	[GM_CLASS_LOADING] = { "loading", GM_EUNAVAILABLE, WAIT,
	    GM_SCOPE_SERVICE, "the server is still loading the model" },
	[GM_CLASS_NETWORK] = { "network", GM_EUNAVAILABLE, RETRY,
	    GM_SCOPE_SERVICE, "no connection" },
	[GM_CLASS_REFUSED] = { "refused", GM_EUNAVAILABLE, FALLBACK,
	    GM_SCOPE_SERVICE, "nothing listens there: is the server running?" },
	[GM_CLASS_TIMEOUT] = { "timeout", GM_EUNAVAILABLE, RETRY,
	    GM_SCOPE_SERVICE, "no answer" },
	[GM_CLASS_TLS] = { "tls", GM_EUNAVAILABLE, FALLBACK, GM_SCOPE_SERVICE,
	    "no trusted connection" },
	[GM_CLASS_CERTIFICATES] = { "certificates", GM_ECONFIG, STOP,
	    GM_SCOPE_SERVICE, "the trusted certificates cannot be read" },
	[GM_CLASS_PROXY] = { "proxy", GM_EUNAVAILABLE, STOP, GM_SCOPE_SERVICE,
	    "the proxy refuses the connection" },
	[GM_CLASS_FRONT_END] = { "front_end", GM_EUNAVAILABLE, FALLBACK,
	    GM_SCOPE_SERVICE,
	    "access denied by a web page instead of the API" },
	[GM_CLASS_REDIRECT] = { "redirect", GM_EPROTOCOL, STOP,
	    GM_SCOPE_SERVICE,
	    "a redirect, which is never followed with a "
	    "key" },
	[GM_CLASS_PROTOCOL] = { "protocol", GM_EPROTOCOL, FALLBACK,
	    GM_SCOPE_SERVICE, "the response makes no sense" },
	[GM_CLASS_TRUNCATED] = { "truncated", GM_EPROTOCOL, RETRY,
	    GM_SCOPE_SERVICE, "the response was cut before its end" },
	[GM_CLASS_BLOCKED] = { "blocked", GM_ENEGATIVE, STOP, GM_SCOPE_REQUEST,
	    "blocked" },
	[GM_CLASS_EMPTY] = { "empty", GM_ENEGATIVE, RETRY, GM_SCOPE_REQUEST,
	    "the answer is empty" },
	[GM_CLASS_TOKEN_LIMIT] = { "token_limit", GM_ENEGATIVE, STOP,
	    GM_SCOPE_REQUEST, "the answer was cut by the token limit" },
	[GM_CLASS_UNFINISHED] = { "unfinished", GM_ENEGATIVE, STOP,
	    GM_SCOPE_REQUEST, "the answer may not be whole" },
	[GM_CLASS_PARTIAL] = { "partial", GM_ENEGATIVE, STOP, GM_SCOPE_REQUEST,
	    "parts of the answer cannot be shown" },
	[GM_CLASS_THOUGHTS] = { "thoughts", GM_ENEGATIVE, STOP,
	    GM_SCOPE_REQUEST,
	    "thoughts were printed before the answer: use --no-stream" },
	[GM_CLASS_DEADLINE] = { "deadline", GM_EUNAVAILABLE, STOP,
	    GM_SCOPE_REQUEST, "the deadline is over" },
	[GM_CLASS_SIGNAL] = { "signal", GM_ESIGNAL, STOP, GM_SCOPE_REQUEST,
	    "interrupted" },
	[GM_CLASS_LOCAL] = { "local", GM_EOS, STOP, GM_SCOPE_REQUEST,
	    "this machine failed" },
};

const struct gm_class_row *
gm_class(enum gm_class c)
{
	return &rows[c];
}

bool
gm_class_is_rejection(enum gm_class c)
{
	return rows[c].code == GM_ENOPERM;
}

bool
gm_class_may_sleep(enum gm_class c)
{
	return c == GM_CLASS_QUOTA_MINUTE || c == GM_CLASS_QUOTA ||
	       c == GM_CLASS_QUOTA_SPEND;
}

bool
gm_class_is_mark(enum gm_class c)
{
	enum gm_scope scope = rows[c].scope;

	return c == GM_CLASS_OK || scope == GM_SCOPE_KEY ||
	       scope == GM_SCOPE_PROJECT || scope == GM_SCOPE_QUOTA ||
	       scope == GM_SCOPE_TOOL;
}

bool
gm_class_find(const char *name, enum gm_class *class)
{
	int i;

	for (i = 0; i < GM_CLASSES; i++)
		if (strcmp(rows[i].name, name) == 0) {
			*class = (enum gm_class)i;
			return true;
		}
	return false;
}

const char *
gm_class_mark_word(size_t i)
{
	int c;

	for (c = 0; c < GM_CLASSES; c++)
		if (gm_class_is_mark((enum gm_class)c) && i-- == 0)
			return rows[c].name;
	return NULL;
}

int
gm_class_mark(enum gm_class *class, const char *name, struct gm_err *err)
{
	char names[GM_ERR_MAX] = "";
	const char *word;
	size_t len = 0, i;

	if (gm_class_find(name, class) && gm_class_is_mark(*class))
		return 0;
	for (i = 0;
	     (word = gm_class_mark_word(i)) != NULL && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len,
		    "%s%s", len > 0 ? ", " : "", word);
	return gm_fail(err, GM_EUSAGE, "not one of %s", names);
}
