#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/prompt.h"
#include "gm-prompt/item.h"
#include "gm-prompt/recordhash.h"
#include "provider/encode.h"

#define KEPT_MAX ((size_t)1024 * 1024) /* bytes of a buffer that are kept */
#define KEPT_TOKENS 16384              /* room for JSON tokens that is kept */
#define NAME_MAX_LEN 65536             /* bytes of a file name */
#define LIST_MAX ((size_t)256 * 1024 * 1024) /* bytes of parts or turns */

/* Members of a JSON record that are not only for templates. */
enum member {
	PROMPT,
	CONTENTS,
	ID,
	CUSTOM_ID,
	SYSTEM,
	MODEL,
	FILES,
	STOP,
	THINKING,
	SAFETY,
	TEMPERATURE,
	TOP_P,
	TOP_K,
	MAX_TOKENS,
	SEED,
	MEMBERS
};

static const char *const names[MEMBERS] = { "prompt", "contents", "id",
	"custom_id", "system", "model", "files", "stop", "thinking", "safety",
	"temperature", "top_p", "top_k", "max_tokens", "seed" };

/* The record that is being read. */
struct record {
	const struct gm_items *all;
	uint64_t number;
	struct gm_span bytes;
	struct gm_span text; /* its prompt; p NULL: none */
	int at[MEMBERS];     /* of a JSON record; GM_JSON_NONE: absent */
};

/* --- shared by all records --- */

/*
 * Parse the names of -f.  Read files whose name has no placeholder now, once.
 */
static int
parse_files(struct gm_items *all, const struct gm_template_style *style,
    struct gm_err *err)
{
	const struct gm_items_options *o = &all->options;
	struct gm_input in = { .note = o->note };
	struct gm_template *t;
	size_t i;

	all->files = calloc(o->files_len + 1, sizeof(*all->files));
	if (all->files == NULL)
		return gm_fail(err, GM_EOS, "out of memory");
	for (i = 0; i < o->files_len; i++) {
		t = &all->files[i];
		if (strcmp(o->files[i], "-") == 0)
			return gm_fail(err, GM_EUSAGE,
			    "--file -: standard input holds the records");
		if (gm_template_parse(t, gm_span_of(o->files[i]), style, err) !=
		    0)
			return -1;
		all->placed = all->placed || gm_template_has(t, NULL) ||
		              gm_template_has(t, names[PROMPT]);
		all->varies = all->varies || gm_template_varies(t);
		if (!gm_template_varies(t) &&
		    gm_attach_file(&all->shared, &in, o->files[i], err) != 0)
			return -1;
	}
	return 0;
}

int
gm_items_open(
    struct gm_items *all, const struct gm_items_options *o, struct gm_err *err)
{
	const struct gm_template_style style = { o->mark, o->json };
	struct gm_template *t = &all->prompt;

	*all = (struct gm_items){ .options = *o };
	gm_attach_init(&all->shared);
	if (gm_span_trim(o->prompt).len == 0)
		all->options.prompt = (struct gm_span){ NULL, 0 };
	if (gm_template_parse(t, all->options.prompt, &style, err) != 0)
		return -1;
	all->placed =
	    gm_template_has(t, NULL) || gm_template_has(t, names[PROMPT]);
	all->varies = gm_template_varies(t);
	gm_hash_hex(all->system, gm_span_of(""), o->request->system);
	return parse_files(all, &style, err);
}

void
gm_items_close(struct gm_items *all)
{
	size_t i;

	gm_template_release(&all->prompt);
	for (i = 0; all->files != NULL && i < all->options.files_len; i++)
		gm_template_release(&all->files[i]);
	free(all->files);
	gm_attach_release(&all->shared);
	*all = (struct gm_items){ .files = NULL };
}

/* --- texts of a record --- */

