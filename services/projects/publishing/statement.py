"""The written SQL of the release register: what waits, what was seen, what is reached."""

from sqlalchemy import text

from services.projects.coverage import CARRIERS, ENDS_NO_CLOCK, IS_ABOUT
from services.projects.successors import now_of

_UNIT_NOW = now_of("r.unit_code")

# Portals that are carriers and no statutory ones.
_COVERAGE_ONLY = f"""
SELECT y.portal_id FROM carrier y
WHERE y.portal_id = ANY(CAST(:portals AS text[])) AND {ENDS_NO_CLOCK}"""
COVERAGE_ONLY = text(_COVERAGE_ONLY)

# One row without a claim where there is none.
CLAIMS = text(f"""
SELECT o.portals, said.*
FROM (SELECT ARRAY({_COVERAGE_ONLY}) AS portals) o
LEFT JOIN (
  SELECT d.id AS duty_id, x.url, r.title, r.doc_no, r.claimed_at, r.released_at AS received_at,
         r.origin = 'register' OR r.signed_at IS NOT NULL AS is_attested, r.id AS release_id
  FROM duty d
  JOIN registered_release r ON {IS_ABOUT} AND r.state = ANY(CAST(:believed AS text[]))
  JOIN release_place x ON x.release_id = r.id AND x.url IS NOT NULL
  LEFT JOIN carrier c ON c.code = x.carrier_code
  WHERE d.id = ANY(CAST(:duties AS uuid[])) AND coalesce(c.is_statutory, true)) said ON true
ORDER BY said.received_at, said.duty_id, said.claimed_at, said.url, said.release_id""")

# Pages at an address that was released since they were read are looked through again. The places
# are locked before their pages, by the matcher alone.
WANT_PLACES = text(f"""
WITH fresh AS (
  UPDATE release_place SET is_new = false
  WHERE id IN (SELECT id FROM release_place WHERE is_new ORDER BY id LIMIT 200
               FOR NO KEY UPDATE SKIP LOCKED)
  RETURNING id, release_id, carrier_code, url),
wanted AS (
  UPDATE portal_page p SET match_wanted = true
  FROM fresh f
  JOIN registered_release r ON r.id = f.release_id
  LEFT JOIN carrier c ON c.code = f.carrier_code
  WHERE p.url = f.url
    AND p.portal_id = ANY(ARRAY(SELECT id FROM portal
                                WHERE unit_code = {_UNIT_NOW} OR id = c.portal_id))
  RETURNING p.id)
SELECT (SELECT count(*) FROM fresh) AS places, (SELECT count(*) FROM wanted) AS pages""")

# What may be found on these pages.
PLACES_ON = text(f"""
SELECT x.id AS place_id, r.id AS release_id, p.id AS page_id, r.title, r.doc_no
FROM portal_page p
JOIN portal v ON v.id = p.portal_id
JOIN release_place x ON x.url = p.url AND x.seen_at IS NULL
JOIN registered_release r ON r.id = x.release_id AND r.state = ANY(CAST(:sought AS text[]))
LEFT JOIN carrier c ON c.code = x.carrier_code
WHERE p.id = ANY(CAST(:pages AS uuid[])) AND (v.unit_code = {_UNIT_NOW} OR v.id = c.portal_id)
ORDER BY x.id""")

# Duties of which nothing was seen that the register ties to these pages.
TIED_TO = text(f"""
SELECT DISTINCT p.id AS page_id, d.id AS duty_id, r.title, r.doc_no
FROM portal_page p
JOIN portal v ON v.id = p.portal_id
JOIN release_place x ON x.url = p.url
JOIN registered_release r ON r.id = x.release_id AND r.state = ANY(CAST(:believed AS text[]))
LEFT JOIN carrier c ON c.code = x.carrier_code
JOIN duty d ON d.unit_code IN (r.unit_code, {_UNIT_NOW}) AND {IS_ABOUT}
JOIN standing s ON s.duty_id = d.id AND (NOT s.is_seen OR s.is_gone)
  AND s.hold <> 'not_applicable'
WHERE p.id = ANY(CAST(:pages AS uuid[])) AND (v.unit_code = {_UNIT_NOW} OR v.id = c.portal_id)
ORDER BY p.id, d.id""")

# A duty that is recorded after its page was released and read: the page is looked through again.
WANT_AGAIN = text(f"""
UPDATE release_place x SET is_new = true
FROM registered_release r, duty d
WHERE x.release_id = r.id AND {IS_ABOUT} AND d.id = ANY(CAST(:duties AS uuid[]))
  AND r.state = ANY(CAST(:believed AS text[]))""")

