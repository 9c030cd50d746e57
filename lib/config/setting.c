#include <string.h>

#include "base/num.h"
#include "config/setting.h"

#define HOUR_MS (60 * 60 * 1000)
#define DAY_MS (24 * HOUR_MS)
#define GEMINI "https://generativelanguage.googleapis.com"
#define MISTRAL "https://api.mistral.ai"
#define OPENAI "https://api.openai.com/v1"

/* Short names, only for the table. */
#define NO GM_LOCAL_NO
#define YES GM_LOCAL_YES
#define LOOPBACK GM_LOCAL_LOOPBACK
#define COMMAND GM_LOCAL_COMMAND

enum kind {
	KIND_TEXT,
	KIND_WHOLE,
	KIND_INDEX,
	KIND_DURATION,
	KIND_SWITCH,
	KIND_POLICY
};

static const struct row {
	struct gm_setting_row row;
	enum kind kind;
	int64_t min, max;
} rows[GM_SETTINGS] = {
	[GM_SET_GEMINI_COMMAND] = { { "GOOGLE_API_KEYS_COMMAND", NULL,
					COMMAND },
	    KIND_TEXT, 0, 0 },
	[GM_SET_MISTRAL_COMMAND] = { { "MISTRAL_API_KEYS_COMMAND", NULL,
					 COMMAND },
	    KIND_TEXT, 0, 0 },
	[GM_SET_OPENAI_COMMAND] = { { "OPENAI_API_KEY_COMMAND", NULL, COMMAND },
	    KIND_TEXT, 0, 0 },
	[GM_SET_GEMINI_MODEL] = { { "GEMINI_MODEL", "gemini-flash-latest",
				      YES },
	    KIND_TEXT, 0, 0 },
	[GM_SET_GEMINI_URL] = { { "GOOGLE_GEMINI_BASE_URL", GEMINI, LOOPBACK },
	    KIND_TEXT, 0, 0 },
	[GM_SET_MISTRAL_MODEL] = { { "MISTRAL_MODEL_NAME",
				       "mistral-large-latest", YES },
	    KIND_TEXT, 0, 0 },
	[GM_SET_MISTRAL_URL] = { { "MISTRAL_BASE_URL", MISTRAL, LOOPBACK },
	    KIND_TEXT, 0, 0 },
	[GM_SET_OPENAI_MODEL] = { { "OPENAI_MODEL", NULL, YES }, KIND_TEXT, 0,
	    0 },
	[GM_SET_OPENAI_URL] = { { "OPENAI_BASE_URL", OPENAI, LOOPBACK },
	    KIND_TEXT, 0, 0 },
	[GM_SET_FALLBACK] = { { "GM_FALLBACK", NULL, NO }, KIND_TEXT, 0, 0 },
	[GM_SET_RESPONSE_TIMEOUT] = { { "GM_RESPONSE_TIMEOUT", "15m", YES },
	    KIND_DURATION, 1, DAY_MS },
	[GM_SET_TIMEOUT] = { { "GM_TIMEOUT", "120s", YES }, KIND_DURATION, 1,
	    DAY_MS },
	[GM_SET_CONNECT_TIMEOUT] = { { NULL, "10s", NO }, KIND_DURATION, 1,
	    HOUR_MS },
	[GM_SET_DEADLINE] = { { "GM_DEADLINE", NULL, YES }, KIND_DURATION, 1,
	    DAY_MS },
	[GM_SET_RETRIES] = { { "GM_RETRIES", "4", YES }, KIND_WHOLE, 0, 100 },
	[GM_SET_MAX_WAIT] = { { "GM_MAX_WAIT", "60s", YES }, KIND_DURATION, 0,
	    DAY_MS },
	[GM_SET_POLICY] = { { "GM_POLICY", "sticky", NO }, KIND_POLICY, 0, 0 },
	[GM_SET_RPM] = { { "GM_RPM", NULL, YES }, KIND_WHOLE, 1, 60000 },
	[GM_SET_RPD] = { { "GM_RPD", NULL, YES }, KIND_WHOLE, 1, 1000000000 },
	[GM_SET_TPM] = { { "GM_TPM", NULL, YES }, KIND_WHOLE, 1, 1000000000 },
	[GM_SET_KEY_INDEX] = { { NULL, NULL, NO }, KIND_INDEX, 0, 99999 },
	[GM_SET_METRICS] = { { "GM_METRICS", NULL, NO }, KIND_SWITCH, 0, 0 },
	[GM_SET_LOG_FILE] = { { "GM_LOG_FILE", NULL, NO }, KIND_TEXT, 0, 0 },
	[GM_SET_SYSLOG] = { { "GM_SYSLOG", NULL, NO }, KIND_SWITCH, 0, 0 },
	[GM_SET_STATE_DIR] = { { "GM_STATE_DIR", NULL, NO }, KIND_TEXT, 0, 0 },
	[GM_SET_CACHE_DIR] = { { "GM_CACHE_DIR", NULL, NO }, KIND_TEXT, 0, 0 },
};

static int
parse_switch(int64_t *out, const char *text, struct gm_err *err)
{
	static const char *const words[] = { "0", "1", "no", "yes", "false",
		"true", "off", "on" };
	size_t i;

	for (i = 0; i < GM_LEN(words); i++)
		if (strcmp(text, words[i]) == 0) {
			*out = i % 2;
			return 0;
		}
	return gm_fail(err, GM_EUSAGE, "not 1 or 0");
}

static int
parse_policy(int64_t *out, const char *text, struct gm_err *err)
{
	*out = strcmp(text, "round-robin") == 0;
	if (*out == 0 && strcmp(text, "sticky") != 0)
		return gm_fail(err, GM_EUSAGE, "not sticky or round-robin");
	return 0;
}

static int
parse_duration(const struct row *row, const char *text, int64_t *number,
    struct gm_err *err)
{
	if (gm_num_duration(number, text, 1000, row->max, err) != 0)
		return -1;
	if (*number < row->min)
		return gm_fail(err, GM_EUSAGE,
		    "not a duration of at least %lldms", (long long)row->min);
	return 0;
}

const struct gm_setting_row *
gm_setting(enum gm_setting id)
{
	return &rows[id].row;
}

int
gm_setting_index(
    int64_t *out, const char *text, int64_t max, struct gm_err *err)
{
	const char *digits = text[0] == '-' ? text + 1 : text;

	if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
		return gm_fail(
		    err, GM_EUSAGE, "not a number; " GM_SETTING_KEYS);
	return gm_num_whole(out, text, 0, max, err);
}

int
gm_setting_parse(
    enum gm_setting id, const char *text, int64_t *number, struct gm_err *err)
{
	const struct row *row = &rows[id];

	switch (row->kind) {
	case KIND_WHOLE:
		return gm_num_whole(number, text, row->min, row->max, err);
	case KIND_INDEX:
		return gm_setting_index(number, text, row->max, err);
	case KIND_DURATION:
		return parse_duration(row, text, number, err);
	case KIND_SWITCH:
		return parse_switch(number, text, err);
	case KIND_POLICY:
		return parse_policy(number, text, err);
	case KIND_TEXT:
		break;
	}
	return 0;
}
