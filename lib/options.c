#include <assert.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

/* Values of getopt_long() for options without a letter: this plus the row. */
#define LONG_ONLY 256

/* Where the help texts begin. */
#define HELP_COLUMN 28

static int
add_text(struct gm_texts *texts, const char *text, struct gm_err *err)
{
	const char **items =
	    realloc(texts->items, (texts->len + 1) * sizeof(*items));

	if (items == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	texts->items = items;
	texts->items[texts->len++] = text;
	return 0;
}

static int
take(struct gm_config *config, const struct gm_opt *o, const char *arg,
    struct gm_err *err)
{
	if (o->flag != NULL)
		*o->flag = true;
	if (o->count != NULL)
		(*o->count)++;
	if (o->text != NULL)
		*o->text = arg;
	if (o->setting != NULL)
		gm_config_option(config, *o->setting, o->name, arg);
	return o->texts != NULL ? add_text(o->texts, arg, err) : 0;
}

void
gm_options_add(struct gm_options *o, const struct gm_opt *rows)
{
	for (; rows->name != NULL; rows++) {
		assert(o->len < GM_OPTIONS_MAX);
		o->rows[o->len++] = *rows;
	}
}

/* What getopt_long() stumbled over, as the user typed it. */
static int
complain(const struct gm_options *o, char **argv, int what, struct gm_err *err)
{
	const char *typed = argv[optind - 1];
	size_t i;

	if (what == ':')
		return gm_fail(
		    err, GM_EUSAGE, "option needs an argument: %s", typed);
	if (optopt == 0)
		return gm_fail(err, GM_EUSAGE, "unknown option: %s", typed);
	for (i = 0; i < o->len; i++)
		if (optopt == o->rows[i].letter || optopt == LONG_ONLY + (int)i)
			return gm_fail(err, GM_EUSAGE,
			    "option takes no argument: --%s", o->rows[i].name);
	return gm_fail(err, GM_EUSAGE, "unknown option: -%c", optopt);
}

static void
make_tables(const struct gm_options *o, char *letters, struct option *longs)
{
	const struct gm_opt *rows = o->rows;
	size_t i;

	*letters++ = ':'; /* report a missing argument as ':' */
	for (i = 0; i < o->len; i++) {
		longs[i] = (struct option){ .name = rows[i].name,
			.has_arg = rows[i].arg != NULL ? required_argument
			                               : no_argument,
			.val = rows[i].letter != 0 ? rows[i].letter
			                           : LONG_ONLY + (int)i };
		if (rows[i].letter == 0)
			continue;
		*letters++ = rows[i].letter;
		if (rows[i].arg != NULL)
			*letters++ = ':';
	}
	*letters = '\0';
	longs[o->len] = (struct option){ 0 };
}

static bool
is_end(const char *arg)
{
	return strcmp(arg, "--") == 0;
}

/* Where the next step would meet a "--", past operands; argc: it meets none. */
static int
find_end(int argc, char **argv)
{
	int i = optind > 0 ? optind : 1;

	while (i < argc && (argv[i][0] != '-' || argv[i][1] == '\0'))
		i++;
	return i < argc && is_end(argv[i]) ? i : argc;
}

/* How many arguments are behind a "--" at end; -1: it ended no options. */
static int
behind(int argc, char **argv, int from, int end)
{
	/* With POSIXLY_CORRECT an operand ends them: all stays in its place. */
	if (end == argc || (end > from && is_end(argv[end])))
		return -1;
	return argc - end - 1;
}

/* The row that getopt_long() has found. */
static const struct gm_opt *
row_of(const struct gm_options *o, int what)
{
	size_t i;

	for (i = 0; i + 1 < o->len; i++)
		if (what == o->rows[i].letter || what == LONG_ONLY + (int)i)
			break;
	return &o->rows[i];
}

int
gm_options_parse(const struct gm_options *o, struct gm_config *config, int argc,
    char **argv, struct gm_err *err)
{
	struct option longs[GM_OPTIONS_MAX + 1];
	char letters[2 * GM_OPTIONS_MAX + 2];
	int c, from, end;

	make_tables(o, letters, longs);
	opterr = 0;
	for (;;) {
		from = optind > 0 ? optind : 1;
		end = find_end(argc, argv);
		c = getopt_long(argc, argv, letters, longs, NULL);
		if (c == -1)
			break;
		if (c == '?' || c == ':')
			return complain(o, argv, c, err);
		if (take(config, row_of(o, c), optarg, err) != 0)
			return -1;
	}
	if (o->behind != NULL)
		*o->behind = behind(argc, argv, from, end);
	return optind;
}

int
gm_options_exclude(
    const struct gm_clash *clashes, size_t len, struct gm_err *err)
{
	const struct gm_clash *c;

	for (c = clashes; c < clashes + len; c++)
		if (c->given)
			return gm_fail(
			    err, GM_EUSAGE, "%s exclude each other", c->what);
	return 0;
}

/* "  -m, --model MODEL" and the width that it takes. */
static int
put_name(const struct gm_opt *row, FILE *out)
{
	char letter[8] = "    ";

	if (row->letter != 0)
		(void)snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	return fprintf(out, "  %s--%s%s%s", letter, row->name,
	    row->arg != NULL ? " " : "", row->arg != NULL ? row->arg : "");
}

void
gm_options_help(const struct gm_options *o, FILE *out)
{
	size_t i;
	int width;

	for (i = 0; i < o->len; i++) {
		if (o->rows[i].help == NULL)
			continue;
		width = put_name(&o->rows[i], out);
		if (width >= HELP_COLUMN) {
			(void)fputc('\n', out);
			width = 0;
		}
		(void)fprintf(
		    out, "%*s%s\n", HELP_COLUMN - width, "", o->rows[i].help);
	}
}

void
gm_options_list(const struct gm_options *o, FILE *out)
{
	const struct gm_opt *row;

	for (row = o->rows; row < o->rows + o->len; row++)
		if (row->help != NULL)
			(void)fprintf(out, "%c\t%s\t%s\t%s\n",
			    row->letter != 0 ? row->letter : '-', row->name,
			    row->arg != NULL ? row->arg : "-", row->help);
}
