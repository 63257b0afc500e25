"""Health, and the document of the API."""
