"""What `make package` built and the program deploys: paths, digests and the baseline's figures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from components.settings.reading import SettingsError


class Artifacts:
    """The built files of one folder, all of them present.

    Raises:
        SettingsError: names every file that is missing or cannot be read.
    """

    def __init__(self, directory: str, capabilities: Iterable[str]) -> None:
        self._directory = directory.rstrip("/")
        self.layer = self._path("layer.zip")
        """Packages of the functions."""
        self.database_layer = self._path("layer-database.zip")
        """Packages of the functions that speak to the database."""
        self.training_code = self._path("training/sourcedir.tar.gz")
        """Code of the training jobs."""
        self.baseline_model = self._path("baseline/model.tar.gz")
        """Model that the endpoint serves first."""
        needed = [
            self.layer,
            self.database_layer,
            self.training_code,
            self.baseline_model,
            self._path("baseline/evaluation.json"),
        ]
        needed += [self._path(f"functions/{capability}.zip") for capability in sorted(set(capabilities))]
        missing = [path for path in needed if not Path(path).is_file()]
        if missing:
            raise SettingsError(f"not built: {', '.join(missing)}; run `make package` and try again")

    @property
    def functions(self) -> str:
        """Folder of the functions' archives."""
        return self._path("functions")

    def function(self, capability: str) -> str:
        """Archive of one function."""
        return self._path(f"functions/{capability}.zip")

    def evaluation(self) -> dict[str, Any]:
        """Figures of the baseline model."""
        path = self._path("baseline/evaluation.json")
        try:
            found = json.loads(Path(path).read_text(encoding="utf-8"))
        except ValueError as error:
            raise SettingsError(f"{path} is damaged ({error}); run `make clean package` and try again") from None
        if not isinstance(found, dict):
            raise SettingsError(f"{path} holds no figures; run `make clean package` and try again")
        return found

    def _path(self, name: str) -> str:
        # Relative as given: an absolute path would make the same archive look different on another machine.
        return f"{self._directory}/{name}"


def digest(path: str) -> str:
    """SHA-256 of a file in hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
