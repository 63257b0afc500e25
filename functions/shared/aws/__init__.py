"""Calls of AWS: signed by hand where every millisecond counts, by the SDK elsewhere."""
