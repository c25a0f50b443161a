"""Letters as they come in: numbered, sealed, found again by their query code."""
