"""What every capability stands on: settings, proxy events, errors, tokens, logs, cache, signed calls."""
