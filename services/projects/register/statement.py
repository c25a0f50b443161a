"""The written SQL of the register: units with their names, imports of many rows, mergers."""

from sqlalchemy import text

from services.projects.successors import now_of

_UNIT_ROWS = """
  SELECT u.code, u.name, u.name_en, u.valid_from, u.valid_to, u.region, u.successor_code,
         u.version,
         coalesce(array_agg(a.alias ORDER BY a.alias) FILTER (WHERE a.alias IS NOT NULL),
                  ARRAY[]::varchar[]) AS aliases
  FROM responsible_unit u LEFT JOIN unit_alias a ON a.unit_code = u.code"""
UNITS_OF = text(f"{_UNIT_ROWS} WHERE u.code = ANY(CAST(:codes AS text[])) GROUP BY u.code")
UNITS = text(f"""{_UNIT_ROWS}
  WHERE (CAST(:after AS text) IS NULL OR u.code > :after)
    AND (CAST(:code AS text) IS NULL OR u.code = :code)
  GROUP BY u.code ORDER BY u.code LIMIT :limit""")

LISTS = text("""
  SELECT l.id, l.year, l.title, l.doc_no FROM project_list l
  JOIN project_list_member m ON m.list_id = l.id
  WHERE m.project_code = :code ORDER BY l.year, l.title""")


# Whom a name means now: a page may go by the name of a unit that is part of another.
NAMED = text(f"""
  SELECT name, coalesce(successor_code, code) AS code FROM responsible_unit
  WHERE name = ANY(CAST(:names AS text[]))
  UNION ALL SELECT alias, {now_of("unit_code")} FROM unit_alias
  WHERE alias = ANY(CAST(:names AS text[]))""")
OPEN = text("""
  SELECT u.code,
    (SELECT count(*) FROM standing WHERE unit_code = u.code AND NOT is_seen
       AND verdict <> 'not_applicable') AS duties,
    (SELECT count(*) FROM rectification_order WHERE unit_code = u.code AND ended_at IS NULL)
      AS orders,
    (SELECT count(*) FROM dispute WHERE unit_code = u.code AND state = 'open') AS disputes,
    (SELECT count(*) FROM exemption_request WHERE unit_code = u.code AND state = 'asked')
      AS exemptions,
    (SELECT count(*) FROM registered_release WHERE unit_code = u.code AND state = 'approved')
      AS releases,
    (SELECT count(*) FROM portal WHERE unit_code = u.code AND enabled) AS portals,
    (SELECT count(*) FROM pack_use WHERE unit_code = u.code
       AND coalesce(valid_to >= CAST(:day AS date), true)) AS packs
  FROM unnest(CAST(:units AS text[])) AS u (code)""")
SUCCEED = text("""
  UPDATE responsible_unit SET successor_code = :into
  WHERE code = :unit OR successor_code = :unit""")
LEAD = text("""
  UPDATE project SET lead_unit_code = :into, updated_at = :now, version = version + 1
  WHERE lead_unit_code = :unit RETURNING code""")
_WRITTEN = (
    *("name", "aliases", "approval_kind", "phase", "lead_unit_code", "scope_basis"),
    *("investment_10k_yuan", "match_wanted", "confirmed_names", "names_since", "updated_at"),
)
_UNIT_LINES = """jsonb_to_recordset(CAST(:rows AS jsonb)) AS l (code text, name text, name_en text,
    aliases jsonb, valid_from date, valid_to date, region text, seen int)"""
ADD_UNITS = text(f"""
  INSERT INTO responsible_unit (code, name, name_en, valid_from, valid_to, region, match_wanted)
  SELECT l.code, l.name, l.name_en, l.valid_from, l.valid_to, l.region, true FROM {_UNIT_LINES}
  WHERE l.seen = 0 ORDER BY l.code
  ON CONFLICT DO NOTHING RETURNING code""")
CHANGE_UNITS = text(f"""
  UPDATE responsible_unit u SET name = l.name, name_en = l.name_en, valid_from = l.valid_from,
    valid_to = l.valid_to, region = l.region, match_wanted = true, version = u.version + 1
  FROM {_UNIT_LINES} WHERE u.code = l.code AND u.version = l.seen RETURNING u.code""")
DROP_ALIASES = text(f"""
  DELETE FROM unit_alias a USING {_UNIT_LINES}
  WHERE a.unit_code = l.code AND NOT l.aliases ? a.alias""")
ADD_ALIASES = text(f"""
  INSERT INTO unit_alias (alias, unit_code)
  SELECT alias, l.code FROM {_UNIT_LINES}, jsonb_array_elements_text(l.aliases) alias
  ORDER BY alias ON CONFLICT DO NOTHING""")
_ROWS = "jsonb_populate_recordset(CAST(NULL AS project), CAST(:rows AS jsonb))"
INSERT = text(f"""
  INSERT INTO project (code, version, {", ".join(_WRITTEN)})
  SELECT code, version, {", ".join(_WRITTEN)} FROM {_ROWS} ORDER BY code
  ON CONFLICT DO NOTHING RETURNING code""")
UPDATE = text(f"""
  UPDATE project p SET version = p.version + 1,
    {", ".join(f"{column} = n.{column}" for column in _WRITTEN)}
  FROM {_ROWS} n WHERE p.code = n.code AND p.version = n.version RETURNING p.code""")
MEMBERS = text("""
  INSERT INTO project_list_member (list_id, project_code)
  SELECT CAST(:list_id AS uuid), unnest(CAST(:codes AS text[])) ON CONFLICT DO NOTHING""")
