"""Which carriers a duty has to appear on, which it has reached, and which end a clock.


Pieces of SQL that `publishing` offers to rooms which read the tables of carriers with their own;
they stand beside the rooms, because `publishing` itself looks duties up.
"""

from services.projects.successors import now_of, with_predecessors

# Whether an entry `r` of the release register is about a duty `d`, also what a unit entered before
# it became part of the one that owes it now: it names the duty, or the same project and subject, or
# at least the document's number. What names neither project nor subject nor number is about no
# duty: one entry for a quarter would be about all of them.
IS_ABOUT = f"""
(r.unit_code = ANY({with_predecessors("d.unit_code")}) AND r.item_code = d.item_code
 AND (r.duty_id = d.id OR r.duty_id IS NULL AND r.project_code IS NOT DISTINCT FROM d.project_code
  AND (r.doc_no = d.doc_no OR r.subject IS NOT DISTINCT FROM d.subject
   AND (r.doc_no IS NULL OR d.doc_no IS NULL))))"""

# A carrier `y` on which nothing ends a clock: what stands there only reaches one more place.
ENDS_NO_CLOCK = "y.enabled AND NOT y.is_statutory"

# Reached: a page there publishes the duty, or the register's entry about it was verified there.
_REACHED = f"""
SELECT min(at) FROM (
  SELECT x.seen_at AS at FROM release_place x JOIN registered_release r ON r.id = x.release_id
  WHERE x.carrier_code = c.code AND x.seen_at IS NOT NULL AND r.state = 'verified' AND {IS_ABOUT}
  UNION ALL
  SELECT g.content_seen_at FROM page_match m JOIN portal_page g ON g.id = m.page_id
  WHERE m.duty_id = d.id AND m.state = 'accepted' AND g.portal_id = c.portal_id
    AND g.gone_at IS NULL) reached"""

CARRIERS = f"""
SELECT c.code, c.name, c.name_en, c.kind, c.is_statutory, must.is_must, ({_REACHED}) AS reached_at
FROM carrier c,
  LATERAL (SELECT EXISTS (SELECT FROM jsonb_array_elements_text(c.must_for) AS part (code)
    WHERE part.code = '*' OR d.item_code = part.code OR d.item_code LIKE part.code || '-%')
    AS is_must) must
WHERE c.enabled AND (c.unit_code IS NULL OR c.unit_code = {now_of("d.unit_code")})"""
"""The carriers on which a duty `d` may appear."""

COVERAGE = f"""
SELECT jsonb_build_object('must', count(*), 'reached', count(o.reached_at))
FROM ({CARRIERS}) o WHERE o.is_must"""
"""On how many carriers a duty `d` must appear, and on how many of those it does."""
