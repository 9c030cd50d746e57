#include "cli/bash.h"

/* Functions that all scripts define alike. */
static const char *const shared[] = {
	/* clang-format off */
	"",
	"# The words of the line up to the cursor.  Bash breaks them at \"=\" and \":\" as",
	"# well; here they are whole.",
	"_gm_words() {",
	"\tlocal rest=${COMP_LINE:0:COMP_POINT} part piece i",
	"",
	"\twords=()",
	"\tfor ((i = 0; i <= COMP_CWORD; i++)); do",
	"\t\tpart=${rest#\"${rest%%[![:space:]]*}\"}",
	"\t\tpiece=$part",
	"\t\t((i == COMP_CWORD)) || piece=${COMP_WORDS[i]}",
	"\t\tif ((i > 0)) && [[ $part == \"$rest\" ]]; then",
	"\t\t\twords[${#words[@]} - 1]+=$piece",
	"\t\telse",
	"\t\t\twords+=(\"$piece\")",
	"\t\tfi",
	"\t\trest=${part#\"$piece\"}",
	"\tdone",
	"}",
	"",
	"# Set \"option\" to the name of the option that a word ends with, \"glued\" if it",
	"# holds a part of the argument, and \"value\" to that.",
	"_gm_option() { # WORD",
	"\tlocal name=${1%%=*} key",
	"",
	"\toption=none value='' glued=''",
	"\tcase $1 in",
	"\t--?*)",
	"\t\tif [[ ! ${help[$name]-} ]]; then",
	"\t\t\tfor key in \"${!help[@]}\"; do",
	"\t\t\t\t[[ $key == \"$name\"* ]] || continue",
	"\t\t\t\t[[ $option == none ]] || name=none",
	"\t\t\t\toption=$key",
	"\t\t\tdone",
	"\t\t\t[[ $name == none ]] || name=$option",
	"\t\tfi",
	"\t\toption=$name",
	"\t\t[[ $1 != *=* ]] || glued=1 value=${1#*=}",
	"\t\t;;",
	"\t-[!-]*)",
	"\t\tvalue=${1#-}",
	"\t\twhile [[ $value ]]; do",
	"\t\t\toption=-${value:0:1}",
	"\t\t\tvalue=${value:1}",
	"\t\t\t[[ ! ${kind[$option]-} ]] || break",
	"\t\tdone",
	"\t\t[[ ! $value ]] || glued=1",
	"\t\t;;",
	"\tesac",
	"}",
	"",
	"# Offer each of \"all\" that goes on from the value; of a list, its last item.",
	"_gm_offer() {",
	"\tlocal begun='' item",
	"",
	"\t[[ $argument != *s ]] || begun=${value%\"${value##*,}\"}",
	"\tfor item in \"${all[@]}\"; do",
	"\t\titem=$begun$item",
	"\t\t[[ $item != \"$value\"* ]] || COMPREPLY+=(\"$item\")",
	"\tdone",
	"}",
	"",
	"# Offer the files whose name goes on from what is after \"@\", or after nothing.",
	"# Bash quotes names, but would quote the \"@\" as well, and leave a \"$\" as it is",
	"# if the word is not just the name.",
	"_gm_files() { # @|''",
	"\tlocal name",
	"",
	"\t[[ ! $quoted ]] || compopt -o filenames",
	"\twhile IFS= read -r name; do",
	"\t\tif [[ -d $name ]]; then",
	"\t\t\tname+=/",
	"\t\t\tcompopt -o nospace",
	"\t\tfi",
	"\t\t[[ $quoted ]] || printf -v name %q \"$name\"",
	"\t\tCOMPREPLY+=(\"$1$name\")",
	"\tdone < <(compgen -f -- \"${value#\"$1\"}\")",
	"}",
	"",
	"# Offer what another program completes after \"--\".",
	"_gm_command() {",
	"\tlocal i",
	"",
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do",
	"\t\t[[ ${COMP_WORDS[i]} != -- ]] || break",
	"\tdone",
	"\tif declare -F _comp_command_offset >/dev/null; then",
	"\t\t_comp_command_offset $((i + 1))",
	"\telif declare -F _command_offset >/dev/null; then",
	"\t\t_command_offset $((i + 1))",
	"\telif ((i + 1 == COMP_CWORD)) && [[ $value != */* ]]; then",
	"\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$value\")",
	"\telse",
	"\t\tcompopt -o default",
	"\tfi",
	"}",
	"",
	"# Ask the tool itself for models or keys; it sends nothing.",
	"_gm_ask() { # TOOL models|keys",
	"\tmapfile -t all < <(command \"$1\" --completion \"$2\" \"${known[@]}\" \\",
	"\t    </dev/null 2>/dev/null)",
	"\t_gm_offer",
	"}",
	"",
	"# Beside the options, if they are only listed, say what they do.",
	"_gm_describe() {",
	"\tlocal i",
	"",
	"\t((COMP_TYPE == 63 && ${#COMPREPLY[@]} > 1)) || return 0",
	"\tfor i in \"${!COMPREPLY[@]}\"; do",
	"\t\tprintf -v \"COMPREPLY[$i]\" '%-20s %s' \"${COMPREPLY[i]}\" \\",
	"\t\t    \"${help[${COMPREPLY[i]}]}\"",
	"\tdone",
	"}",
	"",
	"# All that could stand at the cursor in place of TEXT, into COMPREPLY.  Tables",
	"# of the caller: help (of each option), kind (of the argument of those that take",
	"# one), follows (kind of the operand after options that take none).",
	"_gm_complete() { # TOOL KIND-OF-OPERAND TEXT",
	"\tlocal tool=$1 operand=$2 text=$3 argument='' lead='' ended='' item i",
	"\tlocal option value glued quoted=''",
	"\tlocal -a words known=() all=()",
	"",
	"\tCOMPREPLY=()",
	"\tcase ${COMP_WORDS[COMP_CWORD - 1]}-${COMP_WORDS[COMP_CWORD]} in",
	"\t*[\\<\\>]-* | *-*[\\<\\>]) # a redirection",
	"\t\tcompopt -o default",
	"\t\treturn",
	"\t\t;;",
	"\tesac",
	"\t_gm_words",
	"\tfor ((i = 1; i < ${#words[@]} - 1; i++)); do",
	"\t\tif [[ ${words[i]} == -- ]]; then",
	"\t\t\tended=1",
	"\t\t\tbreak",
	"\t\tfi",
	"\t\t_gm_option \"${words[i]}\"",
	"\t\tif [[ ${kind[$option]-} && ! $glued ]]; then",
	"\t\t\tvalue=${words[++i]}",
	"\t\t\t((i < ${#words[@]} - 1)) || argument=${kind[$option]}",
	"\t\tfi",
	"\t\tcase $argument$option in",
	"\t\t--provider | --env-file)",
	"\t\t\tvalue=${value//[\\\"\\'\\\\]/}",
	"\t\t\tknown+=(\"$option=${value/#\\~\\//\"$HOME\"/}\")",
	"\t\t\t;;",
	"\t\tesac",
	"\t\toperand=${follows[$option]-$operand}",
	"\tdone",
	"\tif [[ ! $argument ]]; then",
	"\t\tvalue=${words[${#words[@]} - 1]}",
	"\t\targument=$operand",
	"\t\t[[ ! $ended ]] || argument=$2",
	"\t\tif [[ ! $ended && $value == -* ]]; then",
	"\t\t\tlead=$value",
	"\t\t\t_gm_option \"$value\"",
	"\t\t\targument=${kind[$option]-text}",
	"\t\t\tif [[ ! $glued ]]; then",
	"\t\t\t\tall=(\"${!help[@]}\")",
	"\t\t\t\targument=option value=$lead",
	"\t\t\tfi",
	"\t\t\tlead=${lead%\"$value\"}",
	"\t\tfi",
	"\tfi",
	"\t[[ $value != [\\\"\\']* ]] || quoted=1 value=${value:1}",
	"\tcase $argument in",
	"\tfile)",
	"\t\tif ((${#text} == ${#value})); then",
	"\t\t\tcompopt -o default",
	"\t\telse",
	"\t\t\t_gm_files ''",
	"\t\tfi",
	"\t\t;;",
	"\tat) [[ $value != @* ]] || _gm_files @ ;;",
	"\tword* | option)",
	"\t\t[[ $argument != word* ]] ||",
	"\t\t    IFS=' ' read -ra all <<<\"${argument#* }\"",
	"\t\targument=${argument%% *}",
	"\t\t_gm_offer",
	"\t\t;;",
	"\tmodel*) _gm_ask \"$tool\" models ;;",
	"\tkey) _gm_ask \"$tool\" keys ;;",
	"\tcommand) [[ ! $ended ]] || _gm_command ;;",
	"\tesac",
	"\tfor i in \"${!COMPREPLY[@]}\"; do",
	"\t\titem=$lead${COMPREPLY[i]}",
	"\t\tCOMPREPLY[i]=${item:${#lead} + ${#value} - ${#text}}",
	"\tdone",
	"\t[[ $argument != option ]] || _gm_describe",
	"}",
	/* clang-format on */
};

