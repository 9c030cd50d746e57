/*
 * Run a fuzz target without a fuzzer: over files and directories of files in the
 * arguments, or without arguments over generated short inputs, always the same
 * ones.  Prints TAP; a broken property aborts.
 */

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/buf.h"

#define INPUTS 20000
#define INPUT_MAX 128

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Parts of inputs, besides random bytes; at most 16 bytes each. */
static const char *const parts[] = { "{", "}", "[", "]", ":", ",", "\"", "\"",
	"\\", "\\u", "d83d", "de00", "0", "1", "-", ".", "e", "+", "true",
	"false", "null", "\"a\"", "{\"a\":1}", "[1,2]", " ", "\t", "\n", "\r\n",
	"\r", "#", "=", "'", "$", "a", "Z", ";", "m", "~",
	"data: ", "data:", "event: x\n", "id: 1\n", ": ping\n", "[DONE]",
	"export ", "GEMINI_API", "KEY", "\x1B", "\x1B[", "\x1B]", "\x07",
	"\x18", "\x7F", "\x1B\\", "\xC2\x9B", "\xC2\x9D", "\xC2\x9C",
	"\xE2\x80\xAE", "\xE2\x80\xA8", "\xC3\xA9", "\xE2\x82\xAC",
	"\xF0\x9F\x98\x80", "\xEF\xBB\xBF", "\xE2", "\xED\xA0\x80", "\xC0\xAF",
	"\xFF", "\x80" };

/* Whole inputs, each of which is changed a little. */
static const char *const wholes[] = {
	"[1,-2.50e+3,true,false,null,\"\",[],{}]",
	"{\"a\":{\"b\":[1,2]},\"c\":\"d\",\"a\":5}",
	"[\"\\ud83d\\ude00\\n\\u00e9\", \"\\ud83dx\\udfff\" ]",
	"\x1B[1;31mred\x1B[0m \x1B]0;title\x07text\n\xC2\x9Dx\xC2\x9C.",
	"a\xD8\x9C\xE2\x80\xAA\xE2\x80\xAE\xE2\x81\xA6\xE2\x81\xA9 b",
	"\xF0\x9F\x98\x80\xED\x9F\xBF\xE0\xA0\x80\xC2\x80",
	"event: e\r\ndata: {\"a\":1}\ndata: 2\r\r: c\n\n",
	"# keys\nexport A=\"b c\" # d\nB='e'\\\nC=f\n",
};

/* Marsaglia's xorshift, a fixed sequence. */
static uint64_t
chance(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 11;
}

/* In memory of exactly this size, so that a sanitizer sees an overrun. */
static void
run(const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		abort();
	if (len > 0)
		memcpy(copy, bytes, len);
	(void)LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static size_t
make_anew(char *out, uint64_t *state)
{
	size_t want = chance(state) % (INPUT_MAX / 2), len = 0, n;
	uint64_t wild = chance(state) % 4; /* of 4 parts, random bytes */
	const char *part;

	while (len < want) {
		if (chance(state) % 4 < wild) {
			out[len++] = (char)(chance(state) & 0xFF);
			continue;
		}
		part = parts[chance(state) % GM_LEN(parts)];
		n = strlen(part);
		memcpy(out + len, part, n);
		len += n;
	}
	return len;
}

/* Replace cut bytes by a part. */
static size_t
splice(char *out, size_t size, size_t at, size_t cut, const char *part)
{
	size_t n = strlen(part);

	memmove(out + at + n, out + at + cut, size - at - cut);
	memcpy(out + at, part, n);
	return size - cut + n;
}

static size_t
make_like(char *out, uint64_t *state)
{
	const char *whole = wholes[chance(state) % GM_LEN(wholes)], *part;
	size_t len = strlen(whole), at, cut;
	uint64_t changes = chance(state) % 4;

	memcpy(out, whole, len);
	for (; changes > 0; changes--) {
		at = chance(state) % (len + 1);
		cut = at < len ? chance(state) % 2 : 0;
		part = parts[chance(state) % GM_LEN(parts)];
		len = splice(out, len, at, cut, part);
	}
	return len;
}

static size_t
sweep(void)
{
	uint64_t state = UINT64_C(0x9E3779B97F4A7C15);
	char input[INPUT_MAX];
	size_t i, len;

	for (i = 0; i < INPUTS; i++) {
		len = i % 2 == 0 ? make_anew(input, &state)
		                 : make_like(input, &state);
		run(input, len);
	}
	return INPUTS;
}

static bool
run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct gm_buf bytes;
	char *room;
	bool good;

	gm_buf_init(&bytes, 1 << 28);
	while (file != NULL && feof(file) == 0 && ferror(file) == 0) {
		room = gm_buf_room(&bytes, BUFSIZ);
		if (room == NULL)
			break;
		gm_buf_filled(&bytes, fread(room, 1, BUFSIZ, file));
	}
	good = file != NULL && feof(file) != 0 && bytes.failed == GM_OK;
	if (good)
		run(bytes.data, bytes.len);
	else
		printf("# %s: cannot be read\n", path);
	if (file != NULL)
		(void)fclose(file);
	gm_buf_release(&bytes);
	return good;
}

/* Return the number of files, 0 if one could not be read. */
static size_t
run_all(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	char name[4096];
	size_t count = 0;
	bool good = true;

	if (dir == NULL)
		return run_file(path) ? 1 : 0;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(
		    name, sizeof(name), "%s/%s", path, entry->d_name);
		good = run_file(name) && good;
		count++;
	}
	(void)closedir(dir);
	return good ? count : 0;
}

int
main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash != NULL ? slash + 1 : argv[0];
	size_t count = 0, n;
	bool good = true;
	int i;

	printf("1..1\n");
	(void)fflush(stdout); /* a broken property would lose it */
	if (argc < 2)
		count = sweep();
	for (i = 1; i < argc; i++) {
		n = run_all(argv[i]);
		good = n > 0 && good;
		count += n;
	}
	printf("%s 1 - %s, %zu inputs\n", good ? "ok" : "not ok", name, count);
	return good ? 0 : 1;
}
