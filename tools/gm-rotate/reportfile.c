#include "gm-rotate/reportfile.h"
#include "base/clock.h"
#include "base/lines.h"
#include "gm-rotate/report.h"

#define LINE_MAX_BYTES ((size_t)64 * 1024 * 1024)

/*
 * Apply the lines that are available; *first keeps the first bad line's error.
 */
static int
take_lines(struct gm_keys *keys, struct gm_lines *lines,
    struct gm_keyreport *report, struct gm_err *first, struct gm_err *err)
{
	struct gm_span line;
	struct gm_err bad;
	int rc = 0;

	if (gm_keystate_lock(keys->state, false, gm_clock_wall_ms(), err) != 0)
		return -1;
	while (rc == 0 && gm_lines_take(lines, &line)) {
		if (gm_keyreport_line(report, line, gm_clock_wall_ms(), &bad) ==
		    0)
			continue;
		if (bad.code != GM_EDATA) {
			*err = bad;
			rc = -1;
		} else if (first->code == GM_OK) {
			*first = bad;
		}
	}
	gm_keystate_unlock(keys->state);
	return rc;
}

/* Check the last save: it also wrote what earlier ones could not. */

static int
check_stored(struct gm_keys *keys, struct gm_err *err)
{
	if (gm_keystate_lock(keys->state, false, gm_clock_wall_ms(), err) != 0)
		return -1;
	return gm_keys_store(keys, err);
}

int
gm_reportfile_read(struct gm_keys *keys, const char *provider, int fd,
    const char *name, struct gm_err *err)
{
	struct gm_keyreport report = { .rule = &keys->rule,
		.table = &keys->state->table,
		.note = keys->state->note,
		.provider = provider };
	struct gm_err first = { .code = GM_OK };
	struct gm_lines lines;
	int more = 1, rc = 0;

	gm_lines_init(&lines, fd, name, LINE_MAX_BYTES);
	while (rc == 0 && more == 1) {
		more = gm_lines_fill(&lines, err);
		rc = more == -1
		         ? -1
		         : take_lines(keys, &lines, &report, &first, err);
	}
	gm_lines_release(&lines);
	gm_keyreport_release(&report);
	if (rc == 0)
		rc = check_stored(keys, err);
	if (rc == 0 && first.code != GM_OK) {
		*err = first;
		gm_err_prefix(err, "%s: ", name);
		rc = -1;
	}
	return rc;
}
