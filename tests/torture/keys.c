/*
 * Torture test of the key state, shared by many processes:
 *
 *	keys storm DIR PROCESSES KILLS SECONDS
 *		Each process marks its row with a rising end of a cooldown, and
 *		reports each end after it is saved.  kill -9 ends one process
 *		after another; a new one takes its place.  After each kill the
 *		file must be whole and have all ends that were reported.  Stops
 *		after KILLS or SECONDS; 0 means no limit.
 *	keys pace DIR PROCESSES N
 *		Each process makes N reservations.  No slot may be given twice,
 *		and none be lost.
 *
 * Prints a line and exits with status 0 if nothing failed.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "keys/state.h"

#define ORIGIN "https://host.example:443"
#define HOUR_MS INT64_C(3600000)
#define PROCESSES_MAX 256
#define WAIT_MS 60000 /* longest wait for a mark: ample for any machine */

/* A report of a process: written at once, so that the pipe keeps it whole. */
struct report {
	int64_t who, value;
};

struct run {
	const char *dir;
	long processes, kills, seconds;
	int pipe[2];
	pid_t pids[PROCESSES_MAX];
	int64_t reported[PROCESSES_MAX]; /* last reported end; 0: none */
	long killed, reports;
};

static const struct gm_note note = { .tool = "keys", .fd = STDERR_FILENO };

static _Noreturn void
die(const char *what)
{
	(void)fprintf(stderr, "keys: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Report a violation. */
static _Noreturn void
fail(const char *what, const char *where)
{
	(void)fprintf(stderr, "keys: %s: %s\n", where, what);
	exit(1);
}

static void
name(char out[GM_KEYROW_ID], long who)
{
	(void)snprintf(out, GM_KEYROW_ID, "key:%ld", who);
}

static void
report_end(int fd, long who, int64_t value)
{
	struct report report = { who, value };

	if (write(fd, &report, sizeof(report)) != (ssize_t)sizeof(report))
		_exit(1);
}

static _Noreturn void
mark_for_ever(const struct run *run, long who)
{
	struct gm_keystate state;
	char id[GM_KEYROW_ID];
	struct gm_keyrow *row;
	struct gm_err err;
	int64_t now, until;

	name(id, who);
	gm_keystate_open(&state, run->dir, &note, false);
	for (;;) {
		now = gm_clock_wall_ms();
		if (gm_keystate_lock(&state, false, now, &err) != 0)
			_exit(1);
		row = gm_keytable_get(
		    &state.table, GM_KEYROW_OWNER, ORIGIN, id, "all", &err);
		if (row == NULL)
			_exit(1);
		if (row->until_ms == 0)
			row->until_ms = now + HOUR_MS;
		until = ++row->until_ms;
		row->since_ms = now;
		row->class = GM_CLASS_QUOTA_MINUTE;
		state.table.changed = true;
		gm_keystate_unlock(&state);
		if (gm_keystate_check(&state, &err) == 0) /* it is saved */
			report_end(run->pipe[1], who, until);
	}
}

static _Noreturn void
reserve(const struct run *run, long count)
{
	struct gm_keystate state;
	struct gm_keyrow *row;
	struct gm_err err;
	int64_t now, slot;

	gm_keystate_open(&state, run->dir, &note, false);
	while (count-- > 0) {
		now = gm_clock_wall_ms();
		if (gm_keystate_lock(&state, false, now, &err) != 0)
			_exit(1);
		row = gm_keytable_get(
		    &state.table, GM_KEYROW_OWNER, ORIGIN, "key", "all", &err);
		if (row == NULL)
			_exit(1);
		slot = row->slot_ms + 1 > now ? row->slot_ms + 1 : now;
		row->slot_ms = slot;
		row->last_ms = now;
		row->requests++;
		gm_keystate_save_counters(&state, row);
		gm_keystate_unlock(&state);
		report_end(run->pipe[1], 0, slot);
	}
	gm_keystate_close(&state);
	_exit(0);
}

static void
start(struct run *run, long who, long count)
{
	pid_t pid = fork();

	if (pid == -1)
		die("fork");
	if (pid == 0) {
		/* End with the parent, however it ends. */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)close(run->pipe[0]);
		if (count > 0)
			reserve(run, count);
		mark_for_ever(run, who);
	}
	run->pids[who] = pid;
}

/* Read a report, waiting for at most wait_ms.  False: none came. */
static bool
read_report(struct run *run, int wait_ms, struct report *report)
{
	struct pollfd fd = { .fd = run->pipe[0], .events = POLLIN };
	ssize_t n;

	if (poll(&fd, 1, wait_ms) != 1)
		return false;
	n = read(run->pipe[0], report, sizeof(*report));
	if (n != 0 && n != (ssize_t)sizeof(*report))
		die("pipe");
	run->reports += n > 0;
	return n > 0;
}

/* Read all reports so far, and at least so many. */
static void
read_reports(struct run *run, long least)
{
	struct report report;

	for (; read_report(run, least > 0 ? WAIT_MS : 0, &report); least--)
		run->reported[report.who] = report.value;
	if (least > 0)
		fail("no marks are made any more", run->dir);
}

static void
read_table(const struct run *run, struct gm_keytable *table)
{
	struct gm_buf text;
	struct gm_err err;
	char path[4096];
	size_t bad = 0;

	(void)snprintf(path, sizeof(path), "%s/keys", run->dir);
	gm_buf_init(&text, GM_KEYTABLE_BYTES);
	if (gm_file_slurp(path, &text, &err) != 0 && err.number != ENOENT)
		die(err.msg);
	if (gm_keytable_parse(table, gm_buf_span(&text), &bad, &err) != 0)
		die(err.msg);
	if (bad > 0 || table->changed || table->newer)
		fail("the file is not whole", path);
	gm_buf_release(&text);
}

/* Check that the file has all ends that were reported so far. */
static void
verify(struct run *run)
{
	struct gm_keytable table = { 0 };
	const struct gm_keyrow *row;
	char id[GM_KEYROW_ID];
	long i;

	read_reports(run, 0);
	read_table(run, &table);
	for (i = 0; i < run->processes; i++) {
		name(id, i);
		row = gm_keytable_find(
		    &table, GM_KEYROW_OWNER, ORIGIN, id, "all");
		if (run->reported[i] > 0 &&
		    (row == NULL || row->until_ms < run->reported[i]))
			fail("a mark was lost", id);
	}
	gm_keytable_release(&table);
}

static void
strike(struct run *run, long who)
{
	if (kill(run->pids[who], SIGKILL) != 0 ||
	    waitpid(run->pids[who], NULL, 0) == -1)
		die("kill");
	run->pids[who] = 0;
}

/* Check that no temporary file is left after a save without a kill. */
static void
check_litter(const struct run *run)
{
	struct gm_keystate state;
	struct dirent *entry;
	struct gm_err err;
	DIR *dir;

	gm_keystate_open(&state, run->dir, &note, false);
	if (gm_keystate_lock(&state, false, gm_clock_wall_ms(), &err) != 0)
		die(err.msg);
	state.table.changed = true;
	gm_keystate_close(&state);
	dir = opendir(run->dir);
	if (dir == NULL)
		die(run->dir);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' &&
		    strcmp(entry->d_name, "keys") != 0 &&
		    strcmp(entry->d_name, "keys.lock") != 0 &&
		    strcmp(entry->d_name, "salt") != 0)
			fail("was left", entry->d_name);
	(void)closedir(dir);
}

