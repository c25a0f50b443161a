"""Public figures that give nobody away: which of them are shown, for which months, counted once."""