void
gm_item_init(struct gm_item *it)
{
	*it = (struct gm_item){ .params.members = true };
	gm_buf_init(&it->texts, 4 * (size_t)GM_ITEM_MAX);
	gm_buf_init(&it->prompt, GM_ENCODED_MAX);
	gm_buf_init(&it->name, NAME_MAX_LEN);
	gm_buf_init(&it->parts, LIST_MAX);
	gm_buf_init(&it->turns, LIST_MAX);
	gm_buf_init(&it->hashes, LIST_MAX);
	gm_buf_init(&it->canon, LIST_MAX);
	gm_attach_init(&it->files);
	/* A FIFO without a writer would block the whole batch. */
	it->files.regular_only = true;
}

/* Prepare for the next record; give back the memory of a large one. */
static void
reset(struct gm_item *it, const struct gm_items *all)
{
	struct gm_buf *const bufs[] = { &it->texts, &it->prompt, &it->name,
		&it->parts, &it->turns, &it->hashes, &it->canon };
	size_t i;

	for (i = 0; i < GM_LEN(bufs); i++)
		gm_buf_recycle(bufs[i], KEPT_MAX);
	if (it->json.cap > KEPT_TOKENS)
		gm_json_release(&it->json);
	gm_attach_reset(&it->files);
	it->params =
	    (struct gm_params){ .members = true, .texts = it->params.texts };
	it->request = *all->options.request;
	it->service = all->options.service;
	it->id = (struct gm_span){ NULL, 0 };
	it->hash[0] = '\0';
	it->filled = false;
}

/*
 * Reserve room for all texts of a record at once, so that they do not move
 * while the request points to them.  A decoded string with its NUL is not
 * longer than its JSON with quotes, and each is decoded once.
 */
static int
make_room(struct gm_item *it, struct gm_span record, struct gm_err *err)
{
	(void)gm_buf_room(&it->texts, record.len + 1);
	return gm_buf_check(&it->texts, err);
}

/* Decode a JSON string into the reserved room, followed by a NUL. */
static struct gm_span
decode(struct gm_item *it, int at)
{
	size_t from = it->texts.len;
	const char *data = it->texts.data;
	struct gm_span text;

	gm_json_string(&it->json, at, &it->texts);
	text = (struct gm_span){ data + from, it->texts.len - from };
	gm_buf_putc(&it->texts, '\0');
	assert(it->texts.data == data);
	return text;
}

static int
fail_type(const char *name, const char *type, struct gm_err *err)
{
	return gm_fail(err, GM_EDATA, "%s: not %s", name, type);
}

/*
 * Make an error of another module one of the record: what is a usage error for
 * an option (GM_EUSAGE, GM_ECONFIG) is invalid data in a record.
 */
static int
blame_record(struct gm_err *err)
{
	if (err->code != GM_EOS)
		err->code = GM_EDATA;
	return -1;
}

/* --- members --- */

/* Find the members of the list; one that is null counts as absent. */
static int
find_members(struct gm_item *it, struct record *r, struct gm_err *err)
{
	bool seen[MEMBERS] = { false };
	const struct gm_json *j = &it->json;
	int i, m, name;

	for (m = 0; m < MEMBERS; m++)
		r->at[m] = GM_JSON_NONE;
	for (i = gm_json_first(j, GM_JSON_ROOT); i >= 0;
	     i = gm_json_next(j, GM_JSON_ROOT, i)) {
		name = gm_json_name(j, i);
		for (m = 0; m < MEMBERS; m++)
			if (gm_json_is(j, name, names[m]))
				break;
		if (m == MEMBERS)
			continue;
		if (seen[m])
			return gm_fail(
			    err, GM_EDATA, "%s: given twice", names[m]);
		seen[m] = true;
		if (gm_json_type(j, i) != GM_JSON_NULL)
			r->at[m] = i;
	}
	return 0;
}

/* Return the UTF-16 unit of a \uXXXX at the start, or 0. */
static unsigned int
escaped_unit(const char *p, const char *end)
{
	unsigned int unit = 0;
	int i;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return 0;
	for (i = 2; i < 6; i++)
		unit = unit << 4 |
		       (unsigned int)(p[i] <= '9' ? p[i] - '0'
						  : (p[i] | 32) - 'a' + 10);
	return unit;
}

