#ifndef DMSL_PROVIDERS_AWS_TYPE_H
#define DMSL_PROVIDERS_AWS_TYPE_H

/*
 * A resource type of provider aws is mostly a table: one struct aws_type, which
 * the functions of aws_ops_* carry out. What a table cannot say is a hook.
 * Adding a type is one file with its table, a row in aws.c and one in local.mk.
 *
 * How each function goes:
 *   create   account checked; a lost create looked for (recovery); the create
 *            call; `id` told at once; described until it is seen and ready;
 *            `settle`; result
 *   update   described; changed attributes sent; `settle`; tags; until ready
 *   read     described (in batches); compared with what is known
 *   destroy  `unhook`; the delete call; described until it is gone
 *   lookup   described by id, name or tags; refused when several match
 * Each may be begun any number of times: see engine/provider.h. A step that
 * waits comes back with its stage in the memo.
 */

#include "engine/provider.h"

#include "providers/aws/client.h"
#include "providers/aws/fields.h"
#include "providers/aws/site.h"

#include <stdbool.h>

/* How an attribute and a parameter say the same thing. */
enum aws_form {
	AWS_TEXT,  /* also cidr, ip, and ids of references */
	AWS_NAME,  /* text whose case the service changes */
	AWS_WORD,  /* enum member: verify_full is verify-full */
	AWS_UPPER, /* enum member: tcp is TCP */
	AWS_BOOL,
	AWS_NUMBER,
	AWS_SECONDS,  /* duration */
	AWS_DAYS,     /* duration */
	AWS_GIB,      /* size */
	AWS_TEXTS,    /* list or set of texts; `in` is the member's path */
	AWS_DOCUMENT, /* json; compared as a document; may be URL-encoded */
};

enum aws_attr_flag {
	AWS_CREATE = 1, /* a parameter of the create call */
	AWS_UPDATE = 2, /* and of the update call, when it changed */
	/*
	 * The update call takes this one alone, as PARAM.Value (EC2's
	 * Modify…Attribute).
	 */
	AWS_ALONE = 4,
	AWS_UNREAD = 8,	 /* never shown by the service: not compared */
	AWS_SETTLE = 16, /* compared; hooks make it what it should be */
};

struct aws_attr {
	const char *attr;  /* in the schema */
	const char *param; /* in requests, dots inside: "Ebs.VolumeSize" */
	const char *path;  /* in the described object: "state/name" */
	enum aws_form form;
	unsigned flags; /* enum aws_attr_flag; 0: only shown (computed) */
	const char *in; /* AWS_TEXTS: "groupId" in each member; or NULL */
};

/* When to try again, or to take a refusal as done: per type and verb. */
struct aws_retry {
	enum verb verb;
	const char *code; /* or its end: "*.NotFound" */
	const char *text; /* contained in the words, any case; NULL: any */
	int seconds;	  /* so long; 0: the refusal means that it is done */
	const char *waiting_for; /* "the subnet's interfaces to go" */
};

/* Where objects of the type are found. */
struct aws_describe {
	const char *operation; /* "DescribeVpcs" */
	const char *ids;       /* list parameter "VpcId", or NULL */
	const char *one;       /* parameter of one id, or NULL */
	const char *filter;    /* Filter/Filters name for ids, or NULL */
	int batch;	       /* ids a request; 0: 1 (`one`), 100 (others) */
	const char *items;     /* "vpcSet/item" */
	const char *id;	       /* path in an item: "vpcId" */
	const char *name;      /* path of its name; NULL: none */
	/* By name: a parameter or filter as above; NULL: not possible. */
	const char *name_param, *name_filter;
	/* Filter "tag:KEY" works (EC2); else the tagging API is asked. */
	bool has_tag_filter;
	const char *tagging; /* "ec2:natgateway": for the tagging API */
};

