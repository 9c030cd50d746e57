/* Requests over TLS that wait for the connection of another request. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/http.h"

#define AT_ONCE 64
#define LOOKS 20 /* at a connection that must not come */

static const int no_fds[GM_HTTP_FDS] = { -1, -1, -1 };
static struct gm_http *http;

/* A server that accepts connections, but sends nothing over TLS. */
struct server {
	int fd;
	char url[100];
};

static void
start(struct server *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(s->fd, AT_ONCE + 1), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
	(void)snprintf(s->url, sizeof(s->url), "https://127.0.0.1:%d/v1?alt=x",
	    ntohs(at.sin_port));
}

static enum gm_http_pulse
on_bytes(const struct gm_http_head *head, struct gm_span bytes, void *arg,
    struct gm_err *err)
{
	(void)head;
	(void)bytes;
	(void)arg;
	(void)err;
	return GM_HTTP_ALIVE;
}

static void
on_end(const struct gm_http_result *result, void *arg)
{
	size_t *ended = arg;

	assert_int_equal(result->fault, GM_HTTP_NETWORK);
	++*ended;
}

static void
request(const struct server *s, size_t *ended)
{
	const struct gm_http_request r = { .url = s->url,
		.headers = (const char *const[]){ NULL },
		.response_ms = 60000,
		.timeout_ms = 60000,
		.sink = on_bytes,
		.end = on_end,
		.arg = ended };
	struct gm_err err;

	assert_non_null(gm_http_start(http, &r, &err));
}

static void
run(int64_t wait_ms)
{
	struct gm_err err;

	assert_int_equal(gm_http_run(http, wait_ms, no_fds, &err), 0);
}

/* Wait for the next connection to a server, and accept it. */
static int
next_connection(const struct server *s)
{
	int fd;

	while ((fd = accept(s->fd, NULL, NULL)) == -1) {
		assert_int_equal(errno, EAGAIN);
		run(10);
	}
	return fd;
}

/* Check that no connection comes. */
static void
no_connection(const struct server *s)
{
	int i;

	for (i = 0; i < LOOKS; i++) {
		run(1);
		assert_int_equal(accept(s->fd, NULL, NULL), -1);
	}
}

static int
set_up(void **state)
{
	const struct gm_http_options options = { .agent = "test",
		.connect_timeout_ms = 60000 };
	struct gm_err err;

	(void)state;
	http = gm_http_open(&options, &err);
	return http != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	gm_http_close(http);
	return 0;
}

/* A connection that is not ready yet holds requests of its origin only. */
static void
test_other_origin(void **state)
{
	struct server slow, other;
	size_t ended = 0;
	int first, second;

	(void)state;
	start(&slow);
	start(&other);
	request(&slow, &ended);
	first = next_connection(&slow);
	request(&slow, &ended);
	request(&other, &ended);
	second = next_connection(&other);
	no_connection(&slow);
	assert_int_equal(ended, 0);
	(void)close(first);
	(void)close(second);
	(void)close(slow.fd);
	(void)close(other.fd);
}

/* The leader fails: only one of the others connects next. */
static void
test_first_fails(void **state)
{
	struct server s;
	size_t ended = 0, i;
	int fd;

	(void)state;
	start(&s);
	for (i = 0; i < AT_ONCE; i++)
		request(&s, &ended);
	for (i = 0; i < 3; i++) {
		fd = next_connection(&s);
		no_connection(&s);
		assert_int_equal(ended, i);
		(void)close(fd);
		while (ended == i)
			run(10);
	}
	(void)close(s.fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_other_origin, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_first_fails, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
