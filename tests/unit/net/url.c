#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/url.h"

#define LABEL_63 \
	"a23456789012345678901234567890123456789012345678901234567890123"
#define HOST_253 \
	LABEL_63 \
	"." LABEL_63 "." LABEL_63 "." \
	"a234567890123456789012345678901234567890123456789012345678901"

#define NO_SCHEME \
	"the URL does not begin with https://; write it as in " \
	"https://api.example/v1"
#define NO_HOST "the URL has no host; write it as in https://api.example/v1"
#define NO_PORT \
	"the URL's port is not a number from 1 to 65535; write it as in " \
	"http://localhost:8080"
#define NO_CONTROL \
	"the URL contains a control character, or one outside ASCII; remove " \
	"it"
#define NO_PATH \
	"the URL's path has more than letters, digits and -._~:+,=; " \
	"remove the other characters"
#define NO_DOTS "the URL's path contains '//', '.' or '..'; remove it"
#define NO_NAME "the URL's host is not a host name; write it as in api.example"
#define NO_V4 "the URL's host is not an IPv4 address; write it as in 127.0.0.1"
#define NO_V6 "the URL's host is not an IPv6 address; write it as in [::1]"
#define NO_HTTP \
	"plain http would send the API key unencrypted; use https, or an SSH " \
	"tunnel to 127.0.0.1"
#define NO_TARGET(use) \
	"the URL's host is an address to listen on, not to connect to; for a " \
	"server on this machine use " use
#define NO_DOT "the URL's host ends in a dot; remove the dot"

enum where {
	REFUSED,
	AWAY,
	HERE
};

