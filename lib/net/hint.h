#ifndef GM_NET_HINT_H
#define GM_NET_HINT_H

/*
 * What may help a transfer that has failed, by libcurl's codes and what it
 * knows of the connection, never by its words.  Private to http.c.
 */

#include <curl/curl.h>

#include "net/transfer.h"

/* Fill hint and variable of a result that has been concluded. */
void gm_hint_find(struct gm_http_transfer *, CURLcode);

#endif
