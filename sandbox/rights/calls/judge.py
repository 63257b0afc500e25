"""Judges calls: which rights they need, what the caller's policies say, and what is written down of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.callers import Caller
from sandbox.rights.actions import Call, UnmappedCallError, accesses
from sandbox.rights.calls.policies import Policies
from sandbox.rights.calls.records import Own, Records, Refusal
from sandbox.rights.calls.state import State
from sandbox.rights.calls.written import rights
from sandbox.rights.decide import decide
from sandbox.rights.policy.document import Policy
from sandbox.rights.request import Access


class Judge:
    """Says whether a caller may do something, and remembers it."""

    def __init__(self, account: str, policies: Policies) -> None:
        self.records = Records()
        self._account = account
        self._policies = policies
        self._states: dict[str, State] = {}

    def refusal(self, caller: Caller, service: str, operation: str, params: Mapping[str, Any], region: str) -> str:
        """Why a call is refused, in AWS's words; empty for one that is allowed.

        A call that nobody knows how to judge is refused too: it would be a right that nothing holds to account.
        """
        call = Call(
            principal=caller.principal,
            session=caller.session,
            service=service,
            operation=operation,
            params=params,
            region=region,
            account=self._account,
            context=caller.context,
        )
        state = self._states.setdefault(region, State(self._account, region))
        try:
            needed = accesses(call, state)
        except UnmappedCallError as error:
            self.unmapped(caller, f"{service}:{operation}", str(error))
            return str(error)
        endpoint = self._policies.endpoint(service, region) if caller.placed else None
        for access in needed:
            why = self._refused(access, endpoint)
            if why:
                return why
        return ""

    def denial(self, caller: Caller, action: str, resource: str, region: str) -> str:
        """Why one action on one resource is refused that comes about without a request; empty if it is allowed."""
        given = {"aws:securetransport": ("true",), "aws:requestedregion": (region,), **caller.context}
        return self._refused(Access(caller.principal, action, (resource,), given, caller.session))

    def unmapped(self, caller: Caller, action: str, text: str) -> None:
        """Notes a call that could not be judged."""
        self.records.refused(Refusal(caller.principal, action, "", "unmapped", text))

    def _refused(self, access: Access, endpoint: Policy | None = None) -> str:
        decision = decide(access, replace(self._policies.grants(access), endpoint=endpoint))
        self.records.decided(access, decision, lambda: self._own(access.principal))
        return decision.text

    def _own(self, principal: str) -> Own:
        return {name: rights(name, text) for name, text in self._policies.documents(principal).items()}
