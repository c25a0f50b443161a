"""How letters are handled, in figures whose denominators are fixed."""
