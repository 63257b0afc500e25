"""What callers read and change, page by page and version by version."""
