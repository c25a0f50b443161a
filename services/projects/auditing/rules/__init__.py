"""Pure rules of the audit: judging a duty, scoring a unit, composing and printing a report."""
