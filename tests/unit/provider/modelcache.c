#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../notes.h"
#include "provider/modelcache.h"

#define NOW INT64_C(1795000000000)
#define DAY GM_MODELCACHE_FRESH_MS
#define BASE "https://example.org"
#define FILE_NAME "cache/models.2f273bec81d5fcb2.json"
#define MODELS \
	"\"models\":[{\"id\":\"a\",\"displayName\":\"\",\"thinking\":false," \
	"\"supportedGenerationMethods\":[\"generateContent\"]}]"
#define TEXT(base, time) \
	"{\"base_url\":\"" base "/v1beta\",\"time_ms\":" time "," MODELS "}\n"

static char place[] = "/tmp/gm-unit-modelcache.XXXXXX";
static struct gm_modelcache cache = {
	.dir = "cache", .base_url = BASE, .note = &note
};

static int
set_up(void **state)
{
	(void)state;
	note.verbose = 1;
	if (mkdtemp(place) == NULL || chdir(place) != 0)
		return -1;
	return open_notes();
}

static void
clear(void)
{
	(void)rmdir(FILE_NAME);
	(void)unlink(FILE_NAME);
}

static int
tear_down(void **state)
{
	(void)state;
	clear();
	(void)unlink("file");
	(void)rmdir("cache");
	close_notes();
	return rmdir(place);
}

