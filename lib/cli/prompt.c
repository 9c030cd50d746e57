#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/prompt.h"

/* True if the operand is "-" and means standard input. */
static bool
is_stdin(const struct gm_prompt_sources *from, int i)
{
	return i < from->operands_len - from->literal &&
	       strcmp(from->operands[i], "-") == 0;
}

static int
count_stdin(const struct gm_prompt_sources *from)
{
	int n = 0, i;

	for (i = 0; i < from->operands_len; i++)
		n += is_stdin(from, i);
	return n;
}

/* True if an option's argument means standard input. */
static bool
names_stdin(const char *arg)
{
	return arg != NULL && strcmp(arg, "@-") == 0;
}

int
gm_prompt_check(const struct gm_prompt_sources *from, struct gm_err *err)
{
	int n = count_stdin(from);

	if (from->files_stdin > 0 && from->no_stdin)
		return gm_fail(err, GM_EUSAGE,
		    "--no-stdin and --file - cannot be combined");
	if (from->files_stdin > 0 && from->files_stdin + n +
					     names_stdin(from->system) +
					     names_stdin(from->prompt) >
					 1)
		return gm_fail(err, GM_EUSAGE,
		    "--file -: standard input can be read only once");
	if (n > 0 && from->no_stdin)
		return gm_fail(err, GM_EUSAGE,
		    "--no-stdin and the operand - cannot be combined");
	if (n > 1)
		return gm_fail(
		    err, GM_EUSAGE, "operand -: given more than once");
	return 0;
}

/* True if the operand could be meant as a file.  Nothing is opened. */
static bool
looks_like_file(const char *operand)
{
	struct stat st;

	if (operand[0] == '@')
		return operand[1] != '\0';
	return operand[0] != '\0' && lstat(operand, &st) == 0 &&
	       !S_ISDIR(st.st_mode);
}

/* True if a shell takes the path as one word without quotes. */
static bool
is_plain(const char *path)
{
	return path[0] != '~' &&
	       path[strspn(path,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		   "0123456789%+,-./:=@_~")] == '\0';
}

/* Append a path as one word for a shell. */
static void
put_word(struct gm_buf *out, const char *path)
{
	const char *p;

	if (is_plain(path)) {
		gm_buf_puts(out, path);
		return;
	}
	gm_buf_putc(out, '\'');
	for (p = path; *p != '\0'; p++)
		if (*p == '\'')
			gm_buf_puts(out, "'\\''");
		else
			gm_buf_putc(out, *p);
	gm_buf_putc(out, '\'');
}

static void
note_file(const char *operand, const struct gm_note *note)
{
	const char *path = operand + (operand[0] == '@');
	struct gm_buf word;
	struct stat st;

	if (stat(path, &st) != 0 && errno == ENOENT) {
		gm_note(note, GM_LEVEL_NOTE, "%s: no such file; sent as text",
		    operand);
		return;
	}
	gm_buf_init(&word, 4 * strlen(path) + 3);
	put_word(&word, path);
	gm_note(note, GM_LEVEL_NOTE,
	    "%s: sent as text; to send the file: -f %s", operand,
	    gm_buf_str(&word));
	gm_buf_release(&word);
}

/* Print one note, however many operands look like files. */
static void
note_files(const struct gm_prompt_sources *from, const struct gm_note *note)
{
	const char *first = NULL;
	int more = 0, i;

	for (i = 0; i < from->operands_len - from->literal; i++) {
		if (is_stdin(from, i) || !looks_like_file(from->operands[i]))
			continue;
		if (first == NULL)
			first = from->operands[i];
		else
			more++;
	}
	if (first == NULL)
		return;
	if (more > 0)
		gm_note(note, GM_LEVEL_NOTE,
		    "%s and %d more: sent as text; to send a file: -f FILE",
		    first, more);
	else if (strcmp(first, "@-") == 0)
		gm_note(note, GM_LEVEL_NOTE,
		    "@-: sent as text; to read standard input: -");
	else
		note_file(first, note);
}

