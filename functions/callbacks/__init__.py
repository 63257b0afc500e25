"""Messages to callers' own addresses: signed, retried, and to public addresses alone."""
