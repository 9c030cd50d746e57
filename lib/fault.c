#include <string.h>

#include "fault.h"

/* Short names, only for the table. */
#define STOP GM_ACTION_STOP
#define RETRY GM_ACTION_RETRY
#define WAIT GM_ACTION_WAIT
#define ROTATE GM_ACTION_ROTATE
#define MODEL GM_ACTION_MODEL
#define FALLBACK GM_ACTION_FALLBACK

#define LATER "try again later"
#define BASE_URL "check the base URL"

/* Name, exit code, action, scope, status of the key, phrase, advice, quote. */
static const struct gm_class_row rows[GM_CLASSES] = {
	[GM_CLASS_OK] = { "ok", GM_OK, STOP, GM_SCOPE_REQUEST, GM_STATUS_OK,
	    "done", NULL, GM_QUOTE_NONE },
	[GM_CLASS_KEY_INVALID] = { "key_invalid", GM_ENOPERM, ROTATE,
	    GM_SCOPE_KEY, GM_STATUS_INVALID, "API key not valid", "replace it",
	    GM_QUOTE_NONE },
	[GM_CLASS_KEY_EXPIRED] = { "key_expired", GM_ENOPERM, ROTATE,
	    GM_SCOPE_KEY, GM_STATUS_EXPIRED, "API key expired",
	    "renew or replace it", GM_QUOTE_NONE },
	[GM_CLASS_KEY_LEAKED] = { "key_leaked", GM_ENOPERM, ROTATE,
	    GM_SCOPE_KEY, GM_STATUS_LEAKED, "API key reported as leaked",
	    "delete it and create another", GM_QUOTE_NONE },
	[GM_CLASS_KEY_RESTRICTED] = { "key_restricted", GM_ENOPERM, ROTATE,
	    GM_SCOPE_KEY, GM_STATUS_RESTRICTED, "API key restricted",
	    "allow this API and this machine in its restrictions",
	    GM_QUOTE_NONE },
	[GM_CLASS_KEY_REJECTED] = { "key_rejected", GM_ENOPERM, ROTATE,
	    GM_SCOPE_KEY, GM_STATUS_INVALID, "API key rejected", "replace it",
	    GM_QUOTE_LAST },
	[GM_CLASS_NO_KEY_SENT] = { "no_key_sent", GM_ENOPERM, STOP,
	    GM_SCOPE_SERVICE, GM_STATUS_UNKNOWN,
	    "no API key reached the service",
	    "look for a proxy that removes it", GM_QUOTE_NONE },
	[GM_CLASS_PROJECT_BLOCKED] = { "project_blocked", GM_ENOPERM, ROTATE,
	    GM_SCOPE_PROJECT, GM_STATUS_PROJECT_BLOCKED,
	    "the project may not use the API",
	    "enable the API and billing in it", GM_QUOTE_LAST },
	[GM_CLASS_PROJECT_DENIED] = { "project_denied", GM_ENOPERM, ROTATE,
	    GM_SCOPE_PROJECT, GM_STATUS_PROJECT_BLOCKED,
	    "the project was denied access",
	    "contact support, or use another project", GM_QUOTE_NONE },
	/* A 403 without a known reason says little: no key or project is
	 * charged with it, as it may concern the model alone. */
	[GM_CLASS_FORBIDDEN] = { "forbidden", GM_ENOPERM, ROTATE,
	    GM_SCOPE_QUOTA, GM_STATUS_UNKNOWN, "permission denied",
	    "use another model, or get permission in the project",
	    GM_QUOTE_LAST },
	[GM_CLASS_NO_CREDIT] = { "no_credit", GM_ENOPERM, ROTATE,
	    GM_SCOPE_PROJECT, GM_STATUS_NO_CREDIT, "no credit left",
	    "add credit to the account", GM_QUOTE_NONE },
	[GM_CLASS_REGION] = { "region", GM_ENOPERM, ROTATE, GM_SCOPE_REGION,
	    GM_STATUS_REGION, "not available in your region",
	    "use a supported region, or enable billing", GM_QUOTE_NONE },
	[GM_CLASS_QUOTA_MINUTE] = { "quota_minute", GM_ETEMPFAIL, ROTATE,
	    GM_SCOPE_QUOTA, GM_STATUS_LIMITED, "rate-limited",
	    "wait, or add keys of another project", GM_QUOTE_NONE },
	[GM_CLASS_QUOTA_DAY] = { "quota_day", GM_ETEMPFAIL, ROTATE,
	    GM_SCOPE_QUOTA, GM_STATUS_LIMITED, "daily quota exhausted",
	    "wait, or enable billing", GM_QUOTE_NONE },
	[GM_CLASS_QUOTA_NONE] = { "quota_none", GM_ETEMPFAIL, ROTATE,
	    GM_SCOPE_QUOTA, GM_STATUS_LIMITED, "no quota for this model",
	    "use another model, or enable billing", GM_QUOTE_NONE },
	[GM_CLASS_QUOTA_SPEND] = { "quota_spend", GM_ETEMPFAIL, ROTATE,
	    GM_SCOPE_PROJECT, GM_STATUS_LIMITED, "spending limit reached",
	    "wait, or raise it", GM_QUOTE_NONE },
	[GM_CLASS_QUOTA] = { "quota", GM_ETEMPFAIL, ROTATE, GM_SCOPE_QUOTA,
	    GM_STATUS_LIMITED, "quota exhausted",
	    "wait, or add keys of another project", GM_QUOTE_NONE },
	[GM_CLASS_QUOTA_SEARCH] = { "quota_search", GM_ETEMPFAIL, ROTATE,
	    GM_SCOPE_TOOL, GM_STATUS_LIMITED, "search quota exhausted",
	    "wait, or omit --search", GM_QUOTE_NONE },
	[GM_CLASS_MODEL_GONE] = { "model_gone", GM_ECONFIG, MODEL,
	    GM_SCOPE_MODEL, GM_STATUS_UNKNOWN, "no such model",
	    "gm-models lists the models", GM_QUOTE_NONE },
	[GM_CLASS_BAD_URL] = { "bad_url", GM_ECONFIG, STOP, GM_SCOPE_SERVICE,
	    GM_STATUS_UNKNOWN, "no API at this address", BASE_URL,
	    GM_QUOTE_LAST },
	[GM_CLASS_BAD_REQUEST] = { "bad_request", GM_EDATA, STOP,
	    GM_SCOPE_REQUEST, GM_STATUS_UNKNOWN, "request rejected", NULL,
	    GM_QUOTE_LAST },
	[GM_CLASS_TOO_LARGE] = { "too_large", GM_EDATA, STOP, GM_SCOPE_REQUEST,
	    GM_STATUS_UNKNOWN, "request too large", "send less",
	    GM_QUOTE_LAST },
	[GM_CLASS_OVERLOADED] = { "overloaded", GM_EUNAVAILABLE, RETRY,
	    GM_SCOPE_MODEL, GM_STATUS_UNKNOWN, "overloaded", LATER,
	    GM_QUOTE_NONE },
	[GM_CLASS_SERVER_TIMEOUT] = { "server_timeout", GM_EUNAVAILABLE, RETRY,
	    GM_SCOPE_MODEL, GM_STATUS_UNKNOWN, "timeout at the service", LATER,
	    GM_QUOTE_NONE },
	[GM_CLASS_CANCELLED] = { "cancelled", GM_EUNAVAILABLE, RETRY,
	    GM_SCOPE_MODEL, GM_STATUS_UNKNOWN, "cancelled by the service",
	    LATER, GM_QUOTE_NONE },
	[GM_CLASS_SERVER] = { "server", GM_EUNAVAILABLE, RETRY, GM_SCOPE_MODEL,
	    GM_STATUS_UNKNOWN, "error at the service", LATER, GM_QUOTE_LAST },
	[GM_CLASS_LOADING] = { "loading", GM_EUNAVAILABLE, WAIT,
	    GM_SCOPE_SERVICE, GM_STATUS_UNKNOWN,
	    "the server is loading the model", LATER, GM_QUOTE_NONE },
	[GM_CLASS_NETWORK] = { "network", GM_EUNAVAILABLE, RETRY,
	    GM_SCOPE_SERVICE, GM_STATUS_UNKNOWN, "no connection",
	    "check the network", GM_QUOTE_WHY },
	[GM_CLASS_REFUSED] = { "refused", GM_EUNAVAILABLE, FALLBACK,
	    GM_SCOPE_SERVICE, GM_STATUS_UNKNOWN, "connection refused",
	    "check that the server is running", GM_QUOTE_NONE },
	[GM_CLASS_TIMEOUT] = { "timeout", GM_EUNAVAILABLE, RETRY,
	    GM_SCOPE_SERVICE, GM_STATUS_UNKNOWN, "timeout", LATER,
	    GM_QUOTE_WHY },
	[GM_CLASS_TLS] = { "tls", GM_EUNAVAILABLE, FALLBACK, GM_SCOPE_SERVICE,
	    GM_STATUS_UNKNOWN, "no trusted connection",
	    "check the certificates and the clock", GM_QUOTE_WHY },
	[GM_CLASS_CERTIFICATES] = { "certificates", GM_ECONFIG, STOP,
	    GM_SCOPE_SERVICE, GM_STATUS_UNKNOWN,
	    "trusted certificates cannot be read", "check the certificates",
	    GM_QUOTE_WHY },
	[GM_CLASS_PROXY] = { "proxy", GM_EUNAVAILABLE, STOP, GM_SCOPE_SERVICE,
	    GM_STATUS_UNKNOWN, "the proxy rejects the connection",
	    "check the proxy", GM_QUOTE_LAST },
	[GM_CLASS_FRONT_END] = { "front_end", GM_EUNAVAILABLE, FALLBACK,
	    GM_SCOPE_SERVICE, GM_STATUS_UNKNOWN, "a web page denies access",
	    "check the base URL and your network", GM_QUOTE_LAST },
	[GM_CLASS_REDIRECT] = { "redirect", GM_EPROTOCOL, STOP,
	    GM_SCOPE_SERVICE, GM_STATUS_UNKNOWN,
	    "redirects are not followed with a key", BASE_URL, GM_QUOTE_LAST },
	[GM_CLASS_PROTOCOL] = { "protocol", GM_EPROTOCOL, FALLBACK,
	    GM_SCOPE_SERVICE, GM_STATUS_UNKNOWN, "the response makes no sense",
	    BASE_URL, GM_QUOTE_WHY },
	[GM_CLASS_TRUNCATED] = { "truncated", GM_EPROTOCOL, RETRY,
	    GM_SCOPE_SERVICE, GM_STATUS_UNKNOWN, "the response ended too early",
	    LATER, GM_QUOTE_WHY },
	[GM_CLASS_BLOCKED] = { "blocked", GM_ENEGATIVE, STOP, GM_SCOPE_REQUEST,
	    GM_STATUS_OK, "blocked", NULL, GM_QUOTE_LAST },
	[GM_CLASS_EMPTY] = { "empty", GM_ENEGATIVE, RETRY, GM_SCOPE_REQUEST,
	    GM_STATUS_OK, "the answer is empty", NULL, GM_QUOTE_LAST },
	[GM_CLASS_TOKEN_LIMIT] = { "token_limit", GM_ENEGATIVE, STOP,
	    GM_SCOPE_REQUEST, GM_STATUS_OK,
	    "the answer was cut at the token limit", "raise --max-tokens",
	    GM_QUOTE_LAST },
	[GM_CLASS_UNFINISHED] = { "unfinished", GM_ENEGATIVE, STOP,
	    GM_SCOPE_REQUEST, GM_STATUS_OK, "the answer may be incomplete",
	    NULL, GM_QUOTE_LAST },
	[GM_CLASS_PARTIAL] = { "partial", GM_ENEGATIVE, STOP, GM_SCOPE_REQUEST,
	    GM_STATUS_OK, "parts of the answer cannot be shown", NULL,
	    GM_QUOTE_LAST },
	[GM_CLASS_THOUGHTS] = { "thoughts", GM_ENEGATIVE, STOP,
	    GM_SCOPE_REQUEST, GM_STATUS_OK,
	    "thoughts were printed before the answer", "use --no-stream",
	    GM_QUOTE_LAST },
	[GM_CLASS_NO_BLOCK] = { "no_block", GM_ENEGATIVE, STOP,
	    GM_SCOPE_REQUEST, GM_STATUS_OK, "the answer has no fenced block",
	    "omit --extract", GM_QUOTE_NONE },
	[GM_CLASS_DEADLINE] = { "deadline", GM_EUNAVAILABLE, STOP,
	    GM_SCOPE_REQUEST, GM_STATUS_UNKNOWN, "deadline exceeded",
	    "raise --deadline", GM_QUOTE_NONE },
	[GM_CLASS_SIGNAL] = { "signal", GM_ESIGNAL, STOP, GM_SCOPE_REQUEST,
	    GM_STATUS_UNKNOWN, "interrupted", NULL, GM_QUOTE_NONE },
	[GM_CLASS_LOCAL] = { "local", GM_EOS, STOP, GM_SCOPE_REQUEST,
	    GM_STATUS_UNKNOWN, "failure on this machine", NULL, GM_QUOTE_WHY },
	[GM_CLASS_USAGE] = { "usage", GM_EUSAGE, STOP, GM_SCOPE_REQUEST,
	    GM_STATUS_UNKNOWN, "usage error", NULL, GM_QUOTE_NONE },
	[GM_CLASS_BAD_INPUT] = { "bad_input", GM_EDATA, STOP, GM_SCOPE_REQUEST,
	    GM_STATUS_UNKNOWN, "the input is not valid", NULL, GM_QUOTE_NONE },
	[GM_CLASS_CONFIG] = { "config", GM_ECONFIG, STOP, GM_SCOPE_REQUEST,
	    GM_STATUS_UNKNOWN, "the configuration is not valid", NULL,
	    GM_QUOTE_NONE },
};

