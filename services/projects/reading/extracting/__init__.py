"""Words of files, read in a process of its own: `python -m ...extracting.pdf < a file > its words`.

A file is whatever a stranger put there. What reads it has little memory, little time, no
environment and nobody's transaction; when it dies, a person looks into the file (decision 055).
"""
