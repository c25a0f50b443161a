"""This service's copy of the official calendar, and what a new holiday notice does to clocks."""
