"""Readings forwarded by callbacks alone; whatever else a request needs, the middleware does."""
