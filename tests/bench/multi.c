/*
 * The minimum for many POSTs at once with libcurl: a bare loop over curl_multi, as a
 * reference for batches.
 *
 *	multi CALLS AT_ONCE URL KEY [CAFILE]
 *
 * Sends "record N" each time and drops the response; with CAFILE over TLS and
 * HTTP/2.  Retries failed requests, as the server may end connections, but not for
 * ever.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

struct slot {
	CURL *easy;
	char body[100];
};

struct run {
	CURLM *multi;
	long begun, ended, calls, failed;
};

static size_t
drop(char *bytes, size_t size, size_t n, void *arg)
{
	(void)bytes;
	(void)arg;
	return size * n;
}

static void
begin(struct run *r, struct slot *s)
{
	(void)snprintf(s->body, sizeof(s->body),
	    "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":"
	    "\"record %ld\"}]}]}",
	    ++r->begun);
	(void)curl_easy_setopt(
	    s->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(s->body));
	(void)curl_multi_add_handle(r->multi, s->easy);
}

static void
collect(struct run *r)
{
	struct slot *s;
	CURLMsg *msg;
	char *private;
	CURLcode result;
	long status;
	CURL *easy;
	int left;

	while ((msg = curl_multi_info_read(r->multi, &left)) != NULL) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		easy = msg->easy_handle;
		result = msg->data.result;
		status = 0;
		private = NULL;
		(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
		(void)curl_multi_remove_handle(r->multi, easy);
		s = (void *)private;
		if (result != CURLE_OK || status != 200) {
			r->failed++;
			(void)curl_multi_add_handle(r->multi, easy);
			continue;
		}
		r->ended++;
		if (r->begun < r->calls)
			begin(r, s);
	}
}

static void
set_up(struct slot *s, char **argv, struct curl_slist *headers)
{
	s->easy = curl_easy_init();
	(void)curl_easy_setopt(s->easy, CURLOPT_URL, argv[3]);
	(void)curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, s->body);
	(void)curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, drop);
	(void)curl_easy_setopt(s->easy, CURLOPT_PRIVATE, s);
	if (argv[5] == NULL)
		return;
	(void)curl_easy_setopt(s->easy, CURLOPT_CAINFO, argv[5]);
	/* Over HTTP/1.1 requests would wait for each other. */
	(void)curl_easy_setopt(s->easy, CURLOPT_PIPEWAIT, 1L);
}

int
main(int argc, char **argv)
{
	struct curl_slist *headers = NULL;
	struct run r = { .begun = 0 };
	char key[600];
	struct slot *slots;
	int running = 0;
	long at_once, i;

	if (argc < 5 || argc > 6)
		return 64;
	r.calls = strtol(argv[1], NULL, 10);
	at_once = strtol(argv[2], NULL, 10);
	if (at_once > r.calls)
		at_once = r.calls;
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	r.multi = curl_multi_init();
	slots = calloc((size_t)at_once + 1, sizeof(*slots));
	if (r.multi == NULL || slots == NULL) {
		free(slots);
		return 71;
	}
	(void)snprintf(key, sizeof(key), "x-goog-api-key: %s", argv[4]);
	headers = curl_slist_append(headers, key);
	headers = curl_slist_append(headers, "Content-Type: application/json");
	for (i = 0; i < at_once; i++) {
		set_up(&slots[i], argv, headers);
		begin(&r, &slots[i]);
	}
	do {
		(void)curl_multi_perform(r.multi, &running);
		collect(&r);
		if (r.ended < r.calls)
			(void)curl_multi_poll(r.multi, NULL, 0, 1000, NULL);
	} while (r.ended < r.calls && r.failed <= r.calls);
	for (i = 0; i < at_once; i++)
		curl_easy_cleanup(slots[i].easy);
	curl_slist_free_all(headers);
	(void)curl_multi_cleanup(r.multi);
	curl_global_cleanup();
	free(slots);
	return r.ended < r.calls;
}
