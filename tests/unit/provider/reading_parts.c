/* The parts of a response as a sink gets them: complete, in order. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "provider/chat_response.h"
#include "provider/gemini_response.h"

#define PARTS(list) "{\"candidates\":[{\"content\":{\"parts\":[" list "]}}]}"
#define MESSAGE(members) "{\"choices\":[{\"message\":{" members "}}]}"

struct run {
	struct gm_answer answer;
	struct gm_buf log;
	int returns; /* for a part that is not text */
	struct gm_err err;
};

/* Kind, description, text and signature: "D inlineData image/png 8|AAAA;" */
static int
on_part(const struct gm_part *part, void *arg, struct gm_err *err)
{
	struct run *r = arg;

	gm_buf_putc(&r->log, part->thought ? '?' : "TDFO"[part->kind]);
	if (part->listed != NULL)
		gm_buf_printf(&r->log, " %s %s %d", part->listed->type,
		    part->mime != NULL ? part->mime : "-",
		    (int)part->listed->bytes);
	gm_buf_putc(&r->log, '|');
	gm_buf_put_span(&r->log, part->text);
	if (part->signature.len > 0)
		gm_buf_putc(&r->log, '~');
	gm_buf_put_span(&r->log, part->signature);
	gm_buf_putc(&r->log, ';');
	if (part->kind != GM_PART_TEXT && r->returns == -1)
		return gm_fail(err, GM_EIO, "no space");
	return part->kind != GM_PART_TEXT ? r->returns : 0;
}

typedef int read_fn(const struct gm_json *, int at, enum gm_operation,
    struct gm_answer *, const struct gm_sink *, struct gm_err *);

static int
read_it(struct run *r, read_fn *fn, const char *document, int returns)
{
	const struct gm_sink sink = { .part = on_part, .arg = r };
	struct gm_json j = { 0 };
	int rc;

	*r = (struct run){ .returns = returns };
	gm_buf_init(&r->log, 1 << 20);
	gm_answer_init(&r->answer);
	assert_int_equal(gm_json_parse(&j, gm_span_of(document), &r->err), 0);
	rc = fn(&j, GM_JSON_ROOT, GM_OP_GENERATE, &r->answer, &sink, &r->err);
	gm_json_release(&j);
	return rc;
}

static void
release(struct run *r)
{
	gm_answer_release(&r->answer);
	gm_buf_release(&r->log);
}

static const struct {
	read_fn *fn;
	const char *document, *want;
} rows[] = {
	{ gm_gemini_read,
	    PARTS("{\"text\":\"Hm.\",\"thought\":true},{\"text\":\"a\"},"
		  "{\"inlineData\":{\"mimeType\":\"image\\/png\",\"data\":"
		  "\"iVBO\\/w==\"}},{\"functionCall\":{\"name\":\"f\"}},"
		  "{\"text\":\"b\"},{\"fileData\":{\"fileUri\":\"u\",\"mimeType"
		  "\":\"video/mp4\"}},{\"video\":{\"data\":\"AAAA\"}},5"),
	    "?|Hm.;T|a;D inlineData image/png 4|iVBO/w==;"
	    "O functionCall - 12|{\"name\":\"f\"};T|b;"
	    "F fileData video/mp4 38|u;O video - 3|{\"data\":\"AAAA\"};"
	    "O number - 1|5;" },
	{ gm_gemini_read,
	    PARTS(
		"{\"text\":\"Hm.\",\"thought\":true,\"thoughtSignature\":"
		"\"QQ\\u003d=\"},{\"text\":\"a\",\"thoughtSignature\":\"B\"},"
		"{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AAAA\"}"
		",\"thoughtSignature\":\"C\"},{\"functionCall\":{},\"toolCall\""
		":{},\"thoughtSignature\":\"D\"},{\"text\":\"b\"},{\"text\":"
		"\"\",\"thoughtSignature\":\"E\"},{\"thoughtSignature\":\"F\"},"
		"{\"thought\":true,\"toolCall\":{},\"thoughtSignature\":\"G\"}"
		",7,{\"text\":\"c\",\"thoughtSignature\":5}"),
	    "?|Hm.;?|~QQ==;T|a;T|~B;D inlineData image/png 3|AAAA~C;"
	    "O functionCall - 2|{}~D;O toolCall - 2|{};T|b;T|~E;T|~F;?|~G;"
	    "O number - 1|7;T|c;" },
	{ gm_chat_read,
	    MESSAGE("\"reasoning_content\":\"Hm.\",\"content\":[{\"type\":"
		    "\"text\",\"text\":\"a\"},{\"type\":\"image_url\","
		    "\"image_url\":{\"url\":\"data:image\\/png;base64,AAAA\"}},"
		    "{\"type\":\"new\",\"x\":1},{\"type\":\"text\",\"text\":"
		    "\"b\"}],\"tool_calls\":[{\"id\":\"1\"},{\"id\":\"2\"}]"),
	    "?|Hm.;T|a;D image_url image/png 3|AAAA;"
	    "O new - 20|{\"type\":\"new\",\"x\":1};T|b;"
	    "O tool_calls - 10|{\"id\":\"1\"};"
	    "O tool_calls - 10|{\"id\":\"2\"};" },
};

static void
test_order(void **state)
{
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		/* The sink may omit parts. */
		assert_int_equal(
		    read_it(&r, rows[i].fn, rows[i].document, i % 2), 0);
		assert_string_equal(gm_buf_str(&r.log), rows[i].want);
		assert_int_equal(r.answer.omitted_len, 0);
		release(&r);
	}
}

/* A part without text begins an answer, a thought does not. */
static void
test_begun(void **state)
{
	struct run r;

	(void)state;
	assert_int_equal(read_it(&r, gm_gemini_read,
			     PARTS("{\"functionCall\":{}}"), GM_SINK_OMITS),
	    0);
	assert_true(r.answer.begun && r.answer.text);
	release(&r);
	assert_int_equal(read_it(&r, gm_gemini_read,
			     PARTS("{\"thought\":true,\"inlineData\":{}}"), 0),
	    0);
	assert_false(r.answer.begun || r.answer.text);
	release(&r);
}

static void
test_sink_fails(void **state)
{
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < GM_LEN(rows); i++) {
		assert_int_equal(
		    read_it(&r, rows[i].fn, rows[i].document, -1), -1);
		assert_string_equal(r.err.msg, "no space");
		assert_non_null(strstr(gm_buf_str(&r.log), ";D "));
		assert_null(strstr(gm_buf_str(&r.log), "T|b"));
		release(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_begun),
		cmocka_unit_test(test_sink_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
