#ifndef GM_NET_RETRYAFTER_H
#define GM_NET_RETRYAFTER_H

/*
 * The wait that a Retry-After header asks for.  libcurl parses only the date:
 * CURLINFO_RETRY_AFTER is 0 for "0", for nonsense and without the header, has
 * no fractions, and its limits depend on the version.
 *
 * Source: RFC 9110, 10.2.3 and 5.6.7; fractions of seconds as some servers
 * send.
 */

#include "base/base.h"
#include "base/span.h"

/*
 * Parse the value: seconds, or a date, which is compared with now_ms of the
 * wall clock.  Returns 0 to max_ms, or -1 if the value is neither.
 */
int64_t gm_retryafter_ms(struct gm_span value, int64_t now_ms, int64_t max_ms);

#endif
