#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/utf8.h"
#include "config/dotenv.h"
#include "config/envfile.h"

#define FILE_MAX (1024 * 1024)

struct load {
	struct gm_envfile *file;
	const char *path;
	const struct gm_envfile_rules *rules;
	const struct gm_note *note;
};

static void
keep_name(struct gm_buf *names, struct gm_span name)
{
	struct gm_span rest = gm_buf_span(names), known;

	while (gm_span_split(&rest, "\n", &known))
		if (known.len == name.len &&
		    memcmp(known.p, name.p, name.len) == 0)
			return;
	gm_buf_put_span(names, name);
	gm_buf_putc(names, '\n');
}

static bool
is_wanted(struct gm_span name, void *arg)
{
	const struct load *load = arg;

	if (load->rules->wanted(name))
		return true;
	if (load->rules->unknown != NULL && load->rules->unknown(name))
		keep_name(&load->file->unknown, name);
	return false;
}

static int
keep(struct gm_span name, struct gm_span value, size_t line, void *arg,
    struct gm_err *err)
{
	const struct load *load = arg;
	struct gm_envfile *file = load->file;
	struct gm_envfile_item *items;

	(void)line;
	items = realloc(file->items, (file->len + 1) * sizeof(*items));
	if (items == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	file->items = items;
	items += file->len++;
	gm_buf_init(&items->name, FILE_MAX);
	gm_buf_init(&items->value, FILE_MAX);
	gm_buf_put_span(&items->name, name);
	gm_buf_put_span(&items->value, value);
	if (gm_buf_check(&items->name, err) != 0)
		return -1;
	return gm_buf_check(&items->value, err);
}

static void
put_note(size_t line, const char *text, void *arg)
{
	const struct load *load = arg;

	gm_note(
	    load->note, GM_LEVEL_NOTE, "%s:%zu: %s", load->path, line, text);
}

static void
drop_note(size_t line, const char *text, void *arg)
{
	(void)line;
	(void)text;
	(void)arg;
}

static bool
is_deciding(struct gm_span name, void *arg)
{
	const struct load *load = arg;

	return load->rules->deciding(name, load->rules->arg);
}

/* Parse the deciding variables alone, as other lines may be malformed. */
static bool
is_needed(const struct load *load, struct gm_span text)
{
	struct gm_envfile found = { 0 };
	struct load look = { &found, load->path, load->rules, load->note };
	const struct gm_dotenv_fns fns = {
		.wanted = is_deciding,
		.set = keep,
		.note = drop_note,
		.arg = &look,
	};
	struct gm_err later; /* found again when all is parsed */
	bool needed;

	if (load->rules->needed == NULL)
		return true;
	needed = gm_dotenv_parse(text, &fns, &later) != 0 ||
	         load->rules->needed(&found, load->rules->arg);
	gm_envfile_release(&found);
	return needed;
}

static int
check_mode(int fd, const struct load *load, struct gm_err *err)
{
	struct stat st;
	bool foreign, open;

	if (fstat(fd, &st) != 0)
		return gm_fail_errno(err, GM_ECONFIG, "%s", load->path);
	if (load->file->len == 0)
		return 0;
	foreign = st.st_uid != geteuid() && st.st_uid != 0;
	open = (st.st_mode & (S_IROTH | S_IWGRP | S_IWOTH)) != 0;
	load->file->unsafe = foreign || open;
	if (load->rules->allow_unsafe)
		return 0;
	if (foreign)
		return gm_fail(err, GM_ECONFIG,
		    "%s: owned by another user, who could change it; make "
		    "your own copy and run chmod 600 on it",
		    load->path);
	if (open)
		return gm_fail(err, GM_ECONFIG,
		    "%s: others can read or change it; run chmod 600 %s "
		    "(mode %03o)",
		    load->path, load->path, (unsigned)(st.st_mode & 0777));
	return 0;
}

static int
parse(struct load *load, struct gm_span text, struct gm_err *err)
{
	const struct gm_dotenv_fns fns = {
		.wanted = is_wanted,
		.set = keep,
		.note = put_note,
		.arg = load,
	};

	gm_buf_init(&load->file->unknown, FILE_MAX);
	if (gm_dotenv_parse(text, &fns, err) == 0)
		return gm_buf_check(&load->file->unknown, err);
	/*
	 * Messages about the text begin with the line: "path:3: NAME: reason".
	 */
	gm_err_prefix(err, err->code == GM_EOS ? "%s: " : "%s:", load->path);
	return -1;
}

static bool
exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/*
 * Decide whether the file is skipped.  If we may not enter the home directory,
 * lstat(2) fails, too, so the file counts as absent.
 */
static enum gm_envfile_found
unreadable(const struct load *load, struct gm_err *err)
{
	if (err->code == GM_EOS) /* this machine is at fault, not the file */
		return GM_ENVFILE_BAD;
	if (load->rules->whose == GM_ENVFILE_NAMED ||
	    (load->rules->whose == GM_ENVFILE_OWN && exists(load->path))) {
		err->code = GM_ECONFIG;
		return GM_ENVFILE_BAD;
	}
	if (err->number != ENOENT && err->number != ENOTDIR)
		gm_note(load->note, GM_LEVEL_NOTE, "%s; skipped", err->msg);
	return GM_ENVFILE_ABSENT;
}

/* At a default path read only regular files, as a FIFO could block for ever. */
static int
read_text(
    const struct load *load, int fd, struct gm_buf *text, struct gm_err *err)
{
	struct stat st;

	if (load->rules->whose != GM_ENVFILE_NAMED && fstat(fd, &st) != 0)
		return gm_fail_errno(err, GM_ENOINPUT, "%s", load->path);
	if (load->rules->whose != GM_ENVFILE_NAMED && !S_ISREG(st.st_mode))
		return gm_fail(
		    err, GM_ENOINPUT, "%s: not a regular file", load->path);
	return gm_file_read(fd, load->path, text, err);
}

static int
check_encoding(const struct load *load, struct gm_span text, struct gm_err *err)
{
	const char *name = gm_utf8_foreign(text);

	if (name == NULL)
		return 0;
	return gm_fail(err, GM_ECONFIG,
	    "%s: this is %s; convert it with iconv -f %s -t UTF-8", load->path,
	    name, name);
}

static int
open_file(const char *path, struct gm_err *err)
{
	if (strlen(path) < PATH_MAX)
		return gm_file_open(path, err);
	return gm_fail(err, GM_ENOINPUT, "env file: path longer than %d bytes",
	    PATH_MAX - 1);
}

enum gm_envfile_found
gm_envfile_load(struct gm_envfile *file, const char *path,
    const struct gm_envfile_rules *rules, const struct gm_note *note,
    struct gm_err *err)
{
	struct load load = { file, path, rules, note };
	enum gm_envfile_found found = GM_ENVFILE_BAD;
	struct gm_buf text;
	int fd;

