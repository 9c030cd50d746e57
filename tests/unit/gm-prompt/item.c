#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../notes.h"
#include "gm-prompt/item.h"

static char dir[] = "/tmp/gm-unit-item.XXXXXX";

static const char *const next_models[] = { "two" };
static const char *const others[] = { "large", "small" };
static const struct gm_service mistral = { .provider = &gm_mistral,
	.models = others,
	.models_len = 2,
	.fallback = true,
	.note = &note };
static const struct gm_service gemini = { .provider = &gm_gemini,
	.note = &note };
static const struct gm_service both = {
	.provider = &gm_gemini, .next = &mistral, .note = &note
};

static const struct gm_request request = {
	.model = "one", .next_models = next_models, .next_models_len = 1
};

static void
make(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL || chdir(dir) != 0 || open_notes() != 0)
		return -1;
	note.verbose = 1;
	make("a", "one\n");
	make("b", "two\n");
	make("b\xFF", "two\n");
	make("c", "");
	make("d", "%PDF-");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink("a");
	(void)unlink("b");
	(void)unlink("b\xFF");
	(void)unlink("c");
	(void)unlink("d");
	close_notes();
	return rmdir(dir);
}

/* A run with one record. */
struct row {
	bool json;
	const char *prompt, *files[2], *record;
	const char *want; /* the body of the request without its start */
};

#define TEXT(text) "{\"text\":\"" text "\"}"
#define FENCED(name, id, content) \
	TEXT("<file name=\\\"" name "\\\" id=\\\"" id "\\\">\\n" content \
	     "</file id=\\\"" id "\\\">\\n")
#define A FENCED("a", "2c8b08da", "one\\n")
#define B FENCED("b", "27dd8ed4", "two\\n")
#define USER(parts) "{\"role\":\"user\",\"parts\":[" parts "]}"
#define MODEL(parts) "{\"role\":\"model\",\"parts\":[" parts "]}"

static const struct row good[] = {
	/* plain */
	{ false, "", { NULL }, "hi", USER(TEXT("hi")) },
	{ false, "", { NULL }, " hi {} ", USER(TEXT(" hi {} ")) },
	{ false, "say {}!", { NULL }, "{x}", USER(TEXT("say {x}!")) },
	{ false, "say\n\n", { NULL }, "hi", USER(TEXT("say\\n\\nhi")) },
	{ false, "say {n}", { NULL }, "hi", USER(TEXT("say {n}\\n\\nhi")) },
	{ false, "sum up", { "{}" }, "a", USER(TEXT("sum up") "," A) },
	{ false, "sum up {}", { "{}" }, "a", USER(TEXT("sum up a") "," A) },
	{ false, "", { "{}" }, "a", USER(A) },
	{ false, "", { "./{}" }, "a",
	    USER(FENCED("./a", "2c8b08da", "one\\n")) },
	{ false, "", { "b" }, "hi", USER(TEXT("hi") "," B) },
	{ false, "x", { "{}", "b" }, "a", USER(TEXT("x") "," A "," B) },
	{ false, "x", { "b", "{}" }, "a", USER(TEXT("x") "," B "," A) },
	{ false, "x", { "b", "a" }, "y", USER(TEXT("x\\n\\ny") "," B "," A) },
	/* a file name may contain any bytes */
	{ false, "", { "{}" }, "b\xFF",
	    USER(FENCED("b\xEF\xBF\xBD", "27dd8ed4", "two\\n")) },
	{ false, "", { NULL }, "\xEF\xBB\xBFhi", USER(TEXT("hi")) },
	/* JSON */
	{ true, "", { NULL }, "{\"prompt\":\"h\\u00e9\"}", USER(TEXT("hé")) },
	{ true, "say {}", { NULL }, "{\"prompt\":\"hi\"}",
	    USER(TEXT("say hi")) },
	{ true, "say", { NULL }, "{\"prompt\":\"hi\"}",
	    USER(TEXT("say\\n\\nhi")) },
	{ true, "{prompt}?", { NULL }, "{\"prompt\":\"hi\"}",
	    USER(TEXT("hi?")) },
	{ true, "{n}+{m}", { NULL }, "{\"n\":1,\"m\":[2 ,3]}",
	    USER(TEXT("1+[2,3]")) },
	{ true, "{n}:", { NULL }, "{\"n\":1,\"prompt\":\"hi\"}",
	    USER(TEXT("1:\\n\\nhi")) },
	{ true, "x", { "{f}" }, "{\"f\":\"a\"}", USER(TEXT("x") "," A) },
	{ true, "x", { "{}" }, "{\"prompt\":\"a\"}", USER(TEXT("x") "," A) },
	{ true, "", { NULL }, "{\"files\":[\"a\",\"b\"]}", USER(A "," B) },
	{ true, "x", { "b" }, "{\"files\":[\"a\"]}",
	    USER(TEXT("x") "," B "," A) },
	{ true, "", { NULL },
	    "{\"prompt\":null,\"contents\":[{\"parts\":"
	    "[{\"text\":\"hi\"}]}]}",
	    USER(TEXT("hi")) },
	{ true, "", { NULL },
	    "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"a\"},"
	    "{\"text\":\"b\",\"thought\":false}]},{\"role\":\"model\","
	    "\"parts\":[{\"text\":\"c\",\"thoughtSignature\":\"QQ==\"}]},"
	    "{\"role\":\"user\",\"parts\":[{\"text\":\"d\"}]}]}",
	    USER(TEXT("a") "," TEXT("b")) "," MODEL(
		"{\"text\":\"c\",\"thoughtSignature\":\"QQ=="
		"\"}") "," USER(TEXT("d")) },
	{ true, "", { "b" },
	    "{\"contents\":[{\"parts\":[{\"text\":\"x\"}]}],"
	    "\"files\":[\"a\"]}",
	    USER(TEXT("x") "," B "," A) },
	/* parameters */
	{ true, "", { NULL },
	    "{\"prompt\":\"hi\",\"system\":\"be\",\"temperature\":0.5,"
	    "\"top_p\":1,\"top_k\":40.0,\"max_tokens\":1e3,\"seed\":-7,"
	    "\"thinking\":\"low\",\"safety\":\"none\",\"stop\":\"END\"}",
	    NULL },
};

