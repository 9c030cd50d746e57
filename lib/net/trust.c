#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "net/trust.h"

/* Limit in bytes; a system's bundle has about 250 kB. */
#define FILE_MAX ((size_t)64 * 1024 * 1024)

#define DIGITS "0123456789"

/*
 * The first lines of PEM certificates, in the three forms that OpenSSL reads.
 */
static const char *const begins[] = { "-----BEGIN CERTIFICATE-----",
	"-----BEGIN TRUSTED CERTIFICATE-----",
	"-----BEGIN X509 CERTIFICATE-----" };

static bool
is_hashed_name(const char *name)
{
	return strspn(name, DIGITS "abcdef") == 8 && name[8] == '.' &&
	       name[9] != '\0' && name[9 + strspn(name + 9, DIGITS)] == '\0';
}

/* Return 1 if a name is hashed, 0 if none is, -1 with errno. */
static int
look_into(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int found = 0;

	if (dir == NULL)
		return -1;
	while (found == 0 && (entry = readdir(dir)) != NULL)
		found = is_hashed_name(entry->d_name);
	(void)closedir(dir);
	return found;
}

bool
gm_trust_is_hashed(const char *dir)
{
	return look_into(dir) == 1;
}

static bool
has_certificate(struct gm_span text)
{
	size_t i;

	for (i = 0; i < GM_LEN(begins); i++)
		if (gm_span_has(text, begins[i]))
			return true;
	return false;
}

static int
check_open(int fd, const char *path, struct gm_err *err)
{
	struct gm_buf text;
	struct stat st;
	int rc = -1;

	if (fstat(fd, &st) != 0)
		return gm_fail_errno(err, GM_ECONFIG, "%s", path);
	/* A FIFO or device could block, or be read only once. */
	if (!S_ISREG(st.st_mode))
		return gm_fail(err, GM_ECONFIG,
		    "%s: %s; set it to a file of PEM certificates", path,
		    S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
	gm_buf_init(&text, FILE_MAX);
	if (gm_file_read(fd, path, &text, err) == 0)
		rc = has_certificate(gm_buf_span(&text))
		         ? 0
		         : gm_fail(err, GM_ECONFIG,
			       "%s: no PEM certificate in it; set it to a file "
			       "of PEM certificates",
			       path);
	gm_buf_release(&text);
	return rc;
}

static int
check_file(const char *path, struct gm_err *err)
{
	int fd = gm_file_open(path, err), rc = -1;

	if (fd != -1) {
		rc = check_open(fd, path, err);
		(void)close(fd);
	}
	/* For the user it is a setting, not input. */
	if (rc != 0 && (err->code == GM_ENOINPUT || err->code == GM_EDATA))
		err->code = GM_ECONFIG;
	return rc;
}

/* Look into one directory of a list; returns what look_into() does. */
static int
look_into_part(struct gm_span part)
{
	struct gm_buf path;
	int found = -1;

	gm_buf_init(&path, PATH_MAX);
	gm_buf_put_span(&path, part);
	errno = path.failed == GM_EOS ? ENOMEM : ENAMETOOLONG; /* if failed */
	if (path.failed == GM_OK)
		found = look_into(gm_buf_str(&path));
	gm_buf_release(&path);
	return found;
}

static int
check_dirs(const char *list, struct gm_err *err)
{
	struct gm_span rest = gm_span_of(list), part;
	int found = 0, why = 0;

	while (found != 1 && gm_span_split(&rest, ":", &part)) {
		found = part.len > 0 ? look_into_part(part) : 0;
		if (found == -1)
			why = errno;
	}
	errno = why;
	if (found == 1)
		return 0;
	if (why != 0)
		return gm_fail_errno(err, GM_ECONFIG, "%s", list);
	return gm_fail(err, GM_ECONFIG,
	    "%s: no certificate under a hashed name in it; run openssl rehash",
	    list);
}

int
gm_trust_check(const struct gm_trust *trust, struct gm_err *err)
{
	int rc = 0;

	if (trust->file != NULL)
		rc = check_file(trust->file, err);
	else if (trust->dir != NULL)
		rc = check_dirs(trust->dir, err);
	if (rc != 0 && trust->variable != NULL)
		gm_err_prefix(err, "%s: ", trust->variable);
	return rc;
}
