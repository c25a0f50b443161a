"""How a letter is handled, from its registration to its close: one table of moves."""
