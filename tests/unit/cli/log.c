#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../notes.h"
#include "cli/log.h"

#define KEY "fake-good-key-0001"
#define TIME "{\"time\":\"2026-11-22T10:00:00.123Z\""

static char dir[] = "/tmp/gm-unit-log.XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL || chdir(dir) != 0 || open_notes() != 0)
		return -1;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink("log");
	(void)unlink("old");
	close_notes();
	return rmdir(dir);
}

static const char *
content(const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd != -1 ? read(fd, text, sizeof(text) - 1) : 0;

	(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
make_result(struct gm_result *o)
{
	const struct gm_attempt attempt = { .provider = "gemini",
		.model = "gemini-y",
		.key_index = 2,
		.key = gm_span_of(KEY) };

	gm_result_init(o);
	o->model = "gemini-x"; /* the one that answered */
	o->provider = "gemini";
	gm_result_add(o, &attempt);
	gm_result_add(o, &attempt);
	o->fault.http = 200;
	o->wait_ms = 500;
	o->connect_ms = 20;
	o->ttft_ms = 300;
	o->total_ms = 1234;
	o->bytes_received = 4096;
	o->bytes_sent = 512;
	o->answer.usage = (struct gm_usage){ 11, 2, 7, 40, 58 };
	(void)memcpy(o->answer.reason, "STOP", sizeof("STOP"));
}

#define WORDS \
	"provider=gemini model=gemini-x key_index=2 key=...0001 attempts=2 " \
	"class=ok " \
	"http=200 wait_ms=500 connect_ms=20 ttft_ms=300 total_ms=1234 " \
	"bytes_sent=512 bytes_received=4096 prompt_tokens=11 cached_tokens=2 " \
	"output_tokens=7 thoughts_tokens=40 total_tokens=58 finish=STOP"
#define JSON \
	",\"tool\":\"gm-x\",\"provider\":\"gemini\",\"model\":\"gemini-x\"," \
	"\"key_index\":2,\"key\":\"...0001\",\"attempts\":2,\"class\":\"ok\"," \
	"\"http\":200," \
	"\"wait_ms\":500,\"connect_ms\":20,\"ttft_ms\":300," \
	"\"total_ms\":1234,\"bytes_sent\":512,\"bytes_received\":4096," \
	"\"prompt_tokens\":11,\"cached_tokens\":2,\"output_tokens\":7," \
	"\"thoughts_tokens\":40,\"total_tokens\":58,\"finish\":\"STOP\"}\n"

static void
test_metrics(void **state)
{
	struct gm_log log = { .note = &note, .metrics = true };
	struct gm_result o;

	(void)state;
	make_result(&o);
	gm_log_result(&log, &o);
	assert_string_equal(said(), "gm-x: " WORDS "\n");
	log.metrics = false;
	gm_log_result(&log, &o);
	assert_string_equal(said(), "");
	gm_result_release(&o);
}

/* On a terminal: what a person wants to know of an answer, and no more. */
static void
test_brief(void **state)
{
	struct gm_log log = { .note = &note, .metrics = true, .brief = true };
	struct gm_totals totals = {
		.records = 2, .answered = 2, .retries = 1, .total_ms = 2000
	};
	struct gm_result o;

	(void)state;
	make_result(&o);
	gm_log_result(&log, &o);
	assert_string_equal(
	    said(), "gm-x: gemini-x: 11 tokens in, 7 out, 1.2 s\n");
	o.answer.usage.prompt = 1;
	o.answer.usage.output = -1;
	gm_log_result(&log, &o);
	assert_string_equal(said(), "gm-x: gemini-x: 1 token in, 1.2 s\n");
	o.answer.usage.prompt = -1;
	gm_log_result(&log, &o);
	assert_string_equal(said(), "gm-x: gemini-x: 1.2 s\n");
	/* The error says it all. */
	o.class = GM_CLASS_NETWORK;
	gm_log_result(&log, &o);
	assert_string_equal(said(), "");
	gm_log_totals(&log, &totals);
	assert_string_equal(said(), "gm-x: 2 records: 2 answered; 2 s\n");
	log.metrics = false;
	gm_log_totals(&log, &totals);
	assert_string_equal(said(), "");
	gm_result_release(&o);
}

/* A failure of which little is known: what is not known is left out. */
static void
test_failure(void **state)
{
	const struct gm_log log = { .note = &note, .metrics = true };
	struct gm_result o;

	(void)state;
	gm_result_init(&o);
	o.provider = "gemini";
	o.class = GM_CLASS_NETWORK;
	gm_log_result(&log, &o);
	assert_string_equal(said(),
	    "gm-x: provider=gemini attempts=0 class=network wait_ms=0 "
	    "connect_ms=0 ttft_ms=0 total_ms=0 bytes_sent=0 "
	    "bytes_received=0\n");
	gm_result_release(&o);
}

/* A line without its time, which must look like one. */
static const char *
timeless(const char *line)
{
	static const char form[] = TIME;
	size_t i;

	for (i = 0; i < strlen(form); i++)
		if (form[i] >= '0' && form[i] <= '9')
			assert_in_range(line[i], '0', '9');
		else
			assert_int_equal(line[i], form[i]);
	return line + i;
}

/* Opened anew for each record: a log that was rotated begins again. */
static void
test_file(void **state)
{
	const struct gm_log log = { .note = &note, .file = "log" };
	struct gm_result o;
	struct stat st;
	const char *line;

	(void)state;
	make_result(&o);
	gm_log_result(&log, &o);
	assert_string_equal(timeless(content("log")), JSON);
	assert_int_equal(stat("log", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	gm_log_result(&log, &o);
	line = timeless(content("log"));
	assert_memory_equal(line, JSON, strlen(JSON));
	assert_string_equal(timeless(line + strlen(JSON)), JSON);
	assert_int_equal(rename("log", "old"), 0);
	gm_log_result(&log, &o);
	assert_string_equal(timeless(content("log")), JSON);
	assert_string_equal(said(), "");
	gm_result_release(&o);
}

/* A line goes out in one piece, so that processes may share the file. */
static void
test_one_write(void **state)
{
	char path[40], got[4096];
	const struct gm_log log = { .note = &note, .file = path };
	struct gm_result o;
	int pair[2];
	ssize_t n;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", pair[1]);
	make_result(&o);
	gm_log_result(&log, &o);
	n = recv(pair[0], got, sizeof(got) - 1, MSG_DONTWAIT);
	assert_in_range(n, 1, sizeof(got) - 1);
	got[n] = '\0';
	assert_string_equal(timeless(got), JSON);
	assert_int_equal(recv(pair[0], got, sizeof(got), MSG_DONTWAIT), -1);
	(void)close(pair[0]);
	(void)close(pair[1]);
	gm_result_release(&o);
}

/* The run goes on without its log, and says so. */
static void
test_no_file(void **state)
{
	struct gm_log log = { .note = &note, .file = "none/log" };
	struct gm_result o;

	(void)state;
	make_result(&o);
	gm_log_result(&log, &o);
	assert_string_equal(
	    said(), "gm-x: log file: none/log: No such file or directory\n");
	log.file = "/dev/full";
	gm_log_result(&log, &o);
	assert_string_equal(
	    said(), "gm-x: log file: /dev/full: No space left on device\n");
	gm_result_release(&o);
}

/* Also what a server wrote; syslog must do no harm where there is none. */
static void
test_masked(void **state)
{
	struct gm_secrets secrets = { 0 };
	struct gm_note careful = note;
	const struct gm_log log = {
		.note = &careful, .metrics = true, .file = "log", .syslog = true
	};
	struct gm_result o;
	struct gm_err err;
	const char *line;

	(void)state;
	(void)unlink("log");
	careful.secrets = &secrets;
	assert_int_equal(gm_secrets_add(&secrets, gm_span_of(KEY), &err), 0);
	gm_result_init(&o);
	o.provider = "gemini";
	(void)memcpy(o.answer.reason, KEY, sizeof(KEY));
	gm_log_result(&log, &o);
	line = said();
	assert_non_null(strstr(line, " finish=...0001\n"));
	assert_null(strstr(line, KEY));
	line = content("log");
	assert_non_null(strstr(line, ",\"finish\":\"...0001\"}\n"));
	assert_null(strstr(line, KEY));
	gm_result_release(&o);
	gm_secrets_release(&secrets);
}

/* Labels are no secrets; what could be another field stands in quotes. */
static void
test_values(void **state)
{
	static const struct {
		const char *reason, *word, *json;
	} rows[] = {
		{ "a_b-c.d/e:f", "a_b-c.d/e:f", "\"a_b-c.d/e:f\"" },
		{ "X class=ok", "\"X class=ok\"", "\"X class=ok\"" },
		{ "a=b", "\"a=b\"", "\"a=b\"" },
		{ "a\"b", "\"a\\\"b\"", "\"a\\\"b\"" },
		{ "a\\b", "\"a\\\\b\"", "\"a\\\\b\"" },
		{ "a\tb\n", "\"a\\u0009b\\u000a\"", "\"a\\tb\\n\"" },
		{ "\xC3\xA4", "\"\xC3\xA4\"", "\"\xC3\xA4\"" },
		{ "\xE2\x80\xA8", "\"\\u2028\"", "\"\\u2028\"" },
		{ "attempts", "...", "\"...\"" },
		{ "=" KEY "\"", "\"=...0001\\\"\"", "\"=...0001\\\"\"" },
	};
	struct gm_secrets secrets = { 0 };
	struct gm_note careful = note;
	const struct gm_log log = {
		.note = &careful, .metrics = true, .file = "log"
	};
	struct gm_buf want;
	struct gm_result o;
	struct gm_err err;
	size_t i;

	(void)state;
	careful.secrets = &secrets;
	assert_int_equal(
	    gm_secrets_add(&secrets, gm_span_of("attempts"), &err), 0);
	assert_int_equal(gm_secrets_add(&secrets, gm_span_of(KEY), &err), 0);
	gm_buf_init(&want, 1000);
	for (i = 0; i < GM_LEN(rows); i++) {
		(void)unlink("log");
		make_result(&o);
		(void)snprintf(o.answer.reason, sizeof(o.answer.reason), "%s",
		    rows[i].reason);
		gm_log_result(&log, &o);
		gm_buf_reset(&want);
		gm_buf_printf(&want, "gm-x: %.*s%s\n",
		    (int)(sizeof(WORDS) - sizeof("STOP")), WORDS, rows[i].word);
		assert_string_equal(said(), gm_buf_str(&want));
		gm_buf_reset(&want);
		gm_buf_printf(&want, "%.*s%s}\n",
		    (int)(sizeof(JSON) - sizeof("\"STOP\"}\n")), JSON,
		    rows[i].json);
		assert_string_equal(
		    timeless(content("log")), gm_buf_str(&want));
		gm_result_release(&o);
	}
	gm_buf_release(&want);
	gm_secrets_release(&secrets);
}

/* "-" is standard error, and makes no file. */
static void
test_stderr(void **state)
{
	const struct gm_log log = { .note = &note, .file = "-" };
	struct gm_result o;

	(void)state;
	make_result(&o);
	gm_log_result(&log, &o);
	assert_string_equal(timeless(said()), JSON);
	assert_int_equal(access("-", F_OK), -1);
	gm_result_release(&o);
}

static const struct gm_note *
on_terminal(size_t *shown)
{
	static struct gm_note n;

	n = note;
	n.status = shown;
	return &n;
}

/* What is written to a terminal takes the place of its status line. */
static void
test_status(void **state)
{
	size_t shown = 4;
	const struct gm_log log = { .note = on_terminal(&shown), .file = "-" };
	const struct gm_totals totals = { 0 };

	(void)state;
	gm_log_totals(&log, &totals);
	assert_string_equal(said(), "\r      \r");
	assert_string_equal(timeless(said()),
	    ",\"tool\":\"gm-x\",\"records\":0,\"answered\":0,"
	    "\"failed\":0,\"skipped\":0,\"not_sent\":0,\"requests\":0,"
	    "\"retries\":0,\"prompt_tokens\":0,\"output_tokens\":0,"
	    "\"total_tokens\":0,\"total_ms\":0}\n");
	assert_int_equal(shown, 0);
}

static void
test_totals(void **state)
{
	struct gm_log log = { .note = &note, .metrics = true, .file = "log" };
	const struct gm_totals totals = { 5000, 4990, 8, 1, 2, 5003, 3, 1234,
		567, 1801, 12345, 0, 0 };

	(void)state;
	(void)unlink("log");
	gm_log_totals(&log, &totals);
	assert_string_equal(said(),
	    "gm-x: 5000 records: 4990 answered, 1 already done, 8 failed, "
	    "2 not sent; 12.3 s, 405/s; 1234 tokens in, 567 out; "
	    "3 retries\n");
	assert_string_equal(timeless(content("log")),
	    ",\"tool\":\"gm-x\",\"records\":5000,\"answered\":4990,"
	    "\"failed\":8,\"skipped\":1,\"not_sent\":2,\"requests\":5003,"
	    "\"retries\":3,\"prompt_tokens\":1234,\"output_tokens\":567,"
	    "\"total_tokens\":1801,\"total_ms\":12345}\n");
	log = (struct gm_log){ .note = &note, .syslog = true };
	gm_log_totals(&log, &totals);
	assert_string_equal(said(), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_brief),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_one_write),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_masked),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_stderr),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_totals),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
