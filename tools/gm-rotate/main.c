/* gm-rotate: choose the next key, here and in other programs. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/stop.h"
#include "base/table.h"
#include "call/keyset.h"
#include "call/waitline.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/wanted.h"
#include "gm-rotate/choice.h"
#include "gm-rotate/reportfile.h"
#include "gm-rotate/runner.h"
#include "gm-rotate/status.h"

#define OUTPUT_MAX ((size_t)64 * 1024 * 1024)
#define INDEX_MAX 99999
/* Longest --for: a day of 25 hours for quotas, a year for keys. */
#define QUOTA_MAX_MS (25 * INT64_C(3600000))
#define KEY_MAX_MS (366 * 24 * INT64_C(3600000))

struct options {
	struct gm_common common;
	const char *current_index, *mark, *class, *time;
	bool peek, status, reset, from_reports, print_key;
	struct gm_texts as;
};

/* All that a run acquires, released in one place. */
struct run {
	struct options *opt;
	struct gm_keyset keyset;
	struct gm_keystate state;
	struct gm_keys *keys; /* the keyset's */
	struct gm_keychoice choice;
	struct gm_out out;
	struct gm_buf text; /* for out */
	int64_t index; /* of --current-index, --mark or --reset; -1: none */
	enum gm_class class;
	int64_t mark_ms; /* --for; -1: the usual length */
};

static int
check_clashes(const struct options *o, struct gm_err *err)
{
	const struct gm_common *c = &o->common;
	const bool only = c->config.values[GM_SET_KEY_INDEX].text != NULL;
	const struct {
		bool given;
		const char *what;
		unsigned kind; /* two that share a bit cannot be combined */
	} all[] = {
		{ o->current_index != NULL, "--current-index", 1 | 4 },
		{ o->peek, "--peek", 1 },
		{ o->status, "--status", 1 | 2 },
		{ o->mark != NULL, "--mark", 1 | 2 | 4 },
		{ o->reset, "--reset", 1 | 2 | 4 },
		{ o->from_reports, "--from-reports", 1 | 2 },
		{ c->after_dashes >= 0, "a command", 1 | 2 | 8 },
		{ o->print_key, "--print-key", 2 | 8 },
		{ only, "--key-index", 4 },
		{ c->json, "--json", 8 },
	};
	size_t i, k;

	for (i = 0; i < GM_LEN(all); i++)
		for (k = i + 1; k < GM_LEN(all); k++)
			if (all[i].given && all[k].given &&
			    (all[i].kind & all[k].kind) != 0)
				return gm_fail(err, GM_EUSAGE,
				    "%s and %s cannot be combined", all[i].what,
				    all[k].what);
	return 0;
}

static int
check_names(const struct options *o, struct gm_err *err)
{
	size_t i;

	if (o->as.len > 0 && o->common.after_dashes < 0)
		return gm_fail(err, GM_EUSAGE, "--as needs a command after --");
	for (i = 0; i < o->as.len; i++)
		if (gm_runner_check(o->as.items[i], err) != 0) {
			gm_err_prefix(err, "--as: ");
			return -1;
		}
	return 0;
}

static int
check_usage(const struct options *o, int argc, struct gm_err *err)
{
	int after_dashes = o->common.after_dashes, operands = o->reset ? 1 : 0;
	int allowed = after_dashes >= 0 ? after_dashes : operands;

	if (check_clashes(o, err) != 0)
		return -1;
	if (argc > allowed)
		return gm_fail(err, GM_EUSAGE,
		    "unexpected operand; write a command after --");
	if (after_dashes == 0)
		return gm_fail(err, GM_EUSAGE, "no command after --");
	if (o->mark == NULL && (o->class != NULL || o->time != NULL))
		return gm_fail(err, GM_EUSAGE, "--%s needs --mark",
		    o->class != NULL ? "class" : "for");
	if (o->mark != NULL && o->class == NULL)
		return gm_fail(err, GM_EUSAGE, "--mark needs --class");
	if (check_names(o, err) != 0)
		return -1;
	if (!o->print_key || !o->common.out_is_tty)
		return 0;
	return gm_fail(err, GM_EUSAGE,
	    "--print-key: never to a terminal; write to a pipe or a file");
}

static int
read_time(struct run *r, struct gm_err *err)
{
	bool key = gm_class(r->class)->scope == GM_SCOPE_KEY;

	r->mark_ms = -1;
	if (r->opt->time == NULL)
		return 0;
	if (r->class == GM_CLASS_OK)
		return gm_fail(
		    err, GM_EUSAGE, "--for and --class ok cannot be combined");
	if (gm_num_duration(&r->mark_ms, r->opt->time, 1000,
		key ? KEY_MAX_MS : QUOTA_MAX_MS, err) == 0) {
		if (r->mark_ms > 0)
			return 0;
		(void)gm_fail(err, GM_EUSAGE, "not a duration of at least 1ms");
	}
	gm_err_prefix(err, "--for: ");
	return -1;
}

