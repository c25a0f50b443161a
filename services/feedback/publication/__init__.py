"""The redacted public copy of a letter, and the search over it."""
