"""What a client is answered where its service gave no answer that could be passed on."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import structlog

from services.gateway.forwarding.headers import Headers
from services.gateway.upstreams.http1 import BadAnswer, UpstreamGone
from services.gateway.upstreams.pool import CannotConnect
from services.gateway.upstreams.upstream import CircuitOpen, Upstream
from shared.errors import Problem, Text, Unavailable
from shared.web.gate import TurnedAway
from shared.web.idempotency import SAFE, may_repeat

log = structlog.get_logger()

PERHAPS_DONE = Text(
    "可能已经办成：请先查看，没有办成再提交",
    "It may have been done: please look first, and send it again only where it was not",
)
SAME_AGAIN = Text(
    "可能已经办成：请原样再提交一次，不会重复办理",
    "It may have been done: send the same again, nothing is done twice",
)


def advice_for(method: str, given: Headers) -> Text:
    """What to do where nobody knows whether the service did it; a reading does nothing."""
    if method in SAFE:
        return Unavailable.read_again
    return SAME_AGAIN if may_repeat(method, given) else PERHAPS_DONE


class BadGateway(Problem):
    status, type = HTTPStatus.BAD_GATEWAY, "/problems/bad-gateway"
    title = Text("后台服务没有正常响应，请稍后再试", "The service behind did not answer properly")
    advice = PERHAPS_DONE


class GatewayTimeout(Problem):
    status, type = HTTPStatus.GATEWAY_TIMEOUT, "/problems/gateway-timeout"
    title = Text("后台服务没有及时响应，请稍后再试", "The service behind did not answer in time")
    advice = PERHAPS_DONE


class Hurried(Exception):
    """The client waits no longer, though the operation may take longer."""


@contextmanager
def raising_problems(upstream: Upstream, perhaps_done: Text) -> Iterator[None]:
    """Turns what may go wrong with an upstream into the problem that the client is answered.

    `perhaps_done` is what to do where nobody knows whether the service did it.
    """
    try:
        yield
    except TurnedAway as away:
        raise Unavailable(retry_after=away.retry_after) from None
    except CircuitOpen:
        raise Unavailable(retry_after=2) from None
    except CannotConnect as error:
        log.warning("upstream_unreachable", to=upstream.name, error=str(error))
        raise Unavailable(retry_after=2) from None
    except Hurried:
        raise GatewayTimeout(perhaps_done, retry_after=2) from None
    except TimeoutError:
        log.warning("upstream_timed_out", to=upstream.name)
        raise GatewayTimeout(perhaps_done, retry_after=2) from None
    except UpstreamGone as error:  # it was stopped or killed, and is started again
        log.warning("upstream_gone", to=upstream.name, error=str(error))
        raise Unavailable(perhaps_done, retry_after=2) from None
    except BadAnswer as error:
        log.warning("upstream_failed", to=upstream.name, error=str(error))
        raise BadGateway(perhaps_done, retry_after=1) from None
