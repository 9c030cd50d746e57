#include <string.h>

#include "base/secret.h"
#include "config/keyring.h"
#include "provider/encode.h"

#define URL_MAX 8192

static const char *const post_headers[] = { "Content-Type: application/json",
	"Accept: text/event-stream", NULL };
static const char *const get_headers[] = { "Accept: application/json", NULL };

static int
check(const struct gm_buf *b, struct gm_err *err)
{
	if (gm_buf_check(b, err) == 0)
		return 0;
	gm_err_prefix(err, "request: ");
	return -1;
}

int
gm_encoded_make(struct gm_encoded *r, const struct gm_provider *provider,
    const struct gm_request *request, const char *base_url, struct gm_err *err)
{
	gm_buf_release(&r->url);
	gm_buf_release(&r->body);
	gm_buf_init(&r->url, URL_MAX);
	gm_buf_init(&r->body, GM_ENCODED_MAX);
	r->project = request->project;
	provider->url(provider, request, base_url, &r->url);
	provider->body(provider, request, &r->body);
	if (check(&r->url, err) != 0)
		return -1;
	return check(&r->body, err);
}

bool
gm_encoded_fits(const struct gm_encoded *r, const char *project)
{
	return r->project == NULL || strcmp(r->project, project) == 0;
}

int
gm_encoded_sign(struct gm_encoded *r, const struct gm_provider *provider,
    struct gm_span key, struct gm_err *err)
{
	gm_buf_release(&r->secret);
	gm_buf_init(&r->secret, 2 * GM_KEY_MAX);
	if (key.len == 0)
		return 0;
	gm_buf_puts(&r->secret, provider->key_header);
	r->key_at = r->secret.len;
	gm_buf_put_span(&r->secret, key);
	return check(&r->secret, err);
}

/* The headers; a request without a body is a GET. */
static const char *const *
headers_of(const struct gm_encoded *r)
{
	return r->body.len > 0 ? post_headers : get_headers;
}

void
gm_encoded_fill(struct gm_encoded *r, struct gm_http_request *http)
{
	http->url = gm_buf_str(&r->url);
	http->secret = r->secret.len > 0 ? gm_buf_str(&r->secret) : NULL;
	http->headers = headers_of(r);
	http->body = gm_body_of(&r->source, gm_buf_span(&r->body));
}

/* Print the header with the key masked; gm_note() does not know short keys. */
static void
describe_secret(const struct gm_buf *secret, size_t key_at,
    const struct gm_note *note, enum gm_level level)
{
	struct gm_span key = { secret->data + key_at, secret->len - key_at };
	struct gm_buf shown;

	gm_buf_init(&shown, GM_KEY_MAX);
	gm_secret_show(&shown, key);
	gm_note(note, level, "%.*s%s", (int)key_at, gm_buf_str(secret),
	    gm_buf_str(&shown));
	gm_buf_release(&shown);
}

void
gm_encoded_describe(
    const struct gm_encoded *r, const struct gm_note *note, enum gm_level level)
{
	const char *const *line;

	gm_note(note, level, "%s %s", r->body.len > 0 ? "POST" : "GET",
	    gm_buf_str(&r->url));
	if (r->secret.len > 0)
		describe_secret(&r->secret, r->key_at, note, level);
	for (line = headers_of(r); *line != NULL; line++)
		gm_note(note, level, "%s", *line);
}

void
gm_encoded_release(struct gm_encoded *r)
{
	gm_buf_release(&r->url);
	gm_buf_release(&r->body);
	gm_buf_release(&r->secret);
}
