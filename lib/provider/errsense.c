#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "provider/errsense.h"

enum {
	STATUSES_MAX = 4, /* documented for one meaning */
	EARLY = 4         /* words within which a main statement begins */
};

struct sense {
	long http[STATUSES_MAX]; /* the first is that of gm_errsense_status() */
	enum gm_class class;     /* GM_CLASS_OK: only a status, no class */
	bool precise;            /* only if the status is about the client */
	int distance; /* words between subject and predicate, at most */
	enum {
		BEFORE = 1, /* "unknown model" */
		AFTER = 2,  /* "model X is unknown" */
		EITHER = BEFORE | AFTER,
		ANYHOW /* one of the patterns, also within a word */
	} order;
	/* Sets of phrases, or, for ANYHOW, patterns; "|" separates them. */
	const char *subjects;
	const char *predicates; /* none for ANYHOW */
	/* Words in the sentence that make it about something else. */
	const char *unless;
};

/* Things other than a request that have keys, models, names and regions. */
#define THINGS \
	"tool|tools|function|functions|field|parameter|argument|property|" \
	"attribute|schema|file|files|plugin|webhook|bucket|database|dataset|" \
	"upstream|mcp|template|document"

/* THINGS, and the texts of a request, which may mention any key. */
#define OTHERS \
	THINGS \
	"|url|urls|uri|uris|fileuri|link|links|signed|webpage|website|" \
	"image|images|audio|video|media|server|servers|header|headers|" \
	"connector|connectors|integration|storage|registry|metadata|" \
	"content|" \
	"contents|prompt|message|messages|payload|json|text|role|roles|" \
	"conversation"

/* Keys of something that is named. */
#define KEYS_OF \
	"key for|keys for|token for|tokens for|credentials for|key of|" \
	"token of|credentials of"

/* Words of a prompt: a service does not speak of itself so. */
#define FIRST_PERSON "my|mine|i|i'm|i've|me"

/* Words before a statement that is true at other times, or for others. */
#define CONDITIONS \
	"if|when|whenever|unless|once|until|because|accounts|users|customers|" \
	"teams|organizations|projects|requests"

#define KEYS \
	"api key|api-key|api_key|apikey|x-api-key|x-goog-api-key|api keys|" \
	"api token|access token|auth token|authentication token|" \
	"authorization token|bearer token|secret key|authentication key|" \
	"access key|api secret key|supplied key|provided key|given key|" \
	"your key|provided credentials|supplied credentials|your credentials|" \
	"authentication credentials|api credentials"

#define CONTEXTS \
	"context|context length|context window|context size|context limit|" \
	"context_length|max context|maximum context|n_ctx"

#define DENIALS \
	"not supported|unsupported|not available|unavailable|not offered|" \
	"not accessible|inaccessible|not allowed|disallowed|not permitted|" \
	"not served|not serve|not support|not offer|not enabled|not open|" \
	"not launched|not included|not eligible|not authorized|no access|" \
	"not access|not use|not cover|not covered|not released|not reach|" \
	"not listed|not provided|not provide|not operate|not possible|" \
	"not used|not usable|" \
	"restricted|restrictions|prohibited|blocked|banned|denied|forbidden|" \
	"outside|unable to provide|unable to serve|unable to " \
	"offer|embargoed|embargo|sanctioned|sanctions|excluded|ineligible"

/* THINGS, and tools, which may be available only in some regions. */
#define REGIONAL \
	THINGS \
	"|grounding|maps|search|url|urls|feature|features|image|images|" \
	"voice|video|audio"

#define HERE \
	"your country|this country|country region|countries|territory|" \
	"territories|user location|your location|this location|your region|" \
	"this region|your area|this area|your jurisdiction|" \
	"your current location|your current country|your current region|" \
	"where you|supported regions|supported region|supported country|" \
	"supported locations|supported location|supported areas|" \
	"part of world"

/*
 * The first row that matches decides.  Rows of keys and projects have only the
 * statuses that are documented for them, and with a status other than 401 and
 * 402 they match only the main statement.  A 401 is always about the key, so
 * these rows only distinguish an expired key from others.
 */
