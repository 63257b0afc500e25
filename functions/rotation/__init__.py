"""Rotation: gives a secret a new value in four steps, with the old one in force until the new one works."""
