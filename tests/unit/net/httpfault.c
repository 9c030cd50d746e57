#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "net/httpfault.h"

static const struct {
	enum gm_http_fault fault;
	enum gm_class class;
	bool counts; /* true: a status from 400 on decides */
} rows[] = {
	{ GM_HTTP_DONE, GM_CLASS_OK, true },
	{ GM_HTTP_NETWORK, GM_CLASS_NETWORK, true },
	{ GM_HTTP_NO_SERVER, GM_CLASS_REFUSED, true },
	{ GM_HTTP_TIMEOUT, GM_CLASS_TIMEOUT, true },
	{ GM_HTTP_TRUNCATED, GM_CLASS_TRUNCATED, true },
	{ GM_HTTP_TLS, GM_CLASS_TLS, true },
	{ GM_HTTP_TRUST, GM_CLASS_CERTIFICATES, true },
	{ GM_HTTP_PROXY, GM_CLASS_PROXY, true },
	{ GM_HTTP_GARBAGE, GM_CLASS_PROTOCOL, true },
	{ GM_HTTP_ABORTED, GM_CLASS_LOCAL, false },
	{ GM_HTTP_LOCAL, GM_CLASS_LOCAL, true },
};

static void
test_rows(void **state)
{
	static const long statuses[] = { 0, 200, 302, 399 };
	struct gm_http_result result;
	size_t i, j;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		result = (struct gm_http_result){ .fault = rows[i].fault };
		assert_int_equal(
		    gm_httpfault_class(rows[i].fault), rows[i].class);
		for (j = 0; j < GM_LEN(statuses); j++) {
			result.head.status = statuses[j];
			assert_int_equal(gm_httpfault_has_class(&result),
			    rows[i].fault == GM_HTTP_DONE);
		}
		result.head.status = 400;
		assert_int_equal(
		    gm_httpfault_has_class(&result), rows[i].counts);
	}
}

/* Each hint, with the variable's name if it has one. */
static void
test_advise(void **state)
{
	static const struct {
		enum gm_http_hint hint;
		const char *variable, *want;
	} advice[] = {
		{ GM_HTTP_NO_HINT, NULL, "before" },
		{ GM_HTTP_ISSUER, "SSL_CERT_FILE",
		    "for a proxy that inspects TLS, or a private CA, set "
		    "SSL_CERT_FILE to its certificate" },
		{ GM_HTTP_CLOCK, NULL,
		    "check the clock of this machine, or renew the "
		    "certificate of the service" },
		{ GM_HTTP_OTHER_HOST, NULL,
		    "check the base URL: the certificate is for another host" },
		{ GM_HTTP_CERTIFICATES, "CURL_CA_BUNDLE",
		    "set CURL_CA_BUNDLE to a file of PEM certificates" },
		{ GM_HTTP_PROXY_DOWN, "https_proxy",
		    "check the proxy in https_proxy" },
		{ GM_HTTP_PROXY_LOGIN, "ALL_PROXY",
		    "check the user name and password in ALL_PROXY" },
		{ GM_HTTP_PROXY_RULES, "HTTPS_PROXY",
		    "check which hosts the proxy in HTTPS_PROXY allows, or "
		    "set no_proxy" },
		{ GM_HTTP_TRY_HTTP1, NULL,
		    "if it happens again, try --http1.1" },
	};
	struct gm_http_result result;
	struct gm_fault fault;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(advice); i++) {
		result = (struct gm_http_result){ .hint = advice[i].hint,
			.variable = advice[i].variable };
		fault = (struct gm_fault){ .remedy = "before" };
		gm_httpfault_advise(&result, &fault);
		assert_string_equal(fault.remedy, advice[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_advise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