static const struct sense senses[] = {
	/* Prompt too long: phrases that mean nothing else. */
	{ { 400, 413, 422 }, GM_CLASS_TOO_LARGE, false, 0, ANYHOW,
	    "ContextWindowExceededError|context length|context size|"
	    "context window|maximum number of tokens|token count*exceeds|"
	    "too many tokens|input tokens*exceed|tokens*must be*<=|"
	    "max_num_tokens|max_input_tokens|prompt is too long|"
	    "prompt too long|input is too long|input too long|"
	    "is too long for|string too long|input length|"
	    "less than*tokens|reduce the length|payload size exceeds|"
	    "entity too large|payload too large|content too large|"
	    "request too large|request is too large|body*too large",
	    NULL, NULL },
	{ { 500 }, GM_CLASS_TOO_LARGE, false, 0, ANYHOW,
	    "maximum context length|available context size|"
	    "context size has been exceeded|exceeds the context length",
	    NULL, NULL },
	/* Prompt too long for the model or the server. */
	{ { 400, 413, 422 }, GM_CLASS_TOO_LARGE, false, 6, EITHER,
	    CONTEXTS "|max length|maximum length|token limit|max input|"
		     "maximum input|max_model_len|max_seq_len|"
		     "maximum sequence length|max sequence length",
	    "exceed|exceeds|exceeded|exceeding|beyond|over|overflow|"
	    "overflows|too large|too long|too many|too big|larger than|"
	    "longer than|greater than|more than|not fit|reached|surpasses|"
	    "surpassed|limited",
	    THINGS "|name|description|title|id|stop|deadline|rate|minute|day" },
	{ { 400, 413, 422 }, GM_CLASS_TOO_LARGE, false, 6, AFTER,
	    "tokens|prompt|input|inputs|request|conversation|payload|body|"
	    "message|messages|prompt length|input length|token count",
	    "too long|too large|too big|larger than|longer than|exceed max|"
	    "exceeds max|exceeded max|exceeding max|exceed maximum|"
	    "exceeds maximum|exceeded maximum|exceeding maximum|exceed limit|"
	    "exceeds limit|exceeded limit|over limit|above maximum|"
	    "above limit|exceed model|exceeds model|not fit|"
	    "exceed allowed|exceeds allowed|but max|but maximum|but limit",
	    THINGS "|name|description|title|id|stop|temperature|rate|minute|"
		   "day|url|image|timeout" },
	{ { 400, 413, 422 }, GM_CLASS_TOO_LARGE, false, 2, BEFORE,
	    "tokens|characters",
	    "must less than|must at most|must fewer than|must not exceed|"
	    "must not more than|should less than|at most|fewer than|"
	    "shorter than",
	    THINGS "|name|description|title|id|stop|completion|output|new|"
		   "thinking|max_tokens|max_completion_tokens|"
		   "max_new_tokens|supports|budget" },
	/* Prompt too long: the limit, and what was sent. */
	{ { 400, 413, 422 }, GM_CLASS_TOO_LARGE, false, 6, AFTER,
	    "prompt length|input length|context length|maximum input|"
	    "token count|maximum tokens|token limit|tokens limit",
	    "but request contains|but request has|but prompt contains|"
	    "but input contains|but you requested|but you sent|but got|"
	    "but received|but model only supports|but model supports|"
	    "but only|but limited",
	    THINGS "|name|description|title|id|stop|rate|minute|day" },
	/* Local servers notice it while generating, with 500. */
	{ { 500 }, GM_CLASS_TOO_LARGE, false, 8, EITHER,
	    "tokens|prompt|input|request|messages|text|slot",
	    "when context|exceed context|exceeds context|exceeded context|"
	    "exceeding context|exceeds available context|"
	    "exceed available context|exceeds model context|"
	    "larger than context|longer than context|greater than context|"
	    "more than context|beyond context|over context|not fit context|"
	    "not fit in context|not fit into context|too long for context|"
	    "too large for context|context limit|context size exceeded|"
	    "context window exceeded|context length exceeded|"
	    "context overflow|context full",
	    "deadline|canceled|cancelled" },

	/* The region; neither the key nor its project is at fault. */
	{ { 403, 400 }, GM_CLASS_REGION, false, 8, EITHER, HERE, DENIALS,
	    REGIONAL "|prompt" },
	{ { 403, 400 }, GM_CLASS_REGION, true, 8, EITHER,
	    HERE "|country|region|regions|location|locations|jurisdiction|"
		 "jurisdictions|geographic|geography|geolocation|geo|area|"
		 "nation",
	    DENIALS, REGIONAL "|prompt|model" },
	{ { 403 }, GM_CLASS_REGION, true, 8, EITHER,
	    "embargo|embargoed|sanctions|sanctioned",
	    "access|use|service|requests|users|blocked|country|region",
	    REGIONAL "|prompt" },

	{ { 403, 400 }, GM_CLASS_REGION, false, 6, EITHER,
	    "ip|ip address|users|user|requests|access|you",
	    "unsupported region|unsupported country|unsupported location|"
	    "unsupported territory|restricted region|restricted country",
	    REGIONAL "|prompt" },

	/* The key. */
	{ { 403 }, GM_CLASS_KEY_LEAKED, false, 8, AFTER, KEYS "|key",
	    "leaked|compromised|exposed publicly|publicly exposed|"
	    "publicly visible|found in public",
	    OTHERS "|" KEYS_OF },
	{ { 400, 401, 403 }, GM_CLASS_KEY_EXPIRED, false, 6, AFTER, KEYS "|key",
	    "expired|past expiration|past expiry|"
	    "no longer valid since",
	    OTHERS "|" KEYS_OF },
	{ { 401, 400, 403 }, GM_CLASS_KEY_EXPIRED, false, 0, BEFORE,
	    KEYS "|key", "expired", OTHERS "|" KEYS_OF },
	{ { 400, 403 }, GM_CLASS_KEY_INVALID, false, 6, AFTER, KEYS,
	    "invalid|not valid|no longer valid|incorrect|not correct|wrong|"
	    "malformed|disabled|deactivated|revoked|deleted|not found|"
	    "not recognized|not recognised|unrecognized|unknown|not exist|"
	    "no longer exists|not accepted|rejected|not active|"
	    "no longer active|inactive|not match|not known|"
	    "not verified|suspended",
	    OTHERS "|" KEYS_OF },
	{ { 400, 403 }, GM_CLASS_KEY_INVALID, false, 1, BEFORE, KEYS,
	    "invalid|not valid|incorrect|wrong|malformed|bad|revoked|"
	    "disabled|deactivated|deleted|unknown|unrecognized|"
	    "not recognize|not find|not verify|not validate|no such",
	    OTHERS "|" KEYS_OF },

	/* The project. */
	{ { 403 }, GM_CLASS_PROJECT_BLOCKED, false, 6, AFTER,
	    "not used in project", "disabled", OTHERS },
	{ { 403 }, GM_CLASS_PROJECT_BLOCKED, false, 4, AFTER,
	    "consumer|project", "suspended", OTHERS },
	{ { 403 }, GM_CLASS_PROJECT_BLOCKED, false, 3, BEFORE,
	    "billing to enabled|billing enabled", "requires|require", OTHERS },
	{ { 403 }, GM_CLASS_PROJECT_DENIED, false, 2, AFTER, "project",
	    "denied access", OTHERS },

	/* The credit. */
	{ { 402, 429, 400, 403 }, GM_CLASS_NO_CREDIT, false, 5, AFTER,
	    "credit|credits|balance|credit balance|account balance|funds|"
	    "spending limit|spend limit|spending cap|spend cap|"
	    "usage budget|spending budget|billing limit|billing hard limit|"
	    "prepayment",
	    "exhausted|depleted|used up|insufficient|not sufficient|"
	    "not enough|too low|ran out|run out|reached|exceeded|hit|empty|"
	    "negative|zero|consumed|spent|expired|below zero|gone",
	    OTHERS "|no|load|rate|minute|per day|tokens|thinking" },
	{ { 402, 429, 400, 403 }, GM_CLASS_NO_CREDIT, false, 4, BEFORE,
	    "credit|credits|balance|account balance|funds|spending limit|"
	    "spend limit|spending cap|spend cap|spending budget",
	    "insufficient|out of|not enough|"
	    "run out of|ran out of|used all|used up|exhausted|exceeded|"
	    "reached|hit|consumed all|spent all|exceeds|lack|lacks|zero|"
	    "negative",
	    OTHERS "|no|load|rate|minute|per day|tokens|thinking" },
	{ { 402, 429, 400, 403 }, GM_CLASS_NO_CREDIT, false, 4, BEFORE,
	    "credit|credits|balance|account balance|funds",
	    "no|no more|no remaining",
	    OTHERS "|load|rate|minute|per day|tokens|thinking|charged|used|"
		   "deducted|spent|consumed|billed|taken|refunded|required|"
		   "needed|necessary|lost|touched" },
	{ { 402, 429, 400, 403 }, GM_CLASS_NO_CREDIT, false, 8, AFTER,
	    "team|account|organization|workspace|you",
	    "no credits|not credits|used all credits|no funds|"
	    "not balance|not funds|in arrears|arrears|overdue|past due|not "
	    "paid",
	    OTHERS "|load|rate|minute|per day|tokens|thinking|charged|"
		   "deducted|billed" },
	{ { 402, 400, 403 }, GM_CLASS_NO_CREDIT, false, 2, BEFORE,
	    "usage limits|api usage limits|usage limit|api usage limit",
	    "reached your specified|exceeded your specified|"
	    "reached your specified workspace|"
	    "exceeded your specified workspace",
	    OTHERS "|rate|minute|per day|tokens" },
	{ { 402, 429, 412, 403 }, GM_CLASS_NO_CREDIT, false, 8, AFTER,
	    "account suspended|suspended|deactivated|blocked",
	    "spending limit|invoice|invoices|unpaid|overdue|arrears|payment|"
	    "insufficient balance|insufficient funds|insufficient credits",
	    OTHERS },
	{ { 402, 429, 400, 403 }, GM_CLASS_NO_CREDIT, false, 2, AFTER,
	    "account", "not active", OTHERS },
	{ { 402, 429, 400, 403 }, GM_CLASS_NO_CREDIT, false, 4, EITHER,
	    "account|balance|wallet|continue", "top up|recharge|add funds",
	    OTHERS "|rate|minute|per day" },
	{ { 401 }, GM_CLASS_KEY_REJECTED, false, 3, EITHER,
	    "authentication|authorization|login|authenticate|credentials|" KEYS,
	    "failed|fail|fails|failure|invalid|required|missing|error|"
	    "not authenticate|unauthorized|incorrect|carry",
	    THINGS },

	/* The model. */
	{ { 404, 400, 422 }, GM_CLASS_MODEL_GONE, false, 5, AFTER,
	    "model|models|model id|model name|model identifier|deployment",
	    "not found|not exist|no longer exists|not available|unavailable|"
	    "not loaded|not supported|unsupported|not recognized|"
	    "not recognised|not known|unknown|unrecognized|not installed|"
	    "not served|not hosted|not offered|not deployed|no longer "
	    "available|no longer supported|decommissioned|retired|"
	    "discontinued|not registered|not listed|not present",
	    THINGS "|output|response|input|inputs|image|images|audio|role|"
		   "calling|streaming|messages|message|reasoning|thinking|"
		   "feature|format|mode|prompt|embeddings|"
		   "vision|temperature|tokenizer|adapter" },
	{ { 404, 400, 422 }, GM_CLASS_MODEL_GONE, false, 0, AFTER,
	    "model|model id|model name|model identifier|provided model",
	    "invalid|not valid", THINGS "|output|response|json" },
	{ { 404, 400, 422 }, GM_CLASS_MODEL_GONE, false, 1, BEFORE, "model",
	    "unknown|unsupported|unrecognized|unrecognised|no such|"
	    "nonexistent|non-existent|not valid|not supported|not find|"
	    "not known|not serve|not have|not recognize",
	    THINGS "|output|response|image|audio|role|by|option|feature|"
		   "format|mode|parameters|reasoning|thinking" },

	{ { 404, 400, 422 }, GM_CLASS_MODEL_GONE, false, 0, BEFORE,
	    "model named|model called|model loaded|model with name|"
	    "model by name|model matching",
	    "no|not find", THINGS },

	/* Only for gm_errsense_status(); errrule.c finds the class. */
	{ { 429 }, GM_CLASS_OK, false, 4, EITHER,
	    "rate limit|rate limits|rate limited|quota|requests",
	    "exceeded|exceeds|exceed|reached|hit|exhausted|too many|throttled",
	    THINGS },
	{ { 503 }, GM_CLASS_OK, false, 4, EITHER,
	    "model|server|service|engine|capacity",
	    "overloaded|busy|unavailable|at capacity|no capacity|high demand",
	    THINGS },
};

