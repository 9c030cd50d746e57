#ifndef GM_CLI_OPTIONS_H
#define GM_CLI_OPTIONS_H

/*
 * A table of options: parsed by getopt_long(3), printed as help, and listed
 * for the completions and for the tests of the manual.
 */

#include <stdbool.h>
#include <stdio.h>

#include "base/base.h"
#include "base/err.h"
#include "config/config.h"

/* The arguments of an option that may be given again. */
struct gm_texts {
	const char **items; /* owned; the texts are argv's */
	size_t len;
};

/* What an argument is, as far as completions can offer any. */
enum gm_arg {
	GM_ARG_TEXT, /* nothing to offer */
	GM_ARG_FILE,
	GM_ARG_AT_FILE, /* a text, or "@" and a file */
	GM_ARG_WORD,    /* one of the row's words */
	GM_ARG_WORDS,   /* some of them, separated by commas */
	GM_ARG_MODEL,   /* a name of the cached list of models */
	GM_ARG_MODELS,  /* some of them, separated by commas */
	GM_ARG_KEY,     /* the index of a key */
	GM_ARG_COMMAND  /* operands only: a command after "--" */
};

/* The i-th of some words; NULL: there are no more. */
typedef const char *gm_word(size_t i);

/* One option.  Exactly one of the typed targets is set. */
struct gm_opt {
	char letter;       /* 0: long form only */
	const char *name;  /* NULL ends the table */
	const char *arg;   /* placeholder; NULL: takes none */
	const char *help;  /* NULL: not shown */
	bool may_be_empty; /* an empty argument is one; else a usage error */
	/* Of its argument; without one, of an operand that may follow. */
	enum gm_arg kind;
	gm_word *word; /* of GM_ARG_WORD and GM_ARG_WORDS */
	bool *flag;
	int *count; /* how often it was given */
	const char **text;
	struct gm_texts *texts;
	const enum gm_setting *setting; /* goes to the configuration */
};

/* Rows allowed in one table. */
#define GM_OPTIONS_MAX 96

struct gm_options {
	struct gm_opt rows[GM_OPTIONS_MAX];
	size_t len;
	int *behind; /* set to how many operands stood behind a "--", -1: there
	              * was none; may be NULL */
};

/* Append a table, its end marked by a row without a name. */
void gm_options_add(struct gm_options *, const struct gm_opt *rows);

/*
 * Parse argv; operands are moved behind the options.  Long options may be
 * abbreviated, but nothing that reads as an option for keys ("--key") stands
 * for another option: the error says where keys belong.  Messages repeat no
 * argument, and of an unknown option only a name that is no secret.  Returns
 * the index of the first operand, or -1: GM_EUSAGE, GM_EOS.
 */
int gm_options_parse(const struct gm_options *, struct gm_config *, int argc,
    char **argv, struct gm_err *) GM_MUST_CHECK;

/* Options that do not go together. */
struct gm_clash {
	bool given;       /* both of them */
	const char *what; /* "--long and --json" */
};

/* Returns 0, or -1: GM_EUSAGE, naming the first that were given. */
int gm_options_exclude(
    const struct gm_clash *, size_t len, struct gm_err *) GM_MUST_CHECK;

/* What is refused with a message of its own. */
struct gm_refusal {
	bool given;
	const char *message;
};

/* Returns 0, or -1: GM_EUSAGE, with the message of the first that was given. */
int gm_options_refuse(
    const struct gm_refusal *, size_t len, struct gm_err *) GM_MUST_CHECK;

/* A line each: "  -m, --model MODEL      model to ask". */
void gm_options_help(const struct gm_options *, FILE *);

/* A line each, TAB-separated: letter or "-", name, placeholder or "-", help. */
void gm_options_list(const struct gm_options *, FILE *);

#endif
