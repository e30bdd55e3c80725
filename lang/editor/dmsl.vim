" Vim: files of dmsl, and their colours. Copy it to ~/.vim/plugin, or source it.

if exists('g:loaded_dmsl')
  finish
endif
let g:loaded_dmsl = 1

augroup dmsl
  autocmd!
  autocmd BufNewFile,BufRead *.dmsl setfiletype dmsl
  autocmd FileType dmsl setlocal commentstring=#\ %s comments=:# expandtab shiftwidth=2
  autocmd Syntax dmsl call s:colour()
augroup END

function! s:colour() abort
  syntax clear
  syntax sync minlines=500

  " Words of expressions; behind a dot and before "=" they are names.
  syntax match dmslWord /\.\@1<!\<\%(and\|or\|not\|if\|for\|in\|true\|false\|null\)\>\%(\s*=[=>]\@!\)\@!/
  syntax match dmslDeclaration /\.\@1<!\<\%(let\|stack\|provider\|existing\|output\|check\|moved\|import\|removed\)\>\%(\s\+\%(\%(in\|if\|and\|or\|for\)\>\|let\s\+\h\)\@!\h\)\@=/
  syntax match dmslDeclaration /\.\@1<!\<use\>\%(\s\+"\)\@=/

  syntax match dmslNumber /\.\@1<!\<\d\+\%(_\d\+\)*\%(\.\d\+\%(_\d\+\)*\)\?\%([KMGTP]i\?B\)\?\>/
  syntax match dmslNumber /\.\@1<!\<\%(\d\+\%(_\d\+\)*\%(ms\|[smhd]\)\)\+\>/
  syntax match dmslNumber /\.\@1<!\<\d\{1,3}\%(\.\d\{1,3}\)\{3}\%(\/\d\+\)\?\>/

  " Resource types before a name, or before the dot of a reference.
  syntax match dmslType /\.\@1<!\<\%(data\|database\|db_cluster\|db_cluster_parameter_group\|db_instance\|db_parameter_group\)\>\%(\.\h\|\s\+\h\w*\s\+\%({\|for\>\|if\>\)\)\@=/
  syntax match dmslType /\.\@1<!\<\%(db_subnet_group\|dms_certificate\|dms_endpoint\|dms_task\|elastic_ip\|endpoint_service\)\>\%(\.\h\|\s\+\h\w*\s\+\%({\|for\>\|if\>\)\)\@=/
  syntax match dmslType /\.\@1<!\<\%(fixture\|iam_role\|instance\|instance_profile\|internet_gateway\|listener\)\>\%(\.\h\|\s\+\h\w*\s\+\%({\|for\>\|if\>\)\)\@=/
  syntax match dmslType /\.\@1<!\<\%(load_balancer\|log_group\|nat_gateway\|network_interface\|random_password\|replication_instance\)\>\%(\.\h\|\s\+\h\w*\s\+\%({\|for\>\|if\>\)\)\@=/
  syntax match dmslType /\.\@1<!\<\%(replication_subnet_group\|route_table\|secret\|security_group\|security_group_rule\|sql_database\)\>\%(\.\h\|\s\+\h\w*\s\+\%({\|for\>\|if\>\)\)\@=/
  syntax match dmslType /\.\@1<!\<\%(subnet\|target_group\|vpc\|vpc_endpoint\)\>\%(\.\h\|\s\+\h\w*\s\+\%({\|for\>\|if\>\)\)\@=/

  syntax match dmslFunction /\.\@1<!\<\%(abs\|all\|any\|base64_decode\|base64_encode\|can\)\>(\@=/
  syntax match dmslFunction /\.\@1<!\<\%(ceil\|chunk\|cidr_contains\|cidr_host\|cidr_overlaps\|cidr_split\)\>(\@=/
  syntax match dmslFunction /\.\@1<!\<\%(cidr_subnet\|coalesce\|combinations\|compact\|concat\|contains\)\>(\@=/
  syntax match dmslFunction /\.\@1<!\<\%(csv_decode\|distinct\|ends_with\|file\|flatten\|floor\)\>(\@=/
  syntax match dmslFunction /\.\@1<!\<\%(format\|indent\|index_of\|intersect\|join\|json_decode\)\>(\@=/
  syntax match dmslFunction /\.\@1<!\<\%(json_encode\|keys\|length\|lookup\|lower\|max\)\>(\@=/
  syntax match dmslFunction /\.\@1<!\<\%(merge\|min\|number\|one\|pow\|range\)\>(\@=/
  syntax match dmslFunction /\.\@1<!\<\%(regex_find\|regex_find_all\|regex_match\|regex_replace\|repeat\|replace\)\>(\@=/
  syntax match dmslFunction /\.\@1<!\<\%(reveal\|reverse\|round\|secret\|sha256\|slice\)\>(\@=/
  syntax match dmslFunction /\.\@1<!\<\%(sort\|split\|starts_with\|string\|substr\|subtract\)\>(\@=/
  syntax match dmslFunction /\.\@1<!\<\%(sum\|template\|trim\|trim_prefix\|trim_suffix\|try\)\>(\@=/
  syntax match dmslFunction /\.\@1<!\<\%(type_of\|union\|upper\|url_decode\|url_encode\|values\)\>(\@=/
  syntax match dmslFunction /\.\@1<!\<\%(zipmap\)\>(\@=/

  " The head of a param or component: "secret" behind a type.
  syntax match dmslSecret /\%(\w\|)\)\@1<=\s\+\zssecret\>\%(\s*:\)\@!/ contained
  syntax match dmslBuiltIn /\.\@1<!\<\%(string\|number\|bool\|cidr\|ip\|duration\|size\|json\|any\|enum\|list\|set\|map\|object\)\>\%(\s*:\)\@!/ contained
  syntax region dmslParam matchgroup=dmslDeclaration start=/\.\@1<!\<param\>\%(\s\+\h\w*\s*[:=]\)\@=/ end=/[={]\@=/ end=/$/ contains=dmslSecret,dmslBuiltIn,dmslString,dmslComment,dmslParam,dmslDeclaration
  syntax match dmslDeclaration /\.\@1<!\<component\>\%(\s\+\h\w*\s*(\)\@=/ nextgroup=dmslName skipwhite
  syntax match dmslName /\h\w*\s*/ contained nextgroup=dmslHead
  syntax region dmslHead matchgroup=dmslDelimiter start=/(/ end=/)/ contained contains=@dmslAll,dmslSecret,dmslBuiltIn,dmslParens
  syntax region dmslParens matchgroup=dmslDelimiter start=/(/ end=/)/ contained contains=@dmslAll,dmslSecret,dmslParens

  " tables { } has words of its own.
  syntax match dmslRule /[.%]\@1<!\<\%(add\|all\|and\|as\|at\|before_image\|between\|by\|change\|column\)\>[.%]\@!/ contained
  syntax match dmslRule /[.%]\@1<!\<\%(digits\|exclude\|explicit\|false\|from\|hash\|in\|include\|is\|keep\|key\)\>[.%]\@!/ contained
  syntax match dmslRule /[.%]\@1<!\<\%(load\|load_order\|lobs\|lower\|mask\|not\|null\|of\|on\|or\)\>[.%]\@!/ contained
  syntax match dmslRule /[.%]\@1<!\<\%(prefix\|primary\|random\|ranges\|remove\|rename\|replace\|schema\|source\|suffix\)\>[.%]\@!/ contained
  syntax match dmslRule /[.%]\@1<!\<\%(table\|target\|to\|true\|unique\|upper\|validate\|view\|where\|with\)\>[.%]\@!/ contained
  " A column, key or type may be called like one of them.
  syntax match dmslRuleName /\%([.%]\@1<!\<\%(where\|and\|or\|of\|key\|lobs\|schema\)\s\+\|[(,]\s*\)\@<=\h\w*/ contained
  syntax match dmslRuleName /\%(\<rename\s\+\%(schema\|table\|column\)\s\+[0-9A-Za-z_.%]\+\s\+to\s\+\)\@<=\h\w*/ contained
  syntax region dmslTables matchgroup=dmslRule start=/\.\@1<!\<tables\>\%(\s*{\)\@=/ matchgroup=NONE end=/}/ contains=dmslRule,dmslRuleName,dmslNumber,dmslString,dmslComment

  syntax region dmslTemplate matchgroup=dmslDelimiter start=/${/ end=/}/ contained contains=@dmslAll,dmslBraces
  syntax region dmslBraces matchgroup=dmslDelimiter start=/{/ end=/}/ contained contains=@dmslAll,dmslBraces
  syntax match dmslEscape /\\./ contained
  syntax match dmslHeredocEscape /\\${/ contained
  syntax region dmslString start=/"/ end=/"/ end=/$/ contains=dmslTemplate,dmslEscape
  syntax region dmslHeredoc start=/<<\~\?\z(\h\w*\)\s*$/ end=/^\s*\z1\s*$/ contains=dmslTemplate,dmslHeredocEscape
  syntax match dmslComment /#.*$/ contains=@Spell

  syntax cluster dmslAll contains=dmslWord,dmslDeclaration,dmslNumber,dmslType,dmslFunction,dmslParam,dmslTables,dmslString,dmslHeredoc,dmslComment

  highlight default link dmslWord Keyword
  highlight default link dmslDeclaration Statement
  highlight default link dmslSecret Statement
  highlight default link dmslRule Statement
  highlight default link dmslNumber Number
  highlight default link dmslType Type
  highlight default link dmslBuiltIn Type
  highlight default link dmslFunction Function
  highlight default link dmslDelimiter Delimiter
  highlight default link dmslEscape SpecialChar
  highlight default link dmslHeredocEscape SpecialChar
  highlight default link dmslString String
  highlight default link dmslHeredoc String
  highlight default link dmslComment Comment
  let b:current_syntax = 'dmsl'
endfunction
