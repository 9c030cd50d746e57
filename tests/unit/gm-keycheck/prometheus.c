#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gm-keycheck/prometheus.h"

static void
test_metric(void **state)
{
	const struct gm_prometheus_label labels[] = { { "index", "0" },
		{ "project", "a \"b\" \\ c\nd" } };
	struct gm_buf out;

	(void)state;
	gm_buf_init(&out, 4096);
	gm_prometheus_gauge(&out, "gm_x", "What it is.");
	gm_prometheus_sample(&out, "gm_x", NULL, 0, INT64_MAX);
	gm_prometheus_sample(&out, "gm_x", labels, 1, 0);
	gm_prometheus_sample(&out, "gm_x", labels, 2, -1);
	assert_string_equal(gm_buf_str(&out),
	    "# HELP gm_x What it is.\n"
	    "# TYPE gm_x gauge\n"
	    "gm_x 9223372036854775807\n"
	    "gm_x{index=\"0\"} 0\n"
	    "gm_x{index=\"0\",project=\"a \\\"b\\\" \\\\ c\\nd\"} -1\n");
	gm_buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metric),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
