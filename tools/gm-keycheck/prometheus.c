#include "gm-keycheck/prometheus.h"

void
gm_prometheus_gauge(struct gm_buf *out, const char *name, const char *help)
{
	gm_buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* Put a label's value, escaped as the format requires. */
static void
put_value(struct gm_buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\n') {
			gm_buf_puts(out, "\\n");
		} else {
			if (*text == '"' || *text == '\\')
				gm_buf_putc(out, '\\');
			gm_buf_putc(out, *text);
		}
}

void
gm_prometheus_sample(struct gm_buf *out, const char *name,
    const struct gm_prometheus_label *labels, size_t len, int64_t value)
{
	size_t i;

	gm_buf_puts(out, name);
	for (i = 0; i < len; i++) {
		gm_buf_printf(
		    out, "%c%s=\"", i == 0 ? '{' : ',', labels[i].name);
		put_value(out, labels[i].value);
		gm_buf_putc(out, '"');
	}
	gm_buf_printf(out, "%s %lld\n", len > 0 ? "}" : "", (long long)value);
}
