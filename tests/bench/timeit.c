/*
 * Time whole commands side by side:
 *
 *	timeit ROUNDS {[SETTING]... NAME COMMAND [BOUND]...}...
 *
 * Each round runs every command once, so that a busy moment of the machine affects
 * all of them.  sh(1) replaces itself by the command with exec.  Output is
 * discarded.
 *
 * Prints a line of medians for each command: wall time with its 10th and 90th
 * percentile, CPU (user and system, children included), peak memory of the largest
 * process, and the ratio of the first command to it, round by round.
 *
 * Settings hold for all commands after them:
 *
 *	per=N		the CPU is that of one of N records
 *	ideal=MS	the speed is a percentage of the best one
 *	unit=UNIT	standard output is a number, the command's own figure
 *
 * A bound follows its command, and is repeated in the output, after "missed" if it
 * is exceeded:
 *
 *	wall=MS cpu=US own=NUMBER peak=MIB	at most this
 *	least=NUMBER percent=N			own, of the ideal: at least
 *	ratio=R cpu-ratio=R own-ratio=R		of the first command to this one
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ITEMS 20

enum figure {
	WALL_MS,
	CPU_US,
	PEAK_MIB,
	OWN,
	PERCENT,
	RATIO,
	CPU_RATIO,
	OWN_RATIO,
	LEAST, /* like OWN */
	FIGURES
};

static const char *const bound_names[FIGURES] = { "wall=", "cpu=", "peak=",
	"own=", "percent=", "ratio=", "cpu-ratio=", "own-ratio=", "least=" };

struct settings {
	double per;       /* records in the command; 0: not given */
	double ideal;     /* milliseconds; 0: not given */
	const char *unit; /* NULL: no figure from its output */
};

struct item {
	const char *name;
	char *command;
	double *values[FIGURES]; /* one for each round */
	struct settings settings;
	char **bounds;
	int bounds_len;
};

struct table {
	struct item items[ITEMS];
	int items_len;
	int rounds;
};

static _Noreturn void
die(const char *what)
{
	perror(what);
	exit(1);
}

static double
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static double
us_of(struct timeval t)
{
	return (double)t.tv_sec * 1e6 + (double)t.tv_usec;
}

static _Noreturn void
child(char *command, int out)
{
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, command, NULL };
	int null = open("/dev/null", O_RDWR);

	(void)dup2(null, STDIN_FILENO);
	(void)dup2(out, STDOUT_FILENO);
	(void)execv("/bin/sh", argv);
	_exit(127);
}

/* Read all, and keep the beginning. */
static void
drain(int fd, char *text, size_t size)
{
	char rest[65536];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, rest, sizeof(rest))) > 0)
		while (n-- > 0 && len < size - 1) {
			text[len] = rest[len];
			len++;
		}
	text[len] = '\0';
}

static void
run(struct item *item, int round)
{
	char text[64], *end;
	struct rusage usage;
	int out[2], status;
	double begun, own;
	pid_t pid;

	if (pipe(out) != 0)
		die("timeit");
	begun = now_ms();
	pid = fork();
	if (pid == 0) {
		(void)close(out[0]);
		child(item->command, out[1]);
	}
	(void)close(out[1]);
	drain(out[0], text, sizeof(text));
	if (pid == -1 || wait4(pid, &status, 0, &usage) == -1)
		die("timeit");
	if (status != 0) {
		(void)fprintf(stderr, "timeit: failed: %s\n", item->command);
		exit(1);
	}
	(void)close(out[0]);
	own = strtod(text, &end);
	if (item->settings.unit != NULL &&
	    (end == text || strcmp(end, "\n") != 0)) {
		(void)fprintf(stderr, "timeit: no number: %s\n", item->command);
		exit(1);
	}
	if (round < 0)
		return;
	item->values[WALL_MS][round] = now_ms() - begun;
	item->values[CPU_US][round] =
	    us_of(usage.ru_utime) + us_of(usage.ru_stime);
	item->values[PEAK_MIB][round] = (double)usage.ru_maxrss / 1024;
	item->values[OWN][round] = own;
	item->values[LEAST][round] = own;
}

static void
compare_with_first(struct table *t, int c, int round)
{
	double **first = t->items[0].values, **v = t->items[c].values;

	if (t->items[c].settings.per > 0)
		v[CPU_US][round] /= t->items[c].settings.per;
	v[PERCENT][round] =
	    100 * t->items[c].settings.ideal / v[WALL_MS][round];
	v[RATIO][round] = first[WALL_MS][round] / v[WALL_MS][round];
	v[CPU_RATIO][round] = first[CPU_US][round] / v[CPU_US][round];
	v[OWN_RATIO][round] = first[OWN][round] / v[OWN][round];
}

