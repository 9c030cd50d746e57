/*
 * The minimum for one POST over TLS with libcurl, as a reference for gm-prompt:
 * bare URL CAPATH KEY BODY
 */

#include <stdio.h>

#include <curl/curl.h>

int
main(int argc, char **argv)
{
	struct curl_slist *headers = NULL;
	char key[600];
	CURLcode code;
	CURL *easy;

	if (argc != 5)
		return 64;
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	easy = curl_easy_init();
	(void)snprintf(key, sizeof(key), "x-goog-api-key: %s", argv[3]);
	headers = curl_slist_append(headers, key);
	headers = curl_slist_append(headers, "Content-Type: application/json");
	(void)curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
	(void)curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	(void)curl_easy_setopt(easy, CURLOPT_CAPATH, argv[2]);
	(void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, argv[4]);
	code = curl_easy_perform(easy);
	curl_slist_free_all(headers);
	curl_easy_cleanup(easy);
	curl_global_cleanup();
	return code == CURLE_OK ? 0 : 1;
}
