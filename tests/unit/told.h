#ifndef GM_TOLD_H
#define GM_TOLD_H

/*
 * What a module tells by notes, for the tests that include this: note goes to
 * a socket that keeps each write apart, said() has what came since.
 */

#include <sys/socket.h>
#include <unistd.h>

#include "base/note.h"

static int told[2];
static struct gm_note note = { .tool = "gm-x" };

static inline int
open_notes(void)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, told) != 0)
		return -1;
	note.fd = told[1];
	return 0;
}

static inline void
close_notes(void)
{
	(void)close(told[0]);
	(void)close(told[1]);
}

/* The next note, "" if there is none; gone with the next call. */
static inline const char *
said(void)
{
	static char text[4096];
	ssize_t n = recv(told[0], text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

#endif