/* Read the index of an option; open_keys() checks if there is such a key. */
static int
read_index(
    struct run *r, const char *name, const char *text, struct gm_err *err)
{
	if (text == NULL ||
	    gm_setting_index(&r->index, text, INDEX_MAX, err) == 0)
		return 0;
	gm_err_prefix(err, "%s: ", name);
	return -1;
}

static int
read_arguments(struct run *r, int argc, char **argv, struct gm_err *err)
{
	const struct options *o = r->opt;

	r->index = -1;
	if (check_usage(o, argc, err) != 0 ||
	    read_index(r, "--current-index", o->current_index, err) != 0 ||
	    read_index(r, "--mark", o->mark, err) != 0 ||
	    read_index(r, "--reset", o->reset ? argv[0] : NULL, err) != 0)
		return -1;
	if (o->mark == NULL)
		return 0;
	if (gm_class_mark(&r->class, o->class, err) == 0)
		return read_time(r, err);
	gm_err_prefix(err, "--class: ");
	return -1;
}

/* True if a change of the key state is the result; with -k nothing is moved. */
static bool
is_storing(const struct options *o)
{
	if (o->mark != NULL || o->reset || o->from_reports)
		return true;
	return !o->peek && !o->status && o->common.after_dashes <= 0 &&
	       o->common.config.values[GM_SET_KEY_INDEX].text == NULL;
}

static int
open_keys(struct run *r, const struct gm_tool *tool, struct gm_err *err)
{
	const struct gm_cli_operands operands = { .alone = false };
	const struct gm_common *c = &r->opt->common;
	struct gm_keyset_options options;
	size_t len;

	if (gm_cli_configure(tool, &operands, err) != 0)
		return -1;
	options = gm_wanted_keys(tool);
	options.must_store = is_storing(r->opt);
	/* A command that prints keys may ask for a passphrase: run it only if
	 * the key itself is needed. */
	options.no_command = !r->opt->print_key && c->after_dashes <= 0;
	if (gm_keyset_open(&r->keyset, &options, c->vendor, &r->state, err) !=
	    0)
		return -1;
	r->keys = &r->keyset.keys;
	r->choice = (struct gm_keychoice){ .ring = &r->keyset.place.ring,
		.model = r->keyset.models[0],
		.base_url = r->keyset.base_url,
		.vendor = c->vendor,
		.now_ms = gm_clock_wall_ms() };

	len = r->choice.ring->len;
	if (r->index >= (int64_t)len)
		return gm_fail(err, GM_EUSAGE,
		    "no key has index %lld; the last one has %zu",
		    (long long)r->index, len - 1);
	return 0;
}

static int
write_text(struct run *r, struct gm_err *err)
{
	if (gm_buf_check(&r->text, err) != 0 ||
	    gm_out_open(&r->out, NULL, err) != 0)
		return -1;
	r->out.filtered = r->opt->common.out_is_tty;
	gm_out_put(&r->out, gm_buf_span(&r->text));
	return gm_out_flush(&r->out, err);
}

static int
print_choice(struct run *r, struct gm_err *err)
{
	enum gm_keychoice_form form = GM_KEYCHOICE_INDEX;
	struct gm_err failure;
	int rc;

	if (r->opt->print_key)
		form = GM_KEYCHOICE_KEY;
	else if (r->opt->common.json)
		form = GM_KEYCHOICE_JSON;
	rc = gm_keychoice_write(&r->choice, form, &r->text, err);
	/* The object of --json is printed after a failure, too. */
	if (r->text.failed != GM_OK || r->text.len == 0 ||
	    write_text(r, &failure) == 0)
		return rc;
	*err = failure;
	return -1;
}

static int
peek(struct run *r, struct gm_err *err)
{
	const struct gm_keyquery q =
	    gm_keys_look(r->keys, r->choice.model, &r->keyset.filter);

	gm_keyrule_pick(&q, &r->choice.pick);
	return print_choice(r, err);
}

/* Lock the key state, and make a query that may change it. */
static int
begin(struct run *r, struct gm_keyquery *q, struct gm_err *err)
{
	return gm_keys_begin(
	    r->keys, r->choice.model, &r->keyset.filter, q, err);
}

/* Unlock, and store the change if rc is 0. */
static int
finish(struct run *r, int rc, struct gm_err *err)
{
	if (rc == 0)
		return gm_keys_store(r->keys, err);
	gm_keystate_unlock(&r->state);
	return -1;
}

/*
 * Make the next usable key the current one.  If --current-index names another
 * key than the current one, another process has moved on already: choose the
 * current key.  Compared under the lock, so that many processes move once.
 */