/*
 * Replace escapes of lone surrogates by that of U+FFFD, in place.  An id is
 * copied to the output as it was given, and many JSON readers reject them.
 */
static void
repair_escapes(char *p, size_t len)
{
	const char *end = p + len;
	unsigned int unit, low;

	while (p < end) {
		unit = escaped_unit(p, end);
		low = escaped_unit(p + (unit != 0 ? 6 : 0), end);
		if (unit >= 0xD800 && unit < 0xDC00 && low >= 0xDC00 &&
		    low < 0xE000)
			p += 12;
		else if (unit >= 0xD800 && unit < 0xE000)
			p = (char *)memcpy(p, "\\uFFFD", 6) + 6;
		else
			p += *p == '\\' ? 2 : 1;
	}
}

static int
read_id(struct gm_item *it, const struct record *r, struct gm_err *err)
{
	enum member m = r->at[ID] != GM_JSON_NONE ? ID : CUSTOM_ID;
	enum gm_json_type type = gm_json_type(&it->json, r->at[m]);
	struct gm_span raw = gm_json_raw(&it->json, r->at[m]);

	if (type == GM_JSON_ABSENT)
		return 0;
	if (type != GM_JSON_STRING && type != GM_JSON_NUMBER)
		return fail_type(names[m], "a string or number", err);
	it->id = (struct gm_span){ it->texts.data + it->texts.len, raw.len };
	gm_buf_put_span(&it->texts, raw);
	repair_escapes(it->texts.data + it->texts.len - raw.len, raw.len);
	return 0;
}

/* Read a member that is a string; text->p is NULL if it is absent. */
static int
read_string(struct gm_item *it, const struct record *r, enum member m,
    struct gm_span *text, struct gm_err *err)
{
	enum gm_json_type type = gm_json_type(&it->json, r->at[m]);

	*text = (struct gm_span){ NULL, 0 };
	if (type == GM_JSON_ABSENT)
		return 0;
	if (type != GM_JSON_STRING)
		return fail_type(names[m], "a string", err);
	*text = decode(it, r->at[m]);
	return 0;
}

/*
 * Copy a number as text, to be checked like the argument of an option.  If
 * whole is set, write 5.0 and 5e0 as 5, as some programs write whole numbers
 * so.  One that does not fit becomes "", which is out of any range.
 */
static const char *
copy_number(struct gm_item *it, int at, char room[72], bool whole)
{
	struct gm_span raw = gm_json_raw(&it->json, at);
	int64_t value = gm_json_int(&it->json, at, INT64_MIN);

	if (whole && value != INT64_MIN)
		(void)snprintf(room, 72, "%" PRId64, value);
	else
		(void)snprintf(
		    room, 72, "%.*s", raw.len < 72 ? (int)raw.len : 0, raw.p);
	return room;
}

static int
read_numbers(struct gm_item *it, const struct record *r, struct gm_err *err)
{
	struct gm_params *p = &it->params;
	const struct {
		enum member m;
		const char **text;
		bool whole;
	} rows[] = { { TEMPERATURE, &p->temperature, false },
		{ TOP_P, &p->top_p, false }, { TOP_K, &p->top_k, true },
		{ MAX_TOKENS, &p->max_tokens, true },
		{ SEED, &p->seed, true } };
	size_t i;
	int at;

	static_assert(
	    GM_LEN(rows) == GM_LEN(it->numbers), "each number has its room");
	for (i = 0; i < GM_LEN(rows); i++) {
		at = r->at[rows[i].m];
		if (at == GM_JSON_NONE)
			continue;
		if (gm_json_type(&it->json, at) != GM_JSON_NUMBER)
			return fail_type(names[rows[i].m], "a number", err);
		*rows[i].text =
		    copy_number(it, at, it->numbers[i], rows[i].whole);
	}
	return 0;
}

