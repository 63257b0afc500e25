"""What runs in the SageMaker containers: preprocess, train, evaluate, serve."""

from pathlib import Path

from training.packed import use_packed

use_packed(Path(__file__).resolve().parent.parent)
