#include "httpfault.h"

enum gm_class
gm_httpfault_class(enum gm_http_fault fault)
{
	switch (fault) {
	case GM_HTTP_DONE:
		break;
	case GM_HTTP_REFUSED: /* by our own sink */
		return GM_CLASS_LOCAL;
	case GM_HTTP_NETWORK:
		return GM_CLASS_NETWORK;
	case GM_HTTP_SILENCE:
		return GM_CLASS_SILENCE;
	case GM_HTTP_CUT:
		return GM_CLASS_CUT;
	case GM_HTTP_TLS:
		return GM_CLASS_TLS;
	case GM_HTTP_PROXY:
		return GM_CLASS_PROXY;
	case GM_HTTP_GARBAGE:
		return GM_CLASS_PROTOCOL;
	case GM_HTTP_LOCAL:
		return GM_CLASS_LOCAL;
	}
	return GM_CLASS_OK;
}

bool
gm_httpfault_has_verdict(const struct gm_http_result *result)
{
	return result->fault == GM_HTTP_DONE ||
	       (result->fault != GM_HTTP_REFUSED && result->head.status >= 400);
}
