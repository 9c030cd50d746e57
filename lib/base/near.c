#include <ctype.h>
#include <string.h>

#include "base/near.h"

#define NAME_MAX_BYTES 200

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Wagner and Fischer's table, of which only one row is kept. */
size_t
gm_near_distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_BYTES + 1], diagonal, above, i, len = strlen(b);

	if (strlen(a) > NAME_MAX_BYTES || len > NAME_MAX_BYTES)
		return GM_NEAR_FAR;
	for (i = 0; i <= len; i++)
		row[i] = i;
	for (; *a != '\0'; a++) {
		diagonal = row[0]++;
		for (i = 1; i <= len; i++) {
			above = row[i];
			row[i] = least(least(above, row[i - 1]) + 1,
			    diagonal + (tolower((unsigned char)*a) !=
					   tolower((unsigned char)b[i - 1])));
			diagonal = above;
		}
	}
	return row[len];
}