/* Words that are skipped, as a sentence means the same without them. */
static bool
is_filler(struct gm_span word)
{
	static const char *const list[] = { "the", "a", "an", "yet", "is",
		"are", "was", "were", "be", "been", "being", "has", "have",
		"had", "currently", "presently", "now", "any", "still",
		"already", "that", "which", "it", "its" };
	size_t i;

	for (i = 0; i < GM_LEN(list); i++)
		if (word.len == strlen(list[i]) && gm_span_has(word, list[i]))
			return true;
	return false;
}

static bool
is_word_byte(int c)
{
	return isalnum(c) || c >= 0x80 || c == '_' || c == '*';
}

/* True for bytes inside a word: "x-api-key", "doesn't", "v1.5". */
static bool
joins(const char *p, const char *end)
{
	return *p != '\0' && strchr("-'./:@", *p) != NULL && end - p > 1 &&
	       is_word_byte((unsigned char)p[1]);
}

/* Take the next word off *rest; an empty word is the end of a sentence. */
static bool
take_raw(struct gm_span *rest, struct gm_span *word)
{
	const char *p = rest->p, *end = rest->p + rest->len, *begin;

	while (p < end && !is_word_byte((unsigned char)*p) &&
	       (*p == '\0' || strchr(".!?;\n", *p) == NULL))
		p++;
	if (p == end)
		return false;
	begin = p;
	while (p < end && (is_word_byte((unsigned char)*p) ||
			      (p > begin && joins(p, end))))
		p++;
	*word = (struct gm_span){ begin, (size_t)(p - begin) };
	if (p == begin)
		p++;
	*rest = (struct gm_span){ p, (size_t)(end - p) };
	return true;
}

