/*
 * Time whole commands side by side: timeit RUNS NAME COMMAND [NAME COMMAND]...
 *
 * Each round runs every command once, so that a busy moment of the machine
 * hits all alike.  Commands go to sh(1) by exec, so a simple one costs no
 * shell of its own.  Prints name, median and spread, and the ratio to the
 * first command.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t
now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static _Noreturn void
child(char *command)
{
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, command, NULL };
	int null = open("/dev/null", O_RDWR);

	(void)dup2(null, STDIN_FILENO);
	(void)dup2(null, STDOUT_FILENO);
	(void)execv("/bin/sh", argv);
	_exit(127);
}

static int64_t
run(char *command)
{
	int64_t begun = now_us();
	pid_t pid = fork();
	int status;

	if (pid == 0)
		child(command);
	if (pid == -1 || waitpid(pid, &status, 0) == -1) {
		perror("timeit");
		exit(1);
	}
	if (status != 0) {
		(void)fprintf(stderr, "timeit: failed: %s\n", command);
		exit(1);
	}
	return now_us() - begun;
}

static int
compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int
main(int argc, char **argv)
{
	long runs = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	int commands = (argc - 2) / 2, c;
	int64_t *times, *t, first = 1;
	long i, half = runs / 2, tenth = runs / 10;

	if (runs < 1 || commands < 1)
		return 64;
	times = calloc((size_t)(runs * commands), sizeof(*times));
	if (times == NULL)
		return 71;
	for (i = -2; i < runs; i++) /* two rounds to warm up */
		for (c = 0; c < commands; c++) {
			int64_t us = run(argv[3 + 2 * c]);

			if (i >= 0)
				times[c * runs + i] = us;
		}
	for (c = 0; c < commands; c++) {
		t = times + c * runs;
		qsort(t, (size_t)runs, sizeof(*t), compare);
		if (c == 0)
			first = t[half];
		(void)printf("%-34s %8.2f ms  (%.2f to %.2f)  ratio %.2f\n",
		    argv[2 + 2 * c], (double)t[half] / 1000,
		    (double)t[tenth] / 1000, (double)t[runs - 1 - tenth] / 1000,
		    (double)first / (double)t[half]);
	}
	free(times);
	return 0;
}
