"""Whether what an order was closed by still counts, as a piece of SQL for who shows it.

Reports and duties say beside a verdict that it was put right. They ask for it where they find the
order, so that a proof that people took back counts nowhere any more, also before the order has
gone back to its unit.
"""

STILL_PROVES = """NOT EXISTS (SELECT FROM publication_fact b WHERE b.duty_id = f.duty_id
  AND b.kind = 'taken_back' AND b.url = f.url AND b.id > f.id)"""
"""Of a fact `f`: the page was not taken back after it, as `duties.rules.counting` has it."""
