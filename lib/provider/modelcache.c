#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/file.h"
#include "base/outfile.h"
#include "net/url.h"
#include "provider/modelcache.h"
#include "json/read.h"
#include "json/write.h"

#define FILE_MAX ((size_t)16 * 1024 * 1024)
#define PATH_LEN_MAX 4096
#define PREFIX "models/"

/* Append the base URL in one form, whether it ends in a version or not. */
static void
put_base(const struct gm_modelcache *c, struct gm_buf *out)
{
	gm_url_join(out, c->base_url, "/v1beta");
}

/* FNV-1a, for file names; the file holds the base URL, too. */
static uint64_t
hash(struct gm_span text)
{
	uint64_t h = UINT64_C(14695981039346656037);
	size_t i;

	for (i = 0; i < text.len; i++)
		h = (h ^ (unsigned char)text.p[i]) * UINT64_C(1099511628211);
	return h;
}

static void
put_path(const struct gm_modelcache *c, struct gm_buf *out)
{
	struct gm_buf base;

	gm_buf_init(&base, GM_URL_MAX + 16);
	put_base(c, &base);
	gm_buf_printf(out, "%s/models.%016llx.json", c->dir,
	    (unsigned long long)hash(gm_buf_span(&base)));
	gm_buf_inherit(out, &base);
	gm_buf_release(&base);
}

/* Read a regular file; another one could block or be endless. */
static int
slurp(const char *path, struct gm_buf *out, struct gm_err *err)
{
	struct stat st;
	int fd = gm_file_open(path, err), rc = -1;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) != 0)
		(void)gm_fail_errno(err, GM_ENOINPUT, "%s", path);
	else if (!S_ISREG(st.st_mode))
		(void)gm_fail(err, GM_ENOINPUT, "%s: not a regular file", path);
	else
		rc = gm_file_read(fd, path, out, err);
	(void)close(fd);
	return rc;
}

static bool
is_current(const struct gm_modelcache *c, const struct gm_json *j,
    int64_t now_ms, int64_t max_age_ms)
{
	int64_t made =
	    gm_json_int(j, gm_json_at(j, GM_JSON_ROOT, "time_ms"), INT64_MAX);
	struct gm_buf base;
	bool same;

	gm_buf_init(&base, GM_URL_MAX + 16);
	put_base(c, &base);
	same = base.failed == GM_OK &&
	       gm_json_is(j, gm_json_at(j, GM_JSON_ROOT, "base_url"),
		   gm_buf_str(&base));
	gm_buf_release(&base);
	return same &&
	       (max_age_ms == INT64_MAX || (made >= 0 && made <= now_ms &&
					       now_ms - made <= max_age_ms));
}

/*
 * Return 1 if the list was read, 0 if it is too old or of another URL, or -1.
 */
static int
take(const struct gm_modelcache *c, struct gm_span text, const int64_t when[2],
    struct gm_models *models, struct gm_err *err)
{
	struct gm_json json = { .text = { NULL, 0 } };
	struct gm_buf next;
	int rc;

	gm_buf_init(&next, GM_MODELS_TOKEN_MAX);
	rc = gm_json_parse(&json, text, err);
	if (rc == 0 && is_current(c, &json, when[0], when[1]))
		rc = gm_models_parse(models, text, NULL, &next, err) == 0
		         ? models->len > 0
		         : -1;
	gm_buf_release(&next);
	gm_json_release(&json);
	return rc;
}

bool
gm_modelcache_read(const struct gm_modelcache *c, int64_t now_ms,
    int64_t max_age_ms, struct gm_models *models)
{
	const int64_t when[2] = { now_ms, max_age_ms };
	struct gm_buf path, text;
	struct gm_err err;
	int rc;

	if (c->dir == NULL || c->dir[0] == '\0')
		return false;
	gm_buf_init(&path, PATH_LEN_MAX);
	gm_buf_init(&text, FILE_MAX);
	put_path(c, &path);
	rc = gm_buf_check(&path, &err);
	if (rc == 0)
		rc = slurp(gm_buf_str(&path), &text, &err);
	if (rc == -1 && err.number == ENOENT) {
		rc = 0;
	} else if (rc == 0) {
		rc = take(c, gm_buf_span(&text), when, models, &err);
		if (rc == -1)
			gm_err_prefix(&err, "%s: ", gm_buf_str(&path));
	}
	if (rc == -1) {
		gm_note(c->note, GM_LEVEL_DETAIL, "cache: %s", err.msg);
		gm_models_release(models);
	}
	gm_buf_release(&text);
	gm_buf_release(&path);
	return rc == 1;
}

