"""How often each operation asks the database, counted on the running system and held in a table."""
