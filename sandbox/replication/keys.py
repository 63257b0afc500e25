"""Multi-region keys: a replica with aliases and a policy of its own, that opens what any key of its family closed."""

from __future__ import annotations

import copy
from typing import Any

from sandbox.events.hooks import Hooks, inner

ID_LENGTH = 40
"""Characters of the longest key id, that of a multi-region key; moto leaves room for the 36 of others."""
IV_LENGTH, TAG_LENGTH = 12, 16


def install(hooks: Hooks) -> None:
    """Mends what moto's replicas share with their primary, and its ciphertexts of multi-region keys."""
    from moto.kms import utils
    from moto.kms.models import KmsBackend

    replicate, read = KmsBackend.replicate_key, inner(utils, "_deserialize_ciphertext_blob")

    def replicate_key(backend: Any, key_id: str, replica_region: str) -> Any:
        made = replicate(backend, key_id, replica_region)
        made.aliases, made.grants = {}, {}
        # moto notes every replica in the primary's configuration; each key shows its own role in it.
        made.multi_region_configuration = {
            **copy.deepcopy(made.multi_region_configuration),
            "MultiRegionKeyType": "REPLICA",
        }
        return made

    def ciphertext(ciphertext_blob: bytes) -> Any:
        found = read(ciphertext_blob)
        # A shorter id is filled up with zeros.
        return found._replace(key_id=found.key_id.rstrip("\0"))

    hooks.replace(KmsBackend, "replicate_key", replicate_key)
    hooks.replace(utils, "_deserialize_ciphertext_blob", ciphertext)
    hooks.replace(utils, "KEY_ID_LEN", ID_LENGTH)
    hooks.replace(utils, "HEADER_LEN", ID_LENGTH + IV_LENGTH + TAG_LENGTH)
    hooks.replace(utils, "CIPHERTEXT_HEADER_FORMAT", f">{ID_LENGTH}s{IV_LENGTH}s{TAG_LENGTH}s")
