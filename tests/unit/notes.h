#ifndef GM_TEST_NOTES_H
#define GM_TEST_NOTES_H

/*
 * Notes of a module, for tests that include this file.  "note" writes to a
 * socket that keeps each write apart; said() returns the next one.
 */

#include <sys/socket.h>
#include <unistd.h>

#include "base/note.h"

static int note_pipe[2];
static struct gm_note note = { .tool = "gm-x" };

static inline int
open_notes(void)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, note_pipe) != 0)
		return -1;
	note.fd = note_pipe[1];
	return 0;
}

static inline void
close_notes(void)
{
	(void)close(note_pipe[0]);
	(void)close(note_pipe[1]);
}

/* The next note, or ""; valid until the next call. */
static inline const char *
said(void)
{
	static char text[4096];
	ssize_t n = recv(note_pipe[0], text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

#endif
