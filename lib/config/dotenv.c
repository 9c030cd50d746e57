#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "config/dotenv.h"

/* Bytes of a name that a message shows. */
#define SHOWN_MAX 64

#define BLANK " \t"
#define NAME_BYTES \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

/*
 * Bytes that sh, systemd and python-dotenv leave unchanged anywhere in a value
 * without quotes, as experiments showed.  Not '~', which bash expands after
 * ':', nor braces, which it expands after "export".
 */
#define BARE_BYTES NAME_BYTES "!#%+,-./:=@^"

/* Reasons that two functions give. */
static const char comment_after[] =
    "'#' after a blank; put the comment on a separate line";
static const char expansion[] =
    "'$' or a backquote: nothing is expanded; use single quotes";

struct reader {
	const struct gm_dotenv_fns *fns;
	const char *start;   /* of the text */
	const char *p, *end; /* the rest of it */
	size_t line;         /* of p, from 1 */
	bool joined;         /* a backslash joins this line to the one before */
	bool bom; /* note a byte order mark with the first assignment */
	struct gm_buf names; /* names set so far, each with a newline */
	struct gm_buf value; /* the last quoted value */
};

struct entry {
	struct gm_span name;
	size_t line;
	bool joined;
	bool exported, spaced, crlf; /* forms that draw a note */
};

static bool
is_at(const struct reader *r, const char *bytes)
{
	return r->p < r->end && *r->p != '\0' && strchr(bytes, *r->p) != NULL;
}

/* True before LF, CRLF, or the end of the text with or without a CR. */
static bool
is_at_line_end(const struct reader *r)
{
	const char *p = r->p;

	if (p < r->end && *p == '\r')
		p++;
	return p == r->end || *p == '\n';
}

/* Return true if there were any. */
static bool
skip_blanks(struct reader *r)
{
	const char *start = r->p;

	while (is_at(r, BLANK))
		r->p++;
	return r->p > start;
}

/* Go to the next line; an odd number of backslashes at the end joins it. */
static void
skip_line(struct reader *r)
{
	const char *newline, *p;

	newline = memchr(r->p, '\n', (size_t)(r->end - r->p));
	for (p = newline; p != NULL && p > r->start && p[-1] == '\\'; p--)
		r->joined = !r->joined;
	r->p = newline != NULL ? newline + 1 : r->end;
	r->line += newline != NULL;
}

/* Go after the closing quote, if there is one. */
static void
skip_quoted(struct reader *r)
{
	size_t lines = 0;
	const char *p;

	for (p = r->p + 1; p < r->end && *p != *r->p; p++) {
		if (*p == '\\' && *r->p == '"' && p + 1 < r->end)
			p++;
		lines += *p == '\n';
	}
	if (p < r->end) {
		r->p = p + 1;
		r->line += lines;
	}
}

/* Skip an assignment that is not wanted, with all lines of its value. */
static void
skip_entry(struct reader *r)
{
	if (is_at(r, "=")) {
		r->p++;
		skip_blanks(r);
		if (is_at(r, "'\""))
			skip_quoted(r);
	}
	skip_line(r);
}

static struct gm_span
take_word(struct reader *r)
{
	const char *start = r->p;

	/*
	 * Stop at "NAME: value" (YAML) and "NAME+=" (bash), which miss the '='.
	 */
	while (r->p < r->end && !is_at(r, BLANK "\r\n=:+"))
		r->p++;
	return (struct gm_span){ start, (size_t)(r->p - start) };
}

static void
take_name(struct reader *r, struct entry *e)
{
	e->name = take_word(r);
	e->spaced = skip_blanks(r);
	e->exported = gm_span_is(e->name, "export");
	if (e->exported) {
		e->name = take_word(r);
		e->spaced = skip_blanks(r);
	}
}

static bool
is_name(struct gm_span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] == '\0' || strchr(NAME_BYTES, s.p[i]) == NULL)
			return false;
	return s.len > 0 && (s.p[0] < '0' || s.p[0] > '9');
}

/*
 * Take any character but a control.  This function and those below return NULL,
 * or the reason why the value is not accepted.
 */
static const char *
take_character(struct reader *r)
{
	struct gm_span rest = { r->p, (size_t)(r->end - r->p) };
	uint32_t point;
	size_t n = gm_utf8_decode(rest, &point, NULL);

	if (n == 0)
		return "value is not UTF-8";
	if ((point < 0x20 && point != '\n' && point != '\t') ||
	    (point >= 0x7F && point < 0xA0))
		return "control character in the value";
	gm_buf_put(&r->value, r->p, n);
	r->p += n;
	r->line += point == '\n';
	return NULL;
}

static const char *
take_backslash(struct reader *r, char quote)
{
	size_t left = (size_t)(r->end - r->p);
	char next = left > 1 ? r->p[1] : '\0';

	if (quote == '\'' && (next == '\'' || next == '\\'))
		return "python-dotenv drops a backslash before a quote or a "
		       "backslash, even in single quotes; use double quotes";
	if (quote == '\'')
		return take_character(r);
	if (next != '"' && next != '\\')
		return "in double quotes, a backslash may precede only '\"' or "
		       "a backslash; use single quotes";
	if (next == '\\' && left > 2 && r->p[2] == '"')
		return "python-dotenv reads a backslash before the closing "
		       "quote as \\\"";
	gm_buf_putc(&r->value, next);
	r->p += 2;
	return NULL;
}