static int
move_on(struct run *r, struct gm_err *err)
{
	struct gm_pick *pick = &r->choice.pick;
	struct gm_keyquery q;
	size_t current;
	int rc = 0;

	if (begin(r, &q, err) != 0)
		return -1;
	current = gm_keyrule_current(&q);
	gm_keyrule_next(&q, pick);
	if (pick->kind != GM_PICK_KEY) {
		gm_keystate_unlock(&r->state);
		return print_choice(r, err);
	}
	if (r->index >= 0 && (size_t)r->index != current)
		pick->index = current;
	else if (q.filter.of != GM_KEYS_ONE)
		rc = gm_keyrule_move(&q, pick->index, err);
	return finish(r, rc, err) != 0 ? -1 : print_choice(r, err);
}

static int
mark(struct run *r, struct gm_err *err)
{
	int64_t ms = r->mark_ms;
	struct gm_keyquery q;

	if (begin(r, &q, err) != 0)
		return -1;
	if (ms < 0)
		ms = gm_keyrule_cooling_ms(r->class, -1, 0,
		    gm_clock_pacific_midnight(q.now_ms) - q.now_ms);
	return finish(r,
	    gm_keyrule_mark(&q, (size_t)r->index, r->class, ms, NULL, err),
	    err);
}

static int
reset(struct run *r, struct gm_err *err)
{
	struct gm_keyquery q;

	if (begin(r, &q, err) != 0)
		return -1;
	if (r->index >= 0)
		gm_keyrule_reset(&q, (size_t)r->index);
	else
		gm_keyrule_reset_all(&q);
	return finish(r, 0, err);
}

static int
show_status(struct run *r, struct gm_err *err)
{
	const struct gm_common *c = &r->opt->common;
	const struct gm_statuslist list = { .query = gm_keys_look(r->keys, NULL,
						&r->keyset.filter),
		.models = r->keyset.models,
		.models_len = r->keyset.models_len };
	int rc;

	/* The counters of rows are read only when they are needed. */
	gm_keytable_fetch_all(&r->state.table);
	if (c->json)
		rc = gm_statuslist_json(&list, &r->text, err);
	else if (c->note.verbose > 0)
		rc = gm_statuslist_details(&list, c->out_is_tty, &r->text, err);
	else
		rc = gm_statuslist_table(&list, c->out_is_tty, &r->text, err);
	return rc != 0 ? -1 : write_text(r, err);
}

static int
take_reports(struct run *r, struct gm_err *err)
{
	const struct gm_common *c = &r->opt->common;

	if (!c->stdin_closed &&
	    gm_reportfile_read(r->keys, r->keyset.provider->name, STDIN_FILENO,
		"standard input", err) != 0)
		return -1;
	return peek(r, err);
}

/* Name the limit of the user that a slot waits for. */
static const char *
limit_name(const struct run *r)
{
	return r->keys->rule.rpm > 0 ? "GM_RPM" : "GM_TPM";
}

/* Sleep; on a terminal, a line counts the seconds down. */
static int
sleep_until(const struct run *r, int64_t until_ms, struct gm_err *err)
{
	const struct gm_waitline line = { &r->opt->common.note };
	const struct gm_call_waiting wait = { .why = limit_name(r),
		.until_ms = until_ms };
	int64_t next;
	int rc;

	do {
		next = gm_waitline_show(&line, &wait, 0, gm_clock_mono_ms());
		if (next > until_ms)
			next = until_ms;
		rc = gm_stop_poll(-1, 0, next, GM_STOP_DRAIN, err);
	} while (rc == 0 && next < until_ms);
	gm_waitline_erase(&line);
	return rc;
}

/* Wait for the reserved slot; if that is interrupted, give the slot back. */
static int
wait_for_slot(struct run *r, struct gm_err *err)
{
	int64_t ms = r->choice.pick.at_ms - gm_clock_wall_ms();
	struct gm_keychange unsent = { .model = r->choice.model,
		.filter = r->keyset.filter,
		.learnt = GM_LEARNT_UNSENT,
		.index = r->choice.pick.index,
		.slot_ms = r->choice.pick.at_ms };
	struct gm_err ignored;

	if (ms <= 0)
		return 0;
	if (r->opt->common.note.status == NULL)
		gm_note(&r->opt->common.note, GM_LEVEL_DETAIL,
		    "%s: waiting %.1f s", limit_name(r), (double)ms / 1000);
	if (sleep_until(r, gm_clock_mono_ms() + ms, err) == 0)
		return 0;
	(void)!gm_keys_make(r->keys, &unsent, &ignored);
	return -1;
}

