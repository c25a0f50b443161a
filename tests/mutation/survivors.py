"""Mutants that no test kills, each with the reason.

The key is the function as mutmut spells it and the changed line as written by the mutant: the
number of a mutant changes with every edit of its function, its text does not.
"""

ACCEPTED: dict[tuple[str, str], str] = {
    (
        "services.gateway.forwarding.targets.x_fault",
        "return _path_fault(raw_path) or (_query_fault(query) if (query) or True else None)",
    ): "An empty query has no fault either way; the condition only saves the call.",
    (
        "services.gateway.forwarding.targets.x__is_text",
        'unquote_to_bytes(escaped).decode("UTF-8")',
    ): "Another spelling of the same encoding.",
    (
        "services.gateway.forwarding.headers.x_request_head",
        'lines = [method.encode("ASCII") + b" " + target + b" HTTP/1.1", b"host: " + host]',
    ): "Another spelling of the same encoding.",
    (
        "services.gateway.forwarding.headers.xǁProxiesǁclient",
        'chain = b",".join(v for n, v in headers if n == b"x-forwarded-for").decode("LATIN-1")',
    ): "Another spelling of the same encoding.",
    (
        "services.gateway.forwarding.headers.xǁProxiesǁholds",
        "if not self._networks and not peer:",
    ): "No network holds an address, and no peer is no address: both end in False.",
    (
        "services.projects.auditing.rules.scoring.x_score",
        'lost = sum((min(weight[f"{kind}_cap"], cost) for kind, cost in costs.items()), )',
    ): "There are always costs, so the sum is a Decimal from the plain 0 as well.",
    (
        "services.gateway.limits.gcra.xǁLimiterǁtake",
        "if excess >= 1e-9:",
    ): "The bound swallows rounding errors; what lies exactly on it is neither.",
    (
        "services.gateway.limits.gcra.xǁLimiterǁtake",
        "self._arrivals.popitem(last=None)",
    ): "None is as false as False.",
    (
        "services.feedback.redaction.rules.x__is_old_id",
        "date(1900 - int(match[6:8]), int(match[8:10]), int(match[10:12]))",
    ): "As many years before 1900 as after it, a year is as long: a valid date is one in both.",
    (
        "services.feedback.redaction.rules.x__passes_luhn",
        "return 13 <= len(digits) <= 20 and sum(doubled) % 10 == 0",
    ): "The pattern of cards finds nineteen digits at most.",
    (
        "services.feedback.redaction.names.x_find",
        "where = next(match.span(group) for group in range(1, 7) if match[group])",
    ): "One of the five groups always matched, so a sixth is never asked for.",
    (
        "services.feedback.redaction.addresses.x__beginning",
        'left = within[0] if (within) or True else ""',
    ): "The pattern matches the empty string, so there is always a match.",
    (
        "services.feedback.redaction.addresses.x__beginning",
        'left = within[0] if within else "XXXX"',
    ): "The pattern matches the empty string, so there is always a match.",
    (
        "services.appointments.schedules.rules.x_applies",
        "if rule.every_n_weeks >= 1 and rule.anchor_on is not None:",
    ): "Every number of weeks is a multiple of one.",
    (
        "services.appointments.schedules.rules.x_applies",
        "weeks = (_monday(day) - _monday(rule.anchor_on)).days / 7",
    ): "From Monday to Monday are whole weeks, and their quotient is exact as a float too.",
    (
        "services.projects.matching.rules.x__same_project",
        "best = max(covered.values(), default=1.0)",
    ): "Without a duty of the unit there are no hits, and the score of none is not read.",
    (
        "services.projects.matching.rules.x__same_project",
        "return [], MatchMethod.SIMILAR, 1.0",
    ): "The score of no hits is not read.",
    (
        "services.appointments.estimates.rules.x_forecast",
        "runs = max(FEWEST_RUNS, min(MOST_RUNS, STEPS // max(len(floor.queue), 2)))",
    ): "One person or two, the most runs are made.",
    (
        "services.appointments.estimates.rules.x_draws",
        "for bucket in rng.choices(buckets, cum_weights=cumulated, ):",
    ): "How many are drawn at a time is a matter of speed.",
    (
        "services.appointments.estimates.rules.x_draws",
        "for bucket in rng.choices(buckets, cum_weights=cumulated, k=257):",
    ): "How many are drawn at a time is a matter of speed.",
    (
        "services.appointments.estimates.rules.x__residual",
        "for _, minutes in zip(range(20), draws[open_window.busy_with], strict=None):",
    ): "None is as false as False.",
    (
        "services.appointments.estimates.rules.x__residual",
        "for _, minutes in zip(range(20), draws[open_window.busy_with], ):",
    ): "False is what zip takes by itself.",
    (
        "services.appointments.estimates.rules.x__residual",
        "for _, minutes in zip(range(21), draws[open_window.busy_with], strict=False):",
    ): "A bound for what is next to impossible: one draw more is as good.",
    (
        "services.appointments.estimates.rules.x__residual",
        "if minutes >= open_window.elapsed:",
    ): "A drawn time never is exactly the elapsed one.",
    (
        "services.appointments.estimates.rules.x_forecast",
        "waits[person.key].append(max(at + max(person.arrives, 0.0), 0.0))",
    ): "Only waits of those who are there are kept, and they came at 0.",
    (
        "services.appointments.estimates.rules.x__admit",
        "elif rng.random() <= person.shows_up:",
    ): "A drawn share never is exactly the one that is compared.",
    (
        "services.appointments.slots.rules.x_follow_one_another",
        "for before, after in zip(slots, slots[1:], strict=None)",
    ): "None is as false as False.",
    (
        "services.appointments.slots.rules.x_follow_one_another",
        "for before, after in zip(slots, slots[1:], )",
    ): "False is what zip takes by itself.",
    (
        "services.appointments.slots.visits.x__reachable",
        "for _ in range(max(map(len, visit.people)) + 1):",
    ): "A time too many only lets orders be tried in vain.",
    (
        "services.appointments.slots.free_times.xǁ_FreeTimesǁ_people",
        "people, filled, is_open = 0, 0, False",
    ): "Of several items all are found together as well: one after the other is only quicker.",
    (
        "services.appointments.slots.free_times.xǁ_FreeTimesǁ_evenly",
        "if minutes < self._longest or (legs >= 1 and self._two <= minutes):",
    ): "Of one item the general way finds the same.",
    (
        "services.appointments.slots.free_times.xǁ_FreeTimesǁ_fill",
        "self._matching.fill(Claim(None, at, minutes), runs)",
    ): "Whoever comes for the same need not be moved for the next, who could sit there as well.",
    (
        "services.appointments.slots.free_times.x__lasts",
        "return (max(ends) - at) / timedelta(minutes=1)",
    ): "The minutes are whole, and the row takes them as such.",
    (
        "services.appointments.slots.matching.xǁMatchingǁ_ways_for",
        "if (known := self._ways.get(None)) is None:",
    ): "What is remembered only saves to look again.",
    (
        "services.appointments.slots.matching.xǁMatchingǁ_onward",
        "if slot.ends_at == ends_at or (not run and slot.ends_at >= ends_at):",
    ): "Those that end then are taken either way.",
    (
        "services.appointments.slots.matching.xǁMatchingǁ_onward",
        "elif slot.ends_at <= ends_at:",
    ): "Those that end then were taken before.",
    (
        "services.appointments.slots.visits.x_arrange",
        "if arranging.tries > 1 or not _has_places(matching, visit, at):",
    ): "Whether the last try was the one too many is a matter of speed.",
    (
        "services.appointments.slots.visits.xǁ_Arrangingǁ_at_that_time",
        "if self.tries < 0:",
    ): "How many orders are tried is a matter of speed.",
    (
        "services.appointments.slots.visits.xǁ_Arrangingǁ_at_that_time",
        "self.tries -= 2",
    ): "How many orders are tried is a matter of speed.",
    (
        "services.appointments.slots.visits.xǁ_Arrangingǁseat_persons",
        "return self._seat(person, needs, _Sitting(self._at, self._at, 1))",
    ): "The first item begins at the visit's time, as what comes after something that ends then.",
    (
        "services.appointments.slots.matching.xǁMatchingǁfresh",
        "if (known := self._fresh.get(None)) is not None:",
    ): "What is remembered only saves to look again.",
    (
        "services.appointments.slots.matching.xǁMatchingǁfresh",
        "self._fresh[asked] = None",
    ): "What is remembered only saves to look again.",
    (
        "services.appointments.slots.matching.xǁMatchingǁseat",
        "if self._make_room(run, visited if (len(run) == 1) and False else set()):",
    ): "What failed for one slot fails again: to remember it only saves the search.",
    (
        "services.appointments.slots.matching.xǁMatchingǁ_look",
        "if self.looked_until is None or at >= self.looked_until:",
    ): "The same time again changes nothing.",
}