/* Take the next word that is no filler, without "'s". */
static bool
take_word(struct gm_span *rest, struct gm_span *word)
{
	do {
		if (!take_raw(rest, word))
			return false;
	} while (is_filler(*word));
	if (gm_span_ends(*word, "'s"))
		word->len -= strlen("'s");
	return true;
}

static bool
is_negation(struct gm_span word)
{
	return gm_span_ends(word, "n't") || gm_span_ends(word, "N'T") ||
	       (word.len == 3 && gm_span_has(word, "not")) ||
	       (word.len == 6 && gm_span_has(word, "cannot")) ||
	       (word.len == 5 && gm_span_has(word, "never"));
}

static bool
is_same(struct gm_span word, struct gm_span want)
{
	size_t i;

	if (gm_span_is(want, "not"))
		return is_negation(word);
	if (word.len != want.len)
		return false;
	for (i = 0; i < word.len; i++)
		if (tolower((unsigned char)word.p[i]) != want.p[i])
			return false;
	return true;
}

/* Words that may stand inside a phrase: "not officially supported". */
static bool
is_between(struct gm_span word)
{
	static const char *const list[] = { "your", "our", "this", "in", "of",
		"model's", "maximum", "max", "fully", "officially", "able",
		"to", "model", "allowed", "available" };
	size_t i;

	for (i = 0; i < GM_LEN(list); i++)
		if (is_same(word, gm_span_of(list[i])))
			return true;
	return false;
}