static const char all_set[] =
    "{\"systemInstruction\":{\"parts\":[{\"text\":\"be\"}]},\"contents\":["
    "{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}],"
    "\"generationConfig\":{\"temperature\":0.5,\"topP\":1,\"topK\":40,"
    "\"maxOutputTokens\":1000,\"seed\":-7,\"stopSequences\":[\"END\"],"
    "\"thinkingConfig\":{\"thinkingLevel\":\"LOW\"}},\"safetySettings\":["
    "{\"category\":\"HARM_CATEGORY_HARASSMENT\",\"threshold\":\"BLOCK_NONE\"},"
    "{\"category\":\"HARM_CATEGORY_HATE_SPEECH\",\"threshold\":\"BLOCK_NONE\"}"
    ",{\"category\":\"HARM_CATEGORY_SEXUALLY_EXPLICIT\",\"threshold\":"
    "\"BLOCK_NONE\"},{\"category\":\"HARM_CATEGORY_DANGEROUS_CONTENT\","
    "\"threshold\":\"BLOCK_NONE\"}]}";

static struct gm_items_options
options_of(const struct row *row)
{
	struct gm_items_options o = { .json = row->json,
		.prompt = gm_span_of(row->prompt),
		.files = row->files,
		.request = &request,
		.service = &gemini,
		.note = &note };

	while (o.files_len < 2 && row->files[o.files_len] != NULL)
		o.files_len++;
	return o;
}

static void
check_body(const struct gm_item *it, const char *want)
{
	struct gm_buf body;

	gm_buf_init(&body, 100000);
	gm_gemini.body(&gm_gemini, &it->request, &body);
	assert_string_equal(gm_buf_str(&body), want);
	gm_buf_release(&body);
}