NOTE_SEEN = text("""
UPDATE release_place x SET seen_at = :now, page_id = found.page_id
FROM unnest(CAST(:places AS uuid[]), CAST(:pages AS uuid[])) AS found (place_id, page_id)
WHERE x.id = found.place_id AND x.seen_at IS NULL""")

# It is verified where the clock ends; elsewhere only of what stands nowhere else.
VERIFY_SEEN = text("""
UPDATE registered_release r SET state = :to, verified_at = :now, verified_by = :actor,
  version = r.version + 1
WHERE r.id = ANY(CAST(:releases AS uuid[])) AND r.state = ANY(CAST(:before AS text[]))
  AND EXISTS (
    SELECT FROM release_place x LEFT JOIN carrier c ON c.code = x.carrier_code
    WHERE x.release_id = r.id AND x.seen_at IS NOT NULL
      AND (coalesce(c.is_statutory, true) OR NOT EXISTS (
        SELECT FROM release_place y LEFT JOIN carrier s ON s.code = y.carrier_code
        WHERE y.release_id = r.id AND coalesce(s.is_statutory, true))))
RETURNING r.id""")

# Two walks of each column that it may stand on began after it was released, and all that they met
# is matched. What stands where nobody but people can look waits for no walk.
MISS = text(f"""
UPDATE registered_release SET state = :to, version = version + 1
WHERE id IN (
  SELECT r.id FROM registered_release r
  WHERE r.state = ANY(CAST(:before AS text[]))
    AND NOT EXISTS (SELECT FROM release_place x WHERE x.release_id = r.id AND x.is_new)
    AND NOT EXISTS (
      SELECT FROM release_place x
      LEFT JOIN carrier c ON c.code = x.carrier_code
      JOIN portal p ON p.enabled AND CASE WHEN x.carrier_code IS NULL
        THEN p.unit_code = {_UNIT_NOW} ELSE p.id = c.portal_id END
      WHERE x.release_id = r.id
        AND (p.proven_at IS NULL OR p.proven_at <= r.released_at OR EXISTS (
          SELECT FROM portal_page q WHERE q.portal_id = p.id AND q.match_wanted)))
  ORDER BY r.id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id""")

FOUND_BY_PERSON = text("""
UPDATE release_place SET seen_at = :now
WHERE id = ANY(CAST(:places AS uuid[])) AND seen_at IS NULL""")

# Whether unit, item and duty are there, and which carriers are neither the unit's own nor for all.
BASIS = text("""
SELECT EXISTS (SELECT FROM responsible_unit WHERE code = :unit AND valid_from <= :day
               AND coalesce(valid_to >= :day, true)) AS has_unit,
       EXISTS (SELECT FROM catalogue_item WHERE item_code = :item) AS has_item,
       CAST(:duty AS uuid) IS NULL OR EXISTS (
         SELECT FROM duty WHERE id = CAST(:duty AS uuid) AND unit_code = :unit
           AND item_code = :item) AS has_duty,
       ARRAY(SELECT w.code FROM unnest(CAST(:carriers AS text[])) AS w (code)
             WHERE NOT EXISTS (SELECT FROM carrier c WHERE c.code = w.code AND c.enabled
               AND (c.unit_code IS NULL OR c.unit_code = :unit))) AS unknown_carriers""")

NUMBER = text("""
SELECT coalesce(max(register_seq), 0) + 1 FROM registered_release
WHERE unit_code = :unit AND register_year = :year""")

# What has a number in the register keeps it, and the unit that gave it; it is found by `_UNIT_NOW`.
HAND_OVER_RELEASES = text("""
UPDATE registered_release SET unit_code = :into, version = version + 1
WHERE unit_code = :unit AND state = ANY(CAST(:unfinished AS text[]))
RETURNING id""")
HAND_OVER_CARRIERS = text("""
UPDATE carrier SET unit_code = :into, updated_at = :now, version = version + 1
WHERE unit_code = :unit RETURNING code""")

CARRIERS_OF_DUTY = text(f"""
SELECT d.unit_code, o.code, o.name, o.name_en, o.kind, o.is_statutory, o.is_must, o.reached_at
FROM duty d LEFT JOIN LATERAL ({CARRIERS}) o ON true
WHERE d.id = :duty ORDER BY o.is_must DESC, o.code""")
