#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "gm-summ/options.h"

#define WORDS_MAX 100000
#define CHUNK_MIN 256 /* tokens */
#define CHUNK_MAX 10000000
#define LANG_MAX 40 /* bytes */

static int
check_number(int64_t *out, const char *name, const char *text, int64_t min,
    int64_t max, struct gm_err *err)
{
	if (text == NULL || gm_num_whole(out, text, min, max, err) == 0)
		return 0;
	gm_err_prefix(err, "%s: ", name);
	return -1;
}

/*
 * Accept "de", "es-419", "Français".  The text goes into the prompt: without
 * punctuation it cannot contain a sentence that the model would follow.
 */
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

/* Check that standard input has one use, and that there is a text at all. */
static int
check_stdin(
    const struct gm_summ_options *o, int argc, char **argv, struct gm_err *err)
{
	const int literal =
	    o->common.after_dashes > 0 ? o->common.after_dashes : 0;
	const int named = count_stdin(argc, argv, literal);
	const bool listed = is_dash(o->files_from);
	const bool all = argc == 0 && o->files_from == NULL;
	const bool for_instructions =
	    o->instructions != NULL && strcmp(o->instructions, "@-") == 0;
	const struct gm_refusal rows[] = {
		{ named > 1, "operand -: given more than once" },
		{ o->no_stdin && (named > 0 || listed),
		    "--no-stdin and - cannot be combined" },
		{ all && !o->common.stdin_closed && isatty(STDIN_FILENO) == 1,
		    "no input; name a file, or - to type a text" },
		{ o->no_stdin && all,
		    "no input; name a file, or omit --no-stdin" },
		{ for_instructions && (named > 0 || listed || all),
		    "standard input cannot be both the text and "
		    "--instructions" },
		{ o->suffix != NULL && (named > 0 || all),
		    "--out-suffix needs files; standard input has no name" },
	};

	return gm_options_refuse(rows, GM_LEN(rows), err);
}

/* Check and convert the values of options. */
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

/* Reject options that cannot be combined. */
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

/* Reject options without the one that they need, and other misuse. */
static int
check_others(const struct gm_summ_options *o, int argc, struct gm_err *err)
{
	const struct gm_refusal rows[] = {
		{ o->force && o->suffix == NULL, "--force needs --out-suffix" },
		{ o->suffix != NULL && strchr(o->suffix, '/') != NULL,
		    "--out-suffix: must not contain /" },
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

static void
add_summary_rows(struct gm_summ_options *o, struct gm_options *table)
{
	const struct gm_opt rows[] = {
		{ 0, "style", "STYLE",
		    "bullets, paragraph, headline, tldr or minutes",
		    .common = true, .kind = GM_ARG_WORD, .word = gm_style_word,
		    .text = &o->style_text },
		{ 'w', "words", "N", "write about N words (150)",
		    .common = true, .text = &o->words_text },
		{ 0, "lang", "LANG", "language of the summary (the text's)",
		    .common = true, .text = &o->lang },
		{ 'i', "instructions", "TEXT|@FILE",
		    "what to stress or leave out", .common = true,
		    .kind = GM_ARG_AT_FILE, .text = &o->instructions },
		{ 0, "combine", NULL, "write one summary of all files",
		    .common = true, .flag = &o->combine },
		{ 0, "files0-from", "FILE",
		    "read file names from FILE, each ended by NUL",
		    .common = true, .kind = GM_ARG_FILE,
		    .text = &o->files_from },
		{ 'n', "no-stdin", NULL, "do not read standard input",
		    .common = true, .flag = &o->no_stdin },
		{ 0 },
	};

	gm_options_add(table, GM_GROUP_SUMMARY, rows);
}

static void
add_output_rows(struct gm_summ_options *o, struct gm_options *table)
{
	const struct gm_opt rows[] = {
		{ 'o', "output", "FILE", "write all summaries to FILE",
		    .common = true, .kind = GM_ARG_FILE, .text = &o->output },
		{ 0, "out-suffix", "SUFFIX",
		    "write the summary of FILE to FILESUFFIX", .common = true,
		    .text = &o->suffix },
		{ 0, "force", NULL,
		    "with --out-suffix: replace newer files, too",
		    .flag = &o->force },
		{ 0, "estimate", NULL, "estimate tokens and time; send nothing",
		    .common = true, .flag = &o->estimate },
		{ 0 },
	};

	gm_options_add(table, GM_GROUP_OUTPUT, rows);
}

static void
add_limit_rows(struct gm_summ_options *o, struct gm_options *table)
{
	const struct gm_opt rows[] = {
		{ 0, "chunk-tokens", "N",
		    "split texts into parts of at most N tokens",
		    .text = &o->chunk_text },
		{ 0 },
	};

	gm_rate_rows(&o->rate, table);
	gm_options_add(table, GM_GROUP_LIMITS, rows);
}

static void
add_cache_rows(struct gm_summ_options *o, struct gm_options *table)
{
	const struct gm_opt rows[] = {
		{ 0, "no-cache", NULL, "do not read or write the cache",
		    .common = true, .flag = &o->no_cache },
		{ 0, "cache-stats", NULL,
		    "print number and size of cached answers",
		    .flag = &o->cache_stats },
		{ 0, "cache-clear", NULL, "remove all cached answers",
		    .common = true, .flag = &o->cache_clear },
		{ 0 },
	};

	gm_options_add(table, GM_GROUP_CACHE, rows);
}

void
gm_summ_rows(void *options, struct gm_options *table)
{
	struct gm_summ_options *o = options;

	add_summary_rows(o, table);
	add_output_rows(o, table);
	add_limit_rows(o, table);
	add_cache_rows(o, table);
}