/* Names of the kinds in the shared functions. */
static const char *const kinds[] = {
	[GM_ARG_TEXT] = "text",
	[GM_ARG_FILE] = "file",
	[GM_ARG_AT_FILE] = "at",
	[GM_ARG_WORD] = "word",
	[GM_ARG_WORDS] = "words",
	[GM_ARG_MODEL] = "model",
	[GM_ARG_MODELS] = "models",
	[GM_ARG_KEY] = "key",
	[GM_ARG_COMMAND] = "command",
};

static void
put_kind(struct gm_buf *out, const struct gm_opt *row)
{
	gm_buf_putc(out, '\'');
	gm_buf_puts(out, kinds[row->kind]);
	if (row->word != NULL)
		gm_buf_putc(out, ' ');
	gm_completion_words(out, row);
	gm_buf_putc(out, '\'');
}

static void
put_help(struct gm_buf *out, const struct gm_opt *row)
{
	gm_completion_quote(out, row->help);
}

/*
 * Append a table, with an entry for each name and letter of the rows that has()
 * accepts.
 */
static void
put_table(struct gm_buf *out, const struct gm_options *o, const char *name,
    void put(struct gm_buf *, const struct gm_opt *),
    bool has(const struct gm_opt *))
{
	const struct gm_opt *row;

	gm_buf_printf(out, "\tlocal -A %s=(\n", name);
	for (row = o->rows; row < o->rows + o->len; row++) {
		if (row->help == NULL || !has(row))
			continue;
		if (row->letter != 0) {
			gm_buf_printf(out, "\t\t[-%c]=", row->letter);
			put(out, row);
			gm_buf_putc(out, '\n');
		}
		gm_buf_printf(out, "\t\t[--%s]=", row->name);
		put(out, row);
		gm_buf_putc(out, '\n');
	}
	gm_buf_puts(out, "\t)\n");
}

