"""Duties that go with others: dated by when those are published."""
