/*
 * Speed of a streamed answer.  The program is the server, starts the command, and
 * reads its output.
 *
 * stream delay EVENTS COMMAND...   an event every 2 ms, with the time of sending:
 *                                  print the delay at the output
 * stream rate MIB COMMAND...       text in events of 1,000 bytes: print MiB of
 *                                  output per second
 *
 * The command finds the server by GOOGLE_GEMINI_BASE_URL, and STREAM_URL is
 * the whole address for commands such as curl.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EVENT_TEXT 1000
#define BATCH 256 /* events in one send */

static int64_t
now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static _Noreturn void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
send_all(int fd, const char *bytes, size_t len)
{
	ssize_t n;

	for (; len > 0; bytes += n, len -= (size_t)n) {
		n = send(fd, bytes, len, MSG_NOSIGNAL);
		if (n <= 0)
			die("send");
	}
}

static int
listen_somewhere(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	char url[200];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(fd, 8) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		die("listen");
	(void)snprintf(
	    url, sizeof(url), "http://127.0.0.1:%d", ntohs(a.sin_port));
	(void)setenv("GOOGLE_GEMINI_BASE_URL", url, 1);
	(void)setenv("GEMINI_API_KEY", "fake-good-key-0001", 1);
	(void)snprintf(url, sizeof(url),
	    "http://127.0.0.1:%d/v1beta/models/m:streamGenerateContent?alt=sse",
	    ntohs(a.sin_port));
	(void)setenv("STREAM_URL", url, 1);
	return fd;
}

/* Read all of it: unread bytes would reset the connection at the end. */
static void
read_request(int fd)
{
	static char buf[65536];
	const char *body = NULL, *length;
	size_t at = 0, len = 0;
	ssize_t n;

	while (body == NULL || at < (size_t)(body - buf) + len) {
		n = recv(fd, buf + at, sizeof(buf) - 1 - at, 0);
		if (n <= 0)
			die("recv");
		at += (size_t)n;
		buf[at] = '\0';
		body = strstr(buf, "\r\n\r\n");
		length = strstr(buf, "Content-Length: ");
		if (body == NULL)
			continue;
		body += 4;
		if (length != NULL)
			len = strtoul(length + 16, NULL, 10);
	}
}

/* Accept, read the request, send the head. */
static int
begin_response(int listener)
{
	static const char head[] =
	    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
	    "Connection: close\r\n\r\n";
	int fd = accept(listener, NULL, NULL), on = 1;
	if (fd == -1)
		die("accept");
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	read_request(fd);
	send_all(fd, head, sizeof(head) - 1);
	return fd;
}

static size_t
make_event(char *out, size_t size, const char *text, const char *finish)
{
	int n = snprintf(out, size,
	    "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": "
	    "\"%s\"}],\"role\": \"model\"},%s\"index\": 0}],"
	    "\"usageMetadata\": {\"promptTokenCount\": 5,"
	    "\"candidatesTokenCount\": 2,\"totalTokenCount\": 7},"
	    "\"modelVersion\": \"m\",\"responseId\": \"R\"}\r\n\r\n",
	    text, finish);

	return (size_t)n;
}

static void
serve_delay(int listener, long events)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	int fd = begin_response(listener);
	char text[64], event[1024];
	size_t len;
	long i;

	for (i = 0; i < events; i++) {
		(void)nanosleep(&pause, NULL);
		(void)snprintf(
		    text, sizeof(text), "%020lld\\n", (long long)now_ns());
		len = make_event(event, sizeof(event), text,
		    i + 1 < events ? "" : "\"finishReason\": \"STOP\",");
		send_all(fd, event, len);
	}
	(void)close(fd);
}

static void
serve_rate(int listener, long mib)
{
	int fd = begin_response(listener);
	char text[EVENT_TEXT + 1], *batch;
	size_t one, len = 0;
	long left = mib * 1048576 / EVENT_TEXT;
	int i;

	memset(text, 'x', EVENT_TEXT);
	text[EVENT_TEXT] = '\0';
	batch = malloc(BATCH * 2000);
	if (batch == NULL)
		die("malloc");
	one = make_event(batch, 2000, text, "");
	for (i = 0; i < BATCH; i++, len += one)
		memmove(batch + len, batch, one);
	for (; left > BATCH; left -= BATCH)
		send_all(fd, batch, len);
	send_all(fd, batch, (size_t)left * one);
	len = make_event(batch, 2000, "\\n", "\"finishReason\": \"STOP\",");
	send_all(fd, batch, len);
	(void)close(fd);
	free(batch);
}

/* Start the command with its standard output in a pipe. */
static pid_t
start(char **argv, int *out)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds) != 0)
		die("pipe");
	pid = fork();
	if (pid == 0) {
		(void)dup2(fds[1], STDOUT_FILENO);
		(void)close(fds[0]);
		(void)close(fds[1]);
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	(void)close(fds[1]);
	*out = fds[0];
	return pid;
}

static int
compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Find lines of 20 digits; those of curl are inside events. */
static void
read_delay(int fd, long events)
{
	int64_t *delays = calloc((size_t)events, sizeof(*delays)), now;
	FILE *in = fdopen(fd, "r");
	char line[2048], *digits;
	long n = 0, half, hundredth;

	if (in == NULL || delays == NULL)
		die("read");
	while (n < events && fgets(line, sizeof(line), in) != NULL) {
		now = now_ns();
		digits = strstr(line, "0000");
		if (digits != NULL)
			delays[n++] = now - strtoll(digits, NULL, 10);
	}
	while (fgets(line, sizeof(line), in) != NULL)
		;
	(void)fclose(in);
	if (n == 0)
		die("no events");
	half = n / 2;
	hundredth = n / 100;
	qsort(delays, (size_t)n, sizeof(*delays), compare);
	(void)printf("events %ld  median %.3f ms  p99 %.3f ms  max %.3f ms\n",
	    n, (double)delays[half] / 1e6,
	    (double)delays[n - 1 - hundredth] / 1e6,
	    (double)delays[n - 1] / 1e6);
	free(delays);
}

static void
read_rate(int fd, int64_t begun)
{
	static char buf[1 << 16];
	int64_t total = 0, seconds_ns;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		total += n;
	seconds_ns = now_ns() - begun;
	(void)printf(
	    "%.1f\n", (double)total / 1048576 / ((double)seconds_ns / 1e9));
}

int
main(int argc, char **argv)
{
	long n = argc > 3 ? strtol(argv[2], NULL, 10) : 0;
	int64_t begun = now_ns();
	int listener, out, status;
	pid_t server, pid;

	if (n < 1)
		return 64;
	listener = listen_somewhere();
	server = fork();
	if (server == 0) {
		if (strcmp(argv[1], "delay") == 0)
			serve_delay(listener, n);
		else
			serve_rate(listener, n);
		_exit(0);
	}
	pid = start(argv + 3, &out);
	if (strcmp(argv[1], "delay") == 0)
		read_delay(out, n);
	else
		read_rate(out, begun);
	if (waitpid(pid, &status, 0) == -1)
		die("waitpid");
	(void)waitpid(server, NULL, 0);
	return status == 0 ? 0 : 1;
}