static int
read_thinking(struct gm_item *it, const struct record *r, struct gm_err *err)
{
	int at = r->at[THINKING];
	enum gm_json_type type = gm_json_type(&it->json, at);

	if (type == GM_JSON_NUMBER)
		it->params.thinking = copy_number(it, at, it->thinking, true);
	else if (type == GM_JSON_STRING)
		it->params.thinking = decode(it, at).p;
	else if (type != GM_JSON_ABSENT)
		return fail_type(names[THINKING], "a string or number", err);
	return 0;
}

static int
read_stop(struct gm_item *it, const struct record *r, struct gm_err *err)
{
	const struct gm_json *j = &it->json;
	int at = r->at[STOP], i = at;
	size_t len = 0;
	bool array = gm_json_type(j, at) == GM_JSON_ARRAY;

	if (at == GM_JSON_NONE)
		return 0;
	if (array)
		i = gm_json_first(j, at);
	for (; i >= 0; i = array ? gm_json_next(j, at, i) : GM_JSON_NONE) {
		if (gm_json_type(j, i) != GM_JSON_STRING)
			return fail_type(names[STOP],
			    "a string or an array of strings", err);
		if (len == GM_PARAMS_STOPS)
			return gm_fail(err, GM_EDATA,
			    "stop: more than %d strings", GM_PARAMS_STOPS);
		it->stop[len] = decode(it, i).p;
		if (it->stop[len++][0] == '\0')
			return gm_fail(err, GM_EDATA, "stop: empty string");
	}
	it->request.stop = it->stop;
	it->request.stop_len = len;
	return 0;
}

/* Read all members but id, prompt, contents and files into the request. */
static int
read_options(struct gm_item *it, const struct record *r, struct gm_err *err)
{
	struct gm_request *q = &it->request;
	struct gm_span system, model, safety;

	if (read_string(it, r, SYSTEM, &system, err) != 0 ||
	    read_string(it, r, MODEL, &model, err) != 0 ||
	    read_string(it, r, SAFETY, &safety, err) != 0 ||
	    read_numbers(it, r, err) != 0 || read_thinking(it, r, err) != 0 ||
	    read_stop(it, r, err) != 0)
		return -1;
	if (system.p != NULL)
		q->system = system;
	it->params.safety = safety.p;
	if (gm_params_apply(&it->params, q, err) != 0)
		return blame_record(err);
	if (model.p == NULL)
		return 0;
	/* The record's model alone: fallback models are the option's. */
	q->model = model.p;
	q->next_models_len = 0;
	if (it->service->provider->check_model(q->model, err) == 0)
		return 0;
	gm_err_prefix(err, "model: ");
	return blame_record(err);
}

/* --- turns --- */

static void
add_part(struct gm_item *it, const struct gm_part *part)
{
	gm_buf_put(&it->parts, (const char *)part, sizeof(*part));
}

static void
add_turn(struct gm_item *it, enum gm_role role, size_t parts_len)
{
	const struct gm_turn turn = { .role = role, .parts_len = parts_len };

	gm_buf_put(&it->turns, (const char *)&turn, sizeof(turn));
}

/* The place of a fault: "contents.2.parts.0". */
struct place {
	size_t turn, part;
};

#define IN_TURN "contents.%zu"
#define IN_PART IN_TURN ".parts.%zu"

/* Read a part.  Only text is supported; anything else is named in the error. */
static int
read_part(struct gm_item *it, int at, const struct place *p, bool *filled,
    struct gm_err *err)
{
	const struct gm_json *j = &it->json;
	struct gm_part part = { .kind = GM_PART_TEXT };
	int text = GM_JSON_NONE, signature = GM_JSON_NONE, i, name;
	struct gm_span raw;

