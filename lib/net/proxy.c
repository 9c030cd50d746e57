#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "net/proxy.h"
#include "net/url.h"

/* True if libcurl can decode a part of the URL, or if the part is absent. */
static bool
has_good_part(CURLU *url, CURLUPart part, CURLUcode absent)
{
	char *text = NULL;
	CURLUcode rc = curl_url_get(url, part, &text, CURLU_URLDECODE);

	if (text != NULL)
		explicit_bzero(text, strlen(text));
	curl_free(text);
	return rc == CURLUE_OK || rc == absent;
}

static bool
has_good_scheme(CURLU *url)
{
	static const char *const schemes[] = { "http", "socks4", "socks4a",
		"socks5", "socks5h", "socks", "https" };
	size_t len = GM_LEN(schemes), i;
	char *scheme = NULL;
	bool good = false;

	if ((curl_version_info(CURLVERSION_NOW)->features &
		CURL_VERSION_HTTPS_PROXY) == 0)
		len--; /* without https, the last */
	if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
		return false;
	for (i = 0; i < len; i++)
		good = good || strcasecmp(scheme, schemes[i]) == 0;
	curl_free(scheme);
	return good;
}

/*
 * True if libcurl can use the URL of a proxy.  The flags are those with which
 * libcurl parses it: "proxy.example:3128" has no scheme, and socks5 is none
 * that curl_url(3) supports.
 */
static bool
is_usable(CURLU *url, const char *proxy)
{
	return curl_url_set(url, CURLUPART_URL, proxy,
		   CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME) ==
	           CURLUE_OK &&
	       has_good_scheme(url) &&
	       has_good_part(url, CURLUPART_USER, CURLUE_NO_USER) &&
	       has_good_part(url, CURLUPART_PASSWORD, CURLUE_NO_PASSWORD);
}

/* Note that libcurl connects to the host itself, and refuse the socket. */
static curl_socket_t
refuse_socket(void *direct, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)purpose;
	(void)address;
	*(bool *)direct = true;
	return CURL_SOCKET_BAD;
}

/*
 * Find out whether no_proxy exempts the URL, by libcurl's own rules.  libcurl
 * is asked to connect through a proxy with a scheme that does not exist: it
 * fails, or asks for a socket because no_proxy matches.  The real proxy cannot
 * be used here, as libcurl may ignore one whose password it cannot decode.  The
 * socket is refused, and the host has a dummy address, so that no name is
 * resolved.
 */
static int
try_direct(const char *url, bool *direct, struct gm_err *err)
{
	char origin[GM_URL_ORIGIN], host[GM_URL_ORIGIN + 16];
	struct curl_slist *addresses;
	CURL *easy = curl_easy_init();
	bool failed = easy == NULL;

	*direct = false;
	gm_url_origin(url, origin);
	(void)snprintf(
	    host, sizeof(host), "%s:127.0.0.1", origin + strlen("https://"));
	addresses = curl_slist_append(NULL, host);
	failed =
	    failed || addresses == NULL ||
	    curl_easy_setopt(easy, CURLOPT_URL, origin) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_PROXY, "none://") != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_RESOLVE, addresses) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, refuse_socket) !=
		CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, direct) != CURLE_OK;
	if (!failed)
		(void)curl_easy_perform(easy);
	curl_easy_cleanup(easy);
	curl_slist_free_all(addresses);
	return failed ? gm_fail(err, GM_EOS, "out of memory") : 0;
}

int
gm_proxy_check(
    const struct gm_http_options *o, const char *url, struct gm_err *err)
{
	bool usable, direct;
	CURLU *parsed;

	if (o->proxy == NULL || gm_url_is_loopback(url))
		return 0;
	parsed = curl_url();
	if (parsed == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	usable = is_usable(parsed, o->proxy);
	curl_url_cleanup(parsed);
	if (usable)
		return 0;
	if (try_direct(url, &direct, err) != 0)
		return -1;
	return direct ? 0
	              : gm_fail(err, GM_ECONFIG,
			    "%s: not the URL of a proxy; write it as in "
			    "http://proxy.example:3128, with %%40 for @ and "
			    "%%2F for / in a password",
			    o->proxy_variable);
}
