#include <string.h>

#include "gm-prompt/template.h"

#define PIECES_MAX (1024 * 1024)

enum kind {
	TEXT,
	RECORD,
	MEMBER
};

/* A piece of the template: text, or a placeholder. */
struct piece {
	enum kind kind;
	size_t at, len; /* in the copy: the text, or the member's name */
};

static const struct piece *
pieces_of(const struct gm_template *t, size_t *len)
{
	*len = t->pieces.len / sizeof(struct piece);
	return (const struct piece *)(const void *)t->pieces.data;
}

/* Return true if a name may contain the byte.  All beyond ASCII are allowed. */
static bool
is_name(char c, bool first)
{
	unsigned char u = (unsigned char)c;

	if (u >= 0x80 || u == '_' || (u >= 'a' && u <= 'z') ||
	    (u >= 'A' && u <= 'Z'))
		return true;
	return !first && ((u >= '0' && u <= '9') || u == '-' || u == '.');
}

/* Return the length of a "{NAME}" at the start, or 0. */
static size_t
member_len(struct gm_span s)
{
	size_t n = 1;

	if (s.len < 3 || s.p[0] != '{')
		return 0;
	while (n < s.len && is_name(s.p[n], n == 1))
		n++;
	return n > 1 && n < s.len && s.p[n] == '}' ? n + 1 : 0;
}

static void
add_piece(struct gm_template *t, enum kind kind, struct gm_span text)
{
	const struct piece piece = { kind, t->text.len, text.len };

	if (kind == TEXT && text.len == 0)
		return;
	gm_buf_put_span(&t->text, text);
	if (kind == MEMBER)
		gm_buf_putc(&t->text, '\0');
	gm_buf_put(&t->pieces, (const char *)&piece, sizeof(piece));
}

/* Cut the text into pieces. */
static void
split(
    struct gm_template *t, struct gm_span text, const char *mark, bool members)
{
	size_t from = 0, at = 0, len;
	struct gm_span rest;
	enum kind kind;

	while (at < text.len) {
		rest = (struct gm_span){ text.p + at, text.len - at };
		kind = RECORD;
		len = gm_span_starts(rest, mark) ? strlen(mark) : 0;
		if (len == 0 && members) {
			kind = MEMBER;
			len = member_len(rest);
		}
		if (len == 0) {
			at++;
			continue;
		}
		add_piece(
		    t, TEXT, (struct gm_span){ text.p + from, at - from });
		add_piece(t, kind,
		    kind == MEMBER ? (struct gm_span){ rest.p + 1, len - 2 }
				   : (struct gm_span){ NULL, 0 });
		at += len;
		from = at;
	}
	add_piece(t, TEXT, (struct gm_span){ text.p + from, at - from });
}

int
gm_template_parse(struct gm_template *t, struct gm_span text,
    const struct gm_template_style *style, struct gm_err *err)
{
	const char *mark = style->mark;

	gm_template_release(t);
	gm_buf_init(&t->text, GM_TEMPLATE_MAX);
	gm_buf_init(&t->pieces, PIECES_MAX * sizeof(struct piece));
	if (mark == NULL || mark[0] == '\0')
		mark = "{}";
	split(t, text, mark, style->members);
	if (gm_buf_check(&t->text, err) != 0)
		return -1;
	return gm_buf_check(&t->pieces, err);
}

bool
gm_template_has(const struct gm_template *t, const char *member)
{
	const struct piece *piece;
	size_t len;

	for (piece = pieces_of(t, &len); len > 0; len--, piece++)
		if (member == NULL
			? piece->kind == RECORD
			: piece->kind == MEMBER &&
			      strcmp(t->text.data + piece->at, member) == 0)
			return true;
	return false;
}

bool
gm_template_varies(const struct gm_template *t)
{
	const struct piece *piece;
	size_t len;

	for (piece = pieces_of(t, &len); len > 0; len--, piece++)
		if (piece->kind != TEXT)
			return true;
	return false;
}

static int
find_member(const struct gm_template_values *v, const char *name)
{
	int found = GM_JSON_NONE, i;

	if (v->object == GM_JSON_NONE)
		return found;
	for (i = gm_json_first(v->json, v->object); i >= 0;
	     i = gm_json_next(v->json, v->object, i))
		if (gm_json_is(v->json, gm_json_name(v->json, i), name))
			found = i;
	return found;
}

/* Append JSON without the white space between its tokens. */
static void
put_compact(struct gm_buf *out, struct gm_span json)
{
	bool inside = false; /* of a string */
	size_t i, from = 0;

	for (i = 0; i < json.len; i++) {
		if (json.p[i] == '"')
			inside = !inside;
		else if (inside && json.p[i] == '\\')
			i++;
		else if (!inside && strchr(" \t\r\n", json.p[i]) != NULL) {
			gm_buf_put(out, json.p + from, i - from);
			from = i + 1;
		}
	}
	gm_buf_put(out, json.p + from, json.len - from);
}

static int
put_member(const struct gm_template_values *v, const char *name,
    struct gm_buf *out, struct gm_err *err)
{
	int at = find_member(v, name);
	enum gm_json_type type;

	if (at == GM_JSON_NONE)
		return gm_fail(err, GM_EDATA,
		    "no member '%s' for the placeholder {%s}", name, name);
	type = gm_json_type(v->json, at);
	if (type == GM_JSON_STRING)
		gm_json_string(v->json, at, out);
	else if (type != GM_JSON_NULL)
		put_compact(out, gm_json_raw(v->json, at));
	return 0;
}

int
gm_template_render(const struct gm_template *t,
    const struct gm_template_values *v, struct gm_buf *out, struct gm_err *err)
{
	const struct piece *piece;
	const char *text;
	size_t len;

	for (piece = pieces_of(t, &len); len > 0; len--, piece++) {
		text = t->text.data + piece->at;
		if (piece->kind == TEXT)
			gm_buf_put(out, text, piece->len);
		else if (piece->kind == RECORD && v->record.p != NULL)
			gm_buf_put_span(out, v->record);
		else if (piece->kind == RECORD)
			return gm_fail(err, GM_EDATA, "no prompt");
		else if (put_member(v, text, out, err) != 0)
			return -1;
	}
	return gm_buf_check(out, err);
}

void
gm_template_release(struct gm_template *t)
{
	gm_buf_release(&t->text);
	gm_buf_release(&t->pieces);
}