/* One item serves all records, one after another. */
static void
test_good(void **state)
{
	struct gm_item *it = malloc(sizeof(*it));
	struct gm_items all;
	struct gm_items_options o;
	struct gm_err err;
	char want[4000], *record;
	size_t i;

	(void)state;
	assert_non_null(it);
	gm_item_init(it);
	for (i = 0; i < GM_LEN(good); i++) {
		o = options_of(&good[i]);
		record = strdup(good[i].record);
		assert_non_null(record);
		assert_int_equal(gm_items_open(&all, &o, &err), 0);
		if (gm_item_make(it, &all, 1, gm_span_of(record), &err) != 0)
			fail_msg("%s: %s", record, err.msg);
		/* The request does not point into the record. */
		(void)memset(record, 'x', strlen(record));
		free(record);
		(void)snprintf(want, sizeof(want), "{\"contents\":[%s]}",
		    good[i].want != NULL ? good[i].want : "");
		check_body(it, good[i].want != NULL ? want : all_set);
		assert_ptr_equal(it->service, &gemini);
		assert_int_equal(strlen(it->hash), 32);
		assert_int_equal(it->id.len, 0);
		assert_string_equal(said(), "");
		gm_items_close(&all);
	}
	gm_item_release(it);
	gm_item_release(it);
	free(it);
}

#define PROMPT "{\"prompt\":\"hi\","
#define CONTENTS(turns) "{\"contents\":[" turns "]}"
#define PARTS(parts) CONTENTS("{\"parts\":[" parts "]}")

