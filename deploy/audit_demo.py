"""`python -m deploy.audit_demo [URL]`, or `make audit-demo`: from the web to a signed report.

The collector reads the demo's portals, the verdicts follow, a unit is ordered to put a fault right,
publishes, replies, is read again, and the quarter's report is signed by another person.
"""

import sys

from deploy.tour.walking import walk

CHAPTERS = ("monitoring", "ordering", "quarter")


def main(arguments: list[str]) -> int:
    return walk("audit-demo", CHAPTERS, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
