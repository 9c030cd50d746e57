#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/term.h"
#include "provider/reading.h"
#include "json/line.h"

#define TEXT_MAX (64 * 1024 * 1024)

void
gm_reading_init(struct gm_reading *r, const struct gm_json *json,
    struct gm_answer *answer, const struct gm_sink *sink, struct gm_err *err)
{
	*r = (struct gm_reading){
		.json = json, .answer = answer, .sink = sink, .err = err
	};
	gm_buf_init(&r->text, TEXT_MAX);
	gm_buf_init(&r->signature, TEXT_MAX);
}

int
gm_reading_at(const struct gm_reading *r, int at, const char *path)
{
	return gm_json_at(r->json, at, path);
}

bool
gm_reading_decode(struct gm_reading *r, int at)
{
	if (r->rc != 0 || gm_json_type(r->json, at) != GM_JSON_STRING)
		return false;
	gm_buf_reset(&r->text);
	gm_json_string(r->json, at, &r->text);
	r->rc = gm_buf_check(&r->text, r->err);
	return r->rc == 0 && r->text.len > 0;
}

void
gm_reading_line(struct gm_reading *r, int at, char *out, size_t size)
{
	if (r->rc == 0)
		r->rc = gm_jsonline(r->json, at, out, size, r->err);
}

static int
give(struct gm_span text, bool thought, void *arg, struct gm_err *err)
{
	const struct gm_part part = { .text = text, .thought = thought };
	const struct gm_sink *sink = arg;

	return sink->part(&part, sink->arg, err);
}

void
gm_reading_give(struct gm_reading *r, struct gm_span text, bool thought)
{
	struct gm_sink sink = *r->sink;

	if (r->rc == 0 && text.len > 0)
		r->rc = give(text, thought, &sink, r->err);
}

/* Copy a name as one clean line, cut between characters to fit. */
static void
clean(struct gm_span text, char *out, size_t size)
{
	struct gm_buf line;
	size_t len;

	gm_buf_init(&line, 4 * GM_TERM_LINE_MAX + 4);
	gm_term_line(&line, text, GM_TERM_LINE_MAX);
	len = line.len < size ? line.len : size - 1;
	while (len < line.len && len > 0 &&
	       ((unsigned char)line.data[len] & 0xC0) == 0x80)
		len--;
	(void)snprintf(out, size, "%.*s", (int)len, gm_buf_str(&line));
	gm_buf_release(&line);
}

/* Take the half of a surrogate pair that nothing completed: U+FFFD. */
static struct gm_span
take_half(uint32_t *half)
{
	struct gm_span none = { NULL, 0 };

	if (*half == 0)
		return none;
	*half = 0;
	return gm_span_of("\xEF\xBF\xBD");
}

void
gm_reading_text(struct gm_reading *r, int at, bool thought)
{
	struct gm_answer *a = r->answer;
	struct gm_sink sink = *r->sink;

	if (r->rc != 0 || gm_json_type(r->json, at) != GM_JSON_STRING)
		return;
	gm_buf_reset(&r->text);
	gm_json_join(
	    r->json, at, thought ? &a->thought_half : &a->text_half, &r->text);
	r->rc = gm_buf_check(&r->text, r->err);
	a->begun = a->begun || r->text.len > 0;
	if (!thought && r->text.len > 0) {
		a->text = true;
		a->late = a->finish != GM_FINISH_NONE;
	}
	if (thought)
		gm_reading_give(r, gm_buf_span(&r->text), true);
	else if (r->rc == 0)
		r->rc = gm_think_take(
		    &a->think, gm_buf_span(&r->text), give, &sink, r->err);
}

/* The name of a JSON type, for a value of an unexpected type. */
static const char *
type_name(enum gm_json_type type)
{
	static const char *const names[] = {
		[GM_JSON_ABSENT] = "nothing",
		[GM_JSON_OBJECT] = "object",
		[GM_JSON_ARRAY] = "array",
		[GM_JSON_STRING] = "string",
		[GM_JSON_NUMBER] = "number",
		[GM_JSON_BOOL] = "boolean",
		[GM_JSON_NULL] = "null",
	};

	return names[type];
}

/* Length in bytes of decoded base64; other characters do not count. */
static int64_t
decoded_len(struct gm_span base64)
{
	int64_t digits = 0;
	size_t i;

	for (i = 0; i < base64.len; i++)
		digits += isalnum((unsigned char)base64.p[i]) ||
		          (base64.p[i] != '\0' &&
			      strchr("+/-_", base64.p[i]) != NULL);
	return digits * 3 / 4;
}

/*
 * Read "data:image/png;base64,...".  Return false if it is not a data URL; set
 * *data if it is base64.
 */
static bool
measure_url(
    struct gm_reading *r, int url, struct gm_omitted *o, struct gm_span *data)
{
	struct gm_span rest, head;

	if (!gm_reading_decode(r, url))
		return false;
	rest = gm_buf_span(&r->text);
	if (!gm_span_starts(rest, "data:"))
		return false;
	rest.p += strlen("data:");
	rest.len -= strlen("data:");
	if (!gm_span_split(&rest, ",", &head) || rest.p == NULL)
		return false;
	if (gm_span_ends(head, ";base64"))
		*data = rest;
	o->bytes = data->len > 0 ? decoded_len(rest) : (int64_t)rest.len;
	(void)gm_span_split(&head, ";", &rest);
	clean(rest, o->mime, sizeof(o->mime));
	return true;
}

