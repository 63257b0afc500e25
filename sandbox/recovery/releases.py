"""Versions and aliases of functions that change after the deployment: what callers reach changes with them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sandbox.cloud import Cloud
from sandbox.events.hooks import Hooks
from sandbox.lambdas import Functions
from sandbox.lambdas.plan import LATEST, Plan, parse

NOTES = ("functions: new code, versions and aliases take effect at once; a changed configuration only by a deployment",)
_CHANGES = ("create_alias", "update_alias", "delete_alias", "publish_version")


class Releases:
    """Follows `update-function-code`, `publish-version` and the aliases, and tells the runner what callers reach."""

    def __init__(self, cloud: Cloud, functions: Functions, directory: Path) -> None:
        self._cloud = cloud
        self._functions = functions
        self._directory = directory.resolve()

    def install(self, hooks: Hooks) -> None:
        """Hooks the operations of moto's Lambda."""
        from moto.awslambda.models import LambdaBackend

        for name in _CHANGES:
            hooks.wrap(LambdaBackend, name, self._following)
        hooks.wrap(LambdaBackend, "update_function_code", self._recoded)

    def _following(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def run(backend: Any, *arguments: Any, **named: Any) -> Any:
            answer = operation(backend, *arguments, **named)
            # Aliases are given as (alias, function), all else begins with the function.
            function = named.get("function_name") or arguments["alias" in operation.__name__]
            self._follow(backend, str(function))
            return answer

        run.__name__ = operation.__name__
        return run

    def _recoded(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def run(backend: Any, function_name: str, *arguments: Any, **named: Any) -> Any:
            answer = operation(backend, function_name, *arguments, **named)
            self._follow(backend, function_name, recoded=True)
            return answer

        return run

    def _follow(self, backend: Any, function: str, *, recoded: bool = False) -> None:
        """Brings the runner's plan up to what moto holds; before the deployment has ended there is none."""
        _, name, _ = parse(function)
        plan = self._functions.plans.get((backend.region_name, name))
        if plan is None:
            return
        versions, codes = {LATEST: LATEST}, dict(plan.codes)
        for found in backend.list_versions_by_function(name):
            version = str(found.version)
            versions[version] = version
            if version not in plan.versions:
                codes[version] = self._archive(found)
        if recoded:
            codes[LATEST] = self._archive(backend.get_function(name, LATEST))
        for alias in backend.list_aliases(name):
            versions[str(alias.name)] = str(alias.function_version)
        changed: Plan = replace(plan, versions=versions, codes=codes)
        self._functions.release(changed, changed=LATEST if recoded else "")

    def _archive(self, function: Any) -> dict[str, str]:
        """A published archive as a file, as declared ones are."""
        content: bytes = function.code_bytes
        path = self._directory / f"{hashlib.sha256(content).hexdigest()[:16]}.zip"
        if not path.is_file():
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_bytes(content)
        return {"path": str(path)}
