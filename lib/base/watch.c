#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/watch.h"

/*
 * gm_watch_set() passes events of poll(2) to epoll(7): Linux has one set of
 * bits.
 */
_Static_assert((int)EPOLLIN == POLLIN && (int)EPOLLOUT == POLLOUT,
    "events of epoll(7) are not those of poll(2)");

int
gm_watch_set(struct gm_watch *w, int fd, short events, struct gm_err *err)
{
	struct epoll_event event = { .events = (uint32_t)events,
		.data.fd = fd };
	int rc;

	if (events == 0)
		rc = epoll_ctl(w->fd, EPOLL_CTL_DEL, fd, NULL);
	else if ((rc = epoll_ctl(w->fd, EPOLL_CTL_ADD, fd, &event)) == -1 &&
		 errno == EEXIST)
		rc = epoll_ctl(w->fd, EPOLL_CTL_MOD, fd, &event);
	if (rc == 0 || errno == EPERM || errno == ENOENT)
		return 0;
	return gm_fail_errno(err, GM_EOS, "epoll");
}

int
gm_watch_open(struct gm_watch *w, struct gm_err *err)
{
	w->due_ms = 0;
	w->fd = epoll_create1(EPOLL_CLOEXEC);
	w->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (w->fd == -1 || w->timer == -1)
		return gm_fail_errno(err, GM_EOS, "epoll");
	return gm_watch_set(w, w->timer, POLLIN, err);
}

int
gm_watch_at(struct gm_watch *w, int64_t due_ms, struct gm_err *err)
{
	struct itimerspec at = { .it_value = { .tv_sec = due_ms / 1000,
				     .tv_nsec = due_ms % 1000 * 1000000 } };

	if (due_ms == w->due_ms)
		return 0; /* a timer that has expired stays readable */
	w->due_ms = due_ms;
	if (timerfd_settime(w->timer, TFD_TIMER_ABSTIME, &at, NULL) != 0)
		return gm_fail_errno(err, GM_EOS, "timerfd");
	return 0;
}

int
gm_watch_by(struct gm_watch *w, int64_t due_ms, struct gm_err *err)
{
	if (w->due_ms != 0 && w->due_ms <= due_ms)
		return 0;
	return gm_watch_at(w, due_ms, err);
}

void
gm_watch_close(struct gm_watch *w)
{
	if (w->timer != -1)
		(void)close(w->timer);
	if (w->fd != -1)
		(void)close(w->fd);
	w->timer = w->fd = -1;
}
