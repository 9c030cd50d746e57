#include <stdio.h>

#include "net/httpfault.h"

/* Advice, before and after the name of the variable. */
static const struct {
	const char *before, *after;
} hints[] = {
	[GM_HTTP_NO_HINT] = { "", "" },
	[GM_HTTP_ISSUER] = { "for a proxy that inspects TLS, or a private CA, "
			     "set ",
	    " to its certificate" },
	[GM_HTTP_CLOCK] = { "check the clock of this machine, or renew the "
			    "certificate of the service",
	    "" },
	[GM_HTTP_OTHER_HOST] = { "check the base URL: the certificate is for "
				 "another host",
	    "" },
	[GM_HTTP_CERTIFICATES] = { "set ", " to a file of PEM certificates" },
	[GM_HTTP_PROXY_DOWN] = { "check the proxy in ", "" },
	[GM_HTTP_PROXY_LOGIN] = { "check the user name and password in ", "" },
	[GM_HTTP_PROXY_RULES] = { "check which hosts the proxy in ",
	    " allows, or set no_proxy" },
	[GM_HTTP_TRY_HTTP1] = { "if it happens again, try --http1.1", "" },
};

enum gm_class
gm_httpfault_class(enum gm_http_fault fault)
{
	switch (fault) {
	case GM_HTTP_DONE:
		break;
	case GM_HTTP_ABORTED: /* the sink or the body failed on this machine */
		return GM_CLASS_LOCAL;
	case GM_HTTP_NETWORK:
		return GM_CLASS_NETWORK;
	case GM_HTTP_NO_SERVER:
		return GM_CLASS_REFUSED;
	case GM_HTTP_TIMEOUT:
		return GM_CLASS_TIMEOUT;
	case GM_HTTP_TRUNCATED:
		return GM_CLASS_TRUNCATED;
	case GM_HTTP_TLS:
		return GM_CLASS_TLS;
	case GM_HTTP_TRUST:
		return GM_CLASS_CERTIFICATES;
	case GM_HTTP_PROXY:
		return GM_CLASS_PROXY;
	case GM_HTTP_GARBAGE:
		return GM_CLASS_PROTOCOL;
	case GM_HTTP_LOCAL:
		return GM_CLASS_LOCAL;
	}
	return GM_CLASS_OK;
}

void
gm_httpfault_advise(const struct gm_http_result *result, struct gm_fault *fault)
{
	if (result->hint != GM_HTTP_NO_HINT)
		(void)snprintf(fault->remedy, sizeof(fault->remedy), "%s%s%s",
		    hints[result->hint].before,
		    result->variable != NULL ? result->variable : "",
		    hints[result->hint].after);
}

bool
gm_httpfault_has_class(const struct gm_http_result *result)
{
	return result->fault == GM_HTTP_DONE ||
	       (result->fault != GM_HTTP_ABORTED && result->head.status >= 400);
}
