#include <ctype.h>

#include "cli/help.h"

/* Column at which the help texts begin. */
#define COLUMN 28

/* Print "  -m, --model MODEL"; return the width. */
static int
put_name(const struct gm_opt *row, FILE *out)
{
	char letter[8] = "    ";

	if (row->letter != 0)
		(void)snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	return fprintf(out, "  %s--%s%s%s", letter, row->name,
	    row->arg != NULL ? " " : "", row->arg != NULL ? row->arg : "");
}

static void
put_row(const struct gm_opt *row, FILE *out)
{
	int width = put_name(row, out);

	if (width >= COLUMN) {
		(void)fputc('\n', out);
		width = 0;
	}
	(void)fprintf(out, "%*s%s\n", COLUMN - width, "", row->help);
}

static bool
is_shown(const struct gm_opt *row, bool all)
{
	return row->help != NULL && (all || row->common);
}

/* Print a group; a heading comes only with a row that is shown. */
static void
put_group(const struct gm_options *o, enum gm_group group, bool all, FILE *out)
{
	const struct gm_opt *row;
	bool headed = false;

	for (row = o->rows; row < o->rows + o->len; row++) {
		if (row->group != group || !is_shown(row, all))
			continue;
		/* The short help has no room for blank lines. */
		if (!headed)
			(void)fprintf(out, "%s%s:\n", all ? "\n" : "",
			    gm_options_heading(group));
		headed = true;
		put_row(row, out);
	}
}

void
gm_help_print(const struct gm_help *h, bool all, FILE *out)
{
	int group;

	(void)fprintf(out, "Usage: %s [options]%s%s\n%c%s.\n%s", h->tool,
	    h->operands[0] != '\0' ? " " : "", h->operands,
	    toupper((unsigned char)h->summary[0]), h->summary + 1,
	    all ? "" : "\n");
	for (group = 0; group < GM_GROUPS; group++)
		put_group(h->options, (enum gm_group)group, all, out);
	(void)fprintf(out, "\nExample:\n  %s\n\n", h->example);
	if (all)
		(void)fprintf(out,
		    "TIME: 250ms, 1.5, 90s, 5m, 1h (a bare number: seconds).\n"
		    "Manual: man %s, man 7 gm\n",
		    h->tool);
	else
		(void)fprintf(out,
		    "All options: %s --help all   Manual: man %s, man 7 gm\n",
		    h->tool, h->tool);
}