	if (gm_json_type(j, at) != GM_JSON_OBJECT)
		return gm_fail(
		    err, GM_EDATA, IN_PART ": not an object", p->turn, p->part);
	for (i = gm_json_first(j, at); i >= 0; i = gm_json_next(j, at, i)) {
		name = gm_json_name(j, i);
		raw = gm_json_raw(j, name);
		if (gm_json_is(j, name, "text"))
			text = i;
		else if (gm_json_is(j, name, "thoughtSignature"))
			signature = i;
		else if (!gm_json_is(j, name, "thought") || gm_json_true(j, i))
			return gm_fail(err, GM_EDATA,
			    IN_PART ": %.*s is not supported; only text is",
			    p->turn, p->part, raw.len < 80 ? (int)raw.len : 80,
			    raw.p);
	}
	if (gm_json_type(j, text) != GM_JSON_STRING)
		return gm_fail(err, GM_EDATA, IN_PART ".text: not a string",
		    p->turn, p->part);
	if (signature != GM_JSON_NONE &&
	    gm_json_type(j, signature) != GM_JSON_STRING)
		return gm_fail(err, GM_EDATA,
		    IN_PART ".thoughtSignature: not a string", p->turn,
		    p->part);
	part.text = decode(it, text);
	if (signature != GM_JSON_NONE)
		part.signature = decode(it, signature);
	*filled = *filled || gm_span_trim(part.text).len > 0;
	add_part(it, &part);
	return 0;
}

static int
read_turn(struct gm_item *it, int at, size_t number, struct gm_err *err)
{
	const struct gm_json *j = &it->json;
	int role = gm_json_at(j, at, "role"), i;
	int parts = gm_json_at(j, at, "parts");
	struct place place = { number, 0 };
	bool model = gm_json_is(j, role, "model"), filled = false;

	if (gm_json_type(j, at) != GM_JSON_OBJECT)
		return gm_fail(
		    err, GM_EDATA, IN_TURN ": not an object", number);
	if (role != GM_JSON_NONE && !model && !gm_json_is(j, role, "user"))
		return gm_fail(err, GM_EDATA,
		    IN_TURN ".role: not \"user\" or \"model\"", number);
	if (gm_json_type(j, parts) != GM_JSON_ARRAY)
		return gm_fail(
		    err, GM_EDATA, IN_TURN ".parts: not an array", number);
	for (i = gm_json_first(j, parts); i >= 0;
	     i = gm_json_next(j, parts, i)) {
		if (read_part(it, i, &place, &filled, err) != 0)
			return -1;
		place.part++;
	}
	if (!filled)
		return gm_fail(err, GM_EDATA, IN_TURN ": no text", number);
	add_turn(it, model ? GM_ROLE_MODEL : GM_ROLE_USER, place.part);
	return 0;
}

static int
read_contents(struct gm_item *it, const struct record *r, struct gm_err *err)
{
	const struct gm_json *j = &it->json;
	int at = r->at[CONTENTS], i;
	size_t number = 0;

	if (r->text.p != NULL)
		return gm_fail(
		    err, GM_EDATA, "prompt and contents cannot be combined");
	if (r->all->options.prompt.len > 0)
		return gm_fail(err, GM_EDATA,
		    "contents: cannot be combined with a prompt for all "
		    "records");
	if (gm_json_type(j, at) != GM_JSON_ARRAY)
		return fail_type(names[CONTENTS], "an array", err);
	for (i = gm_json_first(j, at); i >= 0; i = gm_json_next(j, at, i))
		if (read_turn(it, i, number++, err) != 0)
			return -1;
	if (number == 0)
		return gm_fail(err, GM_EDATA, "contents: empty");
	it->filled = true;
	return 0;
}

static struct gm_template_values
values_of(const struct gm_item *it, const struct record *r)
{
	bool json = r->all->options.json;

	return (struct gm_template_values){ .record = r->text,
		.json = &it->json,
		.object = json ? GM_JSON_ROOT : GM_JSON_NONE };
}

/*
 * Drop a BOM and replace ill-formed UTF-8, only if the record goes into the
 * prompt: as a file name it is used byte by byte.
 */