static const struct row bad[] = {
	{ false, "", { NULL }, " \t", "empty" },
	{ false, "say {}", { NULL }, "", "empty" },
	{ false, "", { "{}" }, "absent", "absent: No such file or directory" },
	{ false, "", { "{}" }, "-", "-: No such file or directory" },
	{ false, "", { "{}" }, "", "'': No such file or directory" },
	{ false, "", { "{}" }, ".", ".: Is a directory" },
	{ false, "x", { "{}" }, "d",
	    "d: a PDF document, not text; images, PDF and "
	    "other data are not supported yet" },
	{ false, "", { "{}" }, "c", "empty prompt" },
	{ true, "", { NULL }, "[]", "not a JSON object" },
	{ true, "", { NULL }, "{}", "no prompt and no contents" },
	{ true, "x", { "b" }, "{\"n\":1}", "no prompt and no contents" },
	{ true, "{}", { NULL }, "{\"n\":1,\"files\":[\"a\"]}", "no prompt" },
	{ true, "x", { "{}" }, "{\"n\":1}", "no prompt" },
	{ true, "{n}", { NULL }, "{\"m\":1}",
	    "no member 'n' for the placeholder {n}" },
	{ true, "", { "{n}" }, PROMPT "\"m\":1}",
	    "no member 'n' for the placeholder {n}" },
	{ true, "{n}", { NULL }, "{\"n\":null}", "empty prompt" },
	{ true, "", { NULL }, "{\"prompt\":\"\"}", "prompt: empty" },
	{ true, "say {}", { NULL }, "{\"prompt\":\" \"}", "prompt: empty" },
	{ true, "", { NULL }, "{\"prompt\":1}", "prompt: not a string" },
	{ true, "", { NULL }, "{\"prompt\":null,\"prompt\":\"a\"}",
	    "prompt: given twice" },
	{ true, "", { NULL }, PROMPT "\"top_p\":1,\"top_p\":1}",
	    "top_p: given twice" },
	{ true, "", { NULL }, PROMPT "\"id\":{}}",
	    "id: not a string or number" },
	{ true, "", { NULL }, PROMPT "\"custom_id\":true}",
	    "custom_id: not a string or number" },
	{ true, "", { NULL }, PROMPT "\"system\":[]}", "system: not a string" },
	{ true, "", { NULL }, PROMPT "\"model\":5}", "model: not a string" },
	{ true, "", { NULL }, PROMPT "\"model\":\"a,b\"}",
	    "model: not a model name: it contains blanks, control characters "
	    "or one of / ? # , %" },
	{ true, "", { NULL }, PROMPT "\"temperature\":\"1\"}",
	    "temperature: not a number" },
	{ true, "", { NULL }, PROMPT "\"temperature\":2.5}",
	    "temperature: not a number from 0 to 2" },
	{ true, "", { NULL }, PROMPT "\"top_k\":1.5}",
	    "top_k: not a whole number from 1 to 1000000" },
	{ true, "", { NULL },
	    PROMPT "\"seed\":10000000000000000000000000000000000000000000000"
		   "00000000000000000000000000000000000000000000000}",
	    "seed: not a whole number from -2147483648 to 2147483647" },
	{ true, "", { NULL }, PROMPT "\"thinking\":true}",
	    "thinking: not a string or number" },
	{ true, "", { NULL }, PROMPT "\"thinking\":-2}",
	    "thinking: not minimal, low, medium, high, xhigh, off or a number "
	    "of tokens from -1 (automatic) to 10000000" },
	{ true, "", { NULL }, PROMPT "\"safety\":\"max\"}",
	    "safety: not none, low, medium or high" },
	{ true, "", { NULL }, PROMPT "\"stop\":[\"a\",1]}",
	    "stop: not a string or an array of strings" },
	{ true, "", { NULL }, PROMPT "\"stop\":\"\"}", "stop: empty string" },
	{ true, "", { NULL },
	    PROMPT "\"stop\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\"]}",
	    "stop: more than 5 strings" },
	{ true, "", { NULL }, PROMPT "\"files\":\"a\"}",
	    "files: not an array of names" },
	{ true, "", { NULL }, PROMPT "\"files\":[\"a\",1]}",
	    "files: not an array of names" },
	{ true, "", { NULL }, PROMPT "\"files\":[\"absent\"]}",
	    "absent: No such file or directory" },
	{ true, "", { NULL }, PROMPT "\"contents\":[]}",
	    "prompt and contents cannot be combined" },
	{ true, "x", { NULL }, PARTS(TEXT("a")),
	    "contents: cannot be combined with a prompt for all records" },
	{ true, "", { NULL }, "{\"contents\":{}}", "contents: not an array" },
	{ true, "", { NULL }, CONTENTS(""), "contents: empty" },
	{ true, "", { NULL }, CONTENTS("1"), "contents.0: not an object" },
	{ true, "", { NULL }, CONTENTS("{\"role\":\"system\",\"parts\":[]}"),
	    "contents.0.role: not \"user\" or \"model\"" },
	{ true, "", { NULL }, CONTENTS("{\"role\":\"user\"}"),
	    "contents.0.parts: not an array" },
	{ true, "", { NULL }, PARTS(""), "contents.0: no text" },
	{ true, "", { NULL }, PARTS(TEXT(" ")), "contents.0: no text" },
	{ true, "", { NULL }, PARTS("7"), "contents.0.parts.0: not an object" },
	{ true, "", { NULL }, PARTS("{}"),
	    "contents.0.parts.0.text: not a string" },
	{ true, "", { NULL }, PARTS(TEXT("a") ",{\"inlineData\":{}}"),
	    "contents.0.parts.1: \"inlineData\" is not supported; only text "
	    "is" },
	{ true, "", { NULL }, PARTS("{\"text\":\"a\",\"thought\":true}"),
	    "contents.0.parts.0: \"thought\" is not supported; only text is" },
	{ true, "", { NULL }, PARTS("{\"text\":\"a\",\"thoughtSignature\":1}"),
	    "contents.0.parts.0.thoughtSignature: not a string" },
	{ true, "", { "a" },
	    CONTENTS("{\"role\":\"model\",\"parts\":[{\"text\":\"a\"}]}"),
	    "contents: the last turn is the model's; files need a turn of the "
	    "user" },
};

static void
test_bad(void **state)
{
	struct gm_item *it = malloc(sizeof(*it));
	struct gm_items_options o;
	struct gm_items all;
	struct gm_err err;
	size_t i;
	int rc;

	(void)state;
	assert_non_null(it);
	gm_item_init(it);
	for (i = 0; i < GM_LEN(bad); i++) {
		o = options_of(&bad[i]);
		assert_int_equal(gm_items_open(&all, &o, &err), 0);
		rc = gm_item_make(it, &all, 7, gm_span_of(bad[i].record), &err);
		if (rc == 0)
			fail_msg("%s: taken", bad[i].record);
		assert_string_equal(err.msg, bad[i].want);
		assert_int_equal(err.code, strstr(err.msg, "irectory") != NULL
					       ? GM_ENOINPUT
					       : GM_EDATA);
		assert_string_equal(it->hash, "");
		gm_items_close(&all);
		while (said()[0] != '\0')
			;
	}
	gm_item_release(it);
	free(it);
}

