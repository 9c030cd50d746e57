#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/term.h"
#include "gm-rotate/report.h"
#include "keys/rules.h"

#define NAME_MAX_BYTES 300
#define WORDS_MAX_BYTES ((size_t)64 * 1024)
#define REASON_MAX 150
#define QUOTA_MAX_MS (25 * INT64_C(3600000)) /* a day when DST ends */

/* Report of one request. */
struct report {
	int at;                   /* place in the JSON */
	struct gm_keyquery query; /* at the time of the report */
	size_t index;
	enum gm_class class;
	char model[NAME_MAX_BYTES];
};

/* Fail if a member of this line could not be read for lack of memory. */
static int
check_read(const struct gm_keyreport *k, struct gm_err *err)
{
	return k->no_memory ? gm_fail(err, GM_EOS, "out of memory") : 0;
}

static int
skip(const struct gm_keyreport *k, const char *why, struct gm_err *err)
{
	if (check_read(k, err) != 0)
		return -1;
	gm_note(k->note, GM_LEVEL_NOTE, "line %zu skipped: %s", k->line, why);

	return 0;
}

/* Get a member's text; "" if it is no string or too long, or without memory. */
static void
get_text(
    struct gm_keyreport *k, int at, const char *name, char out[NAME_MAX_BYTES])
{
	struct gm_buf text;

	gm_buf_init(&text, NAME_MAX_BYTES - 1);
	gm_json_string(&k->json, gm_json_at(&k->json, at, name), &text);
	k->no_memory = k->no_memory || text.failed == GM_EOS;
	(void)snprintf(out, NAME_MAX_BYTES, "%s",
	    text.failed == GM_OK ? gm_buf_str(&text) : "");
	gm_buf_release(&text);
}

/* Get a time, "2026-11-22T10:00:00Z", with or without milliseconds. */
static bool
get_time(struct gm_keyreport *k, int at, const char *name, int64_t *ms)
{
	char text[NAME_MAX_BYTES], whole[NAME_MAX_BYTES + 4];
	size_t len;

	get_text(k, at, name, text);
	len = strlen(text);
	if (len == 0 || text[len - 1] != 'Z')
		return false;
	(void)snprintf(whole, sizeof(whole), "%.*s.000Z", (int)len - 1, text);
	return gm_clock_parse(ms, text) || gm_clock_parse(ms, whole);
}

/* Get the class; false if it is unknown. */
static bool
get_class(struct gm_keyreport *k, int at, enum gm_class *class)
{
	char name[NAME_MAX_BYTES];

	get_text(k, at, "class", name);
	if (name[0] == '\0') /* "ok" is a class and a status */
		get_text(k, at, "status", name);
	return gm_class_find(name, class);
}

static bool
is_our_key(struct gm_keyreport *k, int at, size_t index)
{
	char reported[NAME_MAX_BYTES];
	struct gm_buf ours;
	bool same;

	get_text(k, at, "key", reported);
	gm_buf_init(&ours, NAME_MAX_BYTES);
	gm_secret_show(&ours, k->rule->ring->keys[index].text);
	same = reported[0] == '\0' || strcmp(reported, gm_buf_str(&ours)) == 0;
	k->no_memory = k->no_memory || ours.failed == GM_EOS;
	gm_buf_release(&ours);
	return same;
}

/*
 * Length of the mark, from the time of the report on, so that the lines of an
 * old log mark what they would have marked then; 0: it has ended.
 */
static int64_t
length_of(struct gm_keyreport *k, const struct report *r, int64_t now_ms)
{
	int64_t start = r->query.now_ms, retry_at, ms;
	int64_t day = gm_clock_pacific_midnight(start) - start;

	if (get_time(k, r->at, "retry_at", &retry_at))
		ms = retry_at - start;
	else
		ms = gm_keyrule_cooling_ms(r->class, -1, 0, day);
	if (gm_class(r->class)->scope != GM_SCOPE_KEY && ms > QUOTA_MAX_MS)
		ms = QUOTA_MAX_MS;
	return ms == GM_KEYROW_FOREVER || ms > now_ms - start ? ms : 0;
}

/* Put the reason: message or status of the report, as a clean, masked line. */
static void
put_words(const struct gm_keyreport *k, int at, struct gm_buf *out)
{
	static const char *const names[] = { "message", "status" };
	struct gm_buf text, clean;
	size_t i;

	gm_buf_init(&text, WORDS_MAX_BYTES);
	gm_buf_init(&clean, WORDS_MAX_BYTES);
	for (i = 0; i < GM_LEN(names) && clean.len == 0; i++) {
		gm_buf_reset(&text);
		gm_json_string(
		    &k->json, gm_json_at(&k->json, at, names[i]), &text);
		if (text.failed == GM_OK)
			gm_term_line(&clean, gm_buf_span(&text), REASON_MAX);
	}
	gm_secret_mask(k->note->secrets, out,
	    clean.len > 0 ? gm_buf_span(&clean) : gm_span_of("reported"));
	gm_buf_inherit(out, &clean);
	gm_buf_release(&clean);
	gm_buf_release(&text);
}

