/*
 * Preloaded before libc: a resolver without a network.
 *
 *	FAKE_DNS=silent      never answers; first makes the file $FAKE_DNS_ASKED
 *	FAKE_DNS=gm.test     knows this name alone, as 127.0.0.1
 *	no FAKE_DNS          knows no name at all
 */

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct entry {
	struct addrinfo info;
	struct sockaddr_in address;
};

static struct entry *
make(struct in_addr where, const char *service)
{
	struct entry *e = calloc(1, sizeof(*e));
	long port = service != NULL ? strtol(service, NULL, 10) : 0;

	if (e == NULL)
		return NULL;
	e->address = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((unsigned short)port),
		.sin_addr = where };
	e->info = (struct addrinfo){ .ai_family = AF_INET,
		.ai_socktype = SOCK_STREAM,
		.ai_protocol = IPPROTO_TCP,
		.ai_addrlen = sizeof(e->address),
		.ai_addr = (struct sockaddr *)&e->address };
	return e;
}

static _Noreturn void
stay_silent(const char *mark)
{
	FILE *f = mark != NULL ? fopen(mark, "w") : NULL;

	if (f != NULL) {
		(void)fputs("asked\n", f);
		(void)fclose(f);
	}
	for (;;)
		(void)pause();
}

int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
    struct addrinfo **found)
{
	const char *known = getenv("FAKE_DNS");
	struct in_addr where = { htonl(INADDR_LOOPBACK) };
	struct entry *e;

	(void)hints;
	if (name != NULL && inet_pton(AF_INET, name, &where) != 1) {
		if (known != NULL && strcmp(known, "silent") == 0)
			stay_silent(getenv("FAKE_DNS_ASKED"));
		if (known == NULL || strcmp(known, name) != 0)
			return EAI_NONAME;
	}
	e = make(where, service);
	if (e == NULL)
		return EAI_MEMORY;
	*found = &e->info;
	return 0;
}

/* The addrinfo is the first member of the entry. */
void
freeaddrinfo(struct addrinfo *list)
{
	free(list);
}
