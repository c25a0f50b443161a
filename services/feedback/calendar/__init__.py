"""This service's copy of the official calendar, with an edition number that every notice raises."""
