#ifndef GM_PROVIDER_PROVIDER_H
#define GM_PROVIDER_PROVIDER_H

/*
 * The interface of a service: a table of functions, with requests and answers as
 * plain data.  call.c knows services only through this.
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
	GM_OP_COUNT,    /* the number of tokens of the request */
	GM_OP_MODELS    /* a page of the list of models, as JSON text */
};

enum gm_role {
	GM_ROLE_USER,
	GM_ROLE_MODEL
};

enum gm_part_kind {
	GM_PART_TEXT, /* UTF-8 */
	GM_PART_DATA, /* bytes of a file in base64, padded */
	GM_PART_FILE, /* URI of a file that was uploaded to the service */
	GM_PART_OTHER /* in a response: anything else, as JSON */
};

/*
 * A part of a turn or of a response; base64 and MIME type of a response are
 * unchecked.  Borrowed.
 */
struct gm_part {
	enum gm_part_kind kind;
	struct gm_span text; /* the text, the base64, the URI or the JSON */
	const char *mime;    /* "image/png"; NULL only for a file */
	bool thought;        /* in a response: not part of the answer */
	/*
	 * Thought signature that the service sent with a part of a model's
	 * turn and wants back unchanged; len 0: none.  Other services do not
	 * get it.  In a response the signature of a text or a thought follows
	 * it, in a separate part with an empty text.
	 */
	struct gm_span signature;
	/* In a response, if not text: its description if it is omitted. */
	const struct gm_omitted *listed;
};

/*
 * A turn of a conversation, with at least one part.  Texts of a user are separate,
 * such as a prompt and files; those of a model are pieces of one answer.  A service
 * that wants one text gets the former joined by blank lines, the latter without.
 * Borrowed.
 */
struct gm_turn {
	enum gm_role role;
	const struct gm_part *parts;
	size_t parts_len;
};

/* A request.  Borrowed; numbers are valid JSON numbers. */
struct gm_request {
	enum gm_operation operation;
	const char *model; /* checked by check_model; for a list: "models" */
	const char *const *next_models; /* models to try after it, in order */
	size_t next_models_len;
	const char *page_token; /* of GM_OP_MODELS; NULL: the first */
	const char *page_size;  /* of GM_OP_MODELS; NULL: the maximum */
	/* A prompt is one turn of the user with one text part. */
	const struct gm_turn *turns;
	size_t turns_len;
	/*
	 * Quota project of the key that uploaded the files in the turns: only
	 * keys of that project can use them.  NULL: no files, or public ones.
	 */
	const char *project;
	struct gm_span system; /* system instruction; len 0: none */
	int64_t tokens;        /* estimated input tokens; 0: unknown */
	const char *temperature, *top_p, *top_k, *max_tokens, *seed;
	const char *thinking_level;  /* "LOW"; NULL: not set */
	const char *thinking_budget; /* "0", "-1", "1024"; NULL: not set */
	bool thoughts;               /* request summaries of thoughts */
	const char *safety;          /* a threshold; NULL: the default */
	const char *const *stop;     /* stop sequences */
	size_t stop_len;
	bool search, url_context;
	bool cautious;        /* note what the model will ignore or reject */
	struct gm_span token; /* continuation token; len 0: a new answer */
};

/* The meaning of a finish reason. */
enum gm_finish {
	GM_FINISH_NONE,    /* no finish reason yet */
	GM_FINISH_DONE,    /* finished */
	GM_FINISH_LIMIT,   /* cut by the token limit */
	GM_FINISH_BLOCKED, /* by a filter: the prompt or the answer */
	GM_FINISH_REQUEST, /* an error in the request */
	GM_FINISH_FAILED,  /* an error of the service during the answer */
	GM_FINISH_MORE,    /* a request with a token continues the answer */
	GM_FINISH_OTHER    /* unknown: the answer may be incomplete */
};

/* Tokens; -1: unknown. */
struct gm_usage {
	int64_t prompt, cached, output, thoughts, total;
};

/* Description of a part of an answer that is not text and was omitted. */
struct gm_omitted {
	char type[40]; /* its member's name, "inlineData"; or its JSON type */
	char mime[80]; /* "image/png"; "" if it has none */
	int64_t bytes; /* of its data, decoded; of its JSON if it has none */
};

/* Number of descriptions that are kept; more are only counted. */
#define GM_OMITTED_MAX 1000