/* Find size and MIME type of a part; return its base64, or an empty span. */
static struct gm_span
measure(struct gm_reading *r, int value, struct gm_omitted *o)
{
	static const char *const types[] = { "mimeType", "mime_type",
		"format" };
	int url = gm_reading_at(r, value, "url");
	struct gm_span data = { NULL, 0 };
	size_t i;

	if (gm_json_type(r->json, value) == GM_JSON_STRING)
		url = value;
	if (url == GM_JSON_NONE)
		url = gm_reading_at(r, value, "image_url.url");
	if (url == GM_JSON_NONE)
		url = gm_reading_at(r, value, "image_url");
	o->bytes = (int64_t)gm_json_raw(r->json, value).len;
	if (measure_url(r, url, o, &data))
		return data;
	for (i = 0; i < GM_LEN(types) && o->mime[0] == '\0'; i++)
		gm_reading_line(r, gm_reading_at(r, value, types[i]), o->mime,
		    sizeof(o->mime));
	if (gm_reading_decode(r, gm_reading_at(r, value, "data"))) {
		data = gm_buf_span(&r->text);
		o->bytes = decoded_len(data);
	}
	return data;
}

/* Give a part as data (base64 and MIME type), as a file (URI), or as JSON. */
static void
give_other(struct gm_reading *r, int value, struct gm_omitted *o)
{
	struct gm_part part = { .kind = GM_PART_OTHER,
		.text = gm_json_raw(r->json, value),
		.signature = gm_buf_span(&r->signature),
		.listed = o };
	struct gm_span data = measure(r, value, o);

	if (o->mime[0] != '\0')
		part.mime = o->mime;
	if (data.len > 0 && part.mime != NULL) {
		part.kind = GM_PART_DATA;
		part.text = data;
	} else if (gm_reading_decode(r, gm_reading_at(r, value, "fileUri"))) {
		part.kind = GM_PART_FILE;
		part.text = gm_buf_span(&r->text);
	}
	if (r->rc != 0)
		return;
	r->answer->begun = r->answer->text = true;
	if (r->sink->part(&part, r->sink->arg, r->err) < 0)
		r->rc = -1;
	gm_buf_reset(&r->signature);
}

void
gm_reading_other(struct gm_reading *r, int value, const char *type)
{
	struct gm_omitted o = { .bytes = 0 };

	if (type == NULL)
		type = type_name(gm_json_type(r->json, value));
	clean(gm_span_of(type), o.type, sizeof(o.type));
	give_other(r, value, &o);
}

void
gm_reading_member(struct gm_reading *r, int value)
{
	struct gm_omitted o = { .bytes = 0 };

	gm_reading_line(
	    r, gm_json_name(r->json, value), o.type, sizeof(o.type));
	give_other(r, value, &o);
}

void
gm_reading_sign(struct gm_reading *r, int at)
{
	gm_buf_reset(&r->signature);
	if (r->rc != 0 || gm_json_type(r->json, at) != GM_JSON_STRING)
		return;
	gm_json_string(r->json, at, &r->signature);
	r->rc = gm_buf_check(&r->signature, r->err);
}

void
gm_reading_end_part(struct gm_reading *r, bool thought)
{
	const struct gm_part part = { .text = gm_span_of(""),
		.thought = thought,
		.signature = gm_buf_span(&r->signature) };

	if (r->rc == 0 && part.signature.len > 0)
		r->rc = r->sink->part(&part, r->sink->arg, r->err);
	gm_buf_reset(&r->signature);
}

int
gm_reading_separated(struct gm_reading *r)
{
	struct gm_sink sink = *r->sink;

	if (!sink.final) /* holding costs nothing, so wait for a closing tag */
		return 0;
	return gm_think_separated(&r->answer->think, give, &sink, r->err);
}

int
gm_reading_close(
    struct gm_answer *a, const struct gm_sink *sink, struct gm_err *err)
{
	struct gm_sink copy = *sink;
	struct gm_span thought = take_half(&a->thought_half);

	if (thought.len > 0 && give(thought, true, &copy, err) != 0)
		return -1;
	if (gm_think_take(
		&a->think, take_half(&a->text_half), give, &copy, err) != 0)
		return -1;
	return gm_think_end(&a->think, give, &copy, err);
}

void
gm_reading_usage(struct gm_reading *r, int at, const char *const paths[5])
{
	struct gm_usage *u = &r->answer->usage;
	int64_t *counts[] = { &u->prompt, &u->cached, &u->output, &u->thoughts,
		&u->total };
	size_t i;

	for (i = 0; i < GM_LEN(counts); i++)
		*counts[i] = gm_json_int(
		    r->json, gm_reading_at(r, at, paths[i]), *counts[i]);
}

/* True for a finish reason that means "no reason". */
static bool
is_no_reason(const char *reason)
{
	static const char *const words[] = { "", "null", "none", "unspecified",
		"FINISH_REASON_UNSPECIFIED" };
	size_t i;

	for (i = 0; i < GM_LEN(words); i++)
		if (strcasecmp(reason, words[i]) == 0)
			return true;
	return false;
}

void
gm_reading_finish(struct gm_reading *r, int at,
    const struct gm_reading_finish *table, bool any_case)
{
	int (*compare)(const char *, const char *) =
	    any_case ? strcasecmp : strcmp;
	struct gm_answer *a = r->answer;
	char reason[sizeof(a->reason)] = "";

	gm_reading_line(r, at, reason, sizeof(reason));
	if (r->rc != 0 || is_no_reason(reason))
		return;
	memcpy(a->reason, reason, sizeof(reason));
	while (table->reason != NULL && compare(reason, table->reason) != 0)
		table++;
	a->finish = table->reason != NULL ? table->finish : GM_FINISH_OTHER;
}

void
gm_reading_release(struct gm_reading *r)
{
	gm_buf_release(&r->text);
	gm_buf_release(&r->signature);
}
