#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "keys/table.h"

#define HOUR_MS INT64_C(3600000)
/* No cooldown of a quota is longer: a day has 25 hours when DST ends. */
#define AHEAD_MS (25 * HOUR_MS)
/* NTP steps clocks by seconds, and machines differ by as much. */
#define SKEW_MS INT64_C(5000)

/* Order of the table, and of the lines in the file. */
static int
compare(const void *a, const void *b)
{
	const struct gm_keyrow *x = a, *y = b;
	int rc = strcmp(x->origin, y->origin);

	if (rc == 0 && x->kind != y->kind)
		rc = x->kind < y->kind ? -1 : 1;
	if (rc == 0)
		rc = strcmp(x->id, y->id);
	return rc != 0 ? rc : strcmp(x->model, y->model);
}

void
gm_keyrow_name(char *out, size_t size, const char *name)
{
	size_t i;

	for (i = 0; i + 1 < size && name[i] != '\0'; i++)
		out[i] = name[i] > ' ' && name[i] < 0x7f ? name[i] : '_';
	out[i] = '\0';
	if (strcmp(out, "-") == 0)
		out[0] = '\0';
}

static void
init_row(struct gm_keyrow *row, const char *origin, enum gm_keyrow_kind kind,
    const char *id, const char *model)
{
	*row = (struct gm_keyrow){ .kind = kind, .at = -1 };
	gm_keyrow_name(row->origin, sizeof(row->origin), origin);
	gm_keyrow_name(row->id, sizeof(row->id), id);
	gm_keyrow_name(row->model, sizeof(row->model), model);
}