/* True if the text begins with all words of a phrase; *rest: what follows. */
static bool
begins(struct gm_span text, struct gm_span phrase, struct gm_span *rest)
{
	struct gm_span want, word;
	int between = 0;
	bool more = gm_span_split(&phrase, " ", &want);

	while (more) {
		if (!take_word(&text, &word) || word.len == 0)
			return false;
		if (is_same(word, want)) {
			more = gm_span_split(&phrase, " ", &want);
			*rest = text;
			between = 0;
		} else if (++between > 2 || rest->p == NULL ||
			   !is_between(word)) {
			return false;
		}
	}
	return true;
}

/* True if it begins with a phrase of a set; *rest: after the longest one. */
static bool
begins_set(struct gm_span text, const char *set, struct gm_span *rest)
{
	struct gm_span all = gm_span_of(set), phrase, end;
	bool found = false;

	while (gm_span_split(&all, "|", &phrase)) {
		end = (struct gm_span){ NULL, 0 };
		if (!begins(text, phrase, &end))
			continue;
		if (!found || end.len < rest->len)
			*rest = end;
		found = true;
	}
	return found;
}

/* True if a phrase of a set begins within distance words, in the sentence. */
static bool
follows(struct gm_span text, const char *set, int distance)
{
	struct gm_span word = { NULL, 0 }, end;

	for (; distance >= 0; distance--) {
		if (!is_negation(word) && begins_set(text, set, &end))
			return true;
		if (!take_word(&text, &word) || word.len == 0)
			return false;
	}
	return false;
}