static const char *const statuses[GM_STATUSES] = {
	[GM_STATUS_OK] = "ok",
	[GM_STATUS_LIMITED] = "limited",
	[GM_STATUS_INVALID] = "invalid",
	[GM_STATUS_EXPIRED] = "expired",
	[GM_STATUS_LEAKED] = "leaked",
	[GM_STATUS_RESTRICTED] = "restricted",
	[GM_STATUS_PROJECT_BLOCKED] = "project_blocked",
	[GM_STATUS_NO_CREDIT] = "no_credit",
	[GM_STATUS_REGION] = "region",
	[GM_STATUS_UNKNOWN] = "unknown",
};

const struct gm_class_row *
gm_class(enum gm_class c)
{
	return &rows[c];
}

const char *
gm_status_name(enum gm_status status)
{
	return statuses[status];
}

/* Without a response only the deadline makes a run end as unavailable. */
static const enum gm_class by_code[GM_CODES] = {
	[GM_OK] = GM_CLASS_OK,
	[GM_ENEGATIVE] = GM_CLASS_LOCAL,
	[GM_EUSAGE] = GM_CLASS_USAGE,
	[GM_EDATA] = GM_CLASS_BAD_INPUT,
	[GM_ENOINPUT] = GM_CLASS_LOCAL,
	[GM_EUNAVAILABLE] = GM_CLASS_DEADLINE,
	[GM_ESOFTWARE] = GM_CLASS_LOCAL,
	[GM_EOS] = GM_CLASS_LOCAL,
	[GM_ECANTCREAT] = GM_CLASS_LOCAL,
	[GM_EIO] = GM_CLASS_LOCAL,
	[GM_ETEMPFAIL] = GM_CLASS_LOCAL,
	[GM_EPROTOCOL] = GM_CLASS_LOCAL,
	[GM_ENOPERM] = GM_CLASS_LOCAL,
	[GM_ECONFIG] = GM_CLASS_CONFIG,
	[GM_ENOEXEC] = GM_CLASS_LOCAL,
	[GM_ENOCOMMAND] = GM_CLASS_LOCAL,
	[GM_ESIGNAL] = GM_CLASS_SIGNAL,
};

enum gm_class
gm_class_of_error(enum gm_code code)
{
	return by_code[code];
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
	if (gm_class_find(name, class) && gm_class_is_mark(*class))
		return 0;
	return gm_fail(err, GM_EUSAGE,
	    "not a class for a mark, such as key_invalid or quota; "
	    "gm-rotate(1) lists them");
}
