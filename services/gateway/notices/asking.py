"""Asks a service for whom a notice is: by the notice, over the gateway's own connection to it."""

from collections.abc import Mapping
from datetime import datetime

import structlog
from pydantic import ValidationError

from services.gateway.access.tokens import Holder, Issuer
from services.gateway.notices.contracts import Handover
from services.gateway.notices.models import Notice
from services.gateway.upstreams.http1 import BadAnswer, UpstreamGone
from services.gateway.upstreams.pool import CannotConnect
from services.gateway.upstreams.upstream import Upstream
from shared.ids import new_id
from shared.security.identity import GATEWAY

SECONDS = 3.0

log = structlog.get_logger()


class Asking:
    """The services' routes for the gateway alone, which no document names and no caller reaches."""

    def __init__(self, upstreams: Mapping[str, Upstream], issuer: Issuer) -> None:
        self._upstreams, self._issuer = upstreams, issuer

    async def ask(self, notice: Notice, now: datetime) -> Handover | None:
        """What the service says of the notice; None while it cannot be asked."""
        upstream = self._upstreams.get(notice.source)
        if upstream is None:
            return None
        target = f"/api/v1/notice-recipients/{notice.id}?kind={notice.kind}&about={notice.about_id}"
        token = self._issuer.access_token(
            Holder(GATEWAY, ["system"], [], "internal", new_id()), now
        )
        headers = f"authorization: Bearer {token}\r\n".encode()
        try:
            status, body = await upstream.get(target, seconds=SECONDS, headers=headers)
            return Handover.model_validate_json(body) if status == 200 else None
        except (CannotConnect, UpstreamGone, BadAnswer, TimeoutError) as error:
            log.warning("notice_not_asked", to=notice.source, error=type(error).__name__)
        except ValidationError:
            log.warning("notice_not_understood", to=notice.source)
        return None