/* Records with wrong bytes. */
static void
test_bytes(void **state)
{
	const struct row plain = { false, "", { NULL }, NULL, NULL };
	const struct row named = { false, "", { "{}" }, NULL, NULL };
	const struct row json = { true, "", { NULL }, NULL, NULL };
	struct gm_item *it = malloc(sizeof(*it));
	struct gm_items_options o = options_of(&plain);
	struct gm_items all;
	struct gm_err err;
	struct gm_span large;
	char *zeros;

	(void)state;
	assert_non_null(it);
	gm_item_init(it);
	assert_int_equal(gm_items_open(&all, &o, &err), 0);
	assert_int_equal(
	    gm_item_make(it, &all, 1, (struct gm_span){ "a\0b", 3 }, &err), -1);
	assert_int_equal(err.code, GM_EDATA);
	assert_string_equal(
	    err.msg, "a NUL byte at offset 1: only text can be sent");
	assert_int_equal(
	    gm_item_make(it, &all, 7, gm_span_of("a\xFF\xFE"), &err), 0);
	check_body(
	    it, "{\"contents\":[" USER(TEXT("a\xEF\xBF\xBD\xEF\xBF\xBD")) "]}");
	assert_string_equal(said(),
	    "gm-x: record 7: not UTF-8 in 2 places: replaced by U+FFFD\n");
	zeros = malloc(GM_ITEM_MAX + 1);
	assert_non_null(zeros);
	(void)memset(zeros, 'a', GM_ITEM_MAX + 1);
	large = (struct gm_span){ zeros, GM_ITEM_MAX + 1 };
	assert_int_equal(gm_item_make(it, &all, 1, large, &err), -1);
	assert_int_equal(err.code, GM_EDATA);
	assert_string_equal(err.msg, "larger than 16 MiB");
	large.len--;
	assert_int_equal(gm_item_make(it, &all, 1, large, &err), 0);
	(void)memset(zeros, 0xFF, GM_ITEM_MAX);
	assert_int_equal(gm_item_make(it, &all, 1, large, &err), 0);
	(void)said();
	gm_items_close(&all);
	o = options_of(&named);
	assert_int_equal(gm_items_open(&all, &o, &err), 0);
	large = (struct gm_span){ zeros, 65537 };
	assert_int_equal(gm_item_make(it, &all, 1, large, &err), -1);
	assert_int_equal(err.code, GM_EDATA);
	assert_string_equal(err.msg, "a file name is longer than 65536 bytes");
	free(zeros);
	gm_items_close(&all);
	o = options_of(&json);
	assert_int_equal(gm_items_open(&all, &o, &err), 0);
	assert_int_equal(
	    gm_item_make(it, &all, 1, gm_span_of("{\"prompt\":"), &err), -1);
	assert_int_equal(err.code, GM_EDATA);
	assert_memory_equal(err.msg, "bad JSON: ", 10);
	assert_int_equal(gm_item_make(it, &all, 1,
			     gm_span_of("{\"prompt\":\"\xFF\"}"), &err),
	    -1);
	assert_int_equal(err.code, GM_EDATA);
	assert_int_equal(
	    gm_item_make(it, &all, 1,
		gm_span_of("\xEF\xBB\xBF{\"prompt\":\"a\"}"), &err),
	    0);
	gm_items_close(&all);
	gm_item_release(it);
	free(it);
}