static void
put_list(const struct gm_modelcache *c, int64_t now_ms,
    const struct gm_models *models, struct gm_buf *out)
{
	struct gm_buf base;
	struct gm_jsonw w;

	gm_buf_init(&base, GM_URL_MAX + 16);
	put_base(c, &base);
	gm_jsonw_init(&w, out);
	gm_jsonw_object(&w, NULL);
	gm_jsonw_text(&w, "base_url", gm_buf_str(&base));
	gm_jsonw_int(&w, "time_ms", now_ms);
	gm_models_write(models, &w);
	gm_jsonw_end(&w);
	gm_buf_putc(out, '\n');
	gm_buf_inherit(out, &base);
	gm_buf_release(&base);
}

static int
replace(const char *path, struct gm_span text, struct gm_err *err)
{
	struct gm_outfile f = { .fd = -1 };
	struct stat st;
	int rc;

	/* A FIFO or device there would be written to, or block. */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return gm_fail(
		    err, GM_ECANTCREAT, "%s: not a regular file", path);
	if (gm_outfile_create(&f, path, err) != 0)
		return -1;
	f.mode = 0600;
	rc = gm_file_write(f.fd, text, GM_STOP_NOW, err);
	if (rc != 0)
		gm_err_prefix(err, "%s: ", path);
	else
		rc = gm_outfile_commit(&f, err);
	gm_outfile_release(&f);
	return rc;
}

void
gm_modelcache_write(const struct gm_modelcache *c, int64_t now_ms,
    const struct gm_models *models)
{
	struct gm_buf path, text;
	struct gm_err err;

	if (c->dir == NULL || c->dir[0] == '\0')
		return;
	gm_buf_init(&path, PATH_LEN_MAX);
	gm_buf_init(&text, FILE_MAX);
	put_path(c, &path);
	put_list(c, now_ms, models, &text);
	if (gm_buf_check(&path, &err) != 0 || gm_buf_check(&text, &err) != 0 ||
	    gm_dir_make(c->dir, &err) != 0 ||
	    replace(gm_buf_str(&path), gm_buf_span(&text), &err) != 0)
		gm_note(c->note, GM_LEVEL_NOTE,
		    "the list of models is not cached: %s", err.msg);
	gm_buf_release(&text);
	gm_buf_release(&path);
}

void
gm_modelcache_advise(const struct gm_modelcache *c, const char *model,
    const char *method, struct gm_fault *fault)
{
	struct gm_models models = { .items = NULL };
	struct gm_buf names;

	gm_buf_init(&names, sizeof(fault->remedy) - sizeof("did you mean ?"));
	if (gm_modelcache_read(c, 0, INT64_MAX, &models))
		gm_models_near(&models, model, method, &names);
	if (names.len > 0 && names.failed == GM_OK)
		(void)snprintf(fault->remedy, sizeof(fault->remedy),
		    "did you mean %s?", gm_buf_str(&names));
	gm_models_release(&models);
	gm_buf_release(&names);
}

int64_t
gm_modelcache_window(const struct gm_modelcache *c, int64_t now_ms,
    int64_t max_age_ms, const char *model)
{
	struct gm_models models = { .items = NULL };
	int64_t window = 0;
	size_t i;

	if (strncmp(model, PREFIX, strlen(PREFIX)) == 0)
		model += strlen(PREFIX);
	if (gm_modelcache_read(c, now_ms, max_age_ms, &models))
		for (i = 0; i < models.len && window == 0; i++)
			if (strcmp(models.items[i].name, model) == 0)
				window = models.items[i].input_limit;
	gm_models_release(&models);
	return window > 0 ? window : 0;
}
