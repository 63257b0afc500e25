"""What governs a whole stack, composed from its settings: once, whatever number of regions it has."""

from __future__ import annotations

from pulumi import Output

from components.governance.budget import Budget, BudgetArgs, SpendingRole
from components.region import Region


def govern(home: Region, away: Region | None, environment: str) -> None:
    """Declares the budget of a stack, in its first region."""
    stack, chosen = home.stack, home.stack.settings.budget
    if not chosen.enabled:
        return
    regions = [home] if away is None else [home, away]
    roles = [
        SpendingRole(name=role.name, arn=role.arn) for region in regions for role in region.workflow.spending_roles()
    ]
    roles += [
        SpendingRole(
            name=path.rpartition("/")[2], arn=Output.format("arn:aws:iam::{0}:role/{1}", stack.account_id, path)
        )
        for path in chosen.stop_roles
    ]
    args: BudgetArgs = {
        "name_prefix": stack.prefix,
        "account_id": stack.account_id,
        "environment": environment,
        "key_arn": home.ground.keys.arn("notifications"),
        "roles": roles,
        "limit_usd": chosen.limit_usd,
        "scope": chosen.scope,
        "stop": chosen.stop,
        "anomalies": chosen.anomalies,
        "anomaly_usd": chosen.anomaly_usd,
        "activate_tags": chosen.activate_tags,
        "emails": stack.settings.observability.emails,
    }
    Budget(stack.named("budget"), args, stack.opts)