/* States of an object; each list ends with NULL; compared without case. */
struct aws_states {
	const char *path; /* NULL: what is seen is ready */
	const char *const *ready;
	const char *const *bad;	   /* never becomes ready */
	const char *const *gone;   /* listed, but as good as deleted */
	const char *const *broken; /* read: exists but does not run; or NULL */
	const char *reason;	   /* path of the service's words; or NULL */
	int poll_s;		   /* between polls; 0: 5 */
	int create_s, destroy_s;   /* patience; 0: 600 */
	int seen_s;		   /* until it must be visible; 0: 300 */
	/* Consecutive sights before others may use a new one; 0: 1. */
	int sights;
	/* After a change the old state may be shown so long; 0: it is not. */
	int lag_s;
};

enum aws_tags {
	AWS_TAGS_NONE, /* cannot carry tags */
	AWS_TAGS_EC2,  /* TagSpecification, CreateTags, DeleteTags */
	AWS_TAGS_LIST, /* Tags at creation; struct aws_tagging afterwards */
	AWS_TAGS_MAP,  /* the same; tags are a map, not a list of pairs */
};

/* AWS_TAGS_LIST and _MAP: the calls that read and change tags. */
struct aws_tagging {
	const char *read;  /* "ListTagsForResource"; NULL: in the object */
	const char *items; /* path of the list in the answer or object */
	const char *add, *remove;
	const char *target; /* parameter: "ResourceName", "ResourceArns" … */
	bool is_list;	    /* the target is a list of one */
	const char *tags, *keys; /* parameters: "Tags", "TagKeys" */
	const char *arn; /* path of the target in the object; NULL: the id */
};

struct aws_type {
	const struct aws_service *service;
	const char *noun; /* "subnet group", for messages */
	const char *what; /* EC2 tags: "subnet"; else NULL */
	struct aws_describe describe;
	struct aws_states states;
	enum aws_tags tags;
	const struct aws_tagging *tagging;

	const char *create;  /* "CreateVpc" */
	const char *created; /* path of the id in its answer; NULL: the name */
	const char *token;   /* parameter "ClientToken"; class T */
	/*
	 * Class N whose create call answers with the object that has the name
	 * already, whoever made it: it is looked for first.
	 */
	bool is_upsert;
	const char *name; /* parameter of the attribute `name` */
	int name_max;
	/* Of a made-up name besides letters and digits: "-", "-_". */
	const char *name_chars;
	bool is_lower; /* the service stores names in lower case */

	const char *update;	/* "ModifySubnetAttribute"; NULL: none */
	const char *update_id;	/* parameter; NULL: as destroy_id */
	const char *destroy;	/* "DeleteVpc" */
	const char *destroy_id; /* parameter: "VpcId" */
	bool destroy_is_list;	/* the parameter is a list */
	bool is_slow;		/* after delete, described until it is gone */
	/*
	 * Filter of DescribeNetworkInterfaces for those that hold it
	 * ("subnet-id"): named when it cannot be deleted. NULL: none.
	 */
	const char *holders;

	const struct aws_attr *attrs;	 /* ends with attr NULL */
	const struct aws_retry *retries; /* ends with code NULL; or NULL */

