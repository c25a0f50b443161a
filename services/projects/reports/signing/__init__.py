"""What becomes of a frozen report: signed by another person, withdrawn, a signed one by two."""
