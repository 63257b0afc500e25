"""Calls of AWS as they happen: read, judged, recorded, refused."""
