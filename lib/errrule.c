#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "errrule.h"
#include "num.h"
#include "term.h"

#define HINT_MAX_MS (48 * 60 * 60 * INT64_C(1000))

static bool
is(const struct gm_buf *b, const char *name)
{
	return gm_span_is(gm_buf_span(b), name);
}

static bool
has(const struct gm_buf *b, const char *words)
{
	return gm_span_has(gm_buf_span(b), words);
}

static bool
holds(const struct gm_errrule *r, long http, const struct gm_errbody *e)
{
	return (r->http == 0 || r->http == http) &&
	       (r->name == NULL || is(&e->reason, r->name) ||
		   is(&e->name, r->name) || is(&e->type, r->name)) &&
	       (r->words == NULL || has(&e->message, r->words));
}

enum gm_class
gm_errrule_by_status(long http)
{
	if (http >= 300 && http < 400)
		return GM_CLASS_REDIRECT;
	if (http >= 400 && http < 500)
		return GM_CLASS_BAD_REQUEST;
	if (http >= 500 && http < 600)
		return GM_CLASS_SERVER;
	return GM_CLASS_PROTOCOL;
}

/* A page, not the API: somebody between us and the service has answered. */
static enum gm_class
class_of_page(const struct gm_errrule *rules, size_t len, long http)
{
	size_t i;

	if (http == 404)
		return GM_CLASS_BAD_URL;
	if (http >= 401 && http <= 403)
		return GM_CLASS_PROXY;
	if (http == 429)
		return GM_CLASS_QUOTA;
	for (i = 0; i < len; i++) /* its words are not the API's */
		if (rules[i].http == http && rules[i].name == NULL &&
		    rules[i].words == NULL)
			return rules[i].class;
	return gm_errrule_by_status(http);
}

bool
gm_errrule_find(const struct gm_errrule *rules, size_t len, long http,
    const struct gm_errbody *e, enum gm_class *class)
{
	size_t i;

	if (e->html) {
		*class = class_of_page(rules, len, http);
		return true;
	}
	for (i = 0; i < len; i++)
		if (holds(&rules[i], http, e)) {
			*class = rules[i].class;
			return true;
		}
	return false;
}

static bool
parse_hint(int64_t *ms, const char *text)
{
	struct gm_err ignored;

	if (gm_num_duration(ms, text, 1000, INT64_MAX, &ignored) != 0)
		return false;
	if (*ms > HINT_MAX_MS)
		*ms = HINT_MAX_MS;
	return true;
}

/* The delay of its own, else the message's "Please retry in 56.18s." */
static int64_t
find_hint(const struct gm_errbody *e)
{
	static const char *const words[] = { "retry in ", "try again in " };
	const char *p = NULL;
	int64_t ms;
	char text[64];
	size_t n = 0, i;

	if (e->delay.len > 0 && parse_hint(&ms, gm_buf_str(&e->delay)))
		return ms;
	for (i = 0; i < GM_LEN(words) && p == NULL; i++) {
		p = gm_span_find(gm_buf_span(&e->message), words[i]);
		if (p != NULL)
			p += strlen(words[i]);
	}
	if (p == NULL)
		return -1;
	while (n < sizeof(text) - 1 &&
	       (isalnum((unsigned char)p[n]) || p[n] == '.')) {
		text[n] = p[n];
		n++;
	}
	while (n > 0 && text[n - 1] == '.')
		n--;
	text[n] = '\0';
	return parse_hint(&ms, text) ? ms : -1;
}

static void
set_words(const struct gm_errbody *e, const char *from, struct gm_fault *fault)
{
	struct gm_span words = gm_buf_span(&e->message);
	const char *begin = from != NULL ? gm_span_find(words, from) : NULL;
	struct gm_buf line;

	if (begin != NULL) {
		words.len -= (size_t)(begin - words.p);
		words.p = begin;
	}
	gm_buf_init(&line, sizeof(fault->words) - 1);
	gm_term_line(&line, words, GM_TERM_LINE_MAX);
	/* The mark tells that a key at the end may be the beginning of one. */
	if ((e->cut || e->message.failed != GM_OK) &&
	    !gm_span_ends(gm_buf_span(&line), "..."))
		gm_buf_puts(&line, "...");
	if (e->field.len > 0 && !has(&e->message, gm_buf_str(&e->field)) &&
	    e->message.len < 100) {
		gm_buf_puts(&line, " ");
		gm_term_line(&line, gm_buf_span(&e->field), 200);
	}
	(void)snprintf(
	    fault->words, sizeof(fault->words), "%s", gm_buf_str(&line));
	gm_buf_release(&line);
}

bool
gm_errrule_begin(struct gm_errbody *e, long http, struct gm_span body,
    const char *from, struct gm_fault *fault)
{
	gm_errbody_read(e, body);
	fault->hint_ms = -1;
	fault->remedy[0] = fault->project[0] = '\0';
	if (e->message.failed == GM_EOS || e->reason.failed == GM_EOS ||
	    e->quota.failed == GM_EOS || e->name.failed == GM_EOS ||
	    e->type.failed == GM_EOS) {
		/* Half a verdict could put blame where it does not belong. */
		fault->class = GM_CLASS_LOCAL;
		(void)snprintf(
		    fault->words, sizeof(fault->words), "out of memory");
		return false;
	}
	fault->http = http;
	fault->hint_ms = find_hint(e);
	set_words(e, from, fault);
	return true;
}
