"""The release register and carriers as the API shows them."""

from collections.abc import Sequence

from services.projects.publishing.carrying.queries import DutyCarrier
from services.projects.publishing.models import Carrier
from services.projects.publishing.queries import SeenRelease
from services.projects.publishing.schemas import (
    CarrierView,
    DutyCarriers,
    DutyCarrierView,
    RegisteredReleaseView,
    ReleasePlaceView,
)


def release_view(found: SeenRelease) -> RegisteredReleaseView:
    """An entry of the register with its places."""
    own = vars(found.release)
    shown = RegisteredReleaseView.model_fields.keys() - {"places"}
    places = [ReleasePlaceView.model_validate(place) for place in found.places]
    return RegisteredReleaseView.model_validate(
        {**{name: own[name] for name in shown}, "places": places}
    )


def carrier_view(carrier: Carrier) -> CarrierView:
    return CarrierView.model_validate(carrier)


def duty_carriers(found: Sequence[DutyCarrier]) -> DutyCarriers:
    """The carriers of a duty, and how many of those on which it must appear it has reached."""
    must = [carrier for carrier in found if carrier.is_must]
    return DutyCarriers(
        must=len(must),
        reached=sum(carrier.reached_at is not None for carrier in must),
        carriers=[DutyCarrierView(**carrier._asdict()) for carrier in found],
    )
