#include "net/hint.h"

/*
 * Map the result of the verification, which libcurl passes on as OpenSSL's
 * number (x509_vfy.h).  A rejected certificate of a proxy comes first: the
 * service has not been connected to yet.
 */
static enum gm_http_hint
certificate_hint(struct gm_http_transfer *t)
{
	long of_service = 0, of_proxy = 0;

	(void)curl_easy_getinfo(
	    t->easy, CURLINFO_SSL_VERIFYRESULT, &of_service);
	(void)curl_easy_getinfo(
	    t->easy, CURLINFO_PROXY_SSL_VERIFYRESULT, &of_proxy);
	switch (of_proxy != 0 ? of_proxy : of_service) {
	/*
	 * libcurl compares the host name itself.  OpenSSL then reports success,
	 * and older libcurls leave the initial value, 1.
	 */
	case 0:
	case 1:
	case 62: /* X509_V_ERR_HOSTNAME_MISMATCH */
	case 64: /* X509_V_ERR_IP_ADDRESS_MISMATCH */
		return GM_HTTP_OTHER_HOST;
	case 2:  /* X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT */
	case 18: /* X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT */
	case 19: /* X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN */
	case 20: /* X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY */
	case 21: /* X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE */
		return GM_HTTP_ISSUER;
	case 9:  /* X509_V_ERR_CERT_NOT_YET_VALID */
	case 10: /* X509_V_ERR_CERT_HAS_EXPIRED */
		return GM_HTTP_CLOCK;
	default:
		return GM_HTTP_NO_HINT;
	}
}

/*
 * Return true if HTTP/2 broke off.  A reset before the response leaves no
 * version; but libcurl then has opened more than one new connection, which it
 * does for HTTP/2 only.
 */
static bool
is_http2_trouble(struct gm_http_transfer *t, CURLcode code)
{
	long version = 0, connects = 0;

	if (t->options->http1)
		return false;
	if (code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM)
		return true;
	(void)curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version);
	(void)curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connects);
	return (code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR ||
		   code == CURLE_SEND_ERROR) &&
	       (version == CURL_HTTP_VERSION_2_0 || connects > 1);
}

/* Find the hint of a transfer that reached the proxy or the service. */
static enum gm_http_hint
broken_hint(struct gm_http_transfer *t, CURLcode code)
{
	long refusal = gm_transfer_proxy_refusal(t);

	if (refusal != 0)
		return refusal == 407 ? GM_HTTP_PROXY_LOGIN
		                      : GM_HTTP_PROXY_RULES;
	return is_http2_trouble(t, code) ? GM_HTTP_TRY_HTTP1 : GM_HTTP_NO_HINT;
}

static enum gm_http_hint
hint_of(struct gm_http_transfer *t, CURLcode code)
{
	if (gm_transfer_lacks_proxy(t, code))
		return GM_HTTP_PROXY_DOWN;
	switch ((int)code) {
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
		return GM_HTTP_NO_HINT;
	case CURLE_PEER_FAILED_VERIFICATION:
		return certificate_hint(t);
	case CURLE_SSL_CACERT_BADFILE:
		return GM_HTTP_CERTIFICATES;
	default:
		return broken_hint(t, code);
	}
}

/*
 * Find the variable to set or check.  For certificates it is the one that named
 * the file in use; one of a directory or none leaves SSL_CERT_FILE, which wins.
 */
static const char *
variable_of(const struct gm_http_transfer *t)
{
	const struct gm_trust *trust = &t->options->trust;

	switch (t->result.hint) {
	case GM_HTTP_ISSUER:
	case GM_HTTP_CERTIFICATES:
		return trust->file != NULL && trust->variable != NULL
		           ? trust->variable
		           : "SSL_CERT_FILE";
	case GM_HTTP_PROXY_DOWN:
	case GM_HTTP_PROXY_LOGIN:
	case GM_HTTP_PROXY_RULES:
		return t->options->proxy_variable;
	case GM_HTTP_NO_HINT:
	case GM_HTTP_CLOCK:
	case GM_HTTP_OTHER_HOST:
	case GM_HTTP_TRY_HTTP1:
		break;
	}
	return NULL;
}

void
gm_hint_find(struct gm_http_transfer *t, CURLcode code)
{
	struct gm_http_result *r = &t->result;

	/*
	 * No hint for garbage: whatever violates HTTP would do so over HTTP/1.1
	 * as well.
	 */
	if (r->fault == GM_HTTP_DONE || r->fault == GM_HTTP_ABORTED ||
	    r->fault == GM_HTTP_LOCAL || r->fault == GM_HTTP_GARBAGE)
		return;
	r->hint = hint_of(t, code);
	r->variable = variable_of(t);
}
