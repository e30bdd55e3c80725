#ifndef DMSL_LANG_DIAG_CODES_H
#define DMSL_LANG_DIAG_CODES_H

/*
 * Every code of a finding with its title, in the order of the codes. Codes are
 * stable: one that is no longer given stays here and is not used again.
 *
 *	E01xx  text and syntax           E02xx  names, types, schemas
 *	E03xx  expansion and graph       E04xx  what the domain forbids
 *	W0xxx  warnings
 */

#define DIAG_CODES(X)                                                 \
	X("E0101", "the text has a character that cannot stand there") \
	X("E0102", "a string is not closed")                          \
	X("E0103", "a heredoc is not closed")                         \
	X("E0104", "a bracket is not closed")                         \
	X("E0105", "a bracket closes nothing")                        \
	X("E0106", "an escape in a string is not known")              \
	X("E0107", "a number, address or amount is malformed")        \
	X("E0108", "the text does not follow the grammar")            \
	X("E0109", "a table pattern is malformed")                    \
	X("E0110", "brackets or expressions are nested too deeply")   \
	X("E0111", "a string is too long")                            \
	X("E0112", "a template in a string is not closed")            \
	X("E0201", "a resource type or component is not known")       \
	X("E0202", "a name is declared twice")                        \
	X("E0203", "an attribute is not known")                       \
	X("E0204", "a stack has no stack block, or more than one")    \
	X("E0205", "an attribute is given twice")                     \
	X("E0206", "a declaration cannot stand there")                \
	X("E0207", "a file that is used cannot be read")              \
	X("E0208", "a name is taken by a resource type")

#endif
