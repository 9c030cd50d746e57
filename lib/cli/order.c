#include <stdlib.h>
#include <string.h>

#include "cli/order.h"

#define ROOM_MIN 64 /* slots of the smallest ring; a larger one is not kept */

void
gm_order_init(struct gm_order *o, bool unordered)
{
	*o = (struct gm_order){ .unordered = unordered, .due = 1 };
}

static struct gm_order_slot *
slot_of(const struct gm_order *o, int64_t number)
{
	return &o->ring[(uint64_t)number & (o->room - 1)];
}

/* Make room for the slots from the next record's to that of number. */
static int
make_room(struct gm_order *o, int64_t number, struct gm_err *err)
{
	size_t span = (size_t)(number - o->due) + 1, i;
	struct gm_order old = *o;

	if (span <= o->room)
		return 0;
	for (o->room = ROOM_MIN; o->room < span;)
		o->room *= 2;
	o->ring = calloc(o->room, sizeof(*o->ring));
	if (o->ring == NULL) {
		*o = old;
		return gm_fail(err, GM_EOS, "out of memory");
	}
	for (i = 0; i < old.room; i++)
		*slot_of(o, o->due + (int64_t)i) =
		    *slot_of(&old, o->due + (int64_t)i);
	free(old.ring);
	return 0;
}

int
gm_order_hold(
    struct gm_order *o, int64_t number, struct gm_span line, struct gm_err *err)
{
	struct gm_order_slot *slot;
	char *copy;

	if (o->unordered)
		number = o->due + (int64_t)o->lines;
	if (number < o->due)
		return gm_fail(err, GM_ESOFTWARE,
		    "record %lld: its line was already printed",
		    (long long)number);
	if (make_room(o, number, err) != 0)
		return -1;
	slot = slot_of(o, number);
	if (slot->line != NULL)
		return gm_fail(err, GM_ESOFTWARE,
		    "record %lld: it already has a line", (long long)number);
	copy = malloc(line.len + 1); /* not NULL for an empty line */
	if (copy == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	if (line.len > 0)
		memcpy(copy, line.p, line.len);
	slot->line = copy;
	slot->len = line.len;
	o->lines++;
	o->bytes += line.len;
	return 0;
}

/* Release a large ring that holds nothing. */
static void
shrink(struct gm_order *o)
{
	if (o->room <= ROOM_MIN)
		return;
	free(o->ring);
	o->ring = NULL;
	o->room = 0;
}

/* Return the slot of the line that may be taken next; NULL: none. */
static struct gm_order_slot *
next(struct gm_order *o)
{
	struct gm_order_slot *slot;

	while (o->lines > 0) {
		slot = slot_of(o, o->due);
		if (slot->line != NULL)
			return slot;
		if (!o->ended)
			return NULL;
		o->due++; /* skip a missing record */
		o->gaps++;
	}
	return NULL;
}

bool
gm_order_take(struct gm_order *o, struct gm_span *line)
{
	struct gm_order_slot *slot;

	do {
		free(o->taken);
		o->taken = NULL;
		slot = next(o);
		if (slot == NULL)
			return false;
		if (slot->len > 0 && o->gaps > 0 && o->gap.len > 0) {
			o->gaps--;
			*line = o->gap;
			return true;
		}
		o->gaps = slot->len > 0 ? 0 : o->gaps + 1;
		o->taken = slot->line;
		*line = (struct gm_span){ slot->line, slot->len };
		*slot = (struct gm_order_slot){ NULL, 0 };
		o->due++;
		o->lines--;
		o->bytes -= line->len;
		if (o->lines == 0)
			shrink(o);
	} while (line->len == 0);
	return true;
}

void
gm_order_end(struct gm_order *o)
{
	o->ended = true;
}

bool
gm_order_is_full(const struct gm_order *o)
{
	return o->lines >= GM_ORDER_LINES || o->bytes >= GM_ORDER_BYTES;
}

void
gm_order_release(struct gm_order *o)
{
	size_t i;

	for (i = 0; i < o->room; i++)
		free(o->ring[i].line);
	free(o->ring);
	free(o->taken);
	gm_order_init(o, o->unordered);
}
