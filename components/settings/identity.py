"""Settings of identity: who may have an account, and which other programs may call."""

from __future__ import annotations

from dataclasses import dataclass

from components.secure_api.identity import platform_scopes
from components.settings.reading import matching


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who may have an account, and which other programs may call."""

    email_domains: tuple[str, ...] = matching(
        (), r"[a-z0-9-]+(\.[a-z0-9-]+)+", "domains such as example.org, each once"
    )
    """Domains whose addresses may sign up; all when empty. An administrator may invite any address."""
    auto_confirm: bool = False
    """Whether an account counts without a proof of its address."""
    domain: str | None = matching(
        None,
        "(?!.*(aws|amazon|cognito))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
        "1 to 63 lower-case letters, digits and dashes, without the words aws, amazon and cognito",
    )
    """Prefix of the user pool's domain in amazoncognito.com, where programs get tokens; unique in its region. It closes
    PrivateLink to the pool, so it needs a NAT gateway."""
    programs: tuple[str, ...] = matching(
        (),
        r"[a-z0-9]+(-[a-z0-9]+)*=[a-z]+(\+[a-z]+)*",
        "names with their scopes such as acme=predict+models, each once",
    )
    """Programs of third parties that call in their own name, with the scopes each may have; they need a domain."""
    guests: bool = False
    """Whether anybody may read the prefix `public/` of the processed bucket without signing in. The policy pack wants a
    reason for it: an exemption of `cognito-no-guests`."""

    def scopes(self) -> dict[str, tuple[str, ...]]:
        """Program → its scopes."""
        return {name: tuple(scopes.split("+")) for name, _, scopes in (row.partition("=") for row in self.programs)}

    def problems(self, nat: str) -> list[str]:
        """What AWS would refuse or what would not work, for the network's choice of NAT gateways."""
        found = []
        if self.domain is not None and nat == "none":
            found.append(
                f"identity.domain is {self.domain!r} while network.nat is none; allowed: no domain, since Cognito "
                "takes no request by PrivateLink for a pool with one; set network.nat to single or perAz, or remove it"
            )
        if self.programs and self.domain is None:
            found.append(
                "identity.programs needs identity.domain, where programs get their tokens; allowed: a prefix such as "
                "acme-predictions; add it, or remove the programs"
            )
        if len(self.scopes()) < len(self.programs):
            names = ", ".join(self.programs)
            found.append(f"identity.programs is {names}; allowed: each name once; join the scopes of one name by +")
        known = platform_scopes()
        for program, scopes in self.scopes().items():
            unknown = sorted(set(scopes) - set(known))
            if unknown:
                found.append(
                    f"identity.programs gives {program} {', '.join(unknown)}; allowed: {', '.join(known)}; change it"
                )
        return found
