"""Personal data in Chinese text: found, proposed for redaction, and cut out. Pure."""
