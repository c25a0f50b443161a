"""The departments that answer, and the staff names that may appear in an answer."""
