#include "cli/fish.h"

/* Functions that all scripts define alike. */
static const char *const shared[] = {
	/* clang-format off */
	"",
	"# What of the argument is before the cursor, without the option.",
	"function __gm_value",
	"    commandline -ct | string replace -r -- '^(--[^=]*=|-[^-])' ''",
	"end",
	"",
	"# Offer words with an empty description, in place of that of the option.",
	"function __gm_words # WORD...",
	"    string replace -r -- '$' \\t $argv",
	"end",
	"",
	"# Offer words for the last item of a list.",
	"function __gm_list # WORD...",
	"    set -l begun (__gm_value | string match -r -- '^.*,')",
	"    test -n \"$begun\"",
	"    or set begun ''",
	"    __gm_words $begun$argv",
	"end",
	"",
	"# Ask the tool itself for models or keys; it sends nothing.",
	"function __gm_ask # TOOL models|keys",
	"    set -l known",
	"    set -l before",
	"    for word in (commandline -opc)",
	"        if contains -- \"$before\" --provider --env-file",
	"            set -a known $before=$word",
	"        else if string match -qr -- '^--(provider|env-file)=' $word",
	"            set -a known $word",
	"        end",
	"        set before $word",
	"    end",
	"    command $argv[1] --completion $argv[2] \\",
	"        (string replace -- '=~/' \"=$HOME/\" $known) </dev/null 2>/dev/null",
	"end",
	"",
	"# Offer files after \"@\".",
	"function __gm_at",
	"    set -l value (__gm_value | string replace -r -- '^[\\'\"]' '')",
	"    string match -q -- '@*' \"$value\"",
	"    or return",
	"    for name in (string sub -s 2 -- \"$value\" | string unescape)*",
	"        test -d $name",
	"        and set name $name/",
	"        __gm_words @$name",
	"    end",
	"end",
	"",
	"# Offer what another program completes after \"--\".",
	"function __gm_command",
	"    set -l words (commandline -opc)",
	"    set -l at (contains -i -- -- $words)",
	"    or return",
	"    set -e words[1..$at]",
	"    complete -C (string join -- ' ' (string escape -- $words) (commandline -ct))",
	"end",
	/* clang-format on */
};

/* Append a text in single quotes, in which fish knows two escapes. */
static void
put_quoted(struct gm_buf *out, const char *text)
{
	gm_buf_putc(out, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			gm_buf_putc(out, '\\');
		gm_buf_putc(out, *text);
	}
	gm_buf_putc(out, '\'');
}

/* Append " -a '...'", the words that an argument or operand can be. */
static void
put_offer(
    struct gm_buf *out, const struct gm_completion *c, const struct gm_opt *row)
{
	switch (row->kind) {
	case GM_ARG_TEXT:
	case GM_ARG_FILE: /* fish offers them itself */
		break;
	case GM_ARG_AT_FILE:
		gm_buf_puts(out, " -a '(__gm_at)'");
		break;
	case GM_ARG_WORD:
		gm_buf_puts(out, " -a '(__gm_words ");
		gm_completion_words(out, row);
		gm_buf_puts(out, ")'");
		break;
	case GM_ARG_WORDS:
		gm_buf_puts(out, " -a '(__gm_list ");
		gm_completion_words(out, row);
		gm_buf_puts(out, ")'");
		break;
	case GM_ARG_MODEL:
		gm_buf_printf(
		    out, " -a '(__gm_words (__gm_ask %s models))'", c->tool);
		break;
	case GM_ARG_MODELS:
		gm_buf_printf(
		    out, " -a '(__gm_list (__gm_ask %s models))'", c->tool);
		break;
	case GM_ARG_KEY:
		gm_buf_printf(
		    out, " -a '(__gm_words (__gm_ask %s keys))'", c->tool);
		break;
	case GM_ARG_COMMAND:
		gm_buf_puts(out, " -a '(__gm_command)'");
		break;
	}
}

static void
put_row(
    struct gm_buf *out, const struct gm_completion *c, const struct gm_opt *row)
{
	gm_buf_printf(out, "complete -c %s", c->tool);
	if (row->letter != 0)
		gm_buf_printf(out, " -s %c", row->letter);
	gm_buf_printf(out, " -l %s", row->name);
	if (row->arg != NULL) {
		gm_buf_puts(out, row->kind == GM_ARG_FILE ? " -r -F" : " -x");
		put_offer(out, c, row);
	}
	gm_buf_puts(out, " -d ");
	put_quoted(out, row->help);
	gm_buf_putc(out, '\n');
}

/* Append the operand that may follow an option without argument. */
static void
put_operand_of(
    struct gm_buf *out, const struct gm_completion *c, const struct gm_opt *row)
{
	gm_buf_printf(out, "complete -c %s -n '__fish_contains_opt %s'",
	    c->tool, row->name);
	put_offer(out, c, row);
	gm_buf_putc(out, '\n');
}

static void
put_operands(struct gm_buf *out, const struct gm_completion *c)
{
	const struct gm_opt operand = { .kind = c->operand };

	if (c->operand == GM_ARG_FILE)
		return;
	gm_buf_printf(out, "complete -c %s -f", c->tool);
	put_offer(out, c, &operand);
	gm_buf_putc(out, '\n');
}

void
gm_fish_write(const struct gm_completion *c, struct gm_buf *out)
{
	const struct gm_opt *row = c->options->rows;
	const struct gm_opt *end = row + c->options->len;
	size_t i;

	gm_buf_printf(out,
	    "# %s(1) in fish, printed by \"%s --completion fish\".\n", c->tool,
	    c->tool);
	for (i = 0; i < GM_LEN(shared); i++)
		gm_buf_printf(out, "%s\n", shared[i]);
	gm_buf_putc(out, '\n');
	put_operands(out, c);
	for (; row < end; row++) {
		if (row->help == NULL)
			continue;
		put_row(out, c, row);
		if (row->arg == NULL && row->kind != GM_ARG_TEXT)
			put_operand_of(out, c, row);
	}
}
