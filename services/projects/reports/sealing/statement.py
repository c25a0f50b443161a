"""The written SQL of the tree of facts."""

from sqlalchemy import text

SOME_FACTS = text("""
  SELECT id, sha256 FROM publication_fact WHERE id > :after AND id <= :last
  ORDER BY id LIMIT :limit""")

SIGNED_LAST = text("""
  SELECT r.id, r.as_of, r.last_fact, r.inputs ->> 'captures_root' AS captures_root, r.body,
         s.year, s.serial, s.signed_at
  FROM report_signature s JOIN report r ON r.id = s.report_id
  WHERE NOT EXISTS (SELECT FROM report_withdrawal w WHERE w.report_id = r.id)
  ORDER BY s.signed_at DESC, r.id DESC LIMIT 1""")
"""The report that was signed last and stands."""