static void
repair(struct gm_item *it, struct record *r)
{
	size_t count;

	if (gm_span_starts(r->text, "\xEF\xBB\xBF") && r->number == 1) {
		r->text.p += 3;
		r->text.len -= 3;
	}
	if (gm_utf8_valid(r->text) == r->text.len)
		return;
	count = gm_utf8_repair(&it->texts, r->text);
	r->text = gm_buf_span(&it->texts);
	gm_note(r->all->options.note, GM_LEVEL_NOTE,
	    "record %" PRIu64 ": not UTF-8 in %zu place%s: replaced by U+FFFD",
	    r->number, count, count == 1 ? "" : "s");
}

/* Render the prompt, and append the record if it has no placeholder in it. */
static int
render_prompt(
    struct gm_item *it, const struct record *r, bool append, struct gm_err *err)
{
	const struct gm_template_values values = values_of(it, r);

	if (gm_template_render(&r->all->prompt, &values, &it->prompt, err) != 0)
		return -1;
	if (append)
		gm_prompt_join(&it->prompt, r->text);
	if (gm_buf_check(&it->prompt, err) != 0)
		return -1;
	return gm_buf_check(&it->texts, err);
}

/* Make the turn of a record without contents; its files are added later. */
static int
make_prompt(struct gm_item *it, struct record *r, struct gm_err *err)
{
	const struct gm_items *all = r->all;
	bool json = all->options.json;
	bool placed = gm_template_has(&all->prompt, NULL) ||
	              gm_template_has(&all->prompt, names[PROMPT]);
	bool used = r->text.p != NULL && (placed || !all->placed);
	struct gm_part part = { .kind = GM_PART_TEXT };

	if (used && gm_span_trim(r->text).len == 0)
		return gm_fail(err, GM_EDATA, json ? "prompt: empty" : "empty");
	if (r->text.p == NULL && r->at[FILES] == GM_JSON_NONE && !all->varies)
		return gm_fail(err, GM_EDATA, "no prompt and no contents");
	if (used && !json)
		repair(it, r);
	if (render_prompt(it, r, used && !placed, err) != 0)
		return -1;
	part.text = gm_buf_span(&it->prompt);
	it->filled = gm_span_trim(part.text).len > 0;
	if (it->filled)
		add_part(it, &part);
	add_turn(it, GM_ROLE_USER, it->filled ? 1 : 0);
	return 0;
}

/* --- files --- */

/* Attach the file named in it->name; rc and *err come from making the name. */
static int
attach_named(
    struct gm_item *it, const struct record *r, int rc, struct gm_err *err)
{
	struct gm_input in = { .note = r->all->options.note };

	if (rc == 0 && gm_buf_check(&it->name, err) == 0)
		return gm_attach_file(
		    &it->files, &in, gm_buf_str(&it->name), err);
	if (it->name.failed == GM_EDATA)
		return gm_fail(err, GM_EDATA,
		    "a file name is longer than %d bytes", NAME_MAX_LEN);
	return -1;
}

/* Read the record's own files: -f with a placeholder, and the member files. */
static int
attach(struct gm_item *it, const struct record *r, struct gm_err *err)
{
	const struct gm_template_values values = values_of(it, r);
	const struct gm_template *t = r->all->files;
	const struct gm_json *j = &it->json;
	int at = r->at[FILES], n, rc;

	for (; t < r->all->files + r->all->options.files_len; t++) {
		if (!gm_template_varies(t))
			continue;
		gm_buf_reset(&it->name);
		rc = gm_template_render(t, &values, &it->name, err);
		if (attach_named(it, r, rc, err) != 0)
			return -1;
	}
	if (at != GM_JSON_NONE && gm_json_type(j, at) != GM_JSON_ARRAY)
		return fail_type(names[FILES], "an array of names", err);
	for (n = gm_json_first(j, at); n >= 0; n = gm_json_next(j, at, n)) {
		if (gm_json_type(j, n) != GM_JSON_STRING)
			return fail_type(
			    names[FILES], "an array of names", err);
		gm_buf_reset(&it->name);
		gm_json_string(j, n, &it->name);
		if (attach_named(it, r, 0, err) != 0)
			return -1;
	}
	return 0;
}

