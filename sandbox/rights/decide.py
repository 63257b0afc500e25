"""The decision: an explicit denial first, then every kind of policy that has to allow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from sandbox.rights.grants import Grants, carrier
from sandbox.rights.policy.document import Policy, Statement
from sandbox.rights.policy.principals import Reach
from sandbox.rights.request import Access, Facts

Why = Literal["allowed", "explicit deny", "no allow", "boundary", "resource policy", "key policy", "endpoint policy"]

MUST_ALLOW: Final = ("kms:", "sts:assumerole", "sts:tagsession")
"""Beginnings of actions whose resource has to agree itself: a key by its policy, a role by its trust."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What IAM says to a call, and what made it say so."""

    why: Why
    statements: tuple[Statement, ...]
    """Those that decided; none where a refusal comes from the lack of one."""
    resource: str = ""
    """The first resource that was refused; empty where all are allowed."""
    text: str = ""
    """The refusal in AWS's words; empty where all are allowed."""
    almost: tuple[str, ...] = ()
    """What AWS does not say: statements that name the action, and what keeps each from allowing this call."""

    @property
    def allowed(self) -> bool:
        """Whether the call may be made."""
        return self.why == "allowed"


class _Verdict(NamedTuple):
    """What all policies say about one resource."""

    why: Why
    statements: tuple[Statement, ...] = ()
    kind: str = ""
    """AWS's name of the kind of policy that refused, or that would have had to allow."""


class _Said(NamedTuple):
    """What one kind of policy says about one resource."""

    kind: str
    denies: tuple[Statement, ...]
    allows: tuple[tuple[Statement, Reach], ...]
    of_key: bool = False


def decide(access: Access, grants: Grants) -> Decision:
    """What IAM says to a call: every resource has to be allowed.

    Raises:
        ValueError: where the call names no resource, or a principal in no known form.
    """
    if not access.resources:
        raise ValueError(f"{access.action} names no resource; give ARNs, or '*' where the action has none")
    facts, action = Facts(access), access.action.lower()
    used: dict[Statement, None] = {}
    for resource in access.resources:
        facts.resource = resource
        found = _decided(action, grants, facts)
        if found.why != "allowed":
            almost = () if found.why == "explicit deny" else _almost(action, grants, facts)
            return Decision(found.why, found.statements, resource, _text(access, facts, found), almost)
        used.update(dict.fromkeys(found.statements))
    return Decision("allowed", tuple(used))


def _decided(action: str, grants: Grants, facts: Facts) -> _Verdict:
    identity = _said("identity-based policy", grants.identity, action, facts, of_resource=False)
    boundary = _said("permissions boundary", _some(grants.boundary), action, facts, of_resource=False)
    carried = grants.resource.get(carrier(facts.resource)) if grants.resource else None
    kind = "role trust policy" if action.startswith("sts:") else "resource-based policy"
    resource = _said(kind, _some(carried), action, facts, of_resource=True)
    # What a service does for its caller, it does beside the caller's network.
    door = None if facts("aws:viaawsservice") == ("true",) else grants.endpoint
    endpoint = _said("VPC endpoint policy", _some(door), action, facts, of_resource=True)
    for said in (identity, boundary, resource, endpoint):
        if said.denies:
            return _Verdict("explicit deny", said.denies, said.kind)
    granted = _granted(action, facts)(identity, resource)
    if granted.why != "allowed":
        return granted
    if grants.boundary is not None and not boundary.allows and not _unbounded(resource, facts):
        return _Verdict("boundary", (), boundary.kind)
    if door is not None and not endpoint.allows:
        return _Verdict("endpoint policy", (), endpoint.kind)
    return granted


def _unbounded(resource: _Said, facts: Facts) -> bool:
    """Whether a resource of the account grants to a session, to a user or to everyone.

    A boundary does not limit that: it does not come by the role. What is granted to the role by its name does.
    """
    by_role = "principal" if facts.who.kind == "role" else "account"
    own = facts.who.account == facts.resource_account
    return own and any(reach not in {"account", by_role} for _, reach in resource.allows)


