"""Asks a service for whom a notice is: by the notice, over the gateway's own connection to it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import structlog
from pydantic import ValidationError

from services.gateway.access.tokens import Holder, Issuer
from services.gateway.notices.contracts import Handover
from services.gateway.notices.models import Notice
from services.gateway.upstreams.http1 import BadAnswer, UpstreamGone
from services.gateway.upstreams.pool import CannotConnect
from services.gateway.upstreams.upstream import Upstream
from shared.ids import new_id
from shared.security.identity import ACCESS_SECONDS, GATEWAY

SECONDS = 3.0
_KEPT = timedelta(seconds=ACCESS_SECONDS / 2)

log = structlog.get_logger()


class Asking:
    """The services' routes for the gateway alone, which no document names and no caller reaches."""

    def __init__(self, upstreams: Mapping[str, Upstream], issuer: Issuer) -> None:
        self._upstreams, self._issuer = upstreams, issuer
        self._bearer, self._signed_at = b"", datetime.min.replace(tzinfo=UTC)

    async def ask(self, notice: Notice, now: datetime) -> Handover | None:
        """What the service says of the notice; None while it cannot be asked."""
        upstream = self._upstreams.get(notice.source)
        if upstream is None:
            log.warning("notice_not_asked", to=notice.source, error="NoSuchService")
            return None
        target = f"/api/v1/notice-recipients/{notice.id}?kind={notice.kind}&about={notice.about_id}"
        try:
            header = self._authorization(now)
            status, body = await upstream.get(target, seconds=SECONDS, headers=header)
            if status == HTTPStatus.OK:
                return Handover.model_validate_json(body)
            log.warning("notice_not_asked", to=notice.source, status=status)
        except (CannotConnect, UpstreamGone, BadAnswer, TimeoutError) as error:
            log.warning("notice_not_asked", to=notice.source, error=type(error).__name__)
        except ValidationError:
            log.warning("notice_not_understood", to=notice.source)
        return None

    def _authorization(self, now: datetime) -> bytes:
        """One token for many: to sign it and to verify it costs as much as the answer."""
        if not self._signed_at <= now < self._signed_at + _KEPT:
            holder = Holder(GATEWAY, ["system"], [], "internal", new_id())
            token = self._issuer.access_token(holder, now)
            self._bearer = f"authorization: Bearer {token}\r\n".encode()
            self._signed_at = now
        return self._bearer