static const struct {
	const char *url;
	enum where where;
	const char *want; /* message of a refused one */
} rows[] = {
	{ "https://generativelanguage.googleapis.com", AWAY, NULL },
	{ "https://api.mistral.ai/", AWAY, NULL },
	{ "https://api.example:8443/v1/a-b_c.d~e/f:g+h,i=j/", AWAY, NULL },
	{ "https://" HOST_253, AWAY, NULL },
	{ "https://192.0.2.1:443/v1", AWAY, NULL },
	{ "https://[2001:db8::1]:443/v1", AWAY, NULL },
	{ "https://localhost:1", HERE, NULL },
	{ "http://localhost", HERE, NULL },
	{ "http://LocalHost:65535/v1", HERE, NULL },
	{ "http://127.0.0.1:8080", HERE, NULL },
	{ "http://127.255.255.254/", HERE, NULL },
	{ "http://[::1]", HERE, NULL },
	{ "http://[::1]:8080/v1", HERE, NULL },
	{ "http://[0:0:0:0:0:0:0:1]:8080/v1", HERE, NULL },
	/* names that only look like this machine */
	{ "https://127.0.0.1.evil.example", AWAY, NULL },
	{ "https://localhost.evil.example", AWAY, NULL },
	{ "https://notlocalhost", AWAY, NULL },
	{ "https://[::ffff:127.0.0.1]", AWAY, NULL },
	{ "http://127.0.0.1.evil.example", REFUSED, NO_HTTP },
	{ "http://localhost.evil.example", REFUSED, NO_HTTP },
	{ "http://a.localhost", REFUSED, NO_HTTP },
	{ "http://[::ffff:127.0.0.1]", REFUSED, NO_HTTP },
	{ "http://[::2]", REFUSED, NO_HTTP },
	{ "http://0.0.0.0", REFUSED, NO_TARGET("127.0.0.1") },
	{ "http://0.0.0.0:8080/v1", REFUSED, NO_TARGET("127.0.0.1") },
	{ "http://[::]:8080", REFUSED, NO_TARGET("[::1]") },
	{ "http://[0:0::0]", REFUSED, NO_TARGET("[::1]") },
	{ "http://0.0.0.1", REFUSED, NO_HTTP },
	{ "https://0.0.0.0", AWAY, NULL },
	{ "http://nas", REFUSED, NO_HTTP },
	{ "http://192.168.1.5:11434", REFUSED, NO_HTTP },
	{ "http://localhost.", REFUSED, NO_DOT },
	{ "http://localhost.:8080/v1", REFUSED, NO_DOT },
	{ "http://0:8080", REFUSED, NO_V4 },
	{ "http://126.0.0.1", REFUSED, NO_HTTP },
	{ "http://128.0.0.1", REFUSED, NO_HTTP },
	{ "http://api.example/v1", REFUSED, NO_HTTP },
	{ "http://0x7f.1", REFUSED, NO_V4 },
	{ "http://2130706433", REFUSED, NO_V4 },
	{ "http://127.1", REFUSED, NO_V4 },
	{ "http://0177.0.0.1", REFUSED, NO_V4 },
	{ "http://127.0.0.01", REFUSED, NO_V4 },
	{ "http://127.0.0.1.", REFUSED, NO_DOT },
	{ "https://0x7f000001", REFUSED, NO_V4 },
	{ "https://0X7F.0X1", REFUSED, NO_V4 },
	{ "https://api.0x", REFUSED, NO_V4 },
	{ "https://api.1", REFUSED, NO_V4 },
	{ "https://256.0.0.1", REFUSED, NO_V4 },
	/* scheme */
	{ "", REFUSED, NO_SCHEME },
	{ "api.example", REFUSED, NO_SCHEME },
	{ "//api.example", REFUSED, NO_SCHEME },
	{ "https:api.example", REFUSED, NO_SCHEME },
	{ "https:/api.example", REFUSED, NO_SCHEME },
	{ "HTTPS://api.example", REFUSED, NO_SCHEME },
	{ "ftp://api.example", REFUSED, NO_SCHEME },
	{ "file:///etc/passwd", REFUSED, NO_SCHEME },
	{ "javascript:alert(1)", REFUSED, NO_SCHEME },
	{ "AIzaSyFake-Key-0001", REFUSED, NO_SCHEME },
	/* host */
	{ "https://", REFUSED, NO_HOST },
	{ "https:///v1", REFUSED, NO_HOST },
	{ "https://:443", REFUSED, NO_HOST },
	{ "https://[]", REFUSED, NO_HOST },
	{ "https://" HOST_253 "4", REFUSED, NO_HOST },
	{ "https://a." LABEL_63 "4", REFUSED, NO_NAME },
	{ "https://.", REFUSED, NO_NAME },
	{ "https://api.example.", REFUSED, NO_DOT },
	{ "https://api.example..", REFUSED, NO_NAME },
	{ "https://api..example", REFUSED, NO_NAME },
	{ "https://.example", REFUSED, NO_NAME },
	{ "https://-a.example", REFUSED, NO_NAME },
	{ "https://a-.example", REFUSED, NO_NAME },
	{ "https://a_b.example", REFUSED, NO_NAME },
	{ "https://a,b", REFUSED, NO_NAME },
	{ "https://a;b", REFUSED, NO_NAME },
	{ "https://::1", REFUSED, NO_HOST },
	{ "https://[::1", REFUSED, NO_V6 },
	{ "https://[::1/]", REFUSED, NO_V6 },
	{ "https://[::g]", REFUSED, NO_V6 },
	{ "https://[127.0.0.1]", REFUSED, NO_V6 },
	{ "https://[v1.x]", REFUSED, NO_V6 },
	{ "https://[::1]evil.example", REFUSED,
	    "the URL has no ':' or '/' after ']'; add it" },
	{ "https://[[::1]]", REFUSED, NO_V6 },
	/* port */
	{ "https://a:", REFUSED, NO_PORT },
	{ "https://a:/v1", REFUSED, NO_PORT },
	{ "https://a:0", REFUSED, NO_PORT },
	{ "https://a:080", REFUSED, NO_PORT },
	{ "https://a:65536", REFUSED, NO_PORT },
	{ "https://a:100000", REFUSED, NO_PORT },
	{ "https://a:4294967376", REFUSED, NO_PORT },
	{ "https://a:-1", REFUSED, NO_PORT },
	{ "https://a:+1", REFUSED, NO_PORT },
	{ "https://a:80:80", REFUSED, NO_PORT },
	{ "https://a:http", REFUSED, NO_PORT },
	{ "https://[::1]:x", REFUSED, NO_PORT },
	/* path */
	{ "https://a/v1//b", REFUSED, NO_DOTS },
	{ "https://a//", REFUSED, NO_DOTS },
	{ "https://a/./b", REFUSED, NO_DOTS },
	{ "https://a/b/..", REFUSED, NO_DOTS },
	{ "https://a/.../b", AWAY, NULL },
	{ "https://a/b;c", REFUSED, NO_PATH },
	{ "https://a/b|c", REFUSED, NO_PATH },
	{ "https://a/[b]", REFUSED, NO_PATH },
	{ "https://a/\"b\"", REFUSED, NO_PATH },
	/* ambiguous for parsers, or a place for secrets */
	{ "https://user:fake-password@a.example", REFUSED,
	    "the URL contains '@'; omit the user name and password" },
	{ "http://127.0.0.1@evil.example", REFUSED,
	    "the URL contains '@'; omit the user name and password" },
	{ "http://127.0.0.1:80@evil.example/", REFUSED,
	    "the URL contains '@'; omit the user name and password" },
	{ "https://a/?key=fake-key-0001", REFUSED,
	    "the URL contains '?'; omit the query" },
	{ "https://a#b", REFUSED, "the URL contains '#'; omit the fragment" },
	{ "https://a/%2e%2e/", REFUSED,
	    "the URL contains '%'; write the path without escapes" },
	{ "https://a%00.example", REFUSED,
	    "the URL contains '%'; write the path without escapes" },
	{ "http://[::1%25lo]", REFUSED,
	    "the URL contains '%'; write the path without escapes" },
	{ "https://a\\b", REFUSED, "the URL contains a backslash; write /" },
	{ "http://127.0.0.1\\.evil.example", REFUSED,
	    "the URL contains a backslash; write /" },
	{ " https://a", REFUSED, "the URL contains a blank; remove it" },
	{ "https://a ", REFUSED, "the URL contains a blank; remove it" },
	{ "https://a\n", REFUSED, NO_CONTROL },
	{ "https://a\r\nX-Evil: 1", REFUSED, NO_CONTROL },
	{ "https://a\tb", REFUSED, NO_CONTROL },
	{ "https://a\x7f", REFUSED, NO_CONTROL },
	{ "https://\xD0\xB0.example", REFUSED, NO_CONTROL },
};