static const char *
take_quoted(struct reader *r, struct entry *e, char quote)
{
	char next = r->p + 1 < r->end ? r->p[1] : '\0';

	if (is_at(r, "\\"))
		return take_backslash(r, quote);
	if (quote == '"' && is_at(r, "$`"))
		return expansion;
	if (is_at(r, "$") && next == '{')
		return "python-dotenv expands '${', even in single quotes; put "
		       "the command into a script";
	if (is_at(r, "\r") && next == '\n') {
		e->crlf = true;
		r->p++;
		return NULL;
	}
	return take_character(r);
}

static const char *
read_quoted(struct reader *r, struct entry *e, struct gm_span *value)
{
	char quote = *r->p++;
	const char *why;

	gm_buf_reset(&r->value);
	while (r->p < r->end && *r->p != quote) {
		why = take_quoted(r, e, quote);
		if (why != NULL)
			return why;
	}
	if (r->p == r->end) {
		r->line = e->line;
		return "no closing quote";
	}
	r->p++;
	*value = gm_buf_span(&r->value);
	skip_blanks(r);
	return is_at_line_end(r) ? NULL : "text after the closing quote";
}

static const char *
read_bare(struct reader *r, struct gm_span *value)
{
	const char *start = r->p, *why;

	while (is_at(r, BARE_BYTES))
		r->p++;
	*value = (struct gm_span){ start, (size_t)(r->p - start) };
	if (skip_blanks(r)) {
		if (is_at_line_end(r))
			return NULL;
		if (is_at(r, "#"))
			return comment_after;
		return "blank in a value without quotes; use single quotes";
	}
	if (is_at_line_end(r))
		return NULL;
	if (is_at(r, "'\""))
		return "quote inside the value; put the whole value in quotes";
	if (is_at(r, "$`"))
		return expansion;
	why = take_character(r);
	if (why != NULL)
		return why;
	return "a character that needs quotes; use single quotes";
}

static const char *
read_value(struct reader *r, struct entry *e, struct gm_span *value)
{
	bool blanks;

	if (e->joined)
		return "the line before ends in a backslash, which joins the "
		       "lines; remove the backslash";
	if (!is_at(r, "="))
		return "no '=' after the name";
	r->p++;
	blanks = skip_blanks(r);
	if (blanks && !is_at_line_end(r))
		e->spaced = true;
	if (blanks && is_at(r, "#"))
		return comment_after;
	return is_at(r, "'\"") ? read_quoted(r, e, value) : read_bare(r, value);
}

static bool
is_known(const struct reader *r, struct gm_span name)
{
	struct gm_span rest = gm_buf_span(&r->names), item;

	while (gm_span_split(&rest, "\n", &item))
		if (item.len == name.len &&
		    memcmp(item.p, name.p, name.len) == 0)
			return true;
	return false;
}

static void
put_note(const struct reader *r, const struct entry *e, const char *what)
{
	char text[SHOWN_MAX + 120];
	int len = e->name.len > SHOWN_MAX ? SHOWN_MAX : (int)e->name.len;

	(void)snprintf(text, sizeof(text), "%.*s: %s", len, e->name.p, what);
	r->fns->note(e->line, text, r->fns->arg);
}

/* Put a note for each form that not all readers accept; remember the name. */
static void
put_notes(struct reader *r, const struct entry *e)
{
	if (r->bom)
		r->fns->note(1,
		    "byte order mark: systemd and sh read it as part of the "
		    "first name",
		    r->fns->arg);
	r->bom = false;
	if (e->exported)
		put_note(r, e, "systemd ignores lines that begin with export");
	if (e->spaced)
		put_note(r, e, "sh allows no blanks around '='");
	if (e->crlf)
		put_note(r, e, "line ends in CRLF; sh keeps the CR");
	if (is_known(r, e->name)) {
		put_note(r, e, "set more than once; the last value is used");
	} else {
		gm_buf_put_span(&r->names, e->name);
		gm_buf_putc(&r->names, '\n');
	}
}

static int
read_entry(struct reader *r, struct gm_err *err)
{
	struct entry e = { .line = r->line, .joined = r->joined };
	struct gm_span value = { 0 };
	const char *why;

	r->joined = false;
	skip_blanks(r);
	if (is_at(r, "#;")) {
		skip_line(r);
		return 0;
	}
	take_name(r, &e);
	if (!is_name(e.name) || !r->fns->wanted(e.name, r->fns->arg)) {
		skip_entry(r);
		return 0;
	}
	why = read_value(r, &e, &value);
	if (gm_buf_check(&r->value, err) != 0)
		return -1;
	if (why != NULL)
		return gm_fail(err, GM_ECONFIG, "%zu: %.*s: %s", r->line,
		    e.name.len > SHOWN_MAX ? SHOWN_MAX : (int)e.name.len,
		    e.name.p, why);
	e.crlf = e.crlf || is_at(r, "\r");
	skip_line(r);
	put_notes(r, &e);
	if (gm_buf_check(&r->names, err) != 0)
		return -1;
	return r->fns->set(e.name, value, e.line, r->fns->arg, err);
}

int
gm_dotenv_parse(
    struct gm_span text, const struct gm_dotenv_fns *fns, struct gm_err *err)
{
	struct reader r = { .fns = fns, .start = text.p, .line = 1 };
	int rc = 0;

	if (text.len == 0)
		return 0;
	r.end = text.p + text.len;
	r.bom = gm_span_starts(text, "\xEF\xBB\xBF");
	r.p = text.p + (r.bom ? 3 : 0);
	gm_buf_init(&r.names, text.len + 1);
	gm_buf_init(&r.value, text.len);
	while (rc == 0 && r.p < r.end)
		rc = read_entry(&r, err);
	gm_buf_release(&r.value);
	gm_buf_release(&r.names);
	return rc;
}
