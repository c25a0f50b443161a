"""`python -m deploy.tour [URL]`: exits 1 and says why when a step does not go as it must."""

import sys

from deploy.tour.walking import walk

CHAPTERS = ("hall", "disclosure", "letters", "consultation")


def main(arguments: list[str]) -> int:
    return walk("tour", CHAPTERS, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
