"""复核网址: addresses that units name themselves are read, also where no column has them.

A unit that answers an order says where the page stands. Its own column on that host takes the page
in, as if its list had shown it; where it has none, a portal of the unit without a list stands for
the host, and the page is read there by itself. Either way it is a run of the collector: under the
host's turn, at its pace, by robots.txt, and never on a private address that nobody has allowed.
What is read is captured and matched like any page; one that stands on no column goes to people.
"""

from datetime import timedelta

from services.projects.named_addresses import placing
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    jobs=[
        Job("read-named-addresses", timedelta(seconds=5), placing.place, batch=placing.BATCH),
    ],
)
