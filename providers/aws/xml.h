#ifndef DMSL_PROVIDERS_AWS_XML_H
#define DMSL_PROVIDERS_AWS_XML_H

/*
 * XML answers as values. An element with children is a map of them, without
 * the text between; one without is its text, "" when it is empty. What occurs
 * several times in a map is a list. Namespaces and attributes are ignored.
 */

#include "lang/base/str.h"
#include "lang/value.h"

struct arena;
struct error;

struct xml {
	struct str root; /* the name of the outermost element */
	struct value value;
};

/* Loads the parser, which xml_read() does, too. */
int xml_load(struct error *err);
/*
 * ERROR_CORRUPT: not XML, or not all of it. No document types, so no entities
 * but the five of XML; depth and number of elements are bounded (ERROR_QUOTA).
 * Nothing of the text is kept.
 */
int xml_read(struct str text, struct arena *a, struct xml *out,
	     struct error *err);

#endif
