#ifndef GM_PROMPT_ATTACH_H
#define GM_PROMPT_ATTACH_H

/*
 * Text files that are sent with a prompt.  Each is a separate part:
 *
 *	<file name="notes.txt" id="1f825aa2">
 *	...
 *	</file id="1f825aa2">
 *
 * The content cannot contain its own closing tag, as the id does not occur in
 * it.  The id is the beginning of the content's hash: 8 digits, or as many more
 * as it takes until the content does not contain them.  So equal files make
 * equal requests, which services can cache.  In the name, '&', '<', '>' and '"'
 * are escaped as in XML, controls and line separators as "&#10;", and
 * ill-formed UTF-8 is replaced.  A newline is added if the content does not end
 * with one.
 *
 * The content is text as defined in cli/input.h: binary data is rejected, a BOM
 * dropped, CRLF kept, ill-formed UTF-8 replaced with a note.  An empty file is
 * sent, with a note unless it is standard input.  FIFOs are read; devices and
 * directories are rejected.
 */

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "cli/input.h"
#include "provider/provider.h"

/* Bytes allowed in one file. */
#define GM_ATTACH_FILE_MAX (16 * 1024 * 1024)

/* The files of one request, in order. */
struct gm_attach {
	struct gm_buf texts; /* text of all parts, concatenated */
	size_t len;          /* number of files */
	size_t filled;       /* number of files with more than white space */
	bool regular_only;   /* set by the caller: a FIFO is an error */
	struct gm_buf files; /* private: struct file each */
	struct gm_buf raw;   /* private: bytes of the file being read */
};

void gm_attach_init(struct gm_attach *);

/*
 * Drop the files, so that those of another request can be added, also after a
 * failure.  Up to 1 MiB of memory is kept for each buffer.
 */
void gm_attach_reset(struct gm_attach *);

/*
 * Add a file, or standard input, which gets the name "standard input".  A
 * signal or the deadline ends the wait for a slow file.  Returns 0, or -1:
 * GM_ENOINPUT (unreadable, a directory, a device, with regular_only a FIFO),
 * GM_EDATA (binary, larger than GM_ATTACH_FILE_MAX, all files together larger
 * than GM_ENCODED_MAX), GM_EUSAGE (standard input was read already),
 * GM_ESIGNAL, GM_EUNAVAILABLE (the deadline), GM_EOS.  The message names the
 * file on one line, without control characters.
 */
int gm_attach_file(struct gm_attach *, struct gm_input *, const char *path,
    struct gm_err *) GM_MUST_CHECK;
int gm_attach_stdin(
    struct gm_attach *, struct gm_input *, struct gm_err *) GM_MUST_CHECK;

/*
 * Return the part of the i-th file, valid until the next change, and a hash of
 * its content and name, 32 hexadecimal digits.
 */
struct gm_part gm_attach_part(const struct gm_attach *, size_t i);
const char *gm_attach_hash(const struct gm_attach *, size_t i);

void gm_attach_release(struct gm_attach *);

#endif
