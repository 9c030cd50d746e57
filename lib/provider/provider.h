#ifndef GM_PROVIDER_PROVIDER_H
#define GM_PROVIDER_PROVIDER_H

/*
 * What a service must offer to be asked: a table of functions, and the plain
 * data that goes in and comes out.  call.c knows services only through this.
 */

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "fault.h"
#include "net/exchange.h"
#include "provider/think.h"
#include "json/read.h"

enum gm_operation {
	GM_OP_GENERATE, /* an answer, streamed */
	GM_OP_COUNT,    /* how many tokens the request has */
	GM_OP_MODELS    /* a page of the list of models: text, as JSON */
};

enum gm_role {
	GM_ROLE_USER,
	GM_ROLE_MODEL
};

enum gm_part_kind {
	GM_PART_TEXT, /* text, which is UTF-8 */
	GM_PART_DATA, /* a file's bytes in base64, padded */
	GM_PART_FILE, /* the URI of a file that was uploaded to the service */
	GM_PART_OTHER /* of a response: anything else, as the JSON that came */
};

/*
 * A piece of a turn, or of a response, in which base64 and the MIME type are as
 * the service wrote them.  Borrowed.
 */
struct gm_part {
	enum gm_part_kind kind;
	struct gm_span text; /* the text, the base64, the URI or the JSON */
	const char *mime;    /* "image/png", of data; of a file or NULL */
	bool
	    thought; /* of a response: no part of the answer; of a turn: false */
	/*
	 * Thought signature that the service sent with the part of a model's
	 * turn; goes back to it unchanged.  len 0: none.  Services that have
	 * none are not sent it.  In a response, that of a text or a thought comes
	 * behind it, in a part of its own with an empty text.
	 */
	struct gm_span signature;
	/* Of a response, if it is no text: how it is listed if it is left out. */
	const struct gm_omitted *listed;
};

/*
 * What one side of a conversation said.  Has one part at least.  Texts of a
 * user are separate, such as a prompt and files; those of a model are pieces of
 * one answer.  Where a message is one text, a blank line joins the former, and
 * nothing the latter.  Borrowed.
 */
struct gm_turn {
	enum gm_role role;
	const struct gm_part *parts;
	size_t parts_len;
};

/* One request.  All is borrowed; numbers are checked and in JSON's form. */
struct gm_request {
	enum gm_operation operation;
	const char *model; /* checked by check_model; for a list: "models" */
	const char *const *next_models; /* models to try after it, in order */
	size_t next_models_len;
	const char *page_token; /* of GM_OP_MODELS; NULL: the first */
	const char *page_size;  /* the same; NULL: the most that there is */
	/* A prompt is one turn of the user's, with one text part. */
	const struct gm_turn *turns;
	size_t turns_len;
	/*
	 * Quota project of the key that uploaded the files of the turns, which
	 * only keys of that project can use; NULL: there are none, or anybody
	 * can read them.
	 */
	const char *project;
	struct gm_span system; /* stands apart from the turns; len 0: none */
	int64_t tokens;        /* estimated input tokens; 0: not known */
	const char *temperature, *top_p, *top_k, *max_tokens, *seed;
	const char *thinking_level;  /* "LOW"; NULL: not set */
	const char *thinking_budget; /* "0", "-1", "1024"; NULL: not set */
	bool thoughts;               /* ask for summaries of them */
	const char *safety;          /* a threshold; NULL: the service's */
	const char *const *stop;     /* stop sequences */
	size_t stop_len;
	bool search, url_context;
	bool cautious; /* note what a model is known to ignore or reject */
	struct gm_span token; /* continue the answer from there; len 0: begin */
};

/* What the end of an answer means. */
enum gm_finish {
	GM_FINISH_NONE,    /* no finish reason yet: more must come */
	GM_FINISH_DONE,    /* finished */
	GM_FINISH_LIMIT,   /* cut by the token limit */
	GM_FINISH_BLOCKED, /* by a filter: the prompt or the answer */
	GM_FINISH_REQUEST, /* the request was at fault */
	GM_FINISH_FAILED,  /* the service failed in its midst */
	GM_FINISH_MORE,    /* the next request continues it with a token */
	GM_FINISH_OTHER    /* anything else: not known to be whole */
};

/* Tokens; -1 where the service did not say. */
struct gm_usage {
	int64_t prompt, cached, output, thoughts, total;
};

/* A part of an answer that is no text, and so was left out. */
struct gm_omitted {
	char type[40]; /* its member's name, "inlineData"; or its JSON type */
	char mime[80]; /* "image/png"; "" if it has none */
	int64_t bytes; /* of its data, decoded; of its JSON if it has none */
};

/* Those that are kept; more are only counted. */
#define GM_OMITTED_MAX 1000

