"""`python -m operations tables|objects|database|dashboards …`: brings a state back, and provisions Grafana."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; 0 when it did what was asked, 1 with a message when it did not."""
    from botocore.exceptions import BotoCoreError, ClientError

    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except (BotoCoreError, ClientError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m operations", description=__doc__)
    nouns = parser.add_subparsers(required=True, metavar="tables|objects|database|dashboards")
    verbs = nouns.add_parser("tables", help="DynamoDB").add_subparsers(
        required=True, metavar="restorable|compare|copy-back"
    )
    ready = verbs.add_parser("restorable", help="fail while a time cannot be restored yet")
    ready.add_argument("--table", required=True)
    ready.add_argument("--at", required=True, type=moment, help="the last good time, such as 2026-01-31T12:00:00Z")
    ready.set_defaults(command=_restorable)
    both = argparse.ArgumentParser(add_help=False)
    both.add_argument("--live", required=True, help="the table in use")
    both.add_argument("--restored", required=True, help="the table that was restored beside it")
    compare = verbs.add_parser("compare", parents=[both], help="tell what differs")
    compare.add_argument("--keys", action="store_true", help="list the key of each item that differs")
    compare.add_argument("--expect-none", action="store_true", help="fail when an item is missing or changed")
    compare.set_defaults(command=_compare)
    back = verbs.add_parser("copy-back", parents=[both], help="put restored items into the table in use")
    back.add_argument("--only", choices=["missing", "changed"], help="leave the others as they are")
    back.set_defaults(command=_copy_back)
    restore = nouns.add_parser("objects", help="S3").add_subparsers(required=True, metavar="restore")
    objects = restore.add_parser("restore", help="make the versions of an earlier time the current ones")
    objects.add_argument("--bucket", required=True)
    objects.add_argument("--prefix", required=True, help="which objects; '' for all")
    objects.add_argument("--at", required=True, type=moment, help="the last good time, such as 2026-01-31T12:00:00Z")
    objects.add_argument("--dry-run", action="store_true", help="tell what would be done")
    objects.set_defaults(command=_restore)
    database = nouns.add_parser("database", help="Aurora").add_subparsers(required=True, metavar="take-over")
    over = database.add_parser("take-over", help="use the newest copy of a lost region's database in another one")
    over.add_argument("--region", required=True, help="the region that takes over")
    over.add_argument("--prefix", required=True, help="beginning of the stack's names, such as mlplatform-prod")
    over.set_defaults(command=_take_over)
    boards = nouns.add_parser("dashboards", help="files for Grafana and Prometheus, from a stack's exports")
    boards.add_argument("--exports", required=True, type=Path, help="what `pulumi stack output --json` printed")
    boards.add_argument("--to", required=True, type=Path, help="a folder such as dist/grafana")
    boards.set_defaults(command=_dashboards)
    return parser


def moment(text: str) -> datetime:
    """A time with its zone; ValueError without one, since 12:00 is not the same everywhere."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; give it as 2026-01-31T12:00:00Z") from None
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no zone; add Z for UTC")
    return found.astimezone(timezone.utc)


def _client(service: str, region: str | None = None, **more: Any) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(service, region_name=region, config=Config(**more))


def _take_over(options: Any) -> int:
    from operations.database import TakeOver

    region = options.region
    # Migrations take as long as they take.
    functions = _client("lambda", region, read_timeout=900, retries={"total_max_attempts": 1})
    TakeOver(
        rds=_client("rds", region),
        secrets=_client("secretsmanager", region),
        functions=functions,
        prefix=options.prefix,
        say=print,
    ).run()
    return 0


def _dashboards(options: Any) -> int:
    from operations.dashboards import provision

    for path in provision(json.loads(options.exports.read_text(encoding="utf-8")), options.to):
        print(path)
    return 0


def _restorable(options: Any) -> int:
    from operations.tables import restorable

    ready = restorable(_client("dynamodb"), options.table, options.at)
    print(f"{options.table} can {'' if ready else 'not yet '}be restored to {options.at.isoformat()}")
    return 0 if ready else 1


def _compare(options: Any) -> int:
    from operations.tables import differences

    found = differences(_client("dynamodb"), options.live, options.restored)
    print(f"{len(found.missing)} missing, {len(found.changed)} changed, {len(found.added)} added since")
    if options.keys:
        for name, keys in (("missing", found.missing), ("changed", found.changed), ("added", found.added)):
            for key in keys:
                print(name, key)
    return 1 if options.expect_none and (found.missing or found.changed) else 0


def _copy_back(options: Any) -> int:
    from operations.tables import copy_back

    done = copy_back(_client("dynamodb"), options.live, options.restored, only=options.only)
    print(f"{done.copied} copied back, {len(done.overtaken)} left because they were written meanwhile")
    for key in done.overtaken:
        print("left", key)
    return 0


def _restore(options: Any) -> int:
    from operations.objects import restore

    done = restore(_client("s3"), options.bucket, options.prefix, options.at, dry_run=options.dry_run)
    verb = "would be brought back" if options.dry_run else "brought back"
    print(f"{len(done.restored)} {verb}, {len(done.newer)} are newer than that and left, {done.untouched} as they were")
    for key in done.restored:
        print(verb, key)
    for key, why in done.failed.items():
        print(f"failed {key}: {why}", file=sys.stderr)
    return 1 if done.failed else 0


if __name__ == "__main__":
    sys.exit(main())
