/* Responses of chat completions, with thoughts in the text: see cuts.h. */

#include "cuts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct asked all[] = {
		{ &gm_compatible,
		    { .operation = GM_OP_GENERATE, .model = "llama3.2:3b" },
		    200, GM_HTTP_DONE, false },
		{ &gm_compatible,
		    { .operation = GM_OP_GENERATE, .model = "qwen3:8b" }, 200,
		    GM_HTTP_TRUNCATED, true },
		{ &gm_compatible,
		    { .operation = GM_OP_MODELS, .model = "models" }, 200,
		    GM_HTTP_DONE, false },
		{ &gm_mistral,
		    { .operation = GM_OP_GENERATE, .model = "mistral-small" },
		    422, GM_HTTP_DONE, false },
	};
	struct gm_span body = { (const char *)data, size };
	size_t i;

	for (i = 0; i < GM_LEN(all); i++)
		check(&all[i], body);
	return 0;
}