static void
test_check(void **state)
{
	struct gm_err err;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		const char *want = rows[i].want;

		(void)gm_fail(&err, GM_ECONFIG, "accepted");
		rc = gm_url_check(rows[i].url, &err);
		if (strcmp(err.msg, want != NULL ? want : "accepted") != 0)
			fail_msg("'%s': %s", rows[i].url, err.msg);
		assert_int_equal(rc, rows[i].where == REFUSED ? -1 : 0);
		assert_int_equal(err.code, GM_ECONFIG);
	}
}

static void
test_is_loopback(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		bool here = rows[i].where == HERE;

		if (gm_url_is_loopback(rows[i].url) != here)
			fail_msg("'%s': %d", rows[i].url, !here);
	}
}

static void
test_check_length(void **state)
{
	char url[GM_URL_MAX + 2];
	struct gm_err err;

	(void)state;
	memset(url, 'a', sizeof(url));
	memcpy(url, "https://h/", 10);
	url[GM_URL_MAX] = '\0';
	assert_int_equal(gm_url_check(url, &err), 0);
	url[GM_URL_MAX] = 'a';
	url[GM_URL_MAX + 1] = '\0';
	assert_int_equal(gm_url_check(url, &err), -1);
	assert_string_equal(err.msg, "the URL is longer than 2048 bytes");
}

