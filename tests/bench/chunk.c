/*
 * chunk LIMIT <FILE: cut a text into chunks of LIMIT tokens, and print the speed in
 * MiB per second of CPU.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "gm-summ/chunk.h"

#define WINDOW 262144

static _Noreturn void
die(const char *what)
{
	perror(what);
	exit(1);
}

int
main(int argc, char **argv)
{
	long limit = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	int64_t bytes = 0, end = 0;
	char *window = malloc(WINDOW);
	struct gm_chunker c;
	struct gm_chunk chunk;
	struct gm_err err;
	double seconds;
	clock_t used;
	ssize_t n;

	if (limit < GM_CHUNKER_LEAST || window == NULL)
		return 64; /* NOLINT(clang-analyzer-unix.Malloc) */
	gm_chunker_init(&c, limit);
	do {
		n = read(STDIN_FILENO, window, WINDOW);
		if (n < 0)
			die("read");
		if (gm_chunker_add(
			&c, (struct gm_span){ window, (size_t)n }, &err) != 0)
			die(err.msg);
		if (n == 0)
			gm_chunker_end(&c);
		while (gm_chunker_next(&c, &chunk))
			end += (int64_t)chunk.text.len;
		bytes += n;
	} while (n > 0);
	used = clock();
	seconds = (double)used / CLOCKS_PER_SEC;
	(void)printf("%.1f\n", (double)bytes / 1048576 / seconds);
	gm_chunker_release(&c);
	free(window);
	return end == bytes ? 0 : 1;
}