	gm_buf_init(&text, FILE_MAX);
	fd = open_file(path, err);
	if (fd == -1 || read_text(&load, fd, &text, err) != 0) {
		/* Other codes: no memory, no descriptors, or a signal. */
		if (err->code == GM_ENOINPUT || err->code == GM_EDATA)
			found = unreadable(&load, err);
		goto out;
	}
	if (check_encoding(&load, gm_buf_span(&text), err) != 0)
		goto out;
	/* The mode is checked last, as only values that are used matter. */
	if (!is_needed(&load, gm_buf_span(&text)))
		found = GM_ENVFILE_OTHER;
	else if (parse(&load, gm_buf_span(&text), err) == 0 &&
		 check_mode(fd, &load, err) == 0)
		found = GM_ENVFILE_USED;
out:
	if (fd != -1)
		(void)close(fd);
	gm_buf_release(&text);
	return found;
}

bool
gm_envfile_is_needed(const char *path, const struct gm_envfile_rules *rules)
{
	const struct load load = { NULL, path, rules, NULL };
	struct gm_buf text;
	struct gm_err ignored;
	bool needed;
	int fd = open_file(path, &ignored);

	if (fd == -1)
		return false;
	gm_buf_init(&text, FILE_MAX);
	needed = read_text(&load, fd, &text, &ignored) == 0 &&
	         check_encoding(&load, gm_buf_span(&text), &ignored) == 0 &&
	         is_needed(&load, gm_buf_span(&text));
	(void)close(fd);
	gm_buf_release(&text);
	return needed;
}

const struct gm_buf *
gm_envfile_get(const struct gm_envfile *file, const char *name)
{
	size_t i;

	for (i = file->len; i > 0; i--)
		if (gm_span_is(gm_buf_span(&file->items[i - 1].name), name))
			return &file->items[i - 1].value;
	return NULL;
}

void
gm_envfile_release(struct gm_envfile *file)
{
	size_t i;

	for (i = 0; i < file->len; i++) {
		gm_buf_release(&file->items[i].name);
		gm_buf_release(&file->items[i].value);
	}
	free(file->items);
	gm_buf_release(&file->unknown);
	*file = (struct gm_envfile){ 0 };
}
