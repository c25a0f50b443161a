"""Carriers: where units publish, and on which of them a duty has to appear and does."""
