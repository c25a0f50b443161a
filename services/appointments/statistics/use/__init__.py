"""How the places and windows of a hall were used."""
