#ifndef GM_NET_HTTPFAULT_H
#define GM_NET_HTTPFAULT_H

/*
 * From the result of a transfer to the class of an attempt.
 */

#include <stdbool.h>

#include "base/base.h"
#include "fault.h"
#include "net/exchange.h"

/* The class of a failed transfer; GM_CLASS_OK without a fault. */
enum gm_class gm_httpfault_class(enum gm_http_fault);

/* Set fault->remedy to what the user can do, if the result has a hint. */
void gm_httpfault_advise(const struct gm_http_result *, struct gm_fault *);

/*
 * Return true if the status, not the fault, decides the class.  A service that
 * rejects a large request may close before it has read it: the status then says
 * more than the broken connection.  Not after GM_HTTP_ABORTED: the body of the
 * error was not read to its end.
 */
bool gm_httpfault_has_class(const struct gm_http_result *);

#endif
