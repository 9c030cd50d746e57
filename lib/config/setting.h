#ifndef GM_CONFIG_SETTING_H
#define GM_CONFIG_SETTING_H

/*
 * The table of settings: variable, default, allowed values.  config.h finds the
 * values.  No I/O.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/err.h"

enum gm_setting {
	GM_SET_GEMINI_COMMAND, /* a command that prints keys */
	GM_SET_MISTRAL_COMMAND,
	GM_SET_OPENAI_COMMAND,
	GM_SET_GEMINI_MODEL,
	GM_SET_GEMINI_URL,
	GM_SET_MISTRAL_MODEL,
	GM_SET_MISTRAL_URL,
	GM_SET_OPENAI_MODEL,
	GM_SET_OPENAI_URL,
	GM_SET_FALLBACK, /* names of services, see vendor.h */
	GM_SET_RESPONSE_TIMEOUT,
	GM_SET_TIMEOUT,
	GM_SET_CONNECT_TIMEOUT,
	GM_SET_DEADLINE,
	GM_SET_RETRIES,
	GM_SET_MAX_WAIT,
	GM_SET_POLICY, /* number: 1 if round-robin */
	GM_SET_RPM,
	GM_SET_RPD,
	GM_SET_TPM,
	GM_SET_KEY_INDEX,
	GM_SET_METRICS,
	GM_SET_LOG_FILE,
	GM_SET_SYSLOG,
	GM_SET_STATE_DIR,
	GM_SET_CACHE_DIR,
	GM_SETTINGS
};

/* The values that ./.env may set. */
enum gm_setting_local {
	GM_LOCAL_NO,
	GM_LOCAL_YES,
	GM_LOCAL_LOOPBACK, /* a base URL: only one of this machine */
	GM_LOCAL_COMMAND /* none; and it is never shown, as it may hold a key */
};

struct gm_setting_row {
	const char *variable; /* NULL: only an option sets it */
	const char *standard; /* default; NULL: not set */
	enum gm_setting_local local;
};

const struct gm_setting_row *gm_setting(enum gm_setting);

/*
 * Check a value.  *number becomes a whole number, milliseconds for a duration,
 * or 0 or 1 for a switch; it is unchanged for a text.  Returns 0, or -1:
 * GM_EUSAGE, with a message to which the caller adds the name.
 */
int gm_setting_parse(enum gm_setting, const char *text, int64_t *number,
    struct gm_err *) GM_MUST_CHECK;

/*
 * Parse the index of a key, from 0 to max.  Users type the key itself here, so
 * the message says where keys are read from.  Returns 0, or -1: GM_EUSAGE, with
 * a message to which the caller adds the name.
 */
int gm_setting_index(
    int64_t *, const char *text, int64_t max, struct gm_err *) GM_MUST_CHECK;

/* The end of a message about a key on the command line. */
#define GM_SETTING_KEYS \
	"keys are read from GOOGLE_API_KEYS or an env file, never from " \
	"options"

#endif
