/* Bodies that are read while they are sent to a server in a child process. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/http.h"

#define MIB ((size_t)1024 * 1024)
#define SEED UINT64_C(0xCBF29CE484222325) /* FNV-1a */

/* A body: a pipe that another process writes to, or bytes made on the fly. */
struct source {
	int fd;
	size_t total, at, largest;
	int rewinds;
};

struct result {
	enum gm_http_fault fault;
	struct gm_err err;
	char text[200];
	bool ended;
};

static const int no_fds[GM_HTTP_FDS] = { -1, -1, -1 };

static unsigned char
byte_at(size_t i)
{
	return (unsigned char)(i * 31 + i / 251);
}

static uint64_t
add_byte(uint64_t sum, int byte)
{
	return (sum ^ (uint64_t)(unsigned char)byte) * UINT64_C(0x100000001B3);
}

/* Add len bytes of a body to the sum. */
static uint64_t
take_bytes(FILE *in, size_t len, uint64_t sum)
{
	for (; len > 0; len--)
		sum = add_byte(sum, getc(in));
	return sum;
}

/* Read a request.  Return the length of its body in bytes, or -1 for none. */
static long long
read_request(FILE *in, uint64_t *sum)
{
	bool chunked = false, any = false;
	long long len = 0, all = 0;
	unsigned chunk;
	char line[1000];

	while (fgets(line, sizeof(line), in) != NULL &&
	       strcmp(line, "\r\n") != 0) {
		any = true;
		if (strncmp(line, "Content-Length: ", 16) == 0)
			len = strtoll(line + 16, NULL, 10);
		if (strcmp(line, "Transfer-Encoding: chunked\r\n") == 0)
			chunked = true;
	}
	*sum = take_bytes(in, (size_t)len, SEED);
	while (chunked && fgets(line, sizeof(line), in) != NULL) {
		chunk = (unsigned)strtoul(line, NULL, 16);
		*sum = take_bytes(in, chunk, *sum);
		(void)getc(in);
		(void)getc(in);
		all += chunk;
		if (chunk == 0)
			break;
	}
	return any ? len + all : -1;
}

/*
 * Answer requests with length and sum of their bodies.  The second request of
 * the first connection ends it, as if it had been idle for too long.
 */
static _Noreturn void
serve(int listener)
{
	int connection, requests;
	long long len;
	uint64_t sum;
	FILE *io;

	for (connection = 0;; connection++) {
		io = fdopen(accept(listener, NULL, NULL), "r+");
		for (requests = 0; (len = read_request(io, &sum)) >= 0;
		     requests++) {
			char text[100];

			if (connection == 0 && requests == 1)
				break;
			(void)snprintf(text, sizeof(text), "%lld %llx", len,
			    (unsigned long long)sum);
			(void)fseek(io, 0, SEEK_CUR);
			(void)fprintf(io,
			    "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
			    strlen(text), text);
			(void)fflush(io);
		}
		(void)fclose(io);
	}
}

static pid_t
start_server(char url[100])
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	pid_t pid;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	(void)snprintf(url, 100, "http://127.0.0.1:%d/", ntohs(a.sin_port));
	pid = fork();
	if (pid == 0)
		serve(fd);
	(void)close(fd);
	return pid;
}

/* Write all bytes to a pipe, so many at a time. */
static pid_t
start_writer(struct source *s, size_t step)
{
	unsigned char piece[4096];
	size_t at, i;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		for (at = 0; at < s->total; at += step) {
			for (i = 0; i < step; i++)
				piece[i] = byte_at(at + i);
			if (write(fds[1], piece, step) != (ssize_t)step)
				_exit(1);
		}
		_exit(0);
	}
	(void)close(fds[1]);
	s->fd = fds[0];
	return pid;
}

static int64_t
read_pipe(void *arg, char *p, size_t size, struct gm_err *err)
{
	struct source *s = arg;
	ssize_t n = read(s->fd, p, size);

	if (n < 0)
		return gm_fail_errno(err, GM_ENOINPUT, "pipe");
	s->at += (size_t)n;
	if ((size_t)n > s->largest)
		s->largest = (size_t)n;
	return n;
}

static int64_t
read_bytes(void *arg, char *p, size_t size, struct gm_err *err)
{
	struct source *s = arg;
	size_t n;

	(void)err;
	for (n = 0; n < size && s->at < s->total; n++)
		p[n] = (char)byte_at(s->at++);
	return (int64_t)n;
}

static int
rewind_bytes(void *arg, struct gm_err *err)
{
	struct source *s = arg;

	(void)err;
	s->at = 0;
	s->rewinds++;
	return 0;
}

static int
cannot_rewind(void *arg, struct gm_err *err)
{
	(void)arg;
	return gm_fail(err, GM_ENOINPUT, "a pipe comes only once");
}

static int64_t
cannot_read(void *arg, char *p, size_t size, struct gm_err *err)
{
	(void)arg;
	(void)p;
	(void)size;
	return gm_fail(err, GM_ENOINPUT, "photo.png: it is gone");
}

static enum gm_http_pulse
on_bytes(const struct gm_http_head *head, struct gm_span bytes, void *arg,
    struct gm_err *err)
{
	struct result *r = arg;

	(void)head;
	(void)err;
	(void)snprintf(
	    r->text, sizeof(r->text), "%.*s", (int)bytes.len, bytes.p);
	return GM_HTTP_ALIVE;
}