/* The id comes back as it was given, also of an invalid record. */
static void
test_id(void **state)
{
	static const char *const rows[][2] = {
		{ "{\"prompt\":\"a\",\"id\":\"x\\u00e9\\\"\"}",
		    "\"x\\u00e9\\\"\"" },
		{ "{\"prompt\":\"a\",\"custom_id\":1.50}", "1.50" },
		{ "{\"custom_id\":\"c\",\"prompt\":\"a\",\"id\":7}", "7" },
		{ "{\"id\":null,\"custom_id\":\"c\",\"prompt\":\"a\"}",
		    "\"c\"" },
		{ "{\"prompt\":\"a\",\"id\":"
		  "\"\\\\ud800\\ud83d\\uDE00\\ud83d\"}",
		    "\"\\\\ud800\\ud83d\\uDE00\\uFFFD\"" },
		{ "{\"prompt\":\"a\",\"id\":\"\\uD800\\u0041\\udc00\"}",
		    "\"\\uFFFD\\u0041\\uFFFD\"" },
		{ "{\"id\":3}", "3" },
		{ "{\"prompt\":5,\"id\":3}", "3" },
		{ "{\"prompt\":\"a\"}", "" },
		{ "{\"id\":3", "" },
	};
	const struct row json = { true, "", { NULL }, NULL, NULL };
	struct gm_items_options o = options_of(&json);
	struct gm_item *it = malloc(sizeof(*it));
	struct gm_items all;
	struct gm_err err;
	size_t i;
	int rc;

	(void)state;
	assert_non_null(it);
	gm_item_init(it);
	assert_int_equal(gm_items_open(&all, &o, &err), 0);
	for (i = 0; i < GM_LEN(rows); i++) {
		rc = gm_item_make(it, &all, 1, gm_span_of(rows[i][0]), &err);
		assert_int_equal(rc, i < 6 || i == 8 ? 0 : -1);
		assert_true(gm_span_is(it->id, rows[i][1]));
	}
	gm_items_close(&all);
	gm_item_release(it);
	free(it);
}

/* A fallback that does not support the record is not used for it. */
static void
test_services(void **state)
{
	const struct row json = { true, "", { NULL }, NULL, NULL };
	struct gm_items_options o = options_of(&json);
	struct gm_item *it = malloc(sizeof(*it));
	struct gm_service first = mistral, second = gemini;
	struct gm_items all;
	struct gm_err err;

	(void)state;
	assert_non_null(it);
	gm_item_init(it);
	o.service = &both;
	assert_int_equal(gm_items_open(&all, &o, &err), 0);
	assert_int_equal(
	    gm_item_make(it, &all, 3, gm_span_of(PROMPT "\"top_k\":4}"), &err),
	    0);
	assert_string_equal(said(),
	    "gm-x: record 3: not sent to mistral: --top-k: not supported by "
	    "mistral\n");
	assert_ptr_equal(it->service->provider, &gm_gemini);
	assert_null(it->service->next);
	assert_string_equal(it->request.model, "one");
	assert_int_equal(it->request.next_models_len, 1);
	assert_int_equal(gm_item_make(it, &all, 4,
			     gm_span_of(PROMPT "\"model\":\"m\"}"), &err),
	    0);
	assert_ptr_equal(it->service, &both);
	assert_string_equal(it->request.model, "m");
	assert_int_equal(it->request.next_models_len, 0);
	gm_items_close(&all);
	/* Without the first service, its models are not used either. */
	second.models = others;
	second.models_len = 2;
	first.next = &second;
	o.service = &first;
	assert_int_equal(gm_items_open(&all, &o, &err), 0);
	assert_int_equal(
	    gm_item_make(it, &all, 5, gm_span_of(PROMPT "\"top_k\":4}"), &err),
	    0);
	assert_ptr_equal(it->service->provider, &gm_gemini);
	assert_string_equal(it->request.model, "large");
	assert_int_equal(it->request.next_models_len, 1);
	assert_string_equal(it->request.next_models[0], "small");
	assert_true(said()[0] != '\0');
	gm_items_close(&all);
	first.next = NULL; /* and there is no other service */
	assert_int_equal(gm_items_open(&all, &o, &err), 0);
	assert_int_equal(
	    gm_item_make(it, &all, 5, gm_span_of(PROMPT "\"top_k\":4}"), &err),
	    -1);
	assert_int_equal(err.code, GM_EDATA);
	(void)said();
	gm_items_close(&all);
	/* The service that the user named must support the record. */
	first.fallback = false;
	first.next = &gemini;
	o.service = &first;
	assert_int_equal(gm_items_open(&all, &o, &err), 0);
	assert_int_equal(
	    gm_item_make(it, &all, 3, gm_span_of(PROMPT "\"top_k\":4}"), &err),
	    -1);
	assert_int_equal(err.code, GM_EDATA);
	assert_string_equal(err.msg, "--top-k: not supported by mistral");
	gm_items_close(&all);
	gm_item_release(it);
	free(it);
}

