"""Which full walks prove that what was not found then was absent, as SQL."""

COUNTS = """
(f.noted_at IS NOT NULL OR f.walked_at = (SELECT min(p.proven_at) FROM portal p
  WHERE p.unit_code = f.unit_code AND p.enabled
  HAVING bool_and(p.proven_at IS NOT NULL)))"""
"""Of a row `f` of `full_walk`: not what was recorded before two walks that agree were asked for.

From when they were, it is noted when a walk came to count. Of what a release recorded without that,
the portals say by themselves whether two walks agree: until they do, it may have been one alone.
"""
