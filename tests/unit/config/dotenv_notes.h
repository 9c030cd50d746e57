#ifndef GM_TEST_DOTENV_NOTES_H
#define GM_TEST_DOTENV_NOTES_H

/* Parse an env file, and describe the result as one text to compare. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/dotenv.h"

#define TEXT_MAX 100000

/* Notes, a line each. */
#define CRLF(line, name) line ": " name ": line ends in CRLF; sh keeps the CR\n"
#define SPACED(line, name) line ": " name ": sh allows no blanks around '='\n"
#define EXPORT(line, name) \
	line ": " name ": systemd ignores lines that begin with export\n"
#define TWICE(line, name) \
	line ": " name ": set more than once; the last value is used\n"
#define BOM \
	"1: byte order mark: systemd and sh read it as part of the first " \
	"name\n"

static inline bool
is_wanted(struct gm_span name, void *arg)
{
	(void)arg;
	return gm_span_starts(name, "GOOGLE_") ||
	       gm_span_starts(name, "GEMINI_") ||
	       gm_span_starts(name, "MISTRAL_") || gm_span_starts(name, "GM_");
}

/* Append "LINE NAME=VALUE". */
static inline int
put_set(struct gm_span name, struct gm_span value, size_t line, void *arg,
    struct gm_err *err)
{
	struct gm_buf *out = arg;

	(void)err;
	gm_buf_printf(out, "%zu ", line);
	gm_buf_put_span(out, name);
	gm_buf_putc(out, '=');
	gm_buf_put_span(out, value);
	gm_buf_putc(out, '\n');
	return 0;
}

/* Append "LINE: NAME: REASON". */
static inline void
put_note(size_t line, const char *text, void *arg)
{
	gm_buf_printf(arg, "%zu: %s\n", line, text);
}

/* Parse a copy of exact size, so that the sanitizer finds reads beyond it. */
static inline int
parse(struct gm_span text, const struct gm_dotenv_fns *fns, struct gm_err *err)
{
	char *copy = malloc(text.len > 0 ? text.len : 1);
	int rc;

	assert_non_null(copy);
	if (text.len > 0)
		memcpy(copy, text.p, text.len);
	rc = gm_dotenv_parse((struct gm_span){ copy, text.len }, fns, err);
	free(copy);
	return rc;
}

/* Describe assignments and notes, in order; an error comes last. */
static inline void
describe(struct gm_buf *out, struct gm_span text)
{
	const struct gm_dotenv_fns fns = { is_wanted, put_set, put_note, out };
	struct gm_err err;

	gm_buf_reset(out);
	if (parse(text, &fns, &err) == 0)
		return;
	assert_int_equal(err.code, GM_ECONFIG);
	gm_buf_puts(out, err.msg);
	/* All values in these tests contain this word. */
	assert_null(strstr(err.msg, "fake"));
}

#endif