/* True if a phrase of a set is anywhere in the sentence. */
static bool
has_any(struct gm_span sentence, const char *set)
{
	struct gm_span word, end;

	do {
		if (begins_set(sentence, set, &end))
			return true;
	} while (take_word(&sentence, &word));
	return false;
}

/* True if the bytes between two words, ":" or " - ", introduce a quotation. */
static bool
is_introduced(const char *p, const char *end)
{
	for (; p < end; p++)
		if (*p == ':' || (*p == '-' && p + 1 < end))
			return true;
	return false;
}

/* True if one phrase is in the sentence, and the other soon after it. */
static bool
says(struct gm_span text, const char *one, const char *other, int distance)
{
	struct gm_span word = { NULL, 0 }, end;

	do {
		if (!is_negation(word) && begins_set(text, one, &end) &&
		    follows(end, other, distance))
			return true;
	} while (take_word(&text, &word));
	return false;
}

/*
 * Return true if one is within the first words, and the other soon after it.
 * Nothing after a colon counts: it may be a text of the request.
 */
static bool
says_early(
    struct gm_span text, const char *one, const char *other, int distance)
{
	struct gm_span before = { NULL, 0 }, rest = text, word, end;
	int i;

	for (i = 0; i < EARLY; i++) {
		if (!take_word(&rest, &word) || word.len == 0 ||
		    is_introduced(text.p, word.p))
			return false;
		if (!is_negation(before) && begins_set(text, one, &end) &&
		    follows(end, other, distance))
			return true;
		if (begins_set(word, CONDITIONS, &end))
			return false;
		before = word;
		text = rest;
	}
	return false;
}

/* True if the parts of a pattern are in the text, one after the other. */
static bool
matches(struct gm_span text, struct gm_span pattern)
{
	struct gm_span part;
	const char *at;
	char word[80];

	while (gm_span_split(&pattern, "*", &part)) {
		(void)snprintf(
		    word, sizeof(word), "%.*s", (int)part.len, part.p);
		at = gm_span_find(text, word);
		if (at == NULL)
			return false;
		at += part.len;
		text.len -= (size_t)(at - text.p);
		text.p = at;
	}
	return true;
}

