"""The prediction cache, opened with the password that Secrets Manager keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from functions.shared.aws.calls import AwsError, AwsTimeoutError, AwsUnreachableError, Service
from functions.shared.cache.breaker import DEFAULT, Cache, Limits
from functions.shared.cache.resp import ConnectionLostError, Dialer

SECRET_TIMEOUT_S = 1.0


def password(secret_arn: str, environ: Mapping[str, str]) -> Callable[[], bytes]:
    """Reads `token` of a secret each time it is called."""
    service = Service("secretsmanager", environ, timeout_s=SECRET_TIMEOUT_S, connect_timeout_s=SECRET_TIMEOUT_S)

    def ask() -> bytes:
        try:
            secret = service.call("GetSecretValue", {"SecretId": secret_arn})
            return str(json.loads(secret["SecretString"])["token"]).encode()
        except (AwsError, AwsTimeoutError, AwsUnreachableError, ValueError, KeyError, TypeError) as error:
            # Without its password the cache is simply not there.
            raise ConnectionLostError(f"secret: {type(error).__name__}") from error
        finally:
            # Asked for once in hours; a connection kept so long would only be found closed.
            service.close()

    return ask


def cache(host: str, port: int, secret_arn: str, environ: Mapping[str, str], limits: Limits = DEFAULT) -> Cache:
    """A cache over TLS; nothing is opened before it is first asked."""
    return Cache(Dialer(host, port, password=password(secret_arn, environ)), limits)
