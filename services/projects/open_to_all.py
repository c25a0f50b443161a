"""What of a publication everybody may know: pieces of SQL for the rooms that show it to all."""

# Of a publication `p`: whether it was found in a column that is not for everybody, as the capture
# says that it was read by, or the column is now.
IS_CLOSED = """
EXISTS (SELECT FROM publication_fact f
  LEFT JOIN capture k ON k.id = f.evidence_id
  LEFT JOIN portal v ON v.id = k.chain
  WHERE f.id = p.fact_id AND CASE WHEN k.id IS NULL
    THEN EXISTS (SELECT FROM portal w JOIN portal_page g ON g.portal_id = w.id AND g.url = f.url
                 WHERE NOT w.is_public)
    ELSE NOT k.is_public OR NOT coalesce(v.is_public, true) END)"""

# Its address, as long as it leads somewhere: what was taken down may have been for a reason.
URL = f"CASE WHEN p.gone_at IS NULL AND NOT {IS_CLOSED} THEN p.url END"

# Of a standing `s`: that such a matter exists is kept back as well (政府信息公开条例第十四条).
IS_SHOWN = "s.hold <> 'exempt'"