/* Changes of the hash that recordhash.c does not test. */
struct setting {
	const char *prompt, *file, *record;
	uint64_t number;
};

static void
hash_of(const struct setting *s, char hash[GM_HASH_HEX])
{
	const struct row row = { true, s->prompt, { s->file }, NULL, NULL };
	struct gm_items_options o = options_of(&row);
	struct gm_item *it = malloc(sizeof(*it));
	struct gm_items all;
	struct gm_err err;

	assert_non_null(it);
	gm_item_init(it);
	assert_int_equal(gm_items_open(&all, &o, &err), 0);
	if (gm_item_make(it, &all, s->number, gm_span_of(s->record), &err) != 0)
		fail_msg("%s", err.msg);
	(void)memcpy(hash, it->hash, GM_HASH_HEX);
	gm_items_close(&all);
	gm_item_release(it);
	free(it);
}

static const struct setting settings[] = {
	{ "", NULL, PROMPT "\"n\":\"a\"}", 1 },
	{ "", NULL, PROMPT "\"n\": \"a\"}", 1 },
	{ "", NULL, PROMPT "\"n\":\"b\"}", 1 },
	{ "", NULL, PROMPT "\"top_p\":1}", 1 },
	{ "", NULL, PROMPT "\"system\":\"a\"}", 1 },
	{ "", NULL, PROMPT "\"model\":\"a\"}", 1 },
	{ "{}?", NULL, PROMPT "\"n\":\"a\"}", 1 },
	{ "{}", "a", PROMPT "\"n\":\"a\"}", 1 },
	{ "{}", "b", PROMPT "\"n\":\"a\"}", 1 },
	{ "{}", "./a", PROMPT "\"n\":\"a\"}", 1 },
	{ "{}", NULL, PROMPT "\"files\":[\"a\"]}", 1 },
	{ "{}", NULL, PROMPT "\"files\":[\"b\"]}", 1 },
};

static void
test_hash(void **state)
{
	char hashes[GM_LEN(settings)][GM_HASH_HEX], again[GM_HASH_HEX];
	struct setting s;
	size_t i, k;

	(void)state;
	for (i = 0; i < GM_LEN(settings); i++) {
		s = settings[i];
		hash_of(&s, hashes[i]);
		for (k = 0; k < i; k++)
			if (strcmp(hashes[k], hashes[i]) == 0)
				fail_msg("%zu is as %zu", i, k);
		s.number = 99;
		hash_of(&s, again);
		assert_string_equal(again, hashes[i]);
		/* Of a template only the rendered text counts. */
		s.prompt = s.prompt[0] == '\0' ? "{prompt}" : s.prompt;
		s.file = s.file != NULL && s.file[0] == 'a' ? "{n}" : s.file;
		hash_of(&s, again);
		assert_string_equal(again, hashes[i]);
	}
	/* The content of a file counts. */
	make("a", "other\n");
	for (i = 7; i < GM_LEN(settings); i++) {
		hash_of(&settings[i], again);
		k = (size_t)(i == 8 || i == 11); /* has no such file */
		assert_int_equal(strcmp(again, hashes[i]) == 0, k);
	}
	make("a", "one\n");
}

static void
test_stdin(void **state)
{
	const struct row row = { false, "", { "-" }, NULL, NULL };
	const struct gm_items_options o = options_of(&row);
	struct gm_items all;
	struct gm_err err;

	(void)state;
	assert_int_equal(gm_items_open(&all, &o, &err), -1);
	assert_int_equal(err.code, GM_EUSAGE);
	assert_string_equal(
	    err.msg, "--file -: standard input holds the records");
	gm_items_close(&all);
	gm_items_close(&all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_id),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_stdin),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
