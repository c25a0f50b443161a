"""Reports of a month, a quarter, a year or since a day: what fell due then, with its rows."""
