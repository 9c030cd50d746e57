#ifndef GM_NET_HINT_H
#define GM_NET_HINT_H

/*
 * Advice for the user about a failed transfer.  Decided by libcurl's codes and
 * its data about the connection, never by its texts, which differ by version.
 * Private to http.c.
 */

#include <curl/curl.h>

#include "net/transfer.h"

/* Fill hint and variable of the result; call gm_transfer_conclude() first. */
void gm_hint_find(struct gm_http_transfer *, CURLcode);

#endif