static void
put(const char *path, const char *text)
{
	int fd;

	clear();
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

static void
fill(struct gm_models *models)
{
	struct gm_buf next;
	struct gm_err err;

	*models = (struct gm_models){ .items = NULL };
	gm_buf_init(&next, GM_MODELS_TOKEN_MAX);
	assert_int_equal(gm_models_parse(models, gm_span_of("{" MODELS "}"),
			     NULL, &next, &err),
	    0);
	gm_buf_release(&next);
}

/* The number of models, -1 without a usable cache. */
static int
read_list(int64_t now, int64_t max_age)
{
	struct gm_models models = { .items = NULL };
	int len = -1;

	if (gm_modelcache_read(&cache, now, max_age, &models))
		len = (int)models.len;
	else
		assert_null(models.items);
	gm_models_release(&models);
	return len;
}

static void
test_write_and_read(void **state)
{
	static const char *const same[] = { BASE, BASE "/", BASE "/v1beta" };
	static const struct {
		int64_t now, max_age;
		int want;
	} rows[] = {
		{ NOW, DAY, 1 },
		{ NOW + DAY, DAY, 1 },
		{ NOW + DAY + 1, DAY, -1 },
		{ NOW - 1, DAY, -1 }, /* from the future */
		{ 0, INT64_MAX, 1 },
		{ NOW + 1000 * DAY, INT64_MAX, 1 },
	};
	struct gm_models models;
	char text[1000] = "";
	struct stat st;
	size_t i;
	int fd;

	(void)state;
	fill(&models);
	assert_int_equal(read_list(NOW, DAY), -1);
	gm_modelcache_write(&cache, NOW, &models);
	gm_models_release(&models);
	assert_string_equal(said(), "");
	assert_int_equal(stat(FILE_NAME, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat("cache", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	fd = open(FILE_NAME, O_RDONLY);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	assert_int_equal(close(fd), 0);
	assert_string_equal(text, TEXT(BASE, "1795000000000"));
	for (i = 0; i < GM_LEN(rows); i++)
		assert_int_equal(
		    read_list(rows[i].now, rows[i].max_age), rows[i].want);
	for (i = 0; i < GM_LEN(same); i++) {
		cache.base_url = same[i];
		assert_int_equal(read_list(NOW, DAY), 1);
	}
	cache.base_url = BASE ":8443";
	assert_int_equal(read_list(NOW, DAY), -1);
	cache.base_url = BASE;
	assert_string_equal(said(), "");
}

/* A file with other contents counts as absent. */
static void
test_no_use(void **state)
{
	static const struct {
		const char *text, *words; /* "": no note */
	} rows[] = {
		{ TEXT("https://example.com", "1795000000000"), "" },
		{ TEXT(BASE, "\"now\""), "" },
		{ TEXT(BASE, "-1"), "" },
		{ TEXT(BASE, "9223372036854775807"), "" },
		{ "{\"base_url\":\"" BASE "/v1beta\",\"time_ms\":1795000000000,"
		  "\"models\":[]}",
		    "" },
		{ "{}", "" },
		{ "[]", "" },
		{ "", "gm-x: cache: " FILE_NAME ": bad JSON" },
		{ "nonsense", "gm-x: cache: " FILE_NAME ": bad JSON" },
		{ "{\"base_url\":", "gm-x: cache: " FILE_NAME ": bad JSON" },
	};
	const char *words;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		put(FILE_NAME, rows[i].text);
		assert_int_equal(read_list(NOW, DAY), -1);
		words = said();
		assert_int_equal(
		    strncmp(words, rows[i].words, strlen(rows[i].words)), 0);
		assert_int_equal(words[0] == '\0', rows[i].words[0] == '\0');
	}
}

/* FIFOs and the like are neither read nor written. */
static void
test_other_files(void **state)
{
	struct gm_models models;
	struct stat st;

	(void)state;
	fill(&models);
	clear();
	assert_int_equal(mkfifo(FILE_NAME, 0600), 0);
	assert_int_equal(read_list(NOW, DAY), -1);
	assert_string_equal(
	    said(), "gm-x: cache: " FILE_NAME ": not a regular file\n");
	gm_modelcache_write(&cache, NOW, &models);
	assert_string_equal(said(),
	    "gm-x: the list of models is not cached: " FILE_NAME
	    ": not a regular file\n");
	clear();
	assert_int_equal(mkdir(FILE_NAME, 0700), 0);
	assert_int_equal(read_list(NOW, DAY), -1);
	assert_string_equal(
	    said(), "gm-x: cache: " FILE_NAME ": not a regular file\n");
	gm_modelcache_write(&cache, NOW, &models);
	assert_string_equal(said(),
	    "gm-x: the list of models is not cached: " FILE_NAME
	    ": not a regular file\n");
	clear();
	/* Larger than any list. */
	put(FILE_NAME, "{");
	assert_int_equal(truncate(FILE_NAME, 17 << 20), 0);
	assert_int_equal(read_list(NOW, DAY), -1);
	assert_string_equal(
	    said(), "gm-x: cache: " FILE_NAME ": larger than 16777216 bytes\n");
	gm_modelcache_write(&cache, NOW, &models); /* replaces it */
	assert_int_equal(read_list(NOW, DAY), 1);
	assert_int_equal(stat(FILE_NAME, &st), 0);
	assert_true(st.st_size < 1000);
	assert_string_equal(said(), "");
	gm_models_release(&models);
}

static void
test_no_directory(void **state)
{
	struct gm_models models;

	(void)state;
	fill(&models);
	cache.dir = "";
	assert_int_equal(read_list(NOW, DAY), -1);
	gm_modelcache_write(&cache, NOW, &models);
	assert_string_equal(said(), "");
	put("file", "");
	cache.dir = "file/below";
	assert_int_equal(read_list(NOW, DAY), -1);
	assert_string_equal(said(),
	    "gm-x: cache: file/below/models.2f273bec81d5fcb2.json: Not a "
	    "directory\n");
	gm_modelcache_write(&cache, NOW, &models);
	assert_string_equal(said(), "gm-x: the list of models is not cached: "
				    "file/below: Not a directory\n");
	cache.dir = "cache";
	gm_models_release(&models);
}

/* Only similar names are shown, of a list of any age. */
static void
test_advice(void **state)
{
	static const char list[] =
	    "{\"base_url\":\"" BASE "/v1beta\",\"time_ms\":1,\"models\":["
	    "{\"id\":\"gemini-flash\",\"supportedGenerationMethods\":[\"x\"]},"
	    "{\"id\":\"gemini-flask\",\"supportedGenerationMethods\":[\"y\"]}]"
	    "}";
	static const struct {
		const char *dir, *model, *method, *remedy;
	} rows[] = {
		{ "cache", "gemini-flas", "x", "did you mean gemini-flash?" },
		{ "cache", "gemini-flas", NULL,
		    "did you mean gemini-flash, gemini-flask?" },
		{ "cache", "nothing-like-it", NULL, "" },
		{ "", "gemini-flas", "x", "" },
		{ NULL, "gemini-flas", "x", "" },
	};
	struct gm_fault fault;
	size_t i;

	(void)state;
	put(FILE_NAME, list);
	for (i = 0; i < GM_LEN(rows); i++) {
		fault = (struct gm_fault){ .http = 404 };
		cache.dir = rows[i].dir;
		gm_modelcache_advise(
		    &cache, rows[i].model, rows[i].method, &fault);
		assert_string_equal(fault.remedy, rows[i].remedy);
	}
	cache.dir = "cache";
	assert_string_equal(said(), "");
}

static void
test_window(void **state)
{
	static const char list[] =
	    "{\"base_url\":\"" BASE "/v1beta\",\"time_ms\":1795000000000,"
	    "\"models\":[{\"id\":\"a\",\"inputTokenLimit\":1048576},"
	    "{\"id\":\"aa\",\"inputTokenLimit\":0},{\"id\":\"b\"}]}";
	static const struct {
		int64_t now;
		const char *model;
		int64_t want;
	} windows[] = {
		{ NOW, "a", 1048576 },
		{ NOW, "models/a", 1048576 },
		{ NOW + DAY, "a", 1048576 },
		{ NOW + DAY + 1, "a", 0 },
		{ NOW - 1, "a", 0 },
		{ NOW, "aa", 0 },
		{ NOW, "b", 0 },
		{ NOW, "c", 0 },
		{ NOW, "", 0 },
	};
	size_t i;

	(void)state;
	put(FILE_NAME, list);
	for (i = 0; i < GM_LEN(windows); i++)
		assert_int_equal(gm_modelcache_window(&cache, windows[i].now,
				     DAY, windows[i].model),
		    windows[i].want);
	/* Of any age. */
	assert_int_equal(
	    gm_modelcache_window(&cache, NOW + 100 * DAY, INT64_MAX, "a"),
	    1048576);
	cache.dir = NULL;
	assert_int_equal(gm_modelcache_window(&cache, NOW, DAY, "a"), 0);
	cache.dir = "cache";
	assert_string_equal(said(), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_and_read),
		cmocka_unit_test(test_no_use),
		cmocka_unit_test(test_other_files),
		cmocka_unit_test(test_advice),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_no_directory),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