/* Kill only after some reports, so that there are marks to lose. */
static void
storm(struct run *run)
{
	int64_t end_ms = gm_clock_mono_ms() + run->seconds * 1000;
	long i, who;

	for (i = 0; i < run->processes; i++)
		start(run, i, 0);
	while ((run->kills == 0 || run->killed < run->kills) &&
	       (run->seconds == 0 || gm_clock_mono_ms() < end_ms)) {
		read_reports(run, 1 + random() % 20);
		/* Vary the time between a save and the kill. */
		for (i = random() % 2000; i > 0; i--)
			(void)gm_clock_mono_ms();
		who = random() % run->processes;
		strike(run, who);
		run->killed++;
		verify(run);
		start(run, who, 0);
	}
	for (i = 0; i < run->processes; i++)
		strike(run, i);
	verify(run);
	check_litter(run);
	(void)printf(
	    "%ld kills, %ld marks, none lost\n", run->killed, run->reports);
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
check_places(const struct run *run, int64_t *slots, long count)
{
	struct gm_keytable table = { 0 };
	const struct gm_keyrow *row;
	long i;

	qsort(slots, (size_t)count, sizeof(*slots), compare);
	for (i = 1; i < count; i++)
		if (slots[i] == slots[i - 1])
			fail("a place was given twice", run->dir);
	read_table(run, &table);
	row = gm_keytable_find(&table, GM_KEYROW_OWNER, ORIGIN, "key", "all");
	if (row == NULL || row->requests != count ||
	    row->slot_ms != slots[count - 1])
		fail("a place was lost", run->dir);
	gm_keytable_release(&table);
	(void)printf("%ld places, each given once\n", count);
}

static void
pace(struct run *run, long each)
{
	long i, count = each * run->processes, got = 0;
	int64_t *slots = calloc((size_t)count, sizeof(*slots));
	struct report report;
	int status;

	if (slots == NULL)
		die("calloc");
	for (i = 0; i < run->processes; i++)
		start(run, i, each);
	(void)close(run->pipe[1]);
	while (got < count && read_report(run, -1, &report))
		slots[got++] = report.value;
	for (i = 0; i < run->processes; i++)
		if (waitpid(run->pids[i], &status, 0) == -1 || status != 0)
			fail("a process failed", run->dir);
	if (got < count)
		fail("too few places", run->dir);
	check_places(run, slots, count);
	free(slots);
}

int
main(int argc, char **argv)
{
	struct run run = { 0 };

	if (argc < 5 || argc > 6) {
		(void)fprintf(stderr, "usage: keys storm DIR PROCESSES KILLS "
				      "SECONDS, keys pace DIR PROCESSES N\n");
		return 64;
	}
	run.dir = argv[2];
	run.processes = strtol(argv[3], NULL, 10);
	if (run.processes < 1 || run.processes > PROCESSES_MAX)
		fail("not a number of processes from 1 to 256", argv[3]);
	if (pipe(run.pipe) != 0)
		die("pipe");
	srandom((unsigned)getpid());
	if (argc == 5) {
		pace(&run, strtol(argv[4], NULL, 10));
		return 0;
	}
	run.kills = strtol(argv[4], NULL, 10);
	run.seconds = strtol(argv[5], NULL, 10);
	storm(&run);
	return 0;
}