static int
put_operands(struct gm_prompt *p, const struct gm_prompt_sources *from,
    struct gm_input *in, struct gm_err *err)
{
	bool first = true;
	int i;

	for (i = 0; i < from->operands_len; i++) {
		if (is_stdin(from, i))
			continue;
		if (!first)
			gm_buf_putc(&p->text, ' ');
		first = false;
		if (gm_input_literal(
			in, "prompt", from->operands[i], &p->text, err) != 0)
			return -1;
	}
	return 0;
}

void
gm_prompt_join(struct gm_buf *prompt, struct gm_span text)
{
	while (prompt->len > 0 && prompt->data[prompt->len - 1] == '\n')
		gm_buf_cut(prompt, prompt->len - 1);
	if (prompt->len > 0)
		gm_buf_puts(prompt, "\n\n");
	gm_buf_put_span(prompt, text);
}

static int
add_stdin(struct gm_prompt *p, const struct gm_prompt_sources *from,
    struct gm_input *in, struct gm_err *err)
{
	struct gm_buf text;
	int rc;

	gm_buf_init(&text, GM_INPUT_MAX);
	rc = gm_input_stdin(in, &text, err);
	if (rc == 0 && gm_span_trim(gm_buf_span(&text)).len > 0)
		gm_prompt_join(&p->text, gm_buf_span(&text));
	else if (rc == 0 && from->require_stdin)
		rc = gm_fail(err, GM_EDATA, "standard input: empty");
	else if (rc == 0)
		gm_note(in->note, GM_LEVEL_DETAIL,
		    "standard input is empty: the prompt is sent alone");
	gm_buf_release(&text);
	return rc;
}

static int
add_options(struct gm_prompt *p, const struct gm_prompt_sources *from,
    struct gm_input *in, struct gm_err *err)
{
	if (from->system != NULL && gm_input_argument(in, "--system",
					from->system, &p->system, err) != 0)
		return -1;
	if (from->prompt != NULL)
		return gm_input_argument(
		    in, "--prompt", from->prompt, &p->text, err);
	return put_operands(p, from, in, err);
}

/* True if the argument means standard input, and that was empty. */
static bool
is_empty_stdin(const char *arg, const struct gm_buf *text)
{
	return names_stdin(arg) && gm_span_trim(gm_buf_span(text)).len == 0;
}

int
gm_prompt_compose(struct gm_prompt *p, const struct gm_prompt_sources *from,
    struct gm_input *in, struct gm_err *err)
{
	bool terminal = !in->closed && isatty(STDIN_FILENO) == 1;
	bool named = count_stdin(from) > 0;

	gm_buf_init(&p->system, GM_INPUT_MAX);
	gm_buf_init(&p->text, 2 * (size_t)GM_INPUT_MAX);
	note_files(from, in->note);
	if (add_options(p, from, in, err) != 0)
		return -1;
	if (from->require_stdin && terminal)
		return gm_fail(
		    err, GM_EDATA, "standard input: a terminal, not data");
	if (from->require_stdin && (is_empty_stdin(from->system, &p->system) ||
				       is_empty_stdin(from->prompt, &p->text)))
		return gm_fail(err, GM_EDATA, "standard input: empty");
	if ((named || (!from->no_stdin && !in->used && !terminal)) &&
	    add_stdin(p, from, in, err) != 0)
		return -1;
	if (gm_buf_check(&p->text, err) != 0) {
		gm_err_prefix(err, "prompt: ");
		return -1;
	}
	if (from->files == 0 && gm_span_trim(gm_buf_span(&p->text)).len == 0)
		return gm_fail(err, GM_EUSAGE,
		    "no prompt; give one as an operand, with -q or on standard "
		    "input");
	return 0;
}

void
gm_prompt_release(struct gm_prompt *p)
{
	gm_buf_release(&p->system);
	gm_buf_release(&p->text);
}
