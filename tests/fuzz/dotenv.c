/*
 * Env files: values that were read, written with the simplest quotes and read
 * again are unchanged, without a note; no error or note repeats a value.
 */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "config/dotenv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In the middle of every value; no message may have a part of it. */
#define MARKER "7Q7Q7Q7Q"
#define PART "7Q"

struct pairs {
	struct gm_buf text;  /* name, '=', value, NUL, in order */
	struct gm_buf again; /* the variables as an env file */
	bool once;           /* notes are allowed only for a name set twice */
};

/* A variable with the name "export" cannot be written. */
static bool
want_all(struct gm_span name, void *arg)
{
	(void)arg;
	assert(name.len > 0);
	return !gm_span_is(name, "export");
}

static bool
want_key(struct gm_span name, void *arg)
{
	(void)arg;
	return gm_span_is(name, "KEY");
}

static bool
consists_of(struct gm_span s, const char *bytes)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] == '\0' || strchr(bytes, s.p[i]) == NULL)
			return false;
	return true;
}

static bool
contains(struct gm_span s, const char *text)
{
	return gm_span_has(s, text);
}

/* No quotes, single or double ones: the first that can hold the value. */
static void
put_value(struct gm_buf *out, struct gm_span value)
{
	size_t i;

	if (consists_of(value,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_!#%+,-./:=@^")) {
		gm_buf_put_span(out, value);
		return;
	}
	if (!contains(value, "'") && !contains(value, "${") &&
	    !contains(value, "\\\\") &&
	    (value.len == 0 || value.p[value.len - 1] != '\\')) {
		gm_buf_putc(out, '\'');
		gm_buf_put_span(out, value);
		gm_buf_putc(out, '\'');
		return;
	}
	gm_buf_putc(out, '"');
	for (i = 0; i < value.len; i++) {
		if (value.p[i] == '"' || value.p[i] == '\\')
			gm_buf_putc(out, '\\');
		gm_buf_putc(out, value.p[i]);
	}
	gm_buf_putc(out, '"');
}

static int
put_pair(struct gm_span name, struct gm_span value, size_t line, void *arg,
    struct gm_err *err)
{
	struct pairs *pairs = arg;

	assert(line > 0);
	gm_buf_put_span(&pairs->text, name);
	gm_buf_putc(&pairs->text, '=');
	gm_buf_put_span(&pairs->text, value);
	gm_buf_putc(&pairs->text, '\0');
	gm_buf_put_span(&pairs->again, name);
	gm_buf_putc(&pairs->again, '=');
	put_value(&pairs->again, value);
	gm_buf_putc(&pairs->again, '\n');
	return gm_buf_check(&pairs->again, err);
}

static void
check_note(size_t line, const char *text, void *arg)
{
	const struct pairs *pairs = arg;

	assert(line > 0);
	assert(!pairs->once || strstr(text, ": set more than once") != NULL);
}

static void
check_round_trip(struct gm_span text)
{
	struct pairs first = { .once = false }, second = { .once = true };
	struct gm_dotenv_fns fns = { want_all, put_pair, check_note, &first };
	struct gm_err err;

	gm_buf_init(&first.text, SIZE_MAX / 4);
	gm_buf_init(&first.again, SIZE_MAX / 4);
	gm_buf_init(&second.text, SIZE_MAX / 4);
	gm_buf_init(&second.again, SIZE_MAX / 4);
	/* Variables before an error count, too. */
	(void)!gm_dotenv_parse(text, &fns, &err);
	fns.arg = &second;
	assert(gm_dotenv_parse(gm_buf_span(&first.again), &fns, &err) == 0);
	assert(first.text.len == second.text.len);
	assert(first.text.len == 0 ||
	       memcmp(first.text.data, second.text.data, first.text.len) == 0);
	assert(
	    strcmp(gm_buf_str(&first.again), gm_buf_str(&second.again)) == 0);
	gm_buf_release(&first.text);
	gm_buf_release(&first.again);
	gm_buf_release(&second.text);
	gm_buf_release(&second.again);
}

static int
take_key(struct gm_span name, struct gm_span value, size_t line, void *arg,
    struct gm_err *err)
{
	(void)value;
	(void)line;
	(void)err;
	assert(gm_span_is(name, "KEY"));
	*(int *)arg += 1;
	return 0;
}

static void
check_silent(size_t line, const char *text, void *arg)
{
	(void)line;
	(void)arg;
	assert(strstr(text, PART) == NULL);
}

/* The input as the value of a key, with the marker in its middle. */
static void
check_secrecy(struct gm_span value)
{
	int keys = 0;
	const struct gm_dotenv_fns fns = { want_key, take_key, check_silent,
		&keys };
	struct gm_buf text;
	struct gm_err err = { 0 };
	size_t half = value.len / 2;

	gm_buf_init(&text, SIZE_MAX / 4);
	gm_buf_puts(&text, "KEY=");
	gm_buf_put(&text, value.p, half);
	gm_buf_puts(&text, MARKER);
	gm_buf_put(&text, value.p + half, value.len - half);
	if (gm_dotenv_parse(gm_buf_span(&text), &fns, &err) != 0) {
		assert(err.code == GM_ECONFIG);
		assert(strstr(err.msg, PART) == NULL);
		assert(strstr(err.msg, ": KEY: ") != NULL);
	} else {
		assert(keys > 0);
	}
	gm_buf_release(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gm_span text = { (const char *)data, size };

	check_round_trip(text);
	check_secrecy(text);
	return 0;
}
