#include <assert.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/secret.h"
#include "base/span.h"
#include "cli/options.h"

/* Values of getopt_long() for options without a letter: this plus the row. */
#define LONG_ONLY 256

/* Longest name of an unknown option that a message repeats, in bytes. */
#define NAME_MAX_SHOWN 24

static const char *const headings[GM_GROUPS] = {
	[GM_GROUP_SUMMARY] = "Summary",
	[GM_GROUP_ROTATION] = "Rotation",
	[GM_GROUP_CHECKS] = "Checks",
	[GM_GROUP_LIST] = "List",
	[GM_GROUP_PROMPT] = "Prompt",
	[GM_GROUP_GENERATION] = "Generation",
	[GM_GROUP_OUTPUT] = "Output",
	[GM_GROUP_BATCHES] = "Batches",
	[GM_GROUP_LIMITS] = "Limits",
	[GM_GROUP_CACHE] = "Cache",
	[GM_GROUP_KEYS] = "Keys and models",
	[GM_GROUP_NETWORK] = "Network",
	[GM_GROUP_LOGGING] = "Logging",
	[GM_GROUP_OTHER] = "Other",
};

/* Ends of the names of options that take a key. */
static const char *const key_words[] = { "key", "keys", "token", "password",
	"secret" };

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

/* True if "--name=WORD" is allowed, too, of an option without argument. */
static bool
takes_word(const struct gm_opt *o)
{
	return o->arg == NULL && o->text != NULL;
}

static bool
is_word_of(const struct gm_opt *o, const char *text)
{
	const char *word;
	size_t i;

	for (i = 0; (word = o->word(i)) != NULL; i++)
		if (strcmp(text, word) == 0)
			return true;
	return false;
}

static int
take(struct gm_config *config, const struct gm_opt *o, const char *arg,
    struct gm_err *err)
{
	if (takes_word(o) && arg != NULL && !is_word_of(o, arg))
		return gm_fail(
		    err, GM_EUSAGE, "--%s: not %s", o->name, o->word(0));
	if (arg != NULL && *arg == '\0' && !o->may_be_empty)
		return gm_fail(
		    err, GM_EUSAGE, "--%s: its argument is empty", o->name);
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

const char *
gm_options_heading(enum gm_group group)
{
	return headings[group];
}

void
gm_options_add(
    struct gm_options *o, enum gm_group group, const struct gm_opt *rows)
{
	size_t at = o->len;

