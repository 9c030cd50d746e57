/*
 * A program that is linked with libcurl and does nothing, as a reference for
 * --version.
 */

#include <curl/curl.h>

int
main(int argc, char **argv)
{
	(void)argv;
	return argc > 1 && curl_version() == NULL;
}
