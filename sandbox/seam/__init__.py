"""The seam between Pulumi and the local cloud: what the program declares is named, created or recorded here."""
