"""What must hold between settings, and what one pattern cannot say."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Final

from components.network.plan import NEEDED_SERVICES
from components.settings import door_checks
from components.settings.governance.watch import listeners
from components.settings.recovery import SHARED_NODE_TYPE, Recovery
from components.settings.regions import region_problems, together
from components.settings.sections import Cache, Network, Settings

_PRIVATE: Final = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
# The bridge of SageMaker's container hosts uses this range itself.
_TAKEN: Final = ipaddress.IPv4Network("172.17.0.0/16")
_TAG: Final = re.compile(r"[\w .:/=+@-]{1,128}")
_TAG_VALUE: Final = re.compile(r"[\w .:/=+@-]{1,256}")
_RESERVED_TAGS: Final = ("Environment", "ManagedBy", "Project")
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK_MIN: Final = 7 * 24 * 60


def problems(settings: Settings) -> list[str]:
    """Everything that AWS would refuse or that would not work, each with its remedy."""
    return [f"mlplatform:{problem}" for check in _CHECKS for problem in check(settings)]


def _network(settings: Settings) -> list[str]:
    network = settings.network
    found = _cidr(network)
    if not network.zones:
        found.append("network.zones is empty; allowed: one to six letters; add a zone such as a")
    if network.zones == (network.second_zone,):
        found.append(
            f"network.secondZone is {network.second_zone!r} while network.zones holds it alone; allowed: another "
            "letter, since a database needs two zones; change it"
        )
    missing = [service for service in NEEDED_SERVICES if service not in network.interface_endpoints]
    if network.nat == "none" and missing:
        found.append(
            f"network.interfaceEndpoints lacks {', '.join(missing)} while network.nat is none; allowed: at least "
            f"{', '.join(NEEDED_SERVICES)}; add them, or set network.nat to single or perAz"
        )
    return found


def _cidr(network: Network) -> list[str]:
    wrong = f"network.cidr is {network.cidr!r}; allowed: a private IPv4 range such as 10.0.0.0/16, /16 to /22"
    try:
        block = ipaddress.IPv4Network(network.cidr)
    except ValueError as error:
        return [f"{wrong}; {str(error).lower()}; {_remedy(network.cidr)}"]
    if not 16 <= block.prefixlen <= 22:
        return [
            f"{wrong}; a wider range is refused by AWS and a smaller one has no room for the subnets; change the length"
        ]
    if not any(block.subnet_of(private) for private in _PRIVATE):
        return [f"{wrong}; choose one inside {', '.join(map(str, _PRIVATE))}"]
    if block.overlaps(_TAKEN):
        return [f"{wrong}; {_TAKEN} is used inside SageMaker's hosts; choose another"]
    return []


def _remedy(cidr: str) -> str:
    try:
        return f"set it to {ipaddress.IPv4Network(cidr, strict=False)}"
    except ValueError:
        return "set it to four numbers from 0 to 255 and a length"


def _cache(settings: Settings) -> list[str]:
    cache, zones = settings.cache, settings.network.zones
    found = []
    if cache.multi_az and cache.nodes < 2:
        found.append(f"cache.nodes is {cache.nodes} while cache.multiAz is true; allowed: 2 to 6; add a node")
    if cache.multi_az and len(zones) < 2:
        found.append(
            f"network.zones has {len(zones)} while cache.multiAz is true; allowed: 2 or more; add a zone, "
            "or set cache.multiAz to false"
        )
    return found + _windows(cache)


def _secrets(settings: Settings) -> list[str]:
    secrets = settings.secrets
    if secrets.signing_overlap_days > secrets.rotation_days:
        told = f"secrets.signingOverlapDays is {secrets.signing_overlap_days} with rotationDays {secrets.rotation_days}"
        return [f"{told}; allowed: rotationDays at most, so that two keys are good at a time; lower it"]
    return []


def _windows(cache: Cache) -> list[str]:
    begin, end = cache.maintenance_window.split("-")
    start = _week_minute(begin)
    length = (_week_minute(end) - start) % _WEEK_MIN
    if not 60 <= length <= 24 * 60:
        return [
            f"cache.maintenanceWindow is {cache.maintenance_window!r}, {length} min; allowed: 60 to 1440; change it"
        ]
    first, last = (_minute(clock) for clock in cache.snapshot_window.split("-"))
    span = (last - first) % (24 * 60)
    if span < 60:
        return [
            f"cache.snapshotWindow is {cache.snapshot_window!r}, {span} minutes; allowed: 60 or more; change its end"
        ]
    if cache.snapshot_days and any((start + step) % (24 * 60) in _span(first, span) for step in range(length)):
        return [
            f"cache.snapshotWindow is {cache.snapshot_window!r}; allowed: outside of cache.maintenanceWindow; move one"
        ]
    return []


def _span(first: int, length: int) -> set[int]:
    return {(first + step) % (24 * 60) for step in range(length)}


def _week_minute(text: str) -> int:
    day, clock = text.split(":", 1)
    return _DAYS.index(day) * 24 * 60 + _minute(clock)


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _data(settings: Settings) -> list[str]:
    data = settings.data
    if data.lock_days and data.lock_mode == "COMPLIANCE" and not data.protect:
        remedy = "change one: nobody could destroy this stack before its locks end"
        return [
            f"data.lockMode is COMPLIANCE while data.protect is false; allowed: GOVERNANCE, or protect true; {remedy}"
        ]
    return []


def _database(settings: Settings) -> list[str]:
    return settings.database.problems()


def _endpoint(settings: Settings) -> list[str]:
    # Hosting speaks of its own fields; what is allowed comes from it.
    return [f"endpoint: {problem}; change it" for problem in settings.endpoint.problems()]


def _training(settings: Settings) -> list[str]:
    training = settings.training
    found = []
    if training.spot and training.max_wait_s < training.max_runtime_s:
        found.append(
            f"training.maxWaitS is {training.max_wait_s} with maxRuntimeS {training.max_runtime_s}; allowed: at least "
            "maxRuntimeS, since the wait includes the run; raise it"
        )
    if not training.algorithms:
        found.append("training.algorithms is empty; allowed: at least one; add one such as xgboost")
    return found


def _api(settings: Settings) -> list[str]:
    api = settings.api
    if api.burst < api.requests_per_second // 10:
        rate = api.requests_per_second
        return [f"api.burst is {api.burst}; allowed: a tenth of requestsPerSecond ({rate}) or more; raise it"]
    return []


def _insights(settings: Settings) -> list[str]:
    return settings.insights.problems(settings.region)


def _identity(settings: Settings) -> list[str]:
    return settings.identity.problems(settings.network.nat)


def _tags(settings: Settings) -> list[str]:
    found = []
    for key, value in settings.tags.items():
        legible = key if key.isprintable() and key else repr(key)
        if key in _RESERVED_TAGS:
            found.append(f"tags.{legible} is set by the program; allowed: other names; remove it")
        if key.lower().startswith("aws:") or not _TAG.fullmatch(key) or not _TAG_VALUE.fullmatch(value):
            found.append(
                f"tags.{legible} is {value!r}; allowed: letters, digits, spaces and . : / = + @ _ -, 128 for the name, "
                "256 for the value, not beginning with aws:; change it"
            )
    if len(settings.tags) > 40:
        found.append(f"tags has {len(settings.tags)} entries; allowed: at most 40 beside the program's; remove some")
    return found


def _recovery(settings: Settings) -> list[str]:
    recovery, standby = settings.recovery, settings.standby()
    if recovery is None or standby is None:
        return []
    found = [f"recovery.region {problem}" for problem in region_problems(recovery.region)]
    if recovery.region == settings.region:
        found.append(
            f"recovery.region is {recovery.region!r}, the region of the stack itself; allowed: another region; change "
            "it, or remove recovery"
        )
    elif not together(settings.region, recovery.region):
        found.append(
            f"recovery.region is {recovery.region!r} while aws:region is {settings.region!r}, in another partition of "
            "AWS; allowed: a region of the same one, since nothing is copied from one to the other; change it"
        )
    found += _apart(settings.network.cidr, recovery.cidr)
    found += _shared_cache(settings, recovery) if recovery.global_cache else []
    found += _kept(settings)
    # What holds for the first region holds for the second, whose settings are made of both sections.
    regional = (_network, _cache, _endpoint, _insights)
    return found + [f"recovery, as it is deployed there: {told}" for check in regional for told in check(standby)]


def _kept(settings: Settings) -> list[str]:
    """What a stack with a second region promises of the time that data can go back by."""
    least = {
        "data.recoveryDays": (settings.data.recovery_days, 35),
        "database.backupDays": (settings.database.backup_days if settings.database.enabled else 30, 30),
    }
    return [
        f"{name} is {days} in a stack with recovery; allowed: {wanted} or more, which it promises; raise it"
        for name, (days, wanted) in least.items()
        if days < wanted
    ]


def _shared_cache(settings: Settings, recovery: Recovery) -> list[str]:
    """Members of a global datastore are large, and alike."""
    ours, theirs = settings.cache.node_type, recovery.cache_node_type
    found = []
    if not re.fullmatch(SHARED_NODE_TYPE, ours):
        found.append(
            f"cache.nodeType is {ours!r} while recovery.globalCache is true; allowed: m5, r5 or newer, large or above, "
            "such as cache.m7g.large; change it, or set recovery.globalCache to false"
        )
    if theirs != ours:
        found.append(
            f"recovery.cacheNodeType is {theirs!r} while recovery.globalCache is true; allowed: {ours}, the type of "
            "cache.nodeType, which every member of a global datastore has; set it to that"
        )
    return found


def _apart(first: str, second: str) -> list[str]:
    try:
        ours, theirs = ipaddress.IPv4Network(first), ipaddress.IPv4Network(second)
    except ValueError:
        return []  # told by the check of each network
    if not ours.overlaps(theirs):
        return []
    return [
        f"recovery.cidr is {second!r}, which overlaps network.cidr {first!r}; allowed: a range beside it; change it"
    ]


_CHECKS: tuple[Callable[[Settings], list[str]], ...] = (
    _network,
    _data,
    _cache,
    _database,
    _secrets,
    _endpoint,
    _training,
    _api,
    _identity,
    door_checks.site,
    door_checks.api,
    door_checks.load_balancer,
    listeners,
    _recovery,
    _tags,
)
