#ifndef GM_CLI_OPTIONS_H
#define GM_CLI_OPTIONS_H

/*
 * A table of options, ordered by groups: parsed by getopt_long(3), and the
 * source of the help text (help.h), of the completions, and of the tests that
 * compare the manual pages.
 */

#include <stdbool.h>
#include <stdio.h>

#include "base/base.h"
#include "base/err.h"
#include "config/config.h"

/* The arguments of an option that may be repeated. */
struct gm_texts {
	const char **items; /* owned; the texts are argv's */
	size_t len;
};

/* Kinds of arguments, for completions. */
enum gm_arg {
	GM_ARG_TEXT, /* completions offer nothing */
	GM_ARG_FILE,
	GM_ARG_AT_FILE, /* a text, or "@" and a file */
	GM_ARG_WORD,    /* one of the row's words */
	GM_ARG_WORDS,   /* some of them, separated by commas */
	GM_ARG_MODEL,   /* a name of the cached list of models */
	GM_ARG_MODELS,  /* some of them, separated by commas */
	GM_ARG_KEY,     /* the index of a key */
	GM_ARG_COMMAND  /* operands only: a command after "--" */
};

/* Groups of options, in the order of the help text and of the manual pages. */
enum gm_group {
	GM_GROUP_SUMMARY,  /* of gm-summ, */
	GM_GROUP_ROTATION, /* of gm-rotate, */
	GM_GROUP_CHECKS,   /* of gm-keycheck, */
	GM_GROUP_LIST,     /* and of gm-models */
	GM_GROUP_PROMPT,
	GM_GROUP_GENERATION,
	GM_GROUP_OUTPUT,
	GM_GROUP_BATCHES,
	GM_GROUP_LIMITS,
	GM_GROUP_CACHE,
	GM_GROUP_KEYS,
	GM_GROUP_NETWORK,
	GM_GROUP_LOGGING,
	GM_GROUP_OTHER,
	GM_GROUPS
};

/* Return the i-th of some words, or NULL at the end. */
typedef const char *gm_word(size_t i);

/* An option, with at least one of the targets flag to setting. */
struct gm_opt {
	char letter;       /* 0: long form only */
	const char *name;  /* NULL ends the table */
	const char *arg;   /* placeholder; NULL: takes none */
	const char *help;  /* NULL: not shown */
	bool common;       /* the short help shows it, too */
	bool may_be_empty; /* an empty argument is one; else a usage error */
	/* Kind of the argument; without one, of an operand that may follow. */
	enum gm_arg kind;
	gm_word *word; /* of GM_ARG_WORD and GM_ARG_WORDS */
	bool *flag;
	int *count; /* counts how often it is given */
	/*
	 * Without a placeholder: set by "--name=WORD", with one of its words.
	 */
	const char **text;
	struct gm_texts *texts;
	const enum gm_setting *setting; /* goes to the configuration */
	enum gm_group group;            /* set by gm_options_add() */
};

/* Rows allowed in one table. */
#define GM_OPTIONS_MAX 96

struct gm_options {
	struct gm_opt rows[GM_OPTIONS_MAX]; /* ordered by group */
	size_t len;
	/* Set to the number of operands after "--", or to -1 without a "--";
	 * may be NULL. */
	int *after_dashes;
};

/*
 * Add rows to a group, after those that it has.  A row without a name ends
 * them.
 */
void
gm_options_add(struct gm_options *, enum gm_group, const struct gm_opt *rows);

/* The heading of a group: "Keys and models". */
const char *gm_options_heading(enum gm_group);

/*
 * Parse argv, and move operands after the options.  Long options may be
 * abbreviated, but "--key" and other names of options that take a key
 * abbreviate none: the error says where keys are read from.  Messages never
 * repeat an argument, and repeat an unknown option only if it cannot be a
 * secret.  Returns the index of the first operand, or -1: GM_EUSAGE, GM_EOS.
 */
int gm_options_parse(const struct gm_options *, struct gm_config *, int argc,
    char **argv, struct gm_err *) GM_MUST_CHECK;

/* Options that cannot be combined. */
struct gm_clash {
	bool given;       /* all of them are given */
	const char *what; /* "--long and --json" */
};

/* Returns 0, or -1: GM_EUSAGE, which names the first that were given. */
int gm_options_exclude(
    const struct gm_clash *, size_t len, struct gm_err *) GM_MUST_CHECK;

/* A usage error with its message. */
struct gm_refusal {
	bool given;
	const char *message;
};

/* Returns 0, or -1: GM_EUSAGE, with the message of the first that was given. */
int gm_options_refuse(
    const struct gm_refusal *, size_t len, struct gm_err *) GM_MUST_CHECK;

/*
 * Print a line for each row, TAB-separated: letter or "-", name, placeholder or
 * "-", help, heading, "common" or "-".
 */
void gm_options_list(const struct gm_options *, FILE *);

#endif