bool
gm_errsense_has(struct gm_span text, const char *patterns)
{
	struct gm_span rest = gm_span_of(patterns), pattern;

	while (gm_span_split(&rest, "|", &pattern))
		if (matches(text, pattern))
			return true;
	return false;
}

typedef bool
says_fn(struct gm_span, const char *one, const char *other, int distance);

static bool
holds(const struct sense *s, struct gm_span sentence, says_fn *said_by)
{
	bool said = (s->order & AFTER) != 0 &&
	            said_by(sentence, s->subjects, s->predicates, s->distance);

	said = said ||
	       ((s->order & BEFORE) != 0 &&
		   said_by(sentence, s->predicates, s->subjects, s->distance));
	return said && !has_any(sentence, s->unless);
}

/* Take the next sentence off *rest. */
static bool
take_sentence(struct gm_span *rest, struct gm_span *sentence)
{
	struct gm_span word;

	if (rest->len == 0)
		return false;
	*sentence = *rest;
	while (take_raw(rest, &word))
		if (word.len == 0) {
			sentence->len = (size_t)(word.p - sentence->p);
			return true;
		}
	rest->len = 0;
	return true;
}

/* True if any sentence of the text matches. */
static bool
is_said(const struct sense *s, struct gm_span text)
{
	struct gm_span sentence;

	if (s->order == ANYHOW)
		return gm_errsense_has(text, s->subjects);
	while (take_sentence(&text, &sentence))
		if (holds(s, sentence, says))
			return true;
	return false;
}

/* True if it is the main statement, and not in the first person. */
static bool
is_main(const struct sense *s, struct gm_span text)
{
	struct gm_span sentence;

	text = gm_errsense_strip(text);
	return take_sentence(&text, &sentence) &&
	       !has_any(sentence, FIRST_PERSON) &&
	       holds(s, sentence, says_early);
}

static bool
is_blame(const struct sense *s)
{
	enum gm_scope scope = gm_class(s->class)->scope;

	return scope == GM_SCOPE_KEY || scope == GM_SCOPE_PROJECT;
}

/* True for a number, or a code such as INVALID_ARGUMENT. */
static bool
is_code(struct gm_span word)
{
	bool code = false;
	size_t i;

	for (i = 0; i < word.len; i++) {
		if (!isupper((unsigned char)word.p[i]) &&
		    !isdigit((unsigned char)word.p[i]) && word.p[i] != '_')
			return false;
		code = code || !isupper((unsigned char)word.p[i]);
	}
	return code;
}

/* True for a word of the prefixes of clients and gateways. */
static bool
is_prefix_word(struct gm_span word)
{
	static const char *const list[] = { "error", "errors", "code", "status",
		"http", "message", "msg", "detail", "bad", "request", "client",
		"api", "unauthorized", "forbidden", "permission",
		"permission_denied", "invalid_argument", "access", "denied",
		"authentication", "authorization", "authenticate", "failed",
		"failure", "fails", "to", "sorry", "from", "b" };
	size_t i;

	if (is_code(word) || gm_span_starts(word, "litellm.") ||
	    (word.len > 5 && gm_span_ends(word, "Error")) ||
	    gm_span_ends(word, "Exception"))
		return true;
	for (i = 0; i < GM_LEN(list); i++)
		if (is_same(word, gm_span_of(list[i])))
			return true;
	return false;
}

/* Strip one prefix, up to its punctuation; without one return the text. */
static struct gm_span
strip_one(struct gm_span text)
{
	struct gm_span rest = text, word;
	const char *end = text.p + text.len, *p;

	while (take_raw(&rest, &word) && word.len > 0) {
		if (!is_prefix_word(word))
			return text;
		p = rest.p;
		while (p < end && strchr(" )]", *p) != NULL)
			p++;
		if (p == end || strchr(":-.,;", *p) == NULL)
			continue;
		p++;
		return gm_span_ltrim((struct gm_span){ p, (size_t)(end - p) });
	}
	return text;
}