static void
on_end(const struct gm_http_result *result, void *arg)
{
	struct result *r = arg;

	r->fault = result->fault;
	r->err = result->err;
	r->ended = true;
}

static void
post(struct gm_http *http, const char *url, const struct gm_body *body,
    struct result *r)
{
	static const char *const headers[] = { "Accept: text/plain", NULL };
	const struct gm_http_request request = { .url = url,
		.headers = headers,
		.body = *body,
		.response_ms = 60000,
		.timeout_ms = 60000,
		.sink = on_bytes,
		.end = on_end,
		.arg = r };
	struct gm_err err;

	*r = (struct result){ 0 };
	assert_non_null(gm_http_start(http, &request, &err));
	while (!r->ended)
		assert_int_equal(gm_http_run(http, 1000, no_fds, &err), 0);
}

/* Check that the whole body reached the server. */
static void
check_whole(const struct result *r, size_t total)
{
	uint64_t sum = SEED;
	char want[100];
	size_t i;

	for (i = 0; i < total; i++)
		sum = add_byte(sum, byte_at(i));
	(void)snprintf(
	    want, sizeof(want), "%zu %llx", total, (unsigned long long)sum);
	assert_int_equal(r->fault, GM_HTTP_DONE);
	assert_string_equal(r->text, want);
}

struct run {
	struct gm_http *http;
	char url[100];
	pid_t server;
};

static int
set_up(void **state)
{
	static const struct gm_http_options options = { .agent = "test",
		.connect_timeout_ms = 60000 };
	static struct run r;
	struct gm_err err;

	r.server = start_server(r.url);
	r.http = gm_http_open(&options, &err);
	*state = &r;
	return r.http == NULL;
}

static int
tear_down(void **state)
{
	struct run *r = *state;

	gm_http_close(r->http);
	(void)kill(r->server, SIGKILL);
	(void)waitpid(r->server, NULL, 0);
	return 0;
}

static long
peak_kib(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void
test_pipe(void **state)
{
	static const struct {
		size_t total, step;
	} rows[] = { { 0, 1 }, { 1, 1 }, { 20000, 1 }, { 32 * MIB, 4096 } };
	struct run *r = *state;
	struct gm_body body = {
		.len = -1, .read = read_pipe, .rewind = cannot_rewind
	};
	struct result result;
	long before;
	size_t i;

	/* A new connection for each: a pipe cannot be read again. */
	for (i = 0; i < GM_LEN(rows); i++) {
		struct source s = { .total = rows[i].total };
		pid_t writer = start_writer(&s, rows[i].step);

		body.arg = &s;
		before = peak_kib();
		if (i > 0) { /* after the connection that ends early */
			assert_int_equal(tear_down(state), 0);
			assert_int_equal(set_up(state), 0);
		}
		post(r->http, r->url, &body, &result);
		check_whole(&result, s.total);
		assert_int_equal(s.at, s.total);
		assert_true(s.largest <= MIB);
#ifndef GM_SANITIZED
		assert_true(peak_kib() - before < 4096);
#endif
		(void)close(s.fd);
		(void)waitpid(writer, NULL, 0);
	}
}

/* The second request finds that the server has closed the connection. */
static void
test_rewind(void **state)
{
	struct run *r = *state;
	struct source s = { .total = 100000 };
	struct gm_body body = { .len = (int64_t)s.total,
		.read = read_bytes,
		.rewind = rewind_bytes,
		.arg = &s };
	struct result result;
	int i;

	for (i = 0; i < 3; i++) {
		s.at = 0;
		post(r->http, r->url, &body, &result);
		check_whole(&result, s.total);
		assert_int_equal(s.rewinds, i > 0);
	}
}

static void
test_cannot_rewind(void **state)
{
	struct run *r = *state;
	struct source s = { .total = 10 };
	struct gm_body body = { .len = (int64_t)s.total,
		.read = read_bytes,
		.rewind = cannot_rewind,
		.arg = &s };
	struct result result;

	post(r->http, r->url, &body, &result);
	check_whole(&result, s.total);
	s.at = 0;
	post(r->http, r->url, &body, &result);
	assert_int_equal(result.fault, GM_HTTP_ABORTED);
	assert_int_equal(result.err.code, GM_ENOINPUT);
	assert_string_equal(result.err.msg, "a pipe comes only once");
}

/* A body that fails or is shorter than announced; a longer one is cut. */
static void
test_bad(void **state)
{
	struct run *r = *state;
	struct source s = { .total = 10 };
	struct gm_body body = {
		.len = 11, .read = read_bytes, .rewind = rewind_bytes, .arg = &s
	};
	struct result result;

	post(r->http, r->url, &body, &result);
	assert_int_equal(result.fault, GM_HTTP_ABORTED);
	assert_string_equal(
	    result.err.msg, "the body became shorter while it was sent");
	s.at = 0;
	body.len = 9;
	post(r->http, r->url, &body, &result);
	check_whole(&result, 9);
	body.read = cannot_read;
	post(r->http, r->url, &body, &result);
	assert_int_equal(result.fault, GM_HTTP_ABORTED);
	assert_int_equal(result.err.code, GM_ENOINPUT);
	assert_string_equal(result.err.msg, "photo.png: it is gone");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pipe, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_rewind, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_cannot_rewind, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
