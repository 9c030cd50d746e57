#include <string.h>

#include "base/stop.h"
#include "cli/bash.h"
#include "cli/complete.h"
#include "cli/fish.h"
#include "cli/zsh.h"

/* Longest time for a list of models or keys, while the user waits for TAB. */
#define OFFER_MAX_MS 3000

static const struct {
	const char *name;
	void (*write)(const struct gm_completion *, struct gm_buf *);
} shells[] = {
	{ "bash", gm_bash_write },
	{ "zsh", gm_zsh_write },
	{ "fish", gm_fish_write },
};

const char *
gm_complete_shell(size_t i)
{
	return i < GM_LEN(shells) ? shells[i].name : NULL;
}

/* Append models or keys; return false if what is neither. */
static bool
put_offers(const char *what, const struct gm_offer *offer, struct gm_buf *out)
{
	struct gm_err ignored;

	/* An env file may be a FIFO, or on a network that hangs. */
	(void)!gm_stop_deadline(OFFER_MAX_MS, &ignored);
	if (strcmp(what, "models") == 0)
		gm_offer_models(offer, out);
	else if (strcmp(what, "keys") == 0)
		gm_offer_keys(offer, out);
	else
		return false;
	if (out->failed != GM_OK)
		gm_buf_reset(out); /* offer all or nothing */
	return true;
}

int
gm_complete_write(const char *what, const struct gm_completion *completion,
    const struct gm_offer *offer, struct gm_buf *out, struct gm_err *err)
{
	size_t i;

	for (i = 0; i < GM_LEN(shells); i++)
		if (strcmp(what, shells[i].name) == 0) {
			shells[i].write(completion, out);
			return gm_buf_check(out, err);
		}
	if (put_offers(what, offer, out))
		return 0;
	return gm_fail(err, GM_EUSAGE, "--completion: not bash, zsh or fish");
}
