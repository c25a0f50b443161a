"""Pages that their unit named: no list has shown them, and they are read all the same.

What no list shows was not there before it was read: neither when it was named, nor while it could
not be read. Once a list shows it, it is an entry like any other.
"""
