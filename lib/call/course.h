#ifndef GM_CALL_COURSE_H
#define GM_CALL_COURSE_H

/*
 * The course of a question: what is done next, before and after each attempt.
 * A key is chosen, a fault leads to another key, to a wait, to another model or
 * to the end; an answer to the end.  Nothing here sends anything: ask.h does.
 */

#include <stdbool.h>

#include "base/base.h"
#include "call/task.h"

/* What the next request wants of the keys; borrows from the question. */
struct gm_keywish gm_course_wish(const struct gm_ask *);

/*
 * Whose quota a call uses up, in the state of the keys: its model's; counting
 * has one of its own, and NULL stands for calls that are about no model.
 */
const char *gm_course_model(const struct gm_ask *);

/*
 * Choose the key for the next attempt: it is chosen and due, or waits for one,
 * or has come to its end.  One that was chosen before is given back.
 */
void gm_course_choose(struct gm_ask *);

/* Can the chosen key still be used?  Others may have learnt of it since. */
bool gm_course_is_usable(const struct gm_ask *);

/* The response has ended, but a token continues the answer: send the next. */
void gm_course_continue(struct gm_ask *);

/* An attempt has failed, with outcome->fault. */
void gm_course_fault(struct gm_ask *);

/*
 * An answer has come to its end without any text, by no limit or filter: send
 * the request once more, which counts as a retry, then to the next model and
 * service.
 */
void gm_course_empty(struct gm_ask *);

#endif