	while (at > 0 && o->rows[at - 1].group > group)
		at--;
	for (; rows->name != NULL; rows++, at++) {
		assert(o->len < GM_OPTIONS_MAX);
		memmove(&o->rows[at + 1], &o->rows[at],
		    (o->len++ - at) * sizeof(*o->rows));
		o->rows[at] = *rows;
		o->rows[at].group = group;
	}
}

/* Return the name in "--name" or "--name=value". */
static struct gm_span
name_in(const char *typed)
{
	return (struct gm_span){ typed + 2, strcspn(typed + 2, "=") };
}

/* True if an option of this name takes a key, as in other programs. */
static bool
takes_key(struct gm_span name)
{
	size_t i, len;

	for (i = 0; i < GM_LEN(key_words); i++) {
		len = strlen(key_words[i]);
		if (name.len >= len && strncasecmp(name.p + name.len - len,
					   key_words[i], len) == 0)
			return true;
	}
	return false;
}

/* True if a name may be repeated: it looks like an option, not like a key. */
static bool
is_showable(struct gm_span name)
{
	return name.len > 0 && name.len <= NAME_MAX_SHOWN &&
	       strspn(name.p, "abcdefghijklmnopqrstuvwxyz-_") >= name.len &&
	       !gm_secret_is_key(name);
}

static int
refuse_key(struct gm_span name, struct gm_err *err)
{
	bool shown = is_showable(name);

	return gm_fail(err, GM_EUSAGE, "--%.*s: " GM_SETTING_KEYS,
	    shown ? (int)name.len : 3, shown ? name.p : "...");
}

/* Append the options that a name abbreviates; return their number. */
static size_t
list_candidates(
    const struct gm_options *o, struct gm_span name, struct gm_buf *out)
{
	const struct gm_opt *row;
	size_t n = 0;

	for (row = o->rows; row < o->rows + o->len; row++)
		if (row->help != NULL &&
		    strncmp(row->name, name.p, name.len) == 0)
			gm_buf_printf(
			    out, "%s--%s", n++ > 0 ? ", " : "", row->name);
	return n;
}

static int
refuse_unknown(
    const struct gm_options *o, const char *typed, struct gm_err *err)
{
	struct gm_span name = name_in(typed);
	bool shown = is_showable(name);
	struct gm_buf list;

	if (takes_key(name))
		return refuse_key(name, err);
	gm_buf_init(&list, GM_ERR_MAX);
	if (name.len > 0 && list_candidates(o, name, &list) > 1)
		(void)gm_fail(err, GM_EUSAGE, "ambiguous option: --%.*s: %s",
		    (int)name.len, name.p, gm_buf_str(&list));
	else
		(void)gm_fail(err, GM_EUSAGE, "unknown option: --%.*s",
		    shown ? (int)name.len : 3, shown ? name.p : "...");
	gm_buf_release(&list);
	return -1;
}

/* Return the row that getopt_long() has found. */
static const struct gm_opt *
row_of(const struct gm_options *o, int what)
{
	size_t i;

	for (i = 0; i + 1 < o->len; i++)
		if (what == o->rows[i].letter || what == LONG_ONLY + (int)i)
			break;
	return &o->rows[i];
}

/* True for --key and the like, which getopt_long() takes for --key-index. */
static bool
abbreviates_key(const char *typed, const struct gm_opt *row)
{
	return strncmp(typed, "--", 2) == 0 && takes_key(name_in(typed)) &&
	       !gm_span_is(name_in(typed), row->name);
}

/* Fail with the error that getopt_long() has found. */
static int
complain(const struct gm_options *o, char **argv, int what, struct gm_err *err)
{
	const char *typed = argv[optind - 1];
	size_t i;

	if (what == ':' && abbreviates_key(typed, row_of(o, optopt)))
		return refuse_key(name_in(typed), err);
	/* Here typed is a known option, or its beginning. */
	if (what == ':')
		return gm_fail(
		    err, GM_EUSAGE, "option needs an argument: %s", typed);
	if (optopt == 0)
		return refuse_unknown(o, typed, err);
	for (i = 0; i < o->len; i++)
		if (optopt == o->rows[i].letter || optopt == LONG_ONLY + (int)i)
			return gm_fail(err, GM_EUSAGE,
			    "option takes no argument: --%s", o->rows[i].name);
	return gm_fail(err, GM_EUSAGE, "unknown option: -%c",
	    optopt > ' ' && optopt <= '~' ? optopt : '?');
}

/* Return the long option that getopt_long() has just taken, as typed. */
static const char *
typed_option(char **argv)
{
	return optarg == argv[optind - 1] ? argv[optind - 2] : argv[optind - 1];
}

/*
 * For getopt_long(); "-hh" is -h twice, so no letter has an optional argument.
 */
static int
argument_of(const struct gm_opt *row)
{
	if (row->arg != NULL)
		return required_argument;
	return takes_word(row) ? optional_argument : no_argument;
}

static void
make_tables(const struct gm_options *o, char *letters, struct option *longs)
{
	const struct gm_opt *rows = o->rows;
	size_t i;

	*letters++ = ':'; /* getopt_long() returns ':' without an argument */
	for (i = 0; i < o->len; i++) {
		longs[i] = (struct option){ .name = rows[i].name,
			.has_arg = argument_of(&rows[i]),
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

/* Return the index of the "--" that ends the options next; argc: none. */
static int
find_end(int argc, char **argv)
{
	int i = optind > 0 ? optind : 1;

	while (i < argc && (argv[i][0] != '-' || argv[i][1] == '\0'))
		i++;
	return i < argc && is_end(argv[i]) ? i : argc;
}

/* Return the number of arguments after the "--" at end; -1: there is none. */
static int
count_after(int argc, char **argv, int from, int end)
{
	/*
	 * With POSIXLY_CORRECT an operand ends the options, and none is moved.
	 */
	if (end == argc || (end > from && is_end(argv[end])))
		return -1;
	return argc - end - 1;
}

int
gm_options_parse(const struct gm_options *o, struct gm_config *config, int argc,
    char **argv, struct gm_err *err)
{
	struct option longs[GM_OPTIONS_MAX + 1];
	char letters[2 * GM_OPTIONS_MAX + 2];
	const struct gm_opt *row;
	int c, from, end, found;

	make_tables(o, letters, longs);
	opterr = 0;
	for (;;) {
		from = optind > 0 ? optind : 1;
		end = find_end(argc, argv);
		found = -1;
		c = getopt_long(argc, argv, letters, longs, &found);
		if (c == -1)
			break;
		if (c == '?' || c == ':')
			return complain(o, argv, c, err);
		row = row_of(o, c);
		if (found >= 0 && abbreviates_key(typed_option(argv), row))
			return refuse_key(name_in(typed_option(argv)), err);
		if (take(config, row, optarg, err) != 0)
			return -1;
	}
	if (o->after_dashes != NULL)
		*o->after_dashes = count_after(argc, argv, from, end);
	return optind;
}

int
gm_options_refuse(const struct gm_refusal *rows, size_t len, struct gm_err *err)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (rows[i].given)
			return gm_fail(err, GM_EUSAGE, "%s", rows[i].message);
	return 0;
}

int
gm_options_exclude(
    const struct gm_clash *clashes, size_t len, struct gm_err *err)
{
	const struct gm_clash *c;

	for (c = clashes; c < clashes + len; c++)
		if (c->given)
			return gm_fail(
			    err, GM_EUSAGE, "%s cannot be combined", c->what);
	return 0;
}

void
gm_options_list(const struct gm_options *o, FILE *out)
{
	const struct gm_opt *row;

	for (row = o->rows; row < o->rows + o->len; row++)
		if (row->help != NULL)
			(void)fprintf(out, "%c\t%s\t%s\t%s\t%s\t%s\n",
			    row->letter != 0 ? row->letter : '-', row->name,
			    row->arg != NULL ? row->arg : "-", row->help,
			    gm_options_heading(row->group),
			    row->common ? "common" : "-");
}
