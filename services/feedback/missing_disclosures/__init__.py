"""“这个没有公开”: what a letter says is missing online, and what the auditors of disclosure answer.

The letter's text stays with the letter. What goes out is which project, item or unit it is about,
and nothing by which the letter or its sender could be found.
"""

from services.feedback.missing_disclosures.events import MissingDisclosureReported
from services.feedback.missing_disclosures.handlers import subscriptions
from shared.web.room import Room

room = Room(publishes=[MissingDisclosureReported], subscriptions=subscriptions)
