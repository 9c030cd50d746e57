#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "buf.h"
#include "runner.h"

static int
set_key(struct gm_span key, struct gm_err *err)
{
	struct gm_buf text;
	int rc;

	gm_buf_init(&text, key.len);
	gm_buf_put_span(&text, key);
	rc = gm_buf_check(&text, err);
	if (rc == 0 &&
	    (unsetenv("GOOGLE_API_KEYS") != 0 ||
		setenv("GOOGLE_API_KEY", gm_buf_str(&text), 1) != 0 ||
		setenv("GEMINI_API_KEY", gm_buf_str(&text), 1) != 0))
		rc = gm_fail_errno(err, GM_EOS, "environment");
	gm_buf_release(&text);
	return rc;
}

int
gm_runner_exec(char **argv, struct gm_span key, struct gm_err *err)
{
	if (set_key(key, err) != 0)
		return -1;
	(void)execvp(argv[0], argv);
	return gm_fail_errno(
	    err, errno == ENOENT ? GM_ENOCOMMAND : GM_ENOEXEC, "%s", argv[0]);
}
