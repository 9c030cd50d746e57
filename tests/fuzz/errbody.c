/*
 * Bodies of errors, with any contents: one clean line of text, without a key after
 * masking; a wait within bounds; a page never marks a key.
 */

#include <assert.h>
#include <string.h>

#include "base/secret.h"
#include "base/term.h"
#include "base/utf8.h"
#include "provider/chat_err.h"
#include "provider/errbody.h"
#include "provider/gemini_err.h"

#define KEY "fake-good-key-0001"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Well-formed, no controls, and at most max characters and "...". */
static void
check_line(const char *line, size_t max)
{
	struct gm_span s = gm_span_of(line);
	size_t n, count = 0;
	uint32_t c;

	for (; s.len > 0; s.p += n, s.len -= n, count++) {
		n = gm_utf8_decode(s, &c, NULL);
		assert(n > 0);
		assert(c >= 0x20 && (c < 0x7F || c > 0x9F));
		assert(c < 0x202A || c > 0x202E);
	}
	assert(count <= max + 3);
}

static void
check_key(const struct gm_secrets *secrets, const char *words)
{
	struct gm_buf masked;

	gm_buf_init(&masked, 2 * GM_ERR_MAX);
	gm_secret_mask(secrets, &masked, gm_span_of(words));
	assert(strstr(gm_buf_str(&masked), KEY) == NULL);
	gm_buf_release(&masked);
}

static bool
is_page(struct gm_span body)
{
	struct gm_errbody e;
	bool html;

	gm_errbody_read(&e, body);
	assert(e.message.failed != GM_EOS);
	html = e.html;
	gm_errbody_release(&e);
	return html;
}

static void
check_fault(
    const struct gm_fault *f, bool page, const struct gm_secrets *secrets)
{
	assert(f->class > GM_CLASS_OK && f->class < GM_CLASSES);
	assert(f->class != GM_CLASS_LOCAL && f->class != GM_CLASS_SIGNAL);
	assert(f->hint_ms >= -1 && f->hint_ms <= INT64_C(48) * 60 * 60 * 1000);
	check_line(f->words, GM_TERM_LINE_MAX + 1 + 200 + 3);
	check_line(f->remedy, sizeof(f->remedy));
	check_key(secrets, f->words);
	if (page)
		assert(gm_class(f->class)->code != GM_ENOPERM);
	if (f->remedy[0] != '\0')
		assert(f->class == GM_CLASS_MODEL_GONE ||
		       f->class == GM_CLASS_TOO_LARGE ||
		       f->class == GM_CLASS_PROJECT_BLOCKED);
}

static void
check_blame(long http, enum gm_class class)
{
	enum gm_scope scope = gm_class(class)->scope;

	if (scope == GM_SCOPE_KEY || scope == GM_SCOPE_PROJECT)
		assert(
		    http == 200 || (http >= 400 && http <= 403) || http == 429);
}

static void
check(long http, struct gm_span body, const struct gm_secrets *secrets)
{
	const bool page = is_page(body);
	struct gm_fault f;

	memset(&f, 'x', sizeof(f));
	gm_gemini_classify("gemini-3.8-flash", http, body, &f);
	assert(http == 200 || f.http == http);
	check_fault(&f, page, secrets);
	check_blame(http, f.class);
	memset(&f, 'x', sizeof(f));
	gm_chat_classify(http, body, &f);
	assert(http == 200 || f.http == http);
	check_fault(&f, page, secrets);
	check_blame(http, f.class);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const long statuses[] = { 200, 302, 400, 401, 402, 403, 404, 407,
		413, 429, 500, 503 };
	struct gm_span body = { (const char *)data, size };
	struct gm_secrets secrets = { 0 };
	struct gm_err err;
	size_t i;

	assert(gm_secrets_add(&secrets, gm_span_of(KEY), &err) == 0);
	for (i = 0; i < GM_LEN(statuses); i++)
		check(statuses[i], body, &secrets);
	gm_secrets_release(&secrets);
	return 0;
}