static bool
is_any(const struct gm_opt *row)
{
	return row->help != NULL;
}

static bool
has_argument(const struct gm_opt *row)
{
	return row->arg != NULL;
}

static bool
is_followed(const struct gm_opt *row)
{
	return row->arg == NULL && row->kind != GM_ARG_TEXT;
}

void
gm_bash_write(const struct gm_completion *c, struct gm_buf *out)
{
	size_t i;

	gm_buf_printf(out,
	    "# %s(1) in bash, printed by \"%s --completion bash\".\n", c->tool,
	    c->tool);
	for (i = 0; i < GM_LEN(shared); i++)
		gm_buf_printf(out, "%s\n", shared[i]);
	gm_buf_puts(out, "\n_");
	gm_completion_name(out, c);
	gm_buf_puts(out, "() {\n");
	put_table(out, c->options, "help", put_help, is_any);
	put_table(out, c->options, "kind", put_kind, has_argument);
	put_table(out, c->options, "follows", put_kind, is_followed);
	gm_buf_printf(out, "\n\t_gm_complete %s %s \"$2\"\n}\n", c->tool,
	    kinds[c->operand]);
	gm_buf_puts(out, "complete -F _");
	gm_completion_name(out, c);
	gm_buf_printf(out, " %s\n", c->tool);
}