/* Reserve a key as for a request, and become the command. */
static int
run_command(struct run *r, char **argv, struct gm_err *err)
{
	const struct gm_common *c = &r->opt->common;
	struct gm_pick *pick = &r->choice.pick;
	struct gm_keychange change = { .model = r->choice.model,
		.filter = r->keyset.filter,
		.reserve = true,
		.latest_ms = gm_clock_latest_ms(c->deadline_ms) };

	if (gm_keys_make(r->keys, &change, err) != 0)
		return -1;
	*pick = change.pick;
	if (gm_keychoice_check(&r->choice, err) != 0)
		return -1;
	if (pick->at_ms > change.latest_ms)
		return gm_fail(err, GM_EUNAVAILABLE,
		    "%s: no slot before the deadline; raise GM_DEADLINE or %s "
		    "(deadline)",
		    r->choice.model, limit_name(r));
	if (wait_for_slot(r, err) != 0)
		return -1;
	/* The command gets signals and limits as we got them.  A signal that
	 * came before must still end us. */
	gm_cli_restore(c);
	if (gm_stop_signal() != 0)

		return gm_stop_fail(err);
	return gm_runner_exec(argv,
	    &(struct gm_runner){ .vendor = c->vendor,
		.key = gm_keychoice_key(&r->choice),
		.names = r->opt->as.items,
		.len = r->opt->as.len },
	    err);
}

static int
work(struct run *r, char **argv, struct gm_err *err)
{
	const struct options *o = r->opt;

	if (o->common.after_dashes > 0)
		return run_command(r, argv, err);

	if (o->status)
		return show_status(r, err);

	if (o->mark != NULL)
		return mark(r, err);
	if (o->reset)
		return reset(r, err);
	if (o->from_reports)
		return take_reports(r, err);
	return o->peek ? peek(r, err) : move_on(r, err);
}

static int
run(void *options, const struct gm_tool *tool, int argc, char **argv,
    struct gm_err *err)
{
	struct options *opt = options;
	struct run r = { .opt = opt, .out = { .file = { .fd = -1 } } };
	int rc = -1;

	gm_buf_init(&r.text, OUTPUT_MAX);
	if (read_arguments(&r, argc, argv, err) == 0 &&
	    open_keys(&r, tool, err) == 0)
		rc = work(&r, argv, err);
	gm_out_release(&r.out);
	gm_buf_release(&r.text);
	gm_keyset_close(&r.keyset);
	gm_keystate_close(&r.state);
	free(opt->as.items);
	return rc;
}

static void
add_rows(void *options, struct gm_options *table)
{
	struct options *o = options;
	const struct gm_opt rows[] = {
		{ 0, "current-index", "N",
		    "move on only if N is the current key", .common = true,
		    .kind = GM_ARG_KEY, .text = &o->current_index },
		{ 0, "peek", NULL, "print the next key's index; do not move",
		    .common = true, .flag = &o->peek },
		{ 0, "status", NULL, "print the status of all keys",
		    .common = true, .flag = &o->status },
		{ 0, "mark", "INDEX", "mark a key, as --class says",
		    .common = true, .kind = GM_ARG_KEY, .text = &o->mark },
		{ 0, "class", "CLASS", "for --mark: ok, key_invalid, quota ...",
		    .common = true, .kind = GM_ARG_WORD,
		    .word = gm_class_mark_word, .text = &o->class },
		{ 0, "for", "TIME", "for --mark: how long it lasts",
		    .common = true, .text = &o->time },
		{ 0, "reset", NULL, "remove the marks of key INDEX, or of all",
		    .common = true, .kind = GM_ARG_KEY, .flag = &o->reset },
		{ 0, "from-reports", NULL,
		    "read reports from standard input, then --peek",
		    .common = true, .flag = &o->from_reports },
		{ 0, "as", "VAR", "pass the key to the command as VAR, too",
		    .common = true, .texts = &o->as },
		{ 0 },
	};
	const struct gm_opt output[] = {
		{ 0, "print-key", NULL, "print the key, not its index",
		    .common = true, .flag = &o->print_key },
		{ 0 },
	};

	gm_options_add(table, GM_GROUP_ROTATION, rows);
	gm_options_add(table, GM_GROUP_OUTPUT, output);
}

int
main(int argc, char **argv)
{
	struct options opt = { .mark = NULL };
	const struct gm_tool tool = {
		.name = "gm-rotate",
		.agent = "gm-rotate/" GM_VERSION,
		.operands = "[-- command [argument ...]]",
		.operand = GM_ARG_COMMAND,
		.summary = "choose the next API key",
		.example = "gm-rotate --as LLM_GEMINI_KEY -- llm 'Hello'",
		.shared = GM_OPT_JSON | GM_OPT_MODEL,
		.add_rows = add_rows,
		.common = &opt.common,
	};

	return gm_cli_main(&tool, run, &opt, argc, argv);
}
