/*
 * Preloaded before libc: connections to TEST-NET-1 (RFC 5737), 192.0.2.0/24,
 * are refused, as by another machine on which no server runs.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int
connect(int fd, const struct sockaddr *to, socklen_t len)
{
	struct sockaddr_in v4 = { 0 };

	if (to->sa_family == AF_INET && len >= (socklen_t)sizeof(v4)) {
		memcpy(&v4, to, sizeof(v4));
		if (ntohl(v4.sin_addr.s_addr) >> 8 == 0xC00002) {
			errno = ECONNREFUSED;
			return -1;
		}
	}
	return (int)syscall(SYS_connect, fd, to, len);
}
