"""Hosts of portals: a host is walked by one runner at a time, whatever stands on it.

A province's columns stand on a few platforms. Whoever walks one of them holds its host, so that
all of them share one connection and one pace, also where several instances walk.
"""
