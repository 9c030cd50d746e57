/*
 * A fast server for measurements: HTTP/1.1 with keep-alive, on a port of the
 * loopback.
 *
 *	origin [LATENCY_MS]
 *
 * Prints its port.  Every POST gets one short answer, LATENCY_MS after its last
 * byte: an event stream for ...:streamGenerateContent, else a count of tokens.  A
 * GET gets a list of 64 models, or of one with pageSize=1.  Ends with standard
 * input, and then prints the numbers of accepted connections, of connections that
 * were open at a time at most, and of answered requests.
 *
 * One thread; a connection has one request at a time.  All requests wait equally
 * long, so waiting requests are a queue.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 256
#define HEAD_MAX 8192
#define FDS 1024 /* limit for descriptors of connections */

#define STREAM \
	"data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": " \
	"\"A short answer.\"}],\"role\": \"model\"},\"finishReason\": " \
	"\"STOP\",\"index\": 0}],\"usageMetadata\": {\"promptTokenCount\": " \
	"5,\"candidatesTokenCount\": 4,\"totalTokenCount\": 9}," \
	"\"modelVersion\": \"m\",\"responseId\": \"R\"}\r\n\r\n"
#define COUNT "{\"totalTokens\": 5}\n"
#define MODELS 64

enum response {
	RESPONSE_STREAM,
	RESPONSE_COUNT,
	RESPONSE_MODEL,
	RESPONSE_MODELS,
	REPLIES
};

struct connection {
	int fd;
	char head[HEAD_MAX]; /* and the beginning of the body */
	size_t len;
	bool whole;       /* the head is complete */
	size_t body_left; /* still to come */
	enum response response;
	int64_t due_ns;
	struct connection *next; /* in the queue of waiting ones */
	struct connection **link;
};

struct server {
	int epoll, listener;
	int64_t latency_ns;
	struct connection *connections;   /* FDS of them, by descriptor */
	struct connection *first, **last; /* the queue of waiting ones */
	long accepted, open, peak, answered;
	char *responses[REPLIES]; /* with their heads */
};

static _Noreturn void
die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void
watch(const struct server *s, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		die("epoll_ctl");
}

static int
listen_somewhere(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof(a);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(fd, 512) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		die("listen");
	(void)printf("%d\n", ntohs(a.sin_port));
	(void)fflush(stdout);
	return fd;
}

static void
accept_all(struct server *s)
{
	struct connection *c;
	int fd, on = 1;

	while ((fd = accept(s->listener, NULL, NULL)) != -1) {
		if (fd >= FDS)
			die("accept");
		c = &s->connections[fd];
		c->fd = fd;
		c->len = 0;
		c->whole = false;
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		watch(s, fd);
		s->accepted++;
		if (++s->open > s->peak)
			s->peak = s->open;
	}
}

/* Remove it from the queue, if it waits. */
static void
leave_queue(struct server *s, struct connection *c)
{
	if (c->link == NULL)
		return;
	*c->link = c->next;
	if (c->next != NULL)
		c->next->link = c->link;
	else
		s->last = c->link;
	c->next = NULL;
	c->link = NULL;
}

static void
hang_up(struct server *s, struct connection *c)
{
	leave_queue(s, c);
	(void)close(c->fd);
	s->open--;
}

static void
answer(struct server *s, struct connection *c)
{
	const char *response = s->responses[c->response];
	size_t len = strlen(response);

	c->whole = false;
	s->answered++;
	if (send(c->fd, response, len, MSG_NOSIGNAL) != (ssize_t)len)
		hang_up(s, c);
}

/* Answer now, or put it into the queue. */
static void
answer_in_time(struct server *s, struct connection *c)
{
	if (s->latency_ns == 0) {
		answer(s, c);
		return;
	}
	c->due_ns = now_ns() + s->latency_ns;
	c->link = s->last;
	*s->last = c;
	s->last = &c->next;
}

/* Choose the response by the request line. */
static enum response
response_to(const char *head)
{
	char line[400];

	(void)snprintf(
	    line, sizeof(line), "%.*s", (int)strcspn(head, "\r"), head);
	if (strncmp(line, "GET ", 4) == 0)
		return strstr(line, "pageSize=1 ") != NULL ? RESPONSE_MODEL
		                                           : RESPONSE_MODELS;
	return strstr(line, ":streamGenerateContent") != NULL ? RESPONSE_STREAM
	                                                      : RESPONSE_COUNT;
}

