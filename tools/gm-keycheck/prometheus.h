#ifndef GM_KEYCHECK_PROMETHEUS_H
#define GM_KEYCHECK_PROMETHEUS_H

/*
 * Metrics in the text format of Prometheus, as its node exporter reads them
 * from files.  No I/O.
 *
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/, the
 * text-based format 0.0.4; only gauges, only whole numbers.
 */

#include "base/base.h"
#include "base/buf.h"

struct gm_prometheus_label {
	const char *name, *value; /* value: any text; it is escaped */
};

/* Begin a metric with its HELP and TYPE lines; its samples must follow. */
void gm_prometheus_gauge(struct gm_buf *, const char *name, const char *help);

void gm_prometheus_sample(struct gm_buf *, const char *name,
    const struct gm_prometheus_label *, size_t len, int64_t value);

#endif
