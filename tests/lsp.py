"""Tests of dmsl lsp by a scripted editor. Each function case_NAME of the modules
beside is a test of tests/t/0021-lsp.sh, run as: lsp.py DMSL NAME. Prints what is
not so; exits 1 if anything is."""

import sys

sys.dont_write_bytecode = True

import lsp_client
import lsp_texts
import lsp_words

case = "case_" + sys.argv[2]
getattr(lsp_texts if hasattr(lsp_texts, case) else lsp_words, case)()
sys.exit(1 if lsp_client.bad else 0)
