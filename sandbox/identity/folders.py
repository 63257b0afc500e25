"""Identity pools: credentials of the declared role for whoever shows a token, with tags made of what the token says."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt

from sandbox.callers import KEY, Caller, Callers, token
from sandbox.identity.keys import KeyRings
from sandbox.identity.pools import find, pool_by_id, refused
from sandbox.identity.signing_up import param
from sandbox.ledger import Ledger

POOL: Final = "aws:cognito/identityPool:IdentityPool"
ROLES: Final = "aws:cognito/identityPoolRoleAttachment:IdentityPoolRoleAttachment"
TAGS: Final = "aws:cognito/identityPoolProviderPrincipalTag:IdentityPoolProviderPrincipalTag"
SESSION: Final = "CognitoIdentityCredentials"
"""Name of the role's session."""
LIFETIME_S: Final = 3600


@dataclass(frozen=True)
class Declared:
    """One identity pool."""

    providers: Mapping[str, Mapping[str, Any]]
    """User pool, as `cognito-idp.<region>.amazonaws.com/<id>` → app client, and whether its tokens are asked about."""
    roles: Mapping[str, str]
    """`authenticated` or `unauthenticated` → ARN."""
    tags: Mapping[str, Mapping[str, str]]
    """User pool → tag of the session → claim of the token."""
    guests: bool
    classic: bool
    """Whether a caller may trade a token for a role by itself."""


@dataclass(frozen=True)
class Person:
    """Somebody who has shown a token; nobody in particular where there is no provider."""

    pool: str
    provider: str = ""
    subject: str = ""


class Folders:
    """Replaces the operations by which callers get credentials; pools that nobody declared are left to moto."""

    def __init__(self, rings: KeyRings, callers: Callers, clock: Callable[[], float] = time.time) -> None:
        self._rings, self._callers, self._clock = rings, callers, clock
        self._pools: dict[str, Declared] = {}
        self._people: dict[str, Person] = {}

    def attach(self, ledger: Ledger) -> None:
        """Takes over the declared pools, their roles and their tags."""
        roles = {row.inputs["identityPoolId"]: row.inputs["roles"] for row in ledger.of_type(ROLES)}
        for row in ledger.of_type(POOL):
            given = row.inputs
            self._pools[row.id] = Declared(
                providers={each["providerName"]: each for each in given.get("cognitoIdentityProviders") or []},
                roles=roles.get(row.id) or {},
                tags={
                    tag.inputs["identityProviderName"]: tag.inputs.get("principalTags") or {}
                    for tag in ledger.of_type(TAGS)
                    if tag.inputs["identityPoolId"] == row.id
                },
                guests=bool(given.get("allowUnauthenticatedIdentities")),
                classic=bool(given.get("allowClassicFlow")),
            )

    def get_id(self, original: Callable[[Any], str], response: Any) -> str:
        """An identity: always the same one for the same user."""
        pool_id = param(response, "IdentityPoolId")
        pool = self._pools.get(pool_id)
        if pool is None:
            return original(response)
        person, _ = self._shown(pool_id, pool, response)
        name = f"{pool_id}/{person.provider}/{person.subject}" if person.subject else str(uuid.uuid4())
        identity = f"{pool_id.partition(':')[0]}:{uuid.uuid5(uuid.NAMESPACE_URL, name)}"
        self._people[identity] = person
        return json.dumps({"IdentityId": identity})

    def get_credentials_for_identity(self, original: Callable[[Any], str], response: Any) -> str:
        """Keys of the role for people, or for guests, whose session has the token's tags."""
        identity = param(response, "IdentityId")
        owner = self._people.get(identity)
        if owner is None:
            return original(response)
        pool = self._pools[owner.pool]
        person, claims = self._shown(owner.pool, pool, response)
        if person != owner:
            raise refused("NotAuthorizedException", f"Access to Identity '{identity}' is forbidden.")
        role = pool.roles.get("authenticated" if person.subject else "unauthenticated")
        if not role:
            raise refused(
                "InvalidIdentityPoolConfigurationException",
                "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
            )
        tags = {
            f"aws:principaltag/{name.lower()}": (str(claims[claim]),)
            for name, claim in (pool.tags.get(person.provider) or {}).items()
            if claim in claims
        }
        key = self._callers.key(Caller(role, SESSION, tags))
        made = {
            "AccessKeyId": key,
            "SecretKey": KEY,
            "SessionToken": token(key),
            "Expiration": int(self._clock()) + LIFETIME_S,
        }
        return json.dumps({"IdentityId": identity, "Credentials": made})

    def get_open_id_token(self, original: Callable[[Any], str], response: Any) -> str:
        """The first step of the classic flow."""
        owner = self._people.get(param(response, "IdentityId"))
        if owner is not None and not self._pools[owner.pool].classic:
            raise refused("InvalidParameterException", "Basic (classic) flow is not enabled, please use enhanced flow.")
        return original(response)

    def _shown(self, pool_id: str, pool: Declared, response: Any) -> tuple[Person, Mapping[str, Any]]:
        """Whom the tokens of a request speak for, and what they say."""
        logins = inner_map(response, "Logins")
        if not logins:
            if not pool.guests:
                raise refused(
                    "NotAuthorizedException", "Unauthenticated access is not supported for this identity pool."
                )
            return Person(pool_id), {}
        provider, shown = next(iter(logins.items()))
        trusted = pool.providers.get(provider)
        if trusted is None or len(logins) > 1:
            raise refused("NotAuthorizedException", "Token is not from a supported provider of this identity pool.")
        claims = self._claims(provider, shown, trusted)
        return Person(pool_id, provider, str(claims["sub"])), claims

    def _claims(self, provider: str, shown: str, trusted: Mapping[str, Any]) -> Mapping[str, Any]:
        """What an id token of a user pool says."""
        pool_id = provider.partition("/")[2]
        try:
            key = jwt.PyJWKSet.from_json(self._rings.document(pool_id).decode())[
                jwt.get_unverified_header(shown)["kid"]
            ]
            claims: dict[str, Any] = jwt.decode(
                shown,
                key,
                ["RS256"],
                issuer=f"https://{provider}",
                # Audience and time are looked at below, each with an answer of its own.
                options={"verify_exp": False, "verify_iat": False, "verify_aud": False, "require": ["exp", "sub"]},
            )
        except (jwt.PyJWTError, KeyError) as error:
            raise refused("NotAuthorizedException", "Invalid login token. Not a valid OpenId Connect token.") from error
        if claims.get("token_use") != "id" or claims.get("aud") != trusted["clientId"]:
            raise refused("NotAuthorizedException", "Invalid login token. Incorrect token audience.")
        if self._clock() >= claims["exp"]:
            raise refused("NotAuthorizedException", f"Invalid login token. Token expired: {claims['exp']}")
        if trusted.get("serverSideTokenCheck") and not counts(pool_id, claims):
            raise refused("NotAuthorizedException", "Invalid login token. Token is revoked or its user is gone.")
        return claims


def counts(pool_id: str, claims: Mapping[str, Any]) -> bool:
    """Whether the pool still knows the user and the session of a token."""
    pool = pool_by_id(pool_id)
    user = None if pool is None else find(pool, str(claims.get("cognito:username", "")))
    sessions = {found[2] for found in pool.refresh_tokens.values() if found is not None} if pool is not None else set()
    return user is not None and user.enabled and claims.get("origin_jti") in sessions


def inner_map(response: Any, name: str) -> Mapping[str, str]:
    """A parameter that maps texts to texts."""
    found = json.loads(response.body or "{}").get(name)
    return found if isinstance(found, dict) else {}
