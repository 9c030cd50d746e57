/*
 * Reservations in the key state, of keys that other processes use, too:
 *
 *	reserve DIR PROCESSES SECONDS KEYS ROWS
 *
 * Makes a table of ROWS rows; each process then has a ring of KEYS keys and reserves
 * as fast as it can.  Prints the mean CPU time of a reservation in microseconds, and
 * the number per second on standard error.  Fails if a reservation is lost.
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "keys/keys.h"

#define URL "https://host.example"
#define MODEL "gemini-x"

static struct gm_secrets secrets;
static const struct gm_note note = {
	.tool = "reserve", .fd = STDERR_FILENO, .secrets = &secrets
};

/* Number of reservations of a process, and their CPU time in nanoseconds. */
struct made {
	int64_t count, cpu_ns;
};

static _Noreturn void
die(const struct gm_err *err)
{
	(void)fprintf(stderr, "reserve: %s\n", err->msg);
	exit(1);
}

static int64_t
cpu_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
make_ring(struct gm_keyring *ring, long keys)
{
	struct gm_buf text;
	struct gm_err err;
	long i;

	gm_buf_init(&text, (size_t)keys * 30);
	for (i = 0; i < keys; i++)
		gm_buf_printf(&text, "fake-bench-key-%06ld,", i);
	if (gm_buf_check(&text, &err) != 0 ||
	    gm_keyring_parse(ring, gm_buf_span(&text), &secrets, &err) != 0)
		die(&err);
	gm_buf_release(&text);
}

static void
make_rows(struct gm_keystate *state, long rows)
{
	struct gm_keyrow row = { .origin = "https://other.example:443",
		.model = MODEL,
		.at = -1,
		.last_ms = gm_clock_wall_ms() };
	struct gm_err err;
	long i;

	if (gm_keystate_lock(state, false, gm_clock_wall_ms(), &err) != 0)
		die(&err);
	for (i = 0; i < rows; i++) {
		(void)snprintf(row.id, sizeof(row.id), "%032lx", i);
		if (gm_keytable_append(&state->table, &row, &err) != 0)
			die(&err);
	}
	state->table.changed = true;
	gm_keystate_unlock(state);
}

static void
open_keys(struct gm_keys *keys, struct gm_keystate *state, const char *dir,
    const struct gm_keyring *ring)
{
	struct gm_err err;

	gm_keystate_open(state, dir, &note, false);
	if (gm_keys_open(keys,
		&(struct gm_keys_options){
		    .ring = ring, .base_url = URL, .state = state },
		&err) != 0)
		die(&err);
}

static _Noreturn void
work(const char *dir, const struct gm_keyring *ring, int64_t until_ms, int fd)
{
	struct made made = { 0, 0 };
	struct gm_keystate state;
	struct gm_keys keys;
	struct gm_keychange change;
	struct gm_err err;

	open_keys(&keys, &state, dir, ring);
	while (gm_clock_mono_ms() < until_ms) {
		change = (struct gm_keychange){
			.model = MODEL, .reserve = true, .latest_ms = INT64_MAX
		};
		if (gm_keys_make(&keys, &change, &err) != 0)
			die(&err);
		if (made.count++ == 0) /* which has parsed the table */
			made.cpu_ns = cpu_ns();
	}
	made.cpu_ns = cpu_ns() - made.cpu_ns;
	_exit(write(fd, &made, sizeof(made)) != (ssize_t)sizeof(made));
}

static int64_t
count_in_file(const char *dir, const struct gm_keyring *ring)
{
	struct gm_keystate state;
	struct gm_keyrow *row;
	struct gm_keys keys;
	int64_t requests;

	open_keys(&keys, &state, dir, ring);
	gm_keystate_look(&state, gm_clock_wall_ms());
	row = gm_keytable_find(
	    &state.table, GM_KEYROW_OWNER, keys.origin, keys.ids[0], MODEL);
	requests = row != NULL ? row->requests : 0;
	gm_keys_close(&keys);
	gm_keystate_close(&state);
	return requests;
}

int
main(int argc, char **argv)
{
	int64_t start_ms, sum = 0, ns = 0;
	long i, processes, seconds;
	struct gm_keyring ring;
	struct gm_keystate state;
	struct made made;
	int ends[2];

	if (argc != 6 || pipe(ends) != 0)
		return 64;
	processes = strtol(argv[2], NULL, 10);
	seconds = strtol(argv[3], NULL, 10);
	make_ring(&ring, strtol(argv[4], NULL, 10));
	gm_keystate_open(&state, argv[1], &note, false);
	make_rows(&state, strtol(argv[5], NULL, 10));
	gm_keystate_close(&state);
	start_ms = gm_clock_mono_ms();
	for (i = 0; i < processes; i++)
		if (fork() == 0)
			work(
			    argv[1], &ring, start_ms + seconds * 1000, ends[1]);
	(void)close(ends[1]);
	while (read(ends[0], &made, sizeof(made)) == (ssize_t)sizeof(made)) {
		sum += made.count;
		ns += made.cpu_ns;
	}
	while (wait(NULL) != -1)
		;
	if (count_in_file(argv[1], &ring) != sum) {
		(void)fprintf(stderr, "reserve: %lld made, %lld counted\n",
		    (long long)sum, (long long)count_in_file(argv[1], &ring));
		return 1;
	}
	(void)fprintf(
	    stderr, "%lld reservations/s\n", (long long)(sum / seconds));
	(void)printf("%.2f\n", sum > 0 ? (double)ns / 1000 / (double)sum : 0.0);
	return 0;
}