/*
 * Return the list that holds the i-th file: the shared one, or the item's.
 * *shared counts the shared files up to it.
 */
static const struct gm_attach *
next_file(const struct gm_item *it, const struct gm_items *all, size_t i,
    size_t *shared)
{
	if (i < all->options.files_len && !gm_template_varies(&all->files[i])) {
		++*shared;
		return &all->shared;
	}
	return &it->files;
}

static size_t
count_files(const struct gm_item *it, const struct gm_items *all)
{
	return all->shared.len + it->files.len;
}

/* Add the files to the last turn, in order, and their hashes. */
static int
add_files(struct gm_item *it, const struct record *r, struct gm_err *err)
{
	size_t len = count_files(it, r->all), i, shared = 0, at;
	struct gm_turn *last = (struct gm_turn *)(void *)it->turns.data +
	                       it->turns.len / sizeof(*last) - 1;
	const struct gm_attach *from;
	struct gm_part part;

	if (len > 0 && last->role == GM_ROLE_MODEL)
		return gm_fail(err, GM_EDATA,
		    "contents: the last turn is the model's; files need a "
		    "turn of the user");
	for (i = 0; i < len; i++) {
		from = next_file(it, r->all, i, &shared);
		at = from == &it->files ? i - shared : shared - 1;
		part = gm_attach_part(from, at);
		add_part(it, &part);
		gm_buf_puts(&it->hashes, gm_attach_hash(from, at));
	}
	last->parts_len += len;
	if (r->all->shared.filled + it->files.filled > 0)
		it->filled = true;
	return 0;
}

/* Point the turns to their parts.  Only now, as no more parts are added. */
static int
set_turns(struct gm_item *it, struct gm_err *err)
{
	struct gm_part *part = (struct gm_part *)(void *)it->parts.data;
	struct gm_turn *turn = (struct gm_turn *)(void *)it->turns.data;
	size_t len = it->turns.len / sizeof(*turn), i;

	if (gm_buf_check(&it->parts, err) != 0 ||
	    gm_buf_check(&it->hashes, err) != 0)
		return -1;
	for (i = 0; i < len; i++) {
		turn[i].parts = part;
		part += turn[i].parts_len;
	}
	it->request.turns = turn;
	it->request.turns_len = len;
	return 0;
}

/* --- services --- */

/*
 * Use the item's list of len services.  If the first service of the run is not
 * among them, its models are of no use: take those of the new first one.
 */
static void
use_own_services(struct gm_item *it, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		it->services[i].next =
		    i + 1 < len ? &it->services[i + 1] : NULL;
	if (it->services[0].provider != it->service->provider) {
		it->request.model = it->services[0].models[0];
		it->request.next_models = it->services[0].models + 1;
		it->request.next_models_len = it->services[0].models_len - 1;
	}
	it->service = it->services;
}

/*
 * Keep the services that support the record.  The service that the user named
 * must support it; only fallbacks are left out.
 */
static int
fit(struct gm_item *it, const struct record *r, struct gm_err *err)
{
	const struct gm_service *s;
	struct gm_err why;
	size_t len = 0, all = 0;

	for (s = it->service; s != NULL; s = s->next, all++) {
		assert(all < GM_LEN(it->services));
		if (s->provider->check(s->provider, &it->request, &why) == 0) {
			it->services[len++] = *s;
			continue;
		}
		if (all == 0)
			*err = why;
		if (all == 0 && !s->fallback)
			return blame_record(err);
		gm_note(s->note, GM_LEVEL_DETAIL,
		    "record %" PRIu64 ": not sent to %s: %s", r->number,
		    s->provider->name, why.msg);
	}
	if (len == 0)
		return blame_record(err);
	if (len < all)
		use_own_services(it, len);
	return 0;
}

