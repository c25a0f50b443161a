"""The written SQL of duties that go with others: when they begin, and how they are dated."""

from sqlalchemy import text

from services.projects.duties.rules import OWN_CLAIMS

_DAY_OF = f"""(CASE WHEN {{p}}.claimed_at IS NOT NULL AND NOT {{p}}.contradicted
      AND {{p}}.claim_kind IN ({", ".join(f"'{kind}'" for kind in OWN_CLAIMS)})
    THEN {{p}}.claimed_at ELSE {{p}}.first_seen_at END AT TIME ZONE 'Asia/Shanghai')::date"""
"""The day on which what is published counts as published (`rules.Evidence.day`)."""

# Whichever of the two came first, where the one that goes with the other was there before: when its
# clock begins is not known then, and it is for a person.
FOLLOWERS = text(f"""
  SELECT f.id, b.begins_on
  FROM duty f
  JOIN trigger_event t ON t.id = f.trigger_id
  LEFT JOIN publication p ON p.duty_id = f.follows_id
  LEFT JOIN publication own ON own.duty_id = f.id
  CROSS JOIN LATERAL (SELECT CASE WHEN p.duty_id IS NULL THEN t.occurred_on
      WHEN least({_DAY_OF.format(p="own")},
        (own.first_seen_at AT TIME ZONE 'Asia/Shanghai')::date) < {_DAY_OF.format(p="p")} THEN NULL
      ELSE {_DAY_OF.format(p="p")} END AS begins_on) b
  WHERE f.follows_id IS NOT NULL AND f.rule_kind = 'same_time_as'
    AND f.formed_on IS DISTINCT FROM b.begins_on
  ORDER BY f.id LIMIT :limit""")

PUT_CLOCK = text("""
  WITH dated AS (
    UPDATE duty SET formed_on = CAST(:formed_on AS date), basis = :basis,
      start_ord = CAST(:start_ord AS int), due_ord = CAST(:due_ord AS int),
      ends = CAST(:ends AS jsonb), version = version + 1
    WHERE id = :id RETURNING *)
  UPDATE standing s SET is_formed = d.formed_on IS NOT NULL,
    calendar_days = d.basis = 'calendar', due_ord = d.due_ord, version = s.version + 1
  FROM dated d WHERE s.duty_id = d.id""")
