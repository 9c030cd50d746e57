/* Responses of the Gemini API: see cuts.h. */

#include "cuts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct asked all[] = {
		{ &gm_gemini,
		    { .operation = GM_OP_GENERATE,
			.model = "gemini-3.8-flash" },
		    200, GM_HTTP_DONE, false },
		{ &gm_gemini,
		    { .operation = GM_OP_GENERATE,
			.model = "gemini-3.8-flash" },
		    200, GM_HTTP_TIMEOUT, false },
		{ &gm_gemini,
		    { .operation = GM_OP_COUNT, .model = "tunedModels/mine" },
		    200, GM_HTTP_DONE, false },
		{ &gm_gemini, { .operation = GM_OP_MODELS, .model = "models" },
		    200, GM_HTTP_DONE, false },
		{ &gm_gemini,
		    { .operation = GM_OP_GENERATE,
			.model = "gemini-3.8-flash" },
		    429, GM_HTTP_DONE, false },
	};
	struct gm_span body = { (const char *)data, size };
	size_t i;

	for (i = 0; i < GM_LEN(all); i++)
		check(&all[i], body);
	return 0;
}
