"""What is mutated: names of targets, and the functions of each as mutmut spells them."""

FEWEST_PERCENT = 90

TARGETS: dict[str, tuple[str, ...]] = {
    "workdays": ("shared.workdays.*",),
    "judging": ("services.projects.auditing.rules.judging.*",),
    "scoring": ("services.projects.auditing.rules.scoring.*",),
    "matching": ("services.projects.matching.rules.*",),
    "priority": ("services.appointments.priority.rules.*",),
    "estimates": ("services.appointments.estimates.rules.*",),
    "schedules": ("services.appointments.schedules.rules.*",),
    "slots": ("services.appointments.slots.rules.*",),
    "places": ("services.appointments.slots.matching.*",),
    "visits": ("services.appointments.slots.visits.*",),
    "free-times": ("services.appointments.slots.free_times.*",),
    "legs": ("services.appointments.queueing.legs.*",),
    "redaction": ("services.feedback.redaction.*",),
    "deadlines": ("services.feedback.deadlines.rules.*",),
    "small-cells": (
        "services.feedback.statistics.views.x__*",
        "services.feedback.ratings.statistics_views.x__*",
    ),
    "gcra": ("services.gateway.limits.gcra.*",),
    "headers": ("services.gateway.forwarding.headers.*",),
    "targets": ("services.gateway.forwarding.targets.*",),
}