struct gm_span
gm_errsense_strip(struct gm_span text)
{
	struct gm_span rest = gm_span_ltrim(text), before;

	do {
		before = rest;
		rest = strip_one(rest);
	} while (rest.len > 0 && rest.len < before.len);
	return rest;
}

static bool
is_documented(const struct sense *s, long http)
{
	size_t i;

	for (i = 0; i < STATUSES_MAX; i++)
		if (s->http[i] == http && http != 0)
			return true;
	return false;
}

bool
gm_errsense_find(
    long http, bool precise, struct gm_span text, enum gm_class *class)
{
	size_t i;

	for (i = 0; i < GM_LEN(senses); i++) {
		if (senses[i].class == GM_CLASS_OK ||
		    !is_documented(&senses[i], http) ||
		    (senses[i].precise && !precise))
			continue;
		if (is_blame(&senses[i]) && http != 401 && http != 402
			? !is_main(&senses[i], text)
			: !is_said(&senses[i], text))
			continue;
		*class = senses[i].class;
		return true;
	}
	return false;
}

long
gm_errsense_status(bool coded, struct gm_span text)
{
	size_t i;

	for (i = 0; i < GM_LEN(senses); i++) {
		/* Patterns are too weak without a status. */
		if (senses[i].precise || senses[i].order == ANYHOW ||
		    (!coded && is_blame(&senses[i])))
			continue;
		if (is_blame(&senses[i]) ? is_main(&senses[i], text)
					 : is_said(&senses[i], text))
			return senses[i].http[0];
	}
	return 0;
}

struct marks {
	const char *open, *close;
};

/* Find the pair of quotation marks that opens there, or NULL. */
static const struct marks *
find_marks(struct gm_span text, const char *p)
{
	static const struct marks list[] = {
		{ "'", "'" },
		{ "\"", "\"" },
		{ "`", "`" },
		{ "\xE2\x80\x9C", "\xE2\x80\x9D" },
		{ "\xE2\x80\x9E", "\xE2\x80\x9C" },
		{ "\xE2\x80\x98", "\xE2\x80\x99" },
		{ "\xC2\xAB", "\xC2\xBB" },
		{ "\xE3\x80\x8C", "\xE3\x80\x8D" },
	};
	struct gm_span rest = { p, text.len - (size_t)(p - text.p) };
	size_t i;

	if (p > text.p && isalnum((unsigned char)p[-1]))
		return NULL; /* an apostrophe, or the sign for inches */
	for (i = 0; i < GM_LEN(list); i++)
		if (gm_span_starts(rest, list[i].open))
			return &list[i];
	return NULL;
}

/*
 * Find the closing mark of a quotation; the end of the text if it is missing.
 */
static const char *
find_end(const char *p, const char *end, const char *close)
{
	size_t len = strlen(close);
	const char *q;

	for (q = p; (size_t)(end - q) >= len; q++)
		if (memcmp(q, close, len) == 0 && (q == p || q[-1] != '\\') &&
		    (q + len == end || !isalnum((unsigned char)q[len])))
			return q;
	return end;
}

/* Append "*", or a single word between backticks. */
static void
put_quoted(struct gm_buf *out, const struct marks *m, struct gm_span quoted)
{
	if (m->open[0] == '`' && memchr(quoted.p, ' ', quoted.len) == NULL)
		gm_buf_put_span(out, quoted);
	else
		gm_buf_putc(out, '*');
}

void
gm_errsense_unquote(struct gm_buf *out, struct gm_span message)
{
	struct gm_span text = gm_span_ltrim(message);
	const char *p = text.p, *end = text.p + text.len, *q;
	const struct marks *m;

	if (text.len > 0 && (*p == '{' || *p == '[')) {
		gm_buf_put_span(out, text);
		return;
	}
	while (p < end) {
		m = find_marks(text, p);
		if (m == NULL) {
			gm_buf_putc(out, *p++);
			continue;
		}
		p += strlen(m->open);
		q = find_end(p, end, m->close);
		put_quoted(out, m, (struct gm_span){ p, (size_t)(q - p) });
		p = q < end ? q + strlen(m->close) : end;
	}
}
