#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "base/num.h"
#include "net/retryafter.h"

int64_t
gm_retryafter_ms(struct gm_span value, int64_t now_ms, int64_t max_ms)
{
	char text[64]; /* longer than any date */
	int64_t ms;
	time_t date;

	if (value.len >= sizeof(text))
		return -1;
	memcpy(text, value.p != NULL ? value.p : "", value.len);
	text[value.len] = '\0';
	ms = gm_num_seconds(text, max_ms);
	if (ms >= 0)
		return ms;
	date = curl_getdate(text, NULL);
	if (date == -1)
		return -1;
	if ((int64_t)date <= now_ms / 1000)
		return 0;
	if ((int64_t)date > (now_ms + max_ms) / 1000)
		return max_ms;
	return (int64_t)date * 1000 - now_ms;
}
