"""A service of the tests' own, with one room that uses everything shared/ gives."""
