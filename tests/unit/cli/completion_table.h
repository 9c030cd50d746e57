/* A table of options for the writers of completions, hard on quoting. */

#include <stdbool.h>
#include <string.h>

#include "cli/completion.h"

#define NASTY "it's [a] \"b\": $c `d` \\e"

static inline const char *
nasty_word(size_t i)
{
	static const char *const words[] = { "one", "two" };

	return i < 2 ? words[i] : NULL;
}

static inline void
make_table(struct gm_options *o)
{
	static bool flag;
	static const char *text;
	static struct gm_texts texts;
	static const struct gm_opt rows[] = {
		{ 'a', "all", NULL, NASTY, .flag = &flag },
		{ 0, "word", "WORD", "a word", .kind = GM_ARG_WORD,
		    .word = nasty_word, .text = &text },
		{ 0, "words", "W,...", "words", .kind = GM_ARG_WORDS,
		    .word = nasty_word, .text = &text },
		{ 'f', "file", "FILE", "a file", .kind = GM_ARG_FILE,
		    .texts = &texts },
		{ 0, "text", "A:B", "a text", .text = &text },
		{ 0, "at", "@FILE", "at", .kind = GM_ARG_AT_FILE,
		    .text = &text },
		{ 0, "model", "M", "model", .kind = GM_ARG_MODEL,
		    .text = &text },
		{ 'm', "models", "M,...", "models", .kind = GM_ARG_MODELS,
		    .text = &text },
		{ 0, "key", "N", "key", .kind = GM_ARG_KEY, .text = &text },
		{ 0, "reset", NULL, "a key after it", .kind = GM_ARG_KEY,
		    .flag = &flag },
		{ 0, "hidden", NULL, NULL, .flag = &flag },
		{ 0 },
	};

	*o = (struct gm_options){ .len = 0 };
	gm_options_add(o, GM_GROUP_OTHER, rows);
}

/* The part of a script from one text up to another, both in it. */
static inline const char *
part_of(struct gm_buf *script, const char *from, const char *to)
{
	char *begin = strstr(script->data, from), *end;

	if (begin == NULL || (end = strstr(begin, to)) == NULL)
		return "not there";
	end[strlen(to)] = '\0';
	return begin;
}
