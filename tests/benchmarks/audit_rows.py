"""The rows that the audit is measured on: duties of 18 units, with evidence of every kind."""

UNITS = """
INSERT INTO responsible_unit (code, name, name_en, valid_from)
SELECT 'D' || lpad(n::text, 2, '0'), '单位' || n, '', DATE '2000-01-01'
FROM generate_series(1, 18) n;
INSERT INTO full_walk (unit_code, walked_at, noted_at)
SELECT code, at, at FROM responsible_unit, (VALUES (TIMESTAMPTZ '2026-11-23 01:00+08')) v (at)
WHERE code <> 'D14';
INSERT INTO project (code, name, approval_kind, phase, scope_basis, version, updated_at)
VALUES ('2401-359900-48-01-000001', '工程', 'examine', 'approval', '清单', 1, now());
INSERT INTO trigger_event (id, project_code, item_code, unit_code, kind, recorded_at, recorded_by)
VALUES (gen_random_uuid(), '2401-359900-48-01-000001', 'MP-02-01', 'D01', 'formed', now(), 'bench')
"""

LOT = """
WITH d AS (
  INSERT INTO duty (id, trigger_id, project_code, unit_code, item_id, item_code, formed_on, region,
    rule_kind, rule_n, rule_version, calendar_version, basis, start_ord, due_ord, extended_by, hold,
    created_at, version)
  SELECT gen_random_uuid(), e.id, e.project_code, 'D' || lpad((1 + n % 18)::text, 2, '0'), i.id,
    i.item_code, c.date, 'CN', 'working_days', 20, 1, 23, 'working', c.ord_start, c.ord_start + 20,
    0, 'none', now(), 1
  FROM generate_series({first}, {last}) n
  JOIN LATERAL (SELECT DATE '2023-01-01' + (n % 1420) * 7919 % 1420 AS day) formed ON true
  JOIN work_calendar c ON c.region = 'CN' AND c.date = formed.day,
  trigger_event e, (SELECT * FROM catalogue_item WHERE item_code = 'MP-02-01' LIMIT 1) i
  RETURNING *)
INSERT INTO standing (duty_id, unit_code, hold, calendar_days, is_formed, due_ord, is_seen,
  seen_ord, seen_early, absent_ord, is_claimed, claim_ord, claim_early, claim_contradicted,
  is_incomplete, is_gone, in_review, version)
SELECT id, unit_code, CASE WHEN r < 0.01 THEN 'exempt' ELSE 'none' END, false, r < 0.99, due_ord,
  is_seen, CASE WHEN is_seen THEN seen END, false, CASE WHEN is_seen AND r > 0.2 THEN seen - 1 END,
  is_seen AND r < 0.95, CASE WHEN is_seen AND r < 0.95 THEN seen - (r * 3)::int END, r > 0.985,
  r > 0.97, r BETWEEN 0.5 AND 0.52, r BETWEEN 0.6 AND 0.61, false, 0
FROM (SELECT d.*, random() AS r, start_ord + (random() * 26)::int AS seen,
             random() < 0.93 AND start_ord < 5690 AS is_seen FROM d) d
"""


WALKS = """
SELECT u.code AS unit_code, c.ord_end AS walked_ord, c.date - DATE '2000-01-01' AS walked_day,
  f.walked_at
FROM responsible_unit u
LEFT JOIN full_walk f ON f.unit_code = u.code
LEFT JOIN work_calendar c
  ON c.region = 'CN' AND c.date = (f.walked_at AT TIME ZONE 'Asia/Shanghai')::date
"""