	/* -- hooks; all MAY -- */
	/* The operation of a create or destroy that a table cannot say. */
	const char *(*operation)(const struct call *c, enum verb verb);
	/*
	 * Class N: the object that has the natural key of config, or null.
	 * Without it, it is described by its name.
	 */
	int (*find)(struct call *c, struct value *object);
	/* Adds parameters to the create call. */
	int (*fill)(struct call *c, struct fields *input);
	/* Adds parameters to the update call; true in *send: must be sent. */
	int (*change)(struct call *c, struct value object, struct fields *input,
		      bool *send);
	/*
	 * Makes of an object that exists what config says, by further calls:
	 * attachments, routes, rules, policies. Looks first, changes only what
	 * differs. STEP_DONE when nothing is left to do.
	 */
	enum step (*settle)(struct call *c, struct value object);
	/*
	 * Before the delete call: takes away what holds it. Sets c->is_gone
	 * when the object is to stay where it is, and is only let go of.
	 */
	enum step (*unhook)(struct call *c, struct value object);
	/* When it is gone: waits for what is left of it and holds others. */
	enum step (*after)(struct call *c);
	/* Adds parameters to the delete call (final snapshot). */
	int (*leave)(struct call *c, struct fields *input);
	/* Adds to the attributes that are shown; may ask further. */
	int (*show)(struct call *c, struct value object, struct fields *result);
	/*
	 * Before `show` of n objects that are read at once: what needs other
	 * calls, by fewer calls than objects; replaces objects[i] by one that
	 * has more members, in the arena of its call. A failure is set in
	 * calls[0]->err.
	 */
	int (*fetch)(struct call *const *calls, struct value *objects,
		     size_t n);
	/*
	 * plan: effects, needs_replace; before the table's own. A "delete" has
	 * no config.
	 */
	int (*plan)(struct call *c, const char *action);
	/* As those of resource_ops, of a type with aws_ops_database. */
	int (*session)(struct call *c, struct session *out);
	enum step (*query)(struct call *c);
	/*
	 * An adoption by name that needs no mark: account-wide roles. What was
	 * adopted so keeps its tags; they say that it is not of this stack.
	 */
	bool (*may_adopt)(struct call *c, struct value object);
};

/* For struct resource_type: .ops = &aws_ops_tags, .data = &aws_vpc. */
extern const struct resource_ops aws_ops_token;	   /* class T */
extern const struct resource_ops aws_ops_name;	   /* class N */
extern const struct resource_ops aws_ops_database; /* N, with SQL */
extern const struct resource_ops aws_ops_tags;	   /* class Q */

/* -- for hooks -- */

struct aws_site *aws_site_of(const struct call *c);
const struct aws_type *aws_type_of(const struct call *c);
/*
 * A call that changes something and may be repeated; the input is used up. 0,
 * or -1 with c->err.
 */
int aws_change(struct call *c, const struct aws_service *s,
	       const char *operation, struct fields *input, struct value *out);
/* A call that reads. */
int aws_look(struct call *c, const struct aws_service *s, const char *operation,
	     struct fields *input, struct value *out);
/* A Filter (EC2) or Filters (others) of one name and one value. */
void aws_filter(struct fields *input, const struct aws_service *s,
		const char *name, struct str value, struct arena *a);
/*
 * After -1 of a call: pending, done or failed, as the retries say; c->err is
 * empty unless it failed. NULL: what was refused is read from c->err.
 */
enum step aws_refused(struct call *c, const struct aws_refusal *r);
/*
 * After -1 of a call: the service refused with this code ("*.NotFound": with
 * its end) and words that hold text, in any case of letters (NULL: any).
 */
bool aws_is_refusal(const struct call *c, const char *code, const char *text);
/* All items of a Describe operation; the input is used up. */
int aws_look_all(struct call *c, const struct aws_service *s,
		 const char *operation, struct fields *input, const char *path,
		 struct value *out);
/* The object by c->id; null when it is gone. */
int aws_object(struct call *c, struct value *out);
/* Pending; poll_ms at the site's pace. 0 seconds: soon. */
enum step aws_wait(struct call *c, int seconds, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/*
 * True for `seconds` since it was first asked in this phase (in the memo). A
 * phase is a word of the caller's, without blanks and "=".
 */
bool aws_is_patient(struct call *c, const char *phase, int seconds);
/* Whether aws_is_patient() was asked of this phase. */
bool aws_has_begun(const struct call *c, const char *phase);
/* What was written, or else made of prefix and address; as the type says. */
struct str aws_name(struct call *c);
/* A value of the config in the service's form; null: nothing to send. */
struct value aws_param(const struct aws_attr *m, struct value v,
		       struct arena *a);
/* A value of the service as the attribute says it. */
struct value aws_shown(const struct aws_attr *m, struct value object,
		       struct arena *a);
/* Sets as lists of texts: what to add to `now` and what to take away. */
void aws_differ(struct value now, struct value wanted, struct arena *a,
		struct value *add, struct value *gone);

#endif