/* Binary search: the index of the row, or where to insert it. */
static size_t
place(const struct gm_keytable *t, const struct gm_keyrow *row)
{
	size_t low = 0, high = t->len, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (compare(&t->rows[middle], row) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_at(const struct gm_keytable *t, size_t i, const struct gm_keyrow *row)
{
	return i < t->len && compare(&t->rows[i], row) == 0;
}

struct gm_keyrow *
gm_keytable_find(const struct gm_keytable *t, enum gm_keyrow_kind kind,
    const char *origin, const char *id, const char *model)
{
	struct gm_keyrow row;
	size_t i;

	init_row(&row, origin, kind, id, model);
	i = place(t, &row);
	return is_at(t, i, &row) ? &t->rows[i] : NULL;
}

void
gm_keytable_fetch(const struct gm_keytable *t, struct gm_keyrow *row)
{
	if (t->fetch == NULL || row == NULL || row->look == t->look)
		return;
	row->look = t->look;
	if (row->at != -1) /* no other process knows a row without a line */
		t->fetch(t->arg, row);
}

void
gm_keytable_fetch_all(struct gm_keytable *t)
{
	size_t i;

	for (i = 0; i < t->len; i++)
		gm_keytable_fetch(t, &t->rows[i]);
}

/* Make room for one more row. */
static int
grow(struct gm_keytable *t, struct gm_err *err)
{
	size_t cap = t->cap < 8 ? 8 : t->cap * 2;
	struct gm_keyrow *rows = NULL;

	if (t->len < t->cap)
		return 0;
	if (cap <= SIZE_MAX / sizeof(*rows))
		rows = realloc(t->rows, cap * sizeof(*rows));
	if (rows == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	t->rows = rows;
	t->cap = cap;
	return 0;
}

struct gm_keyrow *
gm_keytable_get(struct gm_keytable *t, enum gm_keyrow_kind kind,
    const char *origin, const char *id, const char *model, struct gm_err *err)
{
	struct gm_keyrow row;
	size_t i;

	init_row(&row, origin, kind, id, model);
	i = place(t, &row);
	if (!is_at(t, i, &row)) {
		if (grow(t, err) != 0)
			return NULL;
		assert(t->rows != NULL); /* for the analyzers */
		memmove(&t->rows[i + 1], &t->rows[i],
		    (t->len - i) * sizeof(*t->rows));
		t->rows[i] = row;
		t->len++;
	}
	gm_keytable_fetch(t, &t->rows[i]);
	return &t->rows[i];
}

/* Severity of a mark: a key that is rejected and out of quota is rejected. */
static int
rank(const struct gm_keyrow *row)
{
	return row->class == GM_CLASS_OK           ? 0
	       : gm_class_is_rejection(row->class) ? 2
	                                           : 1;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/*
 * Merge a row into another of the same name.  There are two if a process could
 * not write its table and now merges it with the file, or if a key joins a
 * project that has counters already.  Nothing may get lost, so every counter
 * takes the maximum.

 */
static void
merge_row(struct gm_keyrow *row, const struct gm_keyrow *from)
{
	int more = rank(from) - rank(row);

	if (row->project[0] == '\0' ||
	    (from->project[0] != '\0' && from->since_ms > row->since_ms))
		memcpy(row->project, from->project, sizeof(row->project));
	if (from->key[0] != '\0' &&
	    (row->key[0] == '\0' || from->since_ms > row->since_ms))
		memcpy(row->key, from->key, sizeof(row->key));
	if (more > 0 || (more == 0 && from->until_ms > row->until_ms)) {
		row->class = from->class;
		row->since_ms = from->since_ms;
		memcpy(row->reason, from->reason, sizeof(row->reason));
	}
	if (row->class == GM_CLASS_OK)
		row->since_ms = later(row->since_ms, from->since_ms);
	row->until_ms = later(row->until_ms, from->until_ms);
	if (from->day > row->day)
		row->requests = from->requests;
	else if (from->day == row->day)
		row->requests = later(row->requests, from->requests);
	row->day = later(row->day, from->day);
	row->failures = later(row->failures, from->failures);
	row->last_ms = later(row->last_ms, from->last_ms);
	row->slot_ms = later(row->slot_ms, from->slot_ms);
	row->tokens_ms = later(row->tokens_ms, from->tokens_ms);
	if (row->at == -1)
		row->at = from->at;
}

int
gm_keytable_append(
    struct gm_keytable *t, const struct gm_keyrow *row, struct gm_err *err)
{
	if (grow(t, err) != 0)
		return -1;
	t->rows[t->len++] = *row;
	return 0;
}

void
gm_keytable_sort(struct gm_keytable *t)
{
	size_t i, len = 0;

	/* A file is nearly always sorted: then qsort(3) is not needed. */
	for (i = 1; i < t->len; i++)
		if (compare(&t->rows[i - 1], &t->rows[i]) >= 0)
			break;
	if (i >= t->len)
		return;
	qsort(t->rows, t->len, sizeof(t->rows[0]), compare);
	for (i = 1; i < t->len; i++)
		if (compare(&t->rows[len], &t->rows[i]) == 0) {
			merge_row(&t->rows[len], &t->rows[i]);
			t->changed = true;
		} else
			t->rows[++len] = t->rows[i];
	t->len = len + 1;
}

/* Leaves changed alone: the next reservation writes the counters anyway. */
void
gm_keyrow_settle(struct gm_keyrow *row, int64_t now_ms)
{
	if (row->last_ms > now_ms + SKEW_MS)
		row->last_ms = row->slot_ms = row->tokens_ms = now_ms;
	if (row->slot_ms > now_ms + AHEAD_MS)
		row->slot_ms = now_ms;
	if (row->tokens_ms > now_ms + AHEAD_MS)
		row->tokens_ms = now_ms;
}

void
gm_keytable_settle(struct gm_keytable *t, int64_t now_ms)
{
	struct gm_keyrow *row;
	size_t i;

	t->now_ms = now_ms;
	for (i = 0; i < t->len; i++) {
		row = &t->rows[i];
		gm_keyrow_settle(row, now_ms);
		if (row->since_ms > now_ms + SKEW_MS) {
			row->since_ms = now_ms;
			t->changed = true;
		}
		if (row->until_ms > now_ms + AHEAD_MS &&
		    !gm_class_is_rejection(row->class)) {
			row->until_ms = now_ms + AHEAD_MS;
			t->changed = true;
		}
	}
}

void
gm_keytable_forget(struct gm_keytable *t)
{
	size_t i, len = 0;

	for (i = 0; i < t->len; i++)
		if (t->rows[i].at != -1 && len++ != i)
			t->rows[len - 1] = t->rows[i];
	t->len = len;
}

void
gm_keytable_release(struct gm_keytable *t)
{
	free(t->rows);
	*t = (struct gm_keytable){ 0 };
}

/* --- the text */

#define HEAD "# gm keys, version "
#define VERSION "2"
#define VERSION_1 "1" /* has no column "tokens" */
#define COLUMNS \
	": requests, Pacific day, failures, last use, slot, tokens, id, " \
	"model, project, class, since, until, origin, reason"

#define NO_TIME "-                       "
#define WIDTH ((size_t)GM_KEYROW_COUNTERS - 1)
#define WIDTH_1 (WIDTH - sizeof(NO_TIME))

/*
 * Rows that were not used for so long are dropped.  A weekly job keeps its own.
 */
#define IDLE_MS (8 * 24 * INT64_C(3600000))

/* Largest numbers that fit into their columns. */
#define REQUESTS_MAX INT64_C(9999999999)
#define SMALL_MAX INT64_C(999999)

/*
 * Take a number of exactly this width, with leading blanks.  A torn write
 * leaves bytes of an old and a new number, so nothing else is accepted.
 */
static bool
take_number(const char **p, int width, int64_t *value)
{
	const char *end = *p + width;

	while (*p < end - 1 && **p == ' ')
		(*p)++;
	for (*value = 0; *p < end; (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		*value = *value * 10 + (**p - '0');
	}
	return *(*p)++ == ' ';
}

static bool
parse_time(int64_t *ms, const char *text)
{
	*ms = 0;
	if (strcmp(text, "forever") == 0)
		*ms = GM_KEYROW_FOREVER;
	return *ms != 0 || text[0] == '\0' || gm_clock_parse(ms, text);
}

/* Take a time, or "-" padded with blanks to the width of a time. */
static bool
take_time(const char **p, int64_t *ms)
{
	char text[GM_CLOCK_TEXT] = "";

	*ms = 0;
	memcpy(text, *p, sizeof(text) - 1);
	*p += sizeof(text) - 1;
	if (strcmp(text, NO_TIME) != 0 && !gm_clock_parse(ms, text))
		return false;
	return *(*p)++ == ' ';
}

/* Torn counters become zero together, as those that can be read are stale. */
void
gm_keyrow_parse_counters(
    struct gm_keyrow *row, const char p[GM_KEYROW_COUNTERS])
{
	if (take_number(&p, 10, &row->requests) &&
	    take_number(&p, 6, &row->day) &&
	    take_number(&p, 6, &row->failures) &&
	    take_time(&p, &row->last_ms) && take_time(&p, &row->slot_ms) &&
	    take_time(&p, &row->tokens_ms))
		return;
	row->requests = row->day = row->failures = 0;
	row->last_ms = row->slot_ms = row->tokens_ms = 0;
}

/* Take the next field: printable ASCII that fits; "-" is "". */
static bool
take_name(struct gm_span *rest, char *out, size_t size)
{
	struct gm_span word = { NULL, 0 };
	size_t i;

	while (word.len == 0)
		if (!gm_span_split(rest, " ", &word))
			return false;
	if (word.len >= size)
		return false;
	for (i = 0; i < word.len; i++)
		if (word.p[i] <= ' ' || word.p[i] >= 0x7f)
			return false;
	memcpy(out, word.p, word.len);
	out[gm_span_is(word, "-") ? 0 : word.len] = '\0';
	return true;
}

static bool
take_class(struct gm_span *rest, enum gm_class *class)
{
	char name[40];

	return take_name(rest, name, sizeof(name)) &&
	       gm_class_find(name, class);
}

/* Copy as one line: controls become '?', blanks at the ends go, "-" is "". */
static void
set_reason(char *out, size_t size, struct gm_span text)
{
	size_t i;

	text = gm_span_trim(text);
	if (gm_span_is(text, "-"))
		text.len = 0;
	for (i = 0; i + 1 < size && i < text.len; i++)
		out[i] = (unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f
		             ? '?'
		             : text.p[i];
	out[i] = '\0';
}

/* Put before the id in the text. */
static const char *const prefixes[] = { [GM_KEYROW_OWNER] = "",
	[GM_KEYROW_SERVICE] = "service:",
	[GM_KEYROW_CURRENT] = "current:" };

/*
 * Set the kind by the prefix of the id, which is removed.  An old file may have
 * a row "current" of all lists; it belongs to no list, and is dropped when
 * idle.
 */
static void
take_kind(struct gm_keyrow *row)
{
	enum gm_keyrow_kind kind;
	size_t len;

	for (kind = GM_KEYROW_SERVICE; kind <= GM_KEYROW_CURRENT; kind++) {
		len = strlen(prefixes[kind]);
		if (strncmp(row->id, prefixes[kind], len) == 0)
			memmove(row->id, row->id + len, sizeof(row->id) - len);
		else if (kind == GM_KEYROW_CURRENT &&
			 strcmp(row->id, "current") == 0)
			row->id[0] = '\0';
		else
			continue;
		row->kind = kind;
		return;
	}
}

/* Counters of version 1 are filled up with "-" to the width of today. */
static bool
parse_line(struct gm_keyrow *row, struct gm_span line, size_t width)
{
	char counters[GM_KEYROW_COUNTERS] = "";
	char since[GM_CLOCK_TEXT], until[GM_CLOCK_TEXT];
	char link[GM_KEYROW_ID] = "";
	struct gm_span rest;

	if (line.len <= width || line.p[width] != ' ')
		return false;
	memcpy(counters, line.p, width);
	if (width < WIDTH)
		memcpy(counters + width, " " NO_TIME, WIDTH - width);
	counters[WIDTH] = ' ';
	rest = (struct gm_span){ line.p + width, line.len - width };
	if (!take_name(&rest, row->id, sizeof(row->id)) ||
	    !take_name(&rest, row->model, sizeof(row->model)) ||
	    !take_name(&rest, link, sizeof(link)) ||
	    !take_class(&rest, &row->class) ||
	    !take_name(&rest, since, sizeof(since)) ||
	    !take_name(&rest, until, sizeof(until)) ||
	    !take_name(&rest, row->origin, sizeof(row->origin)) ||
	    !parse_time(&row->since_ms, since) ||
	    !parse_time(&row->until_ms, until))
		return false;
	take_kind(row);
	memcpy(row->kind == GM_KEYROW_CURRENT ? row->key : row->project, link,
	    sizeof(link));
	set_reason(row->reason, sizeof(row->reason), rest);
	gm_keyrow_parse_counters(row, counters);
	return true;
}

/*
 * Return the width of the counters by the version in the first line; 0 if the
 * version is not known.  A text without that line, as after damage, is read as
 * the version of today.
 */
static size_t
width_of(struct gm_span text)
{
	struct gm_span line = { NULL, 0 };

	(void)gm_span_split(&text, "\n", &line);
	if (text.p == NULL || !gm_span_starts(line, HEAD) ||
	    gm_span_starts(line, HEAD VERSION ":"))
		return WIDTH;
	return gm_span_starts(line, HEAD VERSION_1 ":") ? WIDTH_1 : 0;
}

int
gm_keytable_parse(
    struct gm_keytable *t, struct gm_span text, size_t *bad, struct gm_err *err)
{
	const size_t width = width_of(text);
	const char *start = text.p;
	struct gm_span line;

	*bad = 0;
	t->newer = width == 0;
	while (!t->newer && gm_span_split(&text, "\n", &line)) {
		struct gm_keyrow row = { .at = -1 };

		if (width == WIDTH)
			row.at = (off_t)(line.p - start);
		if (line.len == 0 || (line.p[0] == '#' && text.p != NULL))
			continue;
		/* text.p is NULL after the last line: it has no newline. */
		if (text.p == NULL || !parse_line(&row, line, width))
			++*bad;
		else if (gm_keytable_append(t, &row, err) != 0)
			return -1;
	}
	gm_keytable_sort(t);
	t->changed = t->changed || *bad > 0 || width == WIDTH_1;
	return 0;
}

static int64_t
clamp(int64_t value, int64_t max)
{
	return value < 0 ? 0 : value > max ? max : value;
}

static void
format_time(char out[GM_CLOCK_TEXT], int64_t ms)
{
	if (ms > 0 && ms != GM_KEYROW_FOREVER)
		gm_clock_format_ms(out, ms);
	else
		(void)snprintf(
		    out, GM_CLOCK_TEXT, "%s", ms > 0 ? "forever" : "-");
}

static void
format_counters(const struct gm_keyrow *row, char out[GM_KEYROW_COUNTERS])
{
	char last[GM_CLOCK_TEXT], slot[GM_CLOCK_TEXT], tokens[GM_CLOCK_TEXT];

	format_time(last, row->last_ms);
	format_time(slot, row->slot_ms);
	format_time(tokens, row->tokens_ms);
	(void)snprintf(out, GM_KEYROW_COUNTERS,
	    "%10" PRId64 " %6" PRId64 " %6" PRId64 " %-24s %-24s %-24s",
	    clamp(row->requests, REQUESTS_MAX), clamp(row->day, SMALL_MAX),
	    clamp(row->failures, SMALL_MAX), last, slot, tokens);
}

static const char *
or_dash(const char *text)
{
	return text[0] != '\0' ? text : "-";
}

size_t
gm_keyrow_line(const struct gm_keyrow *row, char line[GM_KEYROW_LINE])
{
	char counters[GM_KEYROW_COUNTERS], link[GM_KEYROW_ID];
	char since[GM_CLOCK_TEXT], until[GM_CLOCK_TEXT];
	char reason[sizeof(row->reason)];

	format_counters(row, counters);
	gm_keyrow_name(link, sizeof(link),
	    row->kind == GM_KEYROW_CURRENT ? row->key : row->project);
	set_reason(reason, sizeof(reason), gm_span_of(row->reason));
	format_time(since, row->since_ms);
	format_time(until, row->until_ms);
	(void)snprintf(line, GM_KEYROW_LINE, "%s %s%s %s %s %s %s %s %s %s\n",
	    counters, prefixes[row->kind], or_dash(row->id),
	    or_dash(row->model), or_dash(link), gm_class(row->class)->name,
	    since, until, or_dash(row->origin), or_dash(reason));
	return strlen(line);
}

static bool
is_idle(const struct gm_keyrow *row, int64_t now_ms)
{
	bool marked = row->class != GM_CLASS_OK || row->failures > 0;

	if (marked && (row->until_ms == 0 || row->until_ms >= now_ms - IDLE_MS))
		return false;
	/* Keep a project number: such a row of a key has no use of its own. */
	return row->last_ms < now_ms - IDLE_MS &&
	       row->since_ms < now_ms - IDLE_MS &&
	       (row->kind == GM_KEYROW_CURRENT || row->project[0] == '\0' ||
		   row->last_ms != 0);
}

/*
 * Importance of a row: 2 for a rejected key, 1 for a cooldown or current key.
 */
static int
weigh(const struct gm_keyrow *row, int64_t now_ms)
{
	if (gm_class_is_rejection(row->class))
		return 2;
	return row->kind == GM_KEYROW_CURRENT ||
	       (row->class != GM_CLASS_OK && row->until_ms > now_ms);
}

static int64_t
newest(const struct gm_keyrow *row)
{
	return later(row->last_ms, row->since_ms);
}

/* The oldest of the rows that are least important. */
static struct gm_keyrow *
pick_oldest(const struct gm_keytable *t)
{
	struct gm_keyrow *oldest = NULL, *row;
	int weight, least = 0;
	size_t i;

	for (i = 0; i < t->len; i++) {
		row = &t->rows[i];
		if (row->at == -1)
			continue;
		weight = weigh(row, t->now_ms);
		if (oldest == NULL || weight < least ||
		    (weight == least && newest(row) < newest(oldest))) {
			oldest = row;
			least = weight;
		}
	}
	return oldest;
}

/* Set at to -1 in rows that are left out, and to 0 in all others. */
static void
choose(struct gm_keytable *t)
{
	char line[GM_KEYROW_LINE];
	struct gm_keyrow *row;
	size_t i, bytes = 1000, rows = 0; /* 1000: more than the comment */

	t->dropped = 0;
	for (i = 0; i < t->len; i++) {
		row = &t->rows[i];
		row->at = is_idle(row, t->now_ms) ? -1 : 0;
		if (row->at == -1)
			continue;
		bytes += gm_keyrow_line(row, line);
		rows++;
	}
	while (rows > GM_KEYTABLE_ROWS || bytes > GM_KEYTABLE_BYTES) {
		row = pick_oldest(t);
		row->at = -1;
		bytes -= gm_keyrow_line(row, line);
		rows--;
		t->dropped++;
	}
}

void
gm_keytable_write(struct gm_keytable *t, struct gm_buf *out)
{
	size_t i, len, start = out->len;
	char line[GM_KEYROW_LINE];

	choose(t);
	gm_buf_puts(out, HEAD VERSION COLUMNS "\n");
	for (i = 0; i < t->len; i++) {
		if (t->rows[i].at == -1)
			continue;
		t->rows[i].at = (off_t)(out->len - start);
		len = gm_keyrow_line(&t->rows[i], line);
		gm_buf_put(out, line, len);
	}
}
