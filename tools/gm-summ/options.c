#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "gm-summ/options.h"

#define WORDS_MAX 100000
#define CHUNK_MIN 256
#define CHUNK_MAX 10000000
#define LANG_MAX 40

static int
check_number(int64_t *out, const char *name, const char *text, int64_t min,
    int64_t max, struct gm_err *err)
{
	if (text == NULL || gm_num_whole(out, text, min, max, err) == 0)
		return 0;
	gm_err_prefix(err, "%s: ", name);
	return -1;
}

/* "de", "es-419", "Français": it goes into the prompt, and must be no more. */
static int
check_lang(const char *lang, struct gm_err *err)
{
	static const char others[] = " -_0123456789";
	const char *p = lang;
	bool named = false;

	if (lang == NULL)
		return 0;
	for (; *p != '\0'; p++) {
		bool letter = (unsigned char)*p >= 0x80 ||
		              ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z');

		named = named || letter;
		if (!letter && strchr(others, *p) == NULL)
			break;
	}
	if (*p == '\0' && p - lang <= LANG_MAX && named)
		return 0;
	return gm_fail(err, GM_EUSAGE,
	    "--lang: not a language, such as de, pt-BR or German");
}

static bool
is_dash(const char *argument)
{
	return argument != NULL && strcmp(argument, "-") == 0;
}

static int
count_stdin(int argc, char **argv, int literal)
{
	int n = 0, i;

	for (i = 0; i < argc - literal; i++)
		n += is_dash(argv[i]);
	return n;
}

static int
check_stdin(
    const struct gm_summ_options *o, int argc, char **argv, struct gm_err *err)
{
	const int behind = o->common.behind > 0 ? o->common.behind : 0;
	const int named = count_stdin(argc, argv, behind);
	const bool listed = is_dash(o->files_from);
	const bool all = argc == 0 && o->files_from == NULL;
	const bool asked =
	    o->instructions != NULL && strcmp(o->instructions, "@-") == 0;
	const struct gm_refusal rows[] = {
		{ named > 1, "the operand - is given more than once" },
		{ o->no_stdin && (named > 0 || listed),
		    "--no-stdin and - cannot be combined" },
		{ all && !o->common.stdin_closed && isatty(STDIN_FILENO) == 1,
		    "no text: name a file, or - to type one" },
		{ o->no_stdin && all,
		    "no file: name one, or leave --no-stdin out" },
		{ asked && (named > 0 || listed || all),
		    "standard input cannot be both text and --instructions" },
		{ o->suffix != NULL && (named > 0 || all),
		    "--out-suffix needs files: standard input has no name" },
	};

	return gm_options_refuse(rows, GM_LEN(rows), err);
}

/* The values of options, and what they come to. */
static int
set_values(struct gm_summ_options *o, struct gm_err *err)
{
	if (gm_rate_apply(&o->rate, err) != 0 ||
	    check_number(
		&o->words, "--words", o->words_text, 1, WORDS_MAX, err) != 0 ||
	    check_number(&o->chunk_tokens, "--chunk-tokens", o->chunk_text,
		CHUNK_MIN, CHUNK_MAX, err) != 0 ||
	    check_lang(o->lang, err) != 0)
		return -1;
	if (o->style_text == NULL ||
	    gm_style_parse(&o->style, o->style_text, err) == 0)
		return 0;
	gm_err_prefix(err, "--style: ");
	return -1;
}

static int
check_clashes(const struct gm_summ_options *o, int argc, struct gm_err *err)
{
	const struct gm_common *c = &o->common;
	const struct gm_clash rules[] = {
		{ o->files_from != NULL && argc > 0,
		    "--files0-from and operands" },
		{ o->suffix != NULL && o->output != NULL,
		    "--out-suffix and --output" },
		{ o->suffix != NULL && o->combine,
		    "--out-suffix and --combine" },
		{ o->suffix != NULL && c->json, "--out-suffix and --json" },
		{ o->suffix != NULL && o->estimate,
		    "--out-suffix and --estimate" },
		{ o->cache_clear && o->cache_stats,
		    "--cache-clear and --cache-stats" },
		{ o->no_cache && (o->cache_clear || o->cache_stats),
		    "--no-cache and another option of the cache" },
		{ c->ipv4 && c->ipv6, "--ipv4 and --ipv6" },
	};

	return gm_options_exclude(rules, GM_LEN(rules), err);
}

static int
check_others(const struct gm_summ_options *o, int argc, struct gm_err *err)
{
	const struct gm_refusal rows[] = {
		{ o->force && o->suffix == NULL, "--force needs --out-suffix" },
		{ o->suffix != NULL && strchr(o->suffix, '/') != NULL,
		    "--out-suffix: the end of a name, without /" },
		{ o->cache_clear && argc > 0, "--cache-clear takes no files" },
		{ o->cache_stats && argc > 0, "--cache-stats takes no files" },
	};

	return gm_options_refuse(rows, GM_LEN(rows), err);
}

int
gm_summ_options_check(
    struct gm_summ_options *o, int argc, char **argv, struct gm_err *err)
{
	if (check_clashes(o, argc, err) != 0 || set_values(o, err) != 0 ||
	    check_others(o, argc, err) != 0)
		return -1;
	if (is_dash(o->output))
		o->output = NULL; /* standard output */
	return o->cache_clear || o->cache_stats
	           ? 0
	           : check_stdin(o, argc, argv, err);
}

void
gm_summ_rows(void *options, struct gm_options *table)
{
	struct gm_summ_options *o = options;
	const struct gm_opt rows[] = {
		{ 0, "style", "STYLE",
		    "bullets, paragraph, headline, tldr or minutes",
		    .kind = GM_ARG_WORD, .word = gm_style_word,
		    .text = &o->style_text },
		{ 'w', "words", "N", "write about N words (150)",
		    .text = &o->words_text },
		{ 0, "lang", "LANG",
		    "language of the summary (that of the text)",
		    .text = &o->lang },
		{ 'i', "instructions", "TEXT|@FILE",
		    "what to stress, or to leave out", .kind = GM_ARG_AT_FILE,
		    .text = &o->instructions },
		{ 0, "combine", NULL, "write one summary of all files",
		    .flag = &o->combine },
		{ 0, "files0-from", "FILE",
		    "read the names of files from FILE, ended by NUL",
		    .kind = GM_ARG_FILE, .text = &o->files_from },
		{ 'o', "output", "FILE",
		    "write to FILE, when all summaries are there",
		    .kind = GM_ARG_FILE, .text = &o->output },
		{ 0, "out-suffix", "SUFFIX",
		    "write each summary to its file's name and SUFFIX",
		    .text = &o->suffix },
		{ 0, "force", NULL,
		    "with --out-suffix: replace newer files, too",
		    .flag = &o->force },
		{ 0, "chunk-tokens", "N",
		    "split texts into parts of at most N tokens",
		    .text = &o->chunk_text },
		{ 0, "estimate", NULL, "estimate tokens and time, send nothing",
		    .flag = &o->estimate },
		{ 'n', "no-stdin", NULL, "do not read standard input",
		    .flag = &o->no_stdin },
		{ 0, "no-cache", NULL, "neither use nor keep cached answers",
		    .flag = &o->no_cache },
		{ 0, "cache-stats", NULL,
		    "print how many answers the cache has",
		    .flag = &o->cache_stats },
		{ 0, "cache-clear", NULL, "remove all answers from the cache",
		    .flag = &o->cache_clear },
		{ 0 },
	};

	gm_options_add(table, rows);
	gm_rate_rows(&o->rate, table);
}