static int
ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
print_bound(const struct table *t, const struct item *item, const char *bound)
{
	enum figure f = WALL_MS;
	bool least, missed;
	double limit, found;

	while (strncmp(bound, bound_names[f], strlen(bound_names[f])) != 0)
		f++;
	least = f == PERCENT || f == LEAST;
	limit = strtod(bound + strlen(bound_names[f]), NULL);
	found = item->values[f][t->rounds / 2];
	missed = least ? found < limit : found > limit;
	(void)printf("  %s%.*s %s %g", missed ? "missed: " : "",
	    (int)strlen(bound_names[f]) - 1, bound, least ? ">=" : "<=", limit);
}

static void
print(const struct table *t, const struct item *item)
{
	int half = t->rounds / 2, tenth = t->rounds / 10, i;
	double *const *v = item->values;

	(void)printf("%-34s %9.2f ms (%.2f to %.2f)  cpu %.2f %s  %.1f MiB",
	    item->name, v[WALL_MS][half], v[WALL_MS][tenth],
	    v[WALL_MS][t->rounds - 1 - tenth],
	    item->settings.per > 0 ? v[CPU_US][half] : v[CPU_US][half] / 1000,
	    item->settings.per > 0 ? "us each" : "ms", v[PEAK_MIB][half]);
	if (item->settings.ideal > 0)
		(void)printf("  %.0f%% of ideal", v[PERCENT][half]);
	if (item->settings.unit != NULL)
		(void)printf(
		    "  own %.2f %s", v[OWN][half], item->settings.unit);
	if (item != t->items)
		(void)printf("  ratio %.2f, cpu %.2f", v[RATIO][half],
		    v[CPU_RATIO][half]);
	if (item != t->items && item->settings.unit != NULL)
		(void)printf(", own %.2f", v[OWN_RATIO][half]);
	for (i = 0; i < item->bounds_len; i++)
		print_bound(t, item, item->bounds[i]);
	(void)printf("\n");
}

static bool
is_bound(const char *arg)
{
	int f;

	for (f = 0; f < FIGURES; f++)
		if (strncmp(arg, bound_names[f], strlen(bound_names[f])) == 0)
			return true;
	return false;
}

/* True for a setting. */
static bool
set(struct settings *settings, const char *arg)
{
	if (strncmp(arg, "per=", 4) == 0)
		settings->per = strtod(arg + 4, NULL);
	else if (strncmp(arg, "ideal=", 6) == 0)
		settings->ideal = strtod(arg + 6, NULL);
	else if (strncmp(arg, "unit=", 5) == 0)
		settings->unit = arg + 5;
	else
		return false;
	return true;
}

static struct item *
add_item(struct table *t)
{
	struct item *item = &t->items[t->items_len++];
	int f;

	for (f = 0; f < FIGURES; f++) {
		item->values[f] = calloc((size_t)t->rounds, sizeof(double));
		if (item->values[f] == NULL)
			die("timeit");
	}
	return item;
}

/* Return false for a name without a command, or too many commands. */
static bool
parse(struct table *t, char **arg)
{
	struct settings settings = { 0, 0, NULL };
	struct item *item;

	while (*arg != NULL) {
		if (set(&settings, *arg)) {
			arg++;
			continue;
		}
		if (t->items_len == ITEMS || arg[1] == NULL)
			return false;
		item = add_item(t);
		item->settings = settings;
		item->name = *arg++;
		item->command = *arg++;
		item->bounds = arg;
		while (*arg != NULL && is_bound(*arg))
			arg++;
		item->bounds_len = (int)(arg - item->bounds);
	}
	return t->items_len > 0;
}

static void
run_all(struct table *t, int round)
{
	int c;

	for (c = 0; c < t->items_len; c++) {
		run(&t->items[c], round);
		if (round >= 0)
			compare_with_first(t, c, round);
	}
}

static void
sort(const struct table *t, const struct item *item)
{
	int f;

	for (f = 0; f < FIGURES; f++)
		qsort(item->values[f], (size_t)t->rounds, sizeof(double),
		    ascending);
}

static void
release(struct table *t)
{
	int c, f;

	for (c = 0; c < t->items_len; c++)
		for (f = 0; f < FIGURES; f++)
			free(t->items[c].values[f]);
}

int
main(int argc, char **argv)
{
	struct table t = { .rounds = 0 };
	int round, c;

	t.rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
	if (t.rounds < 1 || !parse(&t, argv + 2))
		return 64;
	/* Two rounds to warm up, for many short commands. */
	for (round = t.rounds > 9 ? -2 : 0; round < t.rounds; round++)
		run_all(&t, round);
	for (c = 0; c < t.items_len; c++)
		sort(&t, &t.items[c]);
	for (c = 0; c < t.items_len; c++)
		print(&t, &t.items[c]);
	release(&t);
	return 0;
}
