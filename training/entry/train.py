"""The program of script mode: at the root of sourcedir.tar.gz, beside the package `training` and `lib/`.

The container starts it as a module by the name in `sagemaker_program`, with hyperparameters as arguments.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from training.train import main

    sys.exit(main())
