#ifndef GM_NET_HTTPFAULT_H
#define GM_NET_HTTPFAULT_H

/*
 * What the end of an HTTP exchange means for an attempt.
 */

#include <stdbool.h>

#include "base/base.h"
#include "fault.h"
#include "net/exchange.h"

/* The class of a transfer that broke; GM_CLASS_OK if it did not. */
enum gm_class gm_httpfault_class(enum gm_http_fault);

/* What may help, in fault->remedy, if the result has a hint. */
void gm_httpfault_advise(const struct gm_http_result *, struct gm_fault *);

/*
 * Does the status say more than how the transfer ended?  A service that refuses
 * a large request may close before it was read: its status then says more than
 * the broken connection.  What we refused ourselves we have not seen.
 */
bool gm_httpfault_has_class(const struct gm_http_result *);

#endif
