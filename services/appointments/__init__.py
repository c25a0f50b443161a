"""Halls, appointments and queues. Rooms name one another only downwards: see README.md."""