/* --- the hash --- */

/* Hash the system instruction only if it is not that of the run. */
static int
set_hash(struct gm_item *it, const struct record *r, struct gm_err *err)
{
	const struct gm_request *q = &it->request;
	char system[GM_HASH_HEX];
	struct gm_recordhash h = { .record = r->bytes,
		.request = q,
		.service = it->service,
		.system = r->all->system,
		.files = gm_buf_span(&it->hashes),
		.extract = r->all->options.extract };

	if (q->system.p != r->all->options.request->system.p) {
		gm_hash_hex(system, gm_span_of(""), q->system);
		h.system = system;
	}
	return gm_recordhash_make(it->hash, &h, &it->canon, err);
}

/* --- a record --- */

static int
read_json(struct gm_item *it, struct record *r, struct gm_err *err)
{
	struct gm_span text = r->bytes;

	if (gm_span_starts(text, "\xEF\xBB\xBF") && r->number == 1) {
		text.p += 3;
		text.len -= 3;
	}
	if (gm_json_parse(&it->json, text, err) != 0)
		return blame_record(err);
	if (gm_json_type(&it->json, GM_JSON_ROOT) != GM_JSON_OBJECT)
		return gm_fail(err, GM_EDATA, "not a JSON object");
	if (find_members(it, r, err) != 0 || read_id(it, r, err) != 0 ||
	    read_string(it, r, PROMPT, &r->text, err) != 0 ||
	    read_options(it, r, err) != 0)
		return -1;
	if (r->at[CONTENTS] != GM_JSON_NONE)
		return read_contents(it, r, err);
	return make_prompt(it, r, err);
}

static int
read_text(struct gm_item *it, struct record *r, struct gm_err *err)
{
	const char *nul =
	    r->bytes.len > 0 ? memchr(r->bytes.p, '\0', r->bytes.len) : NULL;

	if (nul != NULL)
		return gm_fail(err, GM_EDATA,
		    "a NUL byte at offset %zu: only text can be sent",
		    (size_t)(nul - r->bytes.p));
	r->text = r->bytes;
	if (r->text.p == NULL)
		r->text.p = "";
	return make_prompt(it, r, err);
}

int
gm_item_make(struct gm_item *it, const struct gm_items *all, uint64_t number,
    struct gm_span record, struct gm_err *err)
{
	struct record r = { .all = all, .number = number, .bytes = record };
	int m;

	reset(it, all);
	for (m = 0; m < MEMBERS; m++)
		r.at[m] = GM_JSON_NONE;
	if (record.len > GM_ITEM_MAX)
		return gm_fail(
		    err, GM_EDATA, "larger than %d MiB", GM_ITEM_MAX >> 20);
	if (make_room(it, record, err) != 0)
		return -1;
	if ((all->options.json ? read_json : read_text)(it, &r, err) != 0)
		return -1;
	if (gm_buf_check(&it->turns, err) != 0 || attach(it, &r, err) != 0 ||
	    add_files(it, &r, err) != 0 || set_turns(it, err) != 0)
		return -1;
	if (!it->filled)
		return gm_fail(err, GM_EDATA, "empty prompt");
	/* gm_services_fit() has checked the options; only members are new. */
	if (all->options.json && fit(it, &r, err) != 0)
		return -1;
	return set_hash(it, &r, err);
}

void
gm_item_release(struct gm_item *it)
{
	gm_buf_release(&it->texts);
	gm_buf_release(&it->prompt);
	gm_buf_release(&it->name);
	gm_buf_release(&it->parts);
	gm_buf_release(&it->turns);
	gm_buf_release(&it->hashes);
	gm_buf_release(&it->canon);
	gm_attach_release(&it->files);
	gm_params_release(&it->params);
	gm_json_release(&it->json);
	gm_item_init(it);
}