/* Each byte in a host and in a path: only listed ones are allowed. */
static void
test_check_bytes(void **state)
{
	static const char alnum[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	char host[] = "https://aXb/", path[] = "https://a/bXc";
	struct gm_err err;
	bool plain;
	int c;

	(void)state;
	for (c = 1; c < 256; c++) {
		plain = strchr(alnum, c) != NULL;
		host[9] = path[11] = (char)c;
		if ((gm_url_check(host, &err) == 0) !=
		    (plain || strchr("-./", c) != NULL))
			fail_msg("0x%02x in a host", (unsigned)c);
		if ((gm_url_check(path, &err) == 0) !=
		    (plain || strchr("-._~:+,=/", c) != NULL))
			fail_msg("0x%02x in a path", (unsigned)c);
	}
}

/* Different spellings of one service have one origin. */
static void
test_origin(void **state)
{
	static const struct {
		const char *url, *want;
	} origins[] = {
		{ "https://generativelanguage.googleapis.com",
		    "https://generativelanguage.googleapis.com:443" },
		{ "https://a.example/", "https://a.example:443" },
		{ "https://A.Example/v1/Path", "https://a.example:443" },
		{ "https://a.example:443/v1beta", "https://a.example:443" },
		{ "https://a.example:8443", "https://a.example:8443" },
		{ "http://localhost", "http://localhost:80" },
		{ "http://LOCALHOST:80/x/", "http://localhost:80" },
		{ "https://localhost:80", "https://localhost:80" },
		{ "http://127.0.0.1:8080", "http://127.0.0.1:8080" },
		{ "http://[::1]", "http://[::1]:80" },
		{ "https://[2001:DB8::1]:1/v1", "https://[2001:db8::1]:1" },
		{ "https://" HOST_253 ":65535/v1",
		    "https://" HOST_253 ":65535" },
		/* invalid URLs have none */
		{ "a.example", "" },
		{ "", "" },
	};
	char origin[GM_URL_ORIGIN];
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(origins); i++) {
		memset(origin, 'x', sizeof(origin));
		gm_url_origin(origins[i].url, origin);
		assert_string_equal(origin, origins[i].want);
	}
}

static void
test_show(void **state)
{
	static const struct {
		const char *url, *want;
	} shown[] = {
		{ "https://a.example", "https://a.example" },
		{ "http://[::1]:8080/v1/", "http://[::1]:8080/v1/" },
		{ "https://joe:pass@a.example:1/v1?key=k#f",
		    "https://a.example:1/v1" },
		{ "https://token@a.example/", "https://a.example/" },
		{ "https://joe:p/a@ss@a.example/", "https://a.example/" },
		{ "ftp://joe:pass@a.example", "ftp://a.example" },
		{ "https://a.example?key=k", "https://a.example" },
		{ "https://joe:pa?ss@a.example", "https://..." },
		{ "https://a.example/?key=k@b", "https://..." },
		{ "https://joe:pass", "https://..." },
		{ "https://joe:pass/x", "https://..." },
		{ "https://", "https://..." },
		{ "joe:pass@a.example", "..." },
		{ "https:joe:pass@a.example", "..." },
		{ "joe:pass@https://a", "..." },
		{ "", "..." },
	};
	struct gm_buf out;
	size_t i;

	(void)state;
	gm_buf_init(&out, 100);
	for (i = 0; i < GM_LEN(shown); i++) {
		gm_buf_reset(&out);
		gm_url_show(&out, shown[i].url);
		assert_string_equal(gm_buf_str(&out), shown[i].want);
	}
	gm_buf_release(&out);
}

