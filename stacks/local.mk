# The reference stack and the standard components.