static int
put_mark(const struct gm_keyreport *k, struct report *r, int64_t ms,
    struct gm_err *err)
{
	struct gm_buf words;
	int rc;

	gm_buf_init(&words, WORDS_MAX_BYTES);
	put_words(k, r->at, &words);
	rc = gm_buf_check(&words, err);
	if (rc == 0)
		rc = gm_keyrule_mark(
		    &r->query, r->index, r->class, ms, gm_buf_str(&words), err);
	gm_buf_release(&words);
	return rc;
}

static int
apply(struct gm_keyreport *k, struct report *r, int64_t now_ms,
    struct gm_err *err)
{
	enum gm_scope scope = gm_class(r->class)->scope;
	bool quota = scope == GM_SCOPE_QUOTA || scope == GM_SCOPE_TOOL;
	int64_t ms;

	if (check_read(k, err) != 0)
		return -1;
	if (r->class == GM_CLASS_OK) {
		gm_keyrule_success(&r->query, r->index, r->query.now_ms);
		return 0;
	}
	/* The tools do not mark after "forbidden" of a free call, and this may
	 * have been one. */
	if (!gm_class_is_mark(r->class) || r->class == GM_CLASS_FORBIDDEN)
		return 0;
	ms = length_of(k, r, now_ms);
	if (ms <= 0)
		return 0;
	if (quota && r->query.model == NULL)
		return skip(k, "no model", err);
	if (!quota && gm_json_type(&k->json,
			  gm_json_at(&k->json, r->at, "key")) != GM_JSON_STRING)
		return skip(k, "no masked key", err);
	return put_mark(k, r, ms, err);
}

/* Take the report at a position of the JSON, of a request of that time. */
static int
take_report(struct gm_keyreport *k, int at, int64_t sent_ms, int64_t now_ms,
    struct gm_err *err)
{
	struct report r = { .at = at,
		.query = {
		    .rule = k->rule, .table = k->table, .now_ms = sent_ms } };
	char provider[NAME_MAX_BYTES];
	int64_t index = gm_json_int(&k->json, gm_json_at(&k->json, at, "index"),
	    gm_json_int(&k->json, gm_json_at(&k->json, at, "key_index"), -1));

	get_text(k, at, "provider", provider);
	if (provider[0] != '\0' && strcmp(provider, k->provider) != 0)
		return skip(k, "another provider", err);
	if (index < 0)
		return skip(k, "no key index", err);
	if ((uint64_t)index >= k->rule->ring->len)
		return skip(k, "no key with this index", err);
	if (!is_our_key(k, at, (size_t)index))
		return skip(k, "another key has this index", err);
	if (!get_class(k, at, &r.class))
		return skip(k, "unknown class", err);
	get_text(k, at, "model", r.model);
	r.index = (size_t)index;
	r.query.model = r.model[0] != '\0' ? r.model : NULL;
	return apply(k, &r, now_ms, err);
}

static int
take_object(struct gm_keyreport *k, int64_t now_ms, struct gm_err *err)
{
	int attempts = gm_json_at(&k->json, GM_JSON_ROOT, "attempts"), at;
	int64_t sent_ms = now_ms;

	if (!get_time(k, GM_JSON_ROOT, "time", &sent_ms) || sent_ms > now_ms)
		sent_ms = now_ms;
	if (gm_json_type(&k->json, attempts) != GM_JSON_ARRAY)
		return take_report(k, GM_JSON_ROOT, sent_ms, now_ms, err);
	for (at = gm_json_first(&k->json, attempts); at >= 0;
	     at = gm_json_next(&k->json, attempts, at))
		if (take_report(k, at, sent_ms, now_ms, err) != 0)
			return -1;
	return 0;
}

int
gm_keyreport_line(struct gm_keyreport *k, struct gm_span line, int64_t now_ms,
    struct gm_err *err)
{
	int rc;

	k->line++;
	k->no_memory = false;
	if (gm_span_trim(line).len == 0)
		return 0;
	rc = gm_json_parse(&k->json, line, err);
	if (rc == 0 && gm_json_type(&k->json, GM_JSON_ROOT) != GM_JSON_OBJECT)
		rc = gm_fail(err, GM_EDATA, "not a JSON object");
	if (rc == 0)
		return take_object(k, now_ms, err);
	if (err->code == GM_EPROTOCOL)
		err->code = GM_EDATA;
	gm_err_prefix(err, "line %zu: ", k->line);
	return -1;
}

void
gm_keyreport_release(struct gm_keyreport *k)
{
	gm_json_release(&k->json);
}
