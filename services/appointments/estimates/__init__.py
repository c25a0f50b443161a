"""How long people will wait: a forecast of the floor."""
