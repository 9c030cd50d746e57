#include <stdlib.h>

#include "gm-prompt/hashes.h"

#define DIGITS 32 /* hexadecimal, of a hash */

static bool
is_less(struct gm_hash a, struct gm_hash b)
{
	return a.high != b.high ? a.high < b.high : a.low < b.low;
}

/* Parse half of the digits. */
static bool
take_digits(uint64_t *value, const char *digits)
{
	unsigned char c;
	int i;

	*value = 0;
	for (i = 0; i < DIGITS / 2; i++) {
		c = (unsigned char)digits[i];
		if (c >= '0' && c <= '9')
			*value = *value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	return true;
}

bool
gm_hashes_parse(struct gm_hash *hash, struct gm_span text)
{
	return text.len == DIGITS && take_digits(&hash->high, text.p) &&
	       take_digits(&hash->low, text.p + DIGITS / 2);
}

int
gm_hashes_add(struct gm_hashes *h, struct gm_hash hash, struct gm_err *err)
{
	size_t cap = h->cap > 0 ? h->cap * 2 : 64;
	struct gm_hash *all;

	if (h->len == h->cap) {
		all = cap > SIZE_MAX / sizeof(*all)
		          ? NULL
		          : realloc(h->all, cap * sizeof(*all));
		if (all == NULL)
			return gm_fail(err, GM_EOS, "out of memory");
		h->all = all;
		h->cap = cap;
	}
	h->all[h->len++] = hash;
	return 0;
}

/* Move the hash at i down in a heap of len until no hash below it is larger. */
static void
sift(struct gm_hash *heap, size_t i, size_t len)
{
	struct gm_hash moved = heap[i];
	size_t child;

	while ((child = 2 * i + 1) < len) {
		if (child + 1 < len && is_less(heap[child], heap[child + 1]))
			child++;
		if (!is_less(moved, heap[child]))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = moved;
}

/*
 * Heapsort: the list of a million records is sorted in place, without recursion
 * on a small stack, and no order of the input makes it slow.
 */
int
gm_hashes_sort(struct gm_hashes *h, struct gm_err *err)
{
	struct gm_hash top;
	size_t i;

	if (h->len == 0)
		return 0;
	h->marks = calloc(h->len / CHAR_BIT + 1, 1);
	if (h->marks == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	for (i = h->len / 2; i > 0; i--)
		sift(h->all, i - 1, h->len);
	for (i = h->len - 1; i > 0; i--) {
		top = h->all[0];
		h->all[0] = h->all[i];
		h->all[i] = top;
		sift(h->all, 0, i);
	}
	return 0;
}

static bool
has_mark(const struct gm_hashes *h, size_t i)
{
	return (h->marks[i / CHAR_BIT] >> i % CHAR_BIT & 1) != 0;
}

/*
 * Return the first index whose hash is not below the given one.  With unmarked
 * set, skip marked entries of the hash: as marks fill its entries from the
 * first, a binary search finds the first that is not marked.
 */
static size_t
find(const struct gm_hashes *h, struct gm_hash hash, bool unmarked)
{
	size_t from = 0, to = h->len, middle;

	while (from < to) {
		middle = from + (to - from) / 2;
		if (is_less(h->all[middle], hash) ||
		    (unmarked && !is_less(hash, h->all[middle]) &&
			has_mark(h, middle)))
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static bool
is_at(const struct gm_hashes *h, struct gm_hash hash, size_t i)
{
	return i < h->len && h->all[i].high == hash.high &&
	       h->all[i].low == hash.low;
}

bool
gm_hashes_mark(struct gm_hashes *h, struct gm_hash hash)
{
	size_t i = find(h, hash, true);

	if (!is_at(h, hash, i))
		return false;
	h->marks[i / CHAR_BIT] |= (unsigned char)(1 << i % CHAR_BIT);
	h->marked++;
	return true;
}

bool
gm_hashes_unmark(struct gm_hashes *h, struct gm_hash hash)
{
	size_t i = find(h, hash, true);

	if (i == 0 || !is_at(h, hash, i - 1))
		return false;
	i--; /* the last marked entry */
	h->marks[i / CHAR_BIT] &= (unsigned char)~(1 << i % CHAR_BIT);
	h->marked--;
	return true;
}

bool
gm_hashes_is_marked(const struct gm_hashes *h, struct gm_hash hash)
{
	size_t i = find(h, hash, false);

	return is_at(h, hash, i) && has_mark(h, i);
}

void
gm_hashes_release(struct gm_hashes *h)
{
	free(h->all);
	free(h->marks);
	*h = (struct gm_hashes){ 0 };
}