/* End the head: find how much of the body is still to come. */
static void
read_head(struct connection *c, const char *end)
{
	const char *line = c->head;
	size_t length = 0, came = c->len - (size_t)(end - c->head);

	while ((line = strstr(line, "\r\n")) != NULL && line < end) {
		line += 2;
		if (strncasecmp(line, "Content-Length:", 15) == 0)
			length = strtoul(line + 15, NULL, 10);
	}
	c->response = response_to(c->head);
	c->whole = true;
	c->body_left = length > came ? length - came : 0;
	c->len = 0;
}

static void
take(struct server *s, struct connection *c)
{
	char body[65536], *end;
	ssize_t n;

	n = c->whole ? recv(c->fd, body, sizeof(body), MSG_DONTWAIT)
	             : recv(c->fd, c->head + c->len, HEAD_MAX - 1 - c->len,
			   MSG_DONTWAIT);
	if (n == -1 && errno == EAGAIN)
		return;
	if (n <= 0) {
		hang_up(s, c);
		return;
	}
	if (c->whole) {
		c->body_left -=
		    (size_t)n < c->body_left ? (size_t)n : c->body_left;
	} else {
		c->len += (size_t)n;
		c->head[c->len] = '\0';
		end = strstr(c->head, "\r\n\r\n");
		if (end == NULL)
			return;
		read_head(c, end + 4);
	}
	if (c->body_left == 0)
		answer_in_time(s, c);
}

/* Answer requests that are due; return how long to wait, or -1. */
static int
answer_due(struct server *s)
{
	int64_t now = now_ns();
	struct connection *c;

	while ((c = s->first) != NULL && c->due_ns <= now) {
		leave_queue(s, c);
		answer(s, c);
	}
	return c == NULL ? -1 : (int)((c->due_ns - now + 999999) / 1000000);
}

static char *
make_response(const char *type, const char *body)
{
	size_t size = strlen(body) + 200;
	char *response = malloc(size);

	if (response == NULL)
		die("malloc");
	(void)snprintf(response, size,
	    "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    type, strlen(body), body);
	return response;
}

static char *
make_list(int models)
{
	char body[MODELS * 200 + 20] = "{\"models\": [";
	size_t len = strlen(body);
	int i;

	for (i = 0; i < models; i++)
		len += (size_t)snprintf(body + len, sizeof(body) - len,
		    "{\"name\": \"models/m%d\",\"inputTokenLimit\": 5,"
		    "\"outputTokenLimit\": 5,\"supportedGenerationMethods\": "
		    "[\"generateContent\",\"countTokens\"]}%s",
		    i, i + 1 < models ? "," : "]}\n");
	return make_response("application/json", body);
}

/* Return false after the end of standard input. */
static bool
serve(struct server *s, const struct epoll_event *events, int n)
{
	int i, fd;

	for (i = 0; i < n; i++) {
		fd = events[i].data.fd;
		if (fd == STDIN_FILENO)
			return false;
		if (fd == s->listener)
			accept_all(s);
		else
			take(s, &s->connections[fd]);
	}
	return true;
}

static void
release(struct server *s)
{
	int i;

	free(s->connections);
	for (i = 0; i < REPLIES; i++)
		free(s->responses[i]);
}

int
main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];
	struct server s = { .epoll = epoll_create1(0) };
	int n, ms = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;

	s.connections = calloc(FDS, sizeof(*s.connections));
	if (s.epoll == -1 || s.connections == NULL)
		die("origin");
	s.latency_ns = (int64_t)ms * 1000000;
	s.last = &s.first;
	s.responses[RESPONSE_STREAM] =
	    make_response("text/event-stream", STREAM);
	s.responses[RESPONSE_COUNT] = make_response("application/json", COUNT);
	s.responses[RESPONSE_MODEL] = make_list(1);
	s.responses[RESPONSE_MODELS] = make_list(MODELS);
	s.listener = listen_somewhere();
	watch(&s, s.listener);
	watch(&s, STDIN_FILENO);
	do {
		n = epoll_wait(s.epoll, events, EVENTS, answer_due(&s));
		if (n == -1 && errno != EINTR)
			die("epoll_wait");
	} while (serve(&s, events, n));
	(void)printf("%ld accepted, %ld open at most, %ld requests\n",
	    s.accepted, s.peak, s.answered);
	release(&s);
	return 0;
}
