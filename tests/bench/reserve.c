/*
 * How many reservations a second processes make together in the key state:
 * reserve DIR PROCESSES SECONDS.  Each locks, counts one request of the same
 * row, writes its counters and unlocks.  Fails if one is lost.
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "keys/state.h"

#define ORIGIN "https://host.example:443"

static const struct gm_note note = { .tool = "reserve", .fd = STDERR_FILENO };

static int
reserve(struct gm_keystate *state)
{
	int64_t now = gm_clock_wall_ms();
	struct gm_keyrow *row;
	struct gm_err err;

	if (gm_keystate_lock(state, now, &err) != 0)
		return -1;
	row = gm_keytable_get(&state->table, ORIGIN, "key", "all", &err);
	if (row == NULL)
		return -1;
	row->requests++;
	row->last_ms = row->slot_ms = now;
	gm_keystate_save_counters(state, row);
	gm_keystate_unlock(state);
	return 0;
}

/* Tells how many it made. */
static _Noreturn void
work(const char *dir, int64_t until_ms, int fd)
{
	struct gm_keystate state;
	int64_t made = 0;

	gm_keystate_open(&state, dir, &note, false);
	while (gm_clock_mono_ms() < until_ms) {
		if (reserve(&state) != 0)
			_exit(1);
		made++;
	}
	_exit(write(fd, &made, sizeof(made)) != (ssize_t)sizeof(made));
}

static int64_t
count_in_file(const char *dir)
{
	const struct gm_keyrow *row;
	struct gm_keystate state;
	int64_t requests;

	gm_keystate_open(&state, dir, &note, false);
	gm_keystate_look(&state, gm_clock_wall_ms());
	row = gm_keytable_find(&state.table, ORIGIN, "key", "all");
	requests = row != NULL ? row->requests : 0;
	gm_keystate_close(&state);
	return requests;
}

int
main(int argc, char **argv)
{
	int64_t start_ms = gm_clock_mono_ms(), made, sum = 0;
	long i, processes, seconds;
	int ends[2];

	if (argc != 4 || pipe(ends) != 0)
		return 64;
	processes = strtol(argv[2], NULL, 10);
	seconds = strtol(argv[3], NULL, 10);
	for (i = 0; i < processes; i++)
		if (fork() == 0)
			work(argv[1], start_ms + seconds * 1000, ends[1]);
	(void)close(ends[1]);
	while (read(ends[0], &made, sizeof(made)) == (ssize_t)sizeof(made))
		sum += made;
	while (wait(NULL) != -1)
		;
	if (count_in_file(argv[1]) != sum) {
		(void)fprintf(stderr, "reserve: %lld made, %lld counted\n",
		    (long long)sum, (long long)count_in_file(argv[1]));
		return 1;
	}
	(void)printf("%ld processes: %lld reservations/s, none lost\n",
	    processes, (long long)(sum / seconds));
	return 0;
}
