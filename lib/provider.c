#include "provider.h"

#define SOURCES_MAX (64 * 1024)

void
gm_answer_init(struct gm_answer *a)
{
	*a = (struct gm_answer){ .usage = { -1, -1, -1, -1, -1 } };
	gm_buf_init(&a->sources, SOURCES_MAX);
}

void
gm_answer_release(struct gm_answer *a)
{
	gm_buf_release(&a->sources);
}
