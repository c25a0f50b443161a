"""A made-up government portal for the demo and the tests: real shapes and defects, known truth.

`python -m services.projects.demo_portal --port N` serves it on loopback.
"""
