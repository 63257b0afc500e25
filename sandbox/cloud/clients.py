"""boto3 clients that reach nothing but the local services, and what botocore knows of each."""

from __future__ import annotations

import os
import threading
from functools import cache
from typing import Any

from sandbox.callers import KEY, token

_session_lock = threading.Lock()


def local_client(service: str, endpoint: str, region: str, *, key: str = KEY, read_timeout_s: float = 60) -> Any:
    """A boto3 client for a local endpoint that nothing of the user's own AWS set-up can send elsewhere."""
    from botocore.config import Config

    config = Config(
        retries={"total_max_attempts": 1},
        read_timeout=read_timeout_s,
        inject_host_prefix=False,  # a prefix before an IP address is no host
        max_pool_connections=64,
        proxies={},
        s3={"addressing_style": "path"},
    )
    # Making clients in one session is not safe for threads, and only one session reads each service's model once.
    with _session_lock:
        return _session().client(
            service,
            region_name=region,
            endpoint_url=endpoint,
            aws_access_key_id=key,
            aws_secret_access_key=KEY,
            aws_session_token=None if key == KEY else token(key),
            config=config,
        )


@cache
def one_loader() -> None:
    """Lets all sessions of this process read a model once: moto makes some of its own for its lists of regions."""
    import botocore.session

    botocore.session.create_loader = cache(botocore.session.create_loader)


@cache
def _core() -> Any:
    from botocore.session import Session

    core = Session()
    # The user's profile and files must not decide where these calls go.
    core.set_config_variable("config_file", os.devnull)
    core.set_config_variable("credentials_file", os.devnull)
    core.set_config_variable("profile", None)
    return core


@cache
def _session() -> Any:
    import boto3

    return boto3.Session(botocore_session=_core())


def service_model(service: str) -> Any:
    """What botocore knows of a service, read once for this process."""
    with _session_lock:
        return _model(service)


@cache
def _model(service: str) -> Any:
    return _core().get_service_model(service)
