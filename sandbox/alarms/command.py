"""What `python -m sandbox status` says of alarms."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any


def told(states: Sequence[Mapping[str, Any]]) -> list[str]:
    """How many alarms are in each state, and each one that is in alarm with why; nothing for a stack without."""
    if not states:
        return []
    counted = Counter(str(row["state"]) for row in states)
    lines = [f"alarms: {', '.join(f'{times} {state}' for state, times in sorted(counted.items()))}"]
    for row in states:
        if row["state"] == "ALARM":
            since = time.strftime("%H:%M:%SZ", time.gmtime(row["since"]))
            lines.append(f"  ALARM {row['name']} ({row['region']}) since {since}: {row['reason']}")
    return lines