static void
test_join(void **state)
{
	static const struct {
		const char *base, *path, *want;
	} joins[] = {
		{ "https://a", "/v1beta/models", "https://a/v1beta/models" },
		{ "https://a/", "/v1beta/models", "https://a/v1beta/models" },
		{ "https://a/v1beta", "/v1beta/models",
		    "https://a/v1beta/models" },
		{ "https://a/v1beta/", "/v1beta/models",
		    "https://a/v1beta/models" },
		{ "https://a/x/v1beta", "/v1beta/models",
		    "https://a/x/v1beta/models" },
		{ "https://a/v1beta", "/v1beta", "https://a/v1beta" },
		/* another version, in all forms that versions have */
		{ "https://a/v1", "/v1beta/models", "https://a/v1/models" },
		{ "https://a/v1/", "/v1beta/models", "https://a/v1/models" },
		{ "https://a/v1beta", "/v1/models", "https://a/v1beta/models" },
		{ "https://a/v1beta2", "/v1beta/models",
		    "https://a/v1beta2/models" },
		{ "https://a/v1alpha", "/v1beta/models",
		    "https://a/v1alpha/models" },
		{ "https://a/v1p1beta1", "/v1beta/models",
		    "https://a/v1p1beta1/models" },
		{ "https://a/v1.1", "/v1beta/models", "https://a/v1.1/models" },
		{ "https://a/openai/v1", "/v1/models",
		    "https://a/openai/v1/models" },
		{ "https://a/paas/v4", "/v1/models",
		    "https://a/paas/v4/models" },
		{ "https://a/v12", "/v1", "https://a/v12" },
		/* no versions, or not at the end */
		{ "https://a/v1/x", "/v1beta/models",
		    "https://a/v1/x/v1beta/models" },
		{ "https://a/v", "/v1/models", "https://a/v/v1/models" },
		{ "https://a/vertex", "/v1/models",
		    "https://a/vertex/v1/models" },
		{ "https://a/1", "/v1/models", "https://a/1/v1/models" },
		{ "https://a/v1-x", "/v1/models", "https://a/v1-x/v1/models" },
		{ "https://a/V1", "/v1/models", "https://a/V1/v1/models" },
		{ "https://a/v1", "/models", "https://a/v1/models" },
		{ "https://a/xv1beta", "/v1beta/models",
		    "https://a/xv1beta/v1beta/models" },
		{ "https://a/v1beta/models", "/v1beta/models",
		    "https://a/v1beta/models/v1beta/models" },
		{ "https://v1beta", "/v1beta/models",
		    "https://v1beta/v1beta/models" },
		{ "https://v1/", "/v1beta/models", "https://v1/v1beta/models" },
		{ "http://a.v1:80", "/v1/models", "http://a.v1:80/v1/models" },
		{ "https://a", "/", "https://a/" },
		{ "https://", "/v1", "https:///v1" },
		{ "http://[::1]:8080/v1/", "/v1/chat",
		    "http://[::1]:8080/v1/chat" },
	};
	struct gm_buf out;
	size_t i;

	(void)state;
	gm_buf_init(&out, 1000);
	for (i = 0; i < GM_LEN(joins); i++) {
		gm_buf_reset(&out);
		gm_url_join(&out, joins[i].base, joins[i].path);
		assert_string_equal(gm_buf_str(&out), joins[i].want);
	}
	gm_buf_release(&out);
}

static void
test_escape(void **state)
{
	struct gm_buf out;

	(void)state;
	gm_buf_init(&out, 1000);
	gm_url_escape(&out, "AZaz09._-");
	assert_string_equal(gm_buf_str(&out), "AZaz09._-");
	gm_buf_reset(&out);
	gm_url_escape(&out, "a/b?c#d%e f~\xC3\xA9\x01");
	assert_string_equal(
	    gm_buf_str(&out), "a%2Fb%3Fc%23d%25e%20f%7E%C3%A9%01");
	gm_buf_reset(&out);
	gm_url_escape(&out, "");
	assert_string_equal(gm_buf_str(&out), "");
	gm_buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_check_length),
		cmocka_unit_test(test_check_bytes),
		cmocka_unit_test(test_is_loopback),
		cmocka_unit_test(test_origin),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
