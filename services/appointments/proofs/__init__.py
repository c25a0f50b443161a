"""号源核对: what must be true of the places on sale, proven every night."""

from datetime import timedelta

from services.appointments.proofs import service
from shared.jobs import Job
from shared.web.room import Room

room = Room(jobs=[Job("prove-slot-counts", timedelta(hours=24), service.prove_counts)])