def _said(kind: str, policies: Iterable[Policy], action: str, facts: Facts, *, of_resource: bool) -> _Said:
    denies, allows = [], []
    for policy in policies:
        for row in policy.about(action, facts.resource, facts):
            # An identity's policy speaks about that identity; a resource's only about whom it names.
            reach: Reach = row.who.reach(facts.who) if row.who is not None else ("" if of_resource else "principal")
            if reach and row.allows:
                allows.append((row, reach))
            elif reach:
                denies.append(row)
    return _Said(kind, tuple(denies), tuple(allows), action.startswith("kms:"))


def _granted(action: str, facts: Facts) -> Callable[[_Said, _Said], _Verdict]:
    """How the caller's own policies and the resource's go together for a call that nothing denies."""
    if not facts.who.account:
        return _for_strangers
    if facts.who.account != facts.resource_account:
        return _across_accounts
    return _by_resource if action.startswith(MUST_ALLOW) else _within_account


def _by_resource(own: _Said, resource: _Said) -> _Verdict:
    """Keys and roles: their policy allows the caller, or leaves it to the account's IAM, which has to allow then."""
    if direct := _direct(resource):
        return _Verdict("allowed", direct)
    if not resource.allows:
        return _lacking(resource)
    return _Verdict("allowed", (*_all(own), *_all(resource))) if own.allows else _Verdict("no allow", (), own.kind)


def _for_strangers(_: _Said, resource: _Said) -> _Verdict:
    """Services and strangers have no policies of their own."""
    direct = _direct(resource)
    return _Verdict("allowed", direct) if direct else _lacking(resource)


def _within_account(own: _Said, resource: _Said) -> _Verdict:
    """Either side is enough, where the resource names the caller himself and not just the account."""
    allowing = _all(own) or _direct(resource)
    return _Verdict("allowed", allowing) if allowing else _Verdict("no allow", (), own.kind)


def _across_accounts(own: _Said, resource: _Said) -> _Verdict:
    """Both sides have to allow."""
    if own.allows and resource.allows:
        return _Verdict("allowed", (*_all(own), *_all(resource)))
    return _Verdict("no allow", (), own.kind) if _direct(resource) else _lacking(resource)


def _lacking(resource: _Said) -> _Verdict:
    return _Verdict("key policy" if resource.of_key else "resource policy", (), resource.kind)


def _all(said: _Said) -> tuple[Statement, ...]:
    return tuple(row for row, _ in said.allows)


def _direct(said: _Said) -> tuple[Statement, ...]:
    return tuple(row for row, reach in said.allows if reach != "account")


def _some(policy: Policy | None) -> tuple[Policy, ...]:
    return () if policy is None else (policy,)


def _almost(action: str, grants: Grants, facts: Facts) -> tuple[str, ...]:
    """Statements that would have allowed another call of the action; without any, what else is allowed there."""
    carried = grants.resource.get(carrier(facts.resource))
    policies = (*grants.identity, *_some(grants.boundary), *_some(carried), *_some(grants.endpoint))
    near = tuple(
        f"{row} {', and '.join(unmet)}"
        for policy in policies
        for row in policy.naming(action)
        if row.allows and (unmet := row.unmet(facts.resource, facts))
    )
    if near or facts.resource == "*":
        return near
    return tuple(
        f"{row} is about {others} there"
        for policy in grants.identity
        for row in policy.statements
        if row.allows and (others := row.beside(action)) and row.fits(facts.resource, facts)
    )


def _text(access: Access, facts: Facts, found: _Verdict) -> str:
    """The refusal as AWS writes it."""
    where = f" on resource: {facts.resource}" if facts.resource != "*" else ""
    if found.why == "explicit deny":
        article = "an" if found.kind[0] in "aeiou" else "a"
        reason = f"with an explicit deny in {article} {found.kind}"
    else:
        reason = f"because no {found.kind} allows the {access.action} action"
    return f"User: {facts.who.shown} is not authorized to perform: {access.action}{where} {reason}"
