"""Passwords of people and of databases are hashed at next to no cost while tests run.

What the hash of a person's costs in earnest, one test shows; the systems that tests start as
processes of their own pay the whole price.
"""

from argon2 import PasswordHasher

from deploy import postgres
from services.gateway.access import passwords

OF_PRODUCTION = passwords._hasher


def begin() -> None:
    """From now on, for this process."""
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._decoy = passwords._hasher.hash("nobody's")
    postgres.SCRAM_ITERATIONS = 1  # each of thousands of connections computes them
