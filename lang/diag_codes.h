#ifndef DMSL_LANG_DIAG_CODES_H
#define DMSL_LANG_DIAG_CODES_H

/*
 * Every code of a finding with its title, in the order of the codes. Codes are
 * stable: one that is no longer given stays here and is not used again.
 *
 *	E01xx  text and syntax           E02xx  names, types, schemas
 *	E03xx  expansion and graph       E04xx  what the domain forbids
 *	E05xx  what a provider said      W0xxx  warnings
 */

#define DIAG_CODES(X)                                                          \
	X("E0101", "the text has a character that cannot stand there")         \
	X("E0102", "a string is not closed")                                   \
	X("E0103", "a heredoc is not closed")                                  \
	X("E0104", "a bracket is not closed")                                  \
	X("E0105", "a bracket closes nothing")                                 \
	X("E0106", "an escape in a string is not known")                       \
	X("E0107", "a number, address or amount is malformed")                 \
	X("E0108", "the text does not follow the grammar")                     \
	X("E0109", "a table pattern is malformed")                             \
	X("E0110", "brackets or expressions are nested too deeply")            \
	X("E0111", "a string is too long")                                     \
	X("E0112", "a template in a string is not closed")                     \
	X("E0201", "a resource type or component is not known")                \
	X("E0202", "a name is declared twice")                                 \
	X("E0203", "an attribute is not known")                                \
	X("E0204", "a stack has no stack block, or more than one")             \
	X("E0205", "an attribute is given twice")                              \
	X("E0206", "a declaration cannot stand there")                         \
	X("E0207", "a file that is used cannot be read")                       \
	X("E0208", "a name is taken by a resource type")                       \
	X("E0210", "a type is not known or malformed")                         \
	X("E0220", "a required attribute or param is missing")                 \
	X("E0221", "an attribute is given by others and cannot be written")    \
	X("E0222", "a block cannot stand there")                               \
	X("E0223", "a block needs a name of its own")                          \
	X("E0250", "the type of a value does not fit")                         \
	X("E0251", "a name is not known")                                      \
	X("E0252", "a value has no such attribute")                            \
	X("E0253", "an operator does not go with its values")                  \
	X("E0254", "an index or key does not exist")                           \
	X("E0255", "a number cannot be computed or is out of range")           \
	X("E0256", "an address or CIDR block is malformed")                    \
	X("E0257", "a function is not known")                                  \
	X("E0258", "a function has too few or too many arguments")             \
	X("E0259", "a function cannot be computed")                            \
	X("E0260", "an expression exceeds a limit")                            \
	X("E0261", "a key stands twice in a map")                              \
	X("E0301", "declarations depend on each other in a circle")            \
	X("E0302", "a param has no value, or there is no such param")          \
	X("E0303", "the stack exceeds a limit")                                \
	X("E0304", "the value of a param cannot be used")                      \
	X("E0305", "which instances exist is not known before apply")          \
	X("E0306", "the keys of instances are not usable")                     \
	X("E0307", "a provider is missing or cannot be used")                  \
	X("E0308", "a provider does not have a type")                          \
	X("E0310", "a declaration this version cannot use")                    \
	X("E0311", "a lifecycle prevents a destroy")                           \
	X("E0312", "a change would lose data")                                 \
	X("E0313", "the stack exists at another provider")                     \
	X("E0314", "an address is malformed")                                  \
	X("E0315", "a move cannot be made")                                    \
	X("E0316", "an import cannot be made")                                 \
	X("E0317", "what is removed is still declared, or removed twice")      \
	X("E0318", "an existing object cannot be used or was not found")       \
	X("E0319", "SQL would change what dmsl does not own")                  \
	X("E0321", "a saved plan is not what would be done any more")          \
	X("E0401", "a subnet is outside its network")                          \
	X("E0402", "two subnets overlap")                                      \
	X("E0403", "a value is not one that the service takes")                \
	X("E0404", "a name is not one that the service takes")                 \
	X("E0405", "attributes do not go together, or one is missing")         \
	X("E0406", "subnets are in the wrong zones")                           \
	X("E0407", "the ports of a rule do not go together")                   \
	X("E0408", "things of two networks cannot work together")              \
	X("E0409", "two objects have the same name")                           \
	X("E0410", "an address is outside its subnet")                         \
	X("E0411", "a table mapping has no rules, or too many")                \
	X("E0412", "a filter cannot stand on this rule")                       \
	X("E0413", "a filter operator is not one of DMS")                      \
	X("E0414", "a name on the target cannot be used")                      \
	X("E0415", "something is changed twice")                               \
	X("E0416", "a rule of a table mapping is wrong")                       \
	X("E0417", "a rule needs an exact name")                               \
	X("E0418", "an expression of a table mapping cannot be read")          \
	X("E0419", "two tables would get one name on the target")              \
	X("E0420", "a task setting is not known")                              \
	X("E0421", "a task setting has a wrong value")                         \
	X("E0422", "a task setting is given twice")                            \
	X("E0423", "the settings of a task are refused")                       \
	X("E0424", "a table cannot be loaded in such segments")                \
	X("E0425", "a task with changes moves no views")                       \
	X("E0430", "an endpoint is on the wrong side of a task")               \
	X("E0431", "parameters are for another version")                       \
	X("E0501", "a provider could not read")                                \
	X("E0502", "a provider could not plan")                                \
	X("E0503", "a provider could not run a check")                         \
	X("E0510", "a step of apply failed")                                   \
	X("E0511", "a check could not be run")                                 \
	X("W0201", "a name is not used")                                       \
	X("W0301", "what uses something that is replaced is left out")         \
	X("W0302", "what needs something that is left out is left out too")    \
	X("W0303", "what is used by something that is left out stays")         \
	X("W0401", "everyone may connect")                                     \
	X("W0402", "a password stands in clear")                               \
	X("W0403", "the service may refuse a value")                           \
	X("W0404", "a secret is revealed")                                     \
	X("W0411", "a part of a DMS document does nothing")                    \
	X("W0412", "two rules of a table mapping are about one thing")         \
	X("W0413", "a rule of a table mapping does nothing")                   \
	X("W0414", "a table mapping may not do what it says")                  \
	X("W0421", "the settings of a task may not do what they say")          \
	X("W0501", "what a provider advises")

#endif
