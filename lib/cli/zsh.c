#include <stdio.h>
#include <string.h>

#include "cli/zsh.h"

#define SPEC_MAX 512

/* The beginning of the function in each script. */
static const char *const begin[] = {
	/* clang-format off */
	"\tlocal curcontext=$curcontext state line option expl what=models",
	"\tlocal -a specs known all",
	"\tlocal -A opt_args",
	/* clang-format on */
};

/* Part of the scripts of tools that run a command. */
static const char *const rest[] = {
	/* clang-format off */
	"\tlocal ended=${words[(i)--]}",
	"",
	"\tif ((ended < CURRENT)); then # another program completes the rest",
	"\t\tshift $ended words",
	"\t\t((CURRENT -= ended))",
	"\t\t_normal",
	"\t\treturn",
	"\tfi",
	/* clang-format on */
};

/* The end of the function, and its registration. */
static const char *const end[] = {
	/* clang-format off */
	"\t_arguments -C -s -S : $specs && return 0",
	"\tcase $state in",
	"\tat)",
	"\t\tcompset -P @ || return 1",
	"\t\t_files",
	"\t\treturn",
	"\t\t;;",
	"\tmodels) compset -P '*,' ;;",
	"\tkey) what=keys ;;",
	"\tmodel) ;;",
	"\t*) return 1 ;;",
	"\tesac",
	"\tfor option in --provider --env-file; do",
	"\t\t(( $+opt_args[$option] )) &&",
	"\t\t    known+=(\"$option=${${(Q)opt_args[$option]}/#\\~\\//$HOME/}\")",
	"\tdone",
	"\t# The tool itself knows models and keys; it sends nothing.",
	"\tall=(${(f)\"$(command TOOL --completion $what $known \\",
	"\t    </dev/null 2>/dev/null)\"})",
	"\t_wanted $what expl $state compadd -a all",
	"}",
	"",
	"if [[ $funcstack[1] == _TOOL ]]; then",
	"\t_TOOL \"$@\"",
	"else",
	"\tcompdef _TOOL TOOL",
	"fi",
	/* clang-format on */
};

/* Append lines, with the tool's name in place of TOOL. */
static void
put_lines(struct gm_buf *out, const struct gm_completion *c,
    const char *const *lines, size_t len)
{
	static const char mark[] = "TOOL";
	const char *p, *at;
	size_t i;

	for (i = 0; i < len; i++) {
		for (p = lines[i]; (at = strstr(p, mark)) != NULL;
		     p = at + strlen(mark)) {
			gm_buf_put(out, p, (size_t)(at - p));
			gm_buf_puts(out, c->tool);
		}
		gm_buf_printf(out, "%s\n", p);
	}
}

/* Append a part of a spec, in which special characters are escaped. */
static void
put_escaped(struct gm_buf *out, const char *text, const char *special)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\' || strchr(special, *text) != NULL)
			gm_buf_putc(out, '\\');
		gm_buf_putc(out, *text);
	}
}

/* Append the action that completes an argument or operand. */
static void
put_action(struct gm_buf *out, const struct gm_opt *row)
{
	switch (row->kind) {
	case GM_ARG_TEXT:
	case GM_ARG_COMMAND:
		gm_buf_putc(out, ' '); /* only the message */
		break;
	case GM_ARG_FILE:
		gm_buf_puts(out, "_files");
		break;
	case GM_ARG_AT_FILE:
		gm_buf_puts(out, "->at");
		break;
	case GM_ARG_WORD:
		gm_buf_putc(out, '(');
		gm_completion_words(out, row);
		gm_buf_putc(out, ')');
		break;
	case GM_ARG_WORDS:
		gm_buf_puts(out, "{compset -P \"*,\"; compadd -- ");
		gm_completion_words(out, row);
		gm_buf_putc(out, '}');
		break;
	case GM_ARG_MODEL:
		gm_buf_puts(out, "->model");
		break;
	case GM_ARG_MODELS:
		gm_buf_puts(out, "->models");
		break;
	case GM_ARG_KEY:
		gm_buf_puts(out, "->key");
		break;
	}
}

/* Append one form of an option; name has its dashes. */
static void
put_spec(struct gm_buf *out, const struct gm_opt *row, const char *name)
{
	struct gm_buf spec;
	bool again = row->texts != NULL || row->count != NULL;

	gm_buf_init(&spec, SPEC_MAX);
	if (again)
		gm_buf_putc(&spec, '*');
	else if (row->letter != 0)
		gm_buf_printf(&spec, "(-%c --%s)", row->letter, row->name);
	gm_buf_puts(&spec, name);
	if (row->arg != NULL)
		gm_buf_putc(&spec, name[1] == '-' ? '=' : '+');
	gm_buf_putc(&spec, '[');
	put_escaped(&spec, row->help, "[]");
	gm_buf_putc(&spec, ']');
	if (row->arg != NULL || row->kind != GM_ARG_TEXT) {
		gm_buf_puts(&spec, row->arg != NULL ? ":" : "::");
		put_escaped(
		    &spec, row->arg != NULL ? row->arg : "operand", ":");
		gm_buf_putc(&spec, ':');
		put_action(&spec, row);
	}
	gm_buf_puts(out, "\t\t");
	gm_completion_quote(out, gm_buf_str(&spec));
	gm_buf_putc(out, '\n');
	gm_buf_inherit(out, &spec);
	gm_buf_release(&spec);
}

static void
put_row(struct gm_buf *out, const struct gm_opt *row)
{
	char name[SPEC_MAX];

	if (row->letter != 0) {
		(void)snprintf(name, sizeof(name), "-%c", row->letter);
		put_spec(out, row, name);
	}
	(void)snprintf(name, sizeof(name), "--%s", row->name);
	put_spec(out, row, name);
}

static void
put_specs(struct gm_buf *out, const struct gm_completion *c)
{
	const struct gm_opt operand = { .kind = c->operand };
	const struct gm_opt *row = c->options->rows;
	size_t i;

	gm_buf_puts(out, "\n\tspecs=(\n");
	for (i = 0; i < c->options->len; i++)
		if (row[i].help != NULL)
			put_row(out, &row[i]);
	if (c->operand != GM_ARG_COMMAND && c->operand != GM_ARG_TEXT) {
		gm_buf_puts(out, "\t\t'*:operand:");
		put_action(out, &operand);
		gm_buf_puts(out, "'\n");
	}
	gm_buf_puts(out, "\t)\n");
}

void
gm_zsh_write(const struct gm_completion *c, struct gm_buf *out)
{
	gm_buf_printf(out,
	    "#compdef %s\n# %s(1) in zsh, printed by \"%s --completion zsh\".\n"
	    "\n_%s() {\n",
	    c->tool, c->tool, c->tool, c->tool);
	put_lines(out, c, begin, GM_LEN(begin));
	if (c->operand == GM_ARG_COMMAND)
		put_lines(out, c, rest, GM_LEN(rest));
	put_specs(out, c);
	put_lines(out, c, end, GM_LEN(end));
}
