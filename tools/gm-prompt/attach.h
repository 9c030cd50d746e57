#ifndef GM_PROMPT_ATTACH_H
#define GM_PROMPT_ATTACH_H

/*
 * Text files that go with a prompt, each as a part of its own:
 *
 *	<file name="notes.txt" id="1f825aa2">
 *	...
 *	</file id="1f825aa2">
 *
 * The content cannot close that: the id is not in it.  The id is the beginning
 * of the content's hash, 8 digits or as many more as that takes, so that the
 * same files make the same request.  In the name '&', '<', '>' and '"' are
 * escaped as in XML, controls and separators of lines as in "&#10;", and
 * ill-formed UTF-8 is replaced.  A newline is added if the content does not end
 * in one.
 *
 * Content is text as cli/input.h has it: binary data is refused, a BOM dropped,
 * CRLF kept, ill-formed UTF-8 replaced with a note.  An empty file is sent,
 * with a note unless it is standard input.  FIFOs are read; devices and directories are refused.
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
	struct gm_buf texts; /* of all parts, one behind the other */
	size_t len;          /* how many files */
	size_t filled;       /* how many have more than white space */
	bool regular_only;   /* the caller's: a FIFO is an error, not a wait */
	struct gm_buf files; /* private: where they end, and their hashes */
	struct gm_buf raw;   /* private: the one that is being read */
};

void gm_attach_init(struct gm_attach *);

/*
 * Drop the files, also after a failure, for those of another request; memory is
 * kept, if not much.
 */
void gm_attach_reset(struct gm_attach *);

/*
 * Add a file, or standard input, whose name is "standard input".  A signal or
 * the deadline ends the wait for a slow one.  Returns 0, or -1: GM_ENOINPUT (cannot be read, a
 * directory, a device, with regular_only a FIFO), GM_EDATA (binary, larger than GM_ATTACH_FILE_MAX, all
 * together larger than GM_ENCODED_MAX), GM_EUSAGE (standard input was read
 * already), GM_ESIGNAL, GM_EUNAVAILABLE (the deadline), GM_EOS; the message
 * names the file in one clean line.
 */
int gm_attach_file(struct gm_attach *, struct gm_input *, const char *path,
    struct gm_err *) GM_MUST_CHECK;
int gm_attach_stdin(
    struct gm_attach *, struct gm_input *, struct gm_err *) GM_MUST_CHECK;

/*
 * The i-th file's part, which is valid until the next change; and a hash of its
 * content and name, 32 digits.
 */
struct gm_part gm_attach_part(const struct gm_attach *, size_t i);
const char *gm_attach_hash(const struct gm_attach *, size_t i);

void gm_attach_release(struct gm_attach *);

#endif
