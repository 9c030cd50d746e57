#include <stdio.h>
#include <string.h>

#include "keys/project.h"

/* What is known of the key's quotas so far is known of the project's. */
static int
take_quotas_along(const struct gm_keyrule *r, struct gm_keytable *t,
    size_t index, const char *project, struct gm_err *err)
{
	const size_t len = t->len;
	struct gm_keyrow row;
	size_t i;

	gm_keytable_fetch_all(t);
	for (i = 0; i < len; i++) {
		row = t->rows[i];
		if (strcmp(row.origin, r->origin) != 0 ||
		    strcmp(row.id, r->ids[index]) != 0 ||
		    strcmp(row.model, GM_KEYROW_ALL) == 0)
			continue;
		row.at = -1;
		(void)snprintf(row.id, sizeof(row.id), "%s", project);
		if (gm_keytable_append(t, &row, err) != 0)
			return -1;
	}
	gm_keytable_sort(t);
	return 0;
}

int
gm_keyproject_learn(const struct gm_keyrule *r, struct gm_keytable *t,
    size_t index, const char *number, struct gm_err *err)
{
	struct gm_keyrow *row;
	char project[GM_KEYROW_ID];

	if (number[0] == '\0')
		return 0;
	row = gm_keytable_get(t, r->origin, r->ids[index], GM_KEYROW_ALL, err);
	if (row == NULL)
		return -1;
	(void)snprintf(project, sizeof(project), "project:%s", number);
	if (strcmp(row->project, project) == 0)
		return 0;
	(void)snprintf(row->project, sizeof(row->project), "%s", project);
	t->changed = true;
	return take_quotas_along(r, t, index, project, err);
}