/* An answer, without its text. */
struct gm_answer {
	enum gm_finish finish;
	bool seen;  /* a document of an answer has come */
	bool text;  /* text has come, or another part, but not only thoughts */
	bool begun; /* text has come, a thought, or another part */
	bool late;  /* text came after a finish reason: more may follow */
	bool prompt_blocked;
	char reason[64];         /* finish reason of the service: "STOP" */
	char explanation[1300];  /* the service's text about the reason */
	char model_version[128]; /* "" if unknown */
	char stage[32];          /* "DEPRECATED" ...; "" if unknown */
	struct gm_usage usage;
	size_t omitted_len;    /* number of parts that the sink omitted */
	struct gm_buf omitted; /* the first GM_OMITTED_MAX struct gm_omitted */
	struct gm_buf sources; /* lines "uri\ttitle\n" with different URIs */
	/* Half of a surrogate pair that the next piece completes; 0: none. */
	uint32_t text_half, thought_half;
	struct gm_think think; /* thoughts in the text; zero: none */
};

/* Make an empty answer, whose text has no thoughts. */
void gm_answer_init(struct gm_answer *);
void gm_answer_release(struct gm_answer *);

/* Add to the omitted parts. */
int gm_answer_omit(struct gm_answer *, const struct gm_omitted *,
    struct gm_err *) GM_MUST_CHECK;

/* Result of a sink that does not accept a part that is not text. */
#define GM_SINK_OMITS 1

/*
 * Takes the parts of an answer as they come.  Text comes in pieces of well-formed
 * UTF-8, cut between characters, in the order of the response.  But text that is
 * held, as it may be a thought or may come again (think.h, hops.h), is given after
 * later signatures and parts that are not text; signatures may come again.
 */
struct gm_sink {
	/* Returns 0, GM_SINK_OMITS, or -1. */
	int (*part)(const struct gm_part *, void *arg, struct gm_err *);
	int (*flush)(void *arg, struct gm_err *); /* after all parts so far */
	void (*restart)(void *arg); /* drop all: the answer starts again */
	/*
	 * Take a token: a request with it continues the answer after the text
	 * so far.  NULL: tokens are not used.
	 */
	int (*checkpoint)(struct gm_span token, void *arg, struct gm_err *);
	bool final; /* text cannot be withdrawn: no restart() after text */
	void *arg;
};

/* Accepts everything and keeps nothing. */
extern const struct gm_sink gm_sink_nowhere;

/*
 * Make a final sink that writes the text of the answer to *fd as it comes, without
 * thoughts.  Fails as gm_file_write() does.  fd is borrowed.
 */
struct gm_sink gm_sink_fd(int *fd);

struct gm_dialect; /* private to a provider with several */

struct gm_provider {
	const char *name;       /* "gemini" */
	const char *key_header; /* "x-goog-api-key: " */
	const char *method;     /* of models that answer; NULL: unknown */
	bool thinks_in_text;    /* some models write thoughts into the text */
	const struct gm_dialect *dialect; /* NULL: only one */
	/* Check a model name: 0, or -1 with GM_ECONFIG. */
	int (*check_model)(const char *model, struct gm_err *);
	/* Check the options: 0, or -1 with GM_EUSAGE if any is not supported. */
	int (*check)(const struct gm_provider *, const struct gm_request *,
	    struct gm_err *);
	/*
	 * Append lines about what the model will ignore or reject, separated by
	 * newlines; NULL: nothing is known.
	 */
	void (*caution)(const struct gm_request *, struct gm_buf *out);
	/* Append the URL. */
	void (*url)(const struct gm_provider *, const struct gm_request *,
	    const char *base, struct gm_buf *out);
	/* Append the body; an empty one makes a GET. */
	void (*body)(const struct gm_provider *, const struct gm_request *,
	    struct gm_buf *out);
	/*
	 * Read one document of the response: an event, or a whole body.  Returns
	 * 0, or -1: the sink's error, GM_EOS, GM_EPROTOCOL (not an answer).
	 */
	int (*read)(const struct gm_json *, int at, enum gm_operation,
	    struct gm_answer *, const struct gm_sink *, struct gm_err *);
	/*
	 * Find the class of an error from its body and the service's headers;
	 * call gm_provider_classify() instead.
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
extern const struct gm_provider gm_openai;     /* OpenAI itself */
extern const struct gm_provider gm_compatible; /* other servers: "openai" */

#endif