/* What is known of an answer beside its text. */
struct gm_answer {
	enum gm_finish finish;
	bool seen;  /* a document has come that belongs to an answer */
	bool text;  /* some has come, be it a thought in the end; or a part */
	bool begun; /* text has come, a thought, or another part */
	bool late;  /* text came after a finish reason: more may follow */
	bool prompt_blocked;
	char reason[64];         /* as the service names it: "STOP" */
	char explanation[1300];  /* the service's words on the reason */
	char model_version[128]; /* "" if it did not say */
	char stage[32];          /* "DEPRECATED" ...; "" if all is well */
	struct gm_usage usage;
	size_t omitted_len;    /* parts that the sink left out */
	struct gm_buf omitted; /* struct gm_omitted each, the first ones */
	struct gm_buf sources; /* "uri\ttitle\n" each, without doubles */
	/* Half of a character that the next piece ends; 0: none. */
	uint32_t text_half, thought_half;
	struct gm_think think; /* thoughts in the text; zero: it has none */
};

/* Nothing is known, and the text is taken as it is. */
void gm_answer_init(struct gm_answer *);
void gm_answer_release(struct gm_answer *);

/* Add to the parts that were left out. */
int gm_answer_omit(struct gm_answer *, const struct gm_omitted *,
    struct gm_err *) GM_MUST_CHECK;

/* What a sink returns that cannot take a part that is no text. */
#define GM_SINK_OMITS 1

/*
 * Takes the parts of an answer as they come.  Text is well-formed UTF-8, a
 * piece of it each, cut only between characters.  The order is that of the
 * response, but text that is held back, as it may be a thought or may come again
 * (think.h, hops.h), is given after parts behind it that are no text, and
 * after signatures, which may come again, too.
 */
struct gm_sink {
	/* Returns 0, GM_SINK_OMITS, or -1. */
	int (*part)(const struct gm_part *, void *arg, struct gm_err *);
	int (*flush)(void *arg, struct gm_err *); /* all that has come is in */
	void (*restart)(void *arg); /* drop all: the answer begins anew */
	/*
	 * A request with this token continues the answer after the text that
	 * has come so far.  NULL: tokens are of no interest.
	 */
	int (*checkpoint)(struct gm_span token, void *arg, struct gm_err *);
	bool final; /* text cannot be taken back once given: no restart */
	void *arg;
};

/* Takes all, and keeps nothing: for calls whose text is of no interest. */
extern const struct gm_sink gm_sink_nowhere;

/*
 * Writes the text of the answer to *fd as it comes, which cannot be taken back.
 * Thoughts are dropped.  Fails as gm_file_write() does.  fd is borrowed.
 */
struct gm_sink gm_sink_fd(int *fd);

struct gm_dialect; /* of a provider that has several; its own matter */

struct gm_provider {
	const char *name;       /* "gemini" */
	const char *key_header; /* "x-goog-api-key: " */
	const char *method;     /* of models that answer; NULL: not known */
	bool thinks_in_text;    /* some models write thoughts into the text */
	const struct gm_dialect *dialect; /* NULL: there is only one */
	/* 0, or -1 with GM_ECONFIG: not a model's name. */
	int (*check_model)(const char *model, struct gm_err *);
	/* 0, or -1 with GM_EUSAGE: options that have no counterpart here. */
	int (*check)(const struct gm_provider *, const struct gm_request *,
	    struct gm_err *);
	/*
	 * Append what the model is known to ignore or to reject of it, a line
	 * each, without newlines at its end; NULL: nothing is known.
	 */
	void (*caution)(const struct gm_request *, struct gm_buf *out);
	/* Append the URL. */
	void (*url)(const struct gm_provider *, const struct gm_request *,
	    const char *base, struct gm_buf *out);
	/* Append the body; one that is empty is not sent: a GET. */
	void (*body)(const struct gm_provider *, const struct gm_request *,
	    struct gm_buf *out);
	/*
	 * Take one document of the response: an event, or all of it.  Returns 0,
	 * or -1: the sink's error, GM_EOS, GM_EPROTOCOL (makes no sense).
	 */
	int (*read)(const struct gm_json *, int at, enum gm_operation,
	    struct gm_answer *, const struct gm_sink *, struct gm_err *);
	/*
	 * Read an error's body, and the headers that are the service's own;
	 * call it by gm_provider_classify().
	 */
	void (*classify)(const struct gm_request *, const struct gm_http_head *,
	    struct gm_span body, struct gm_fault *);
};

/* Find the class of an error response.  Body may be anything, or empty. */
void gm_provider_classify(const struct gm_provider *, const struct gm_request *,
    const struct gm_http_head *, struct gm_span body, struct gm_fault *);

extern const struct gm_provider gm_gemini;

/* Chat completions, in three dialects. */
extern const struct gm_provider gm_mistral;
extern const struct gm_provider gm_openai;     /* of OpenAI itself */
extern const struct gm_provider gm_compatible; /* of all others: "openai" */

#endif
