"""From a request to a route's function and back, by a plan that is made once.

FastAPI finds out anew for each request what an operation depends on, in which order and from where.
This does what `fastapi.routing.get_request_handler` and `solve_dependencies` do, for operations in
the manner of this house (`handler_of` says which), with their own models and in their own order.
What leans on their inner names stands in `internals.py`. `tests/shared/test_solving.py` says at
once when one of these functions has changed, and `tests/contracts/test_both_stacks.py` asks both
ways the same.
"""

from shared.web.solving.operation import Handler, handler_of
from shared.web.solving.plan import Shortcuts

__all__ = ["Handler", "Shortcuts", "handler_of"]
