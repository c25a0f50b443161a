"""What a report is sealed by: a root over all facts and all captures; the path of each fact."""
