/*
 * A program that is linked with libcurl and does nothing: the yardstick for
 * --version.
 */

#include <curl/curl.h>

int
main(int argc, char **argv)
{
	(void)argv;
	return argc > 1 && curl_version() == NULL;
}
