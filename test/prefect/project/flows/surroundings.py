"""Flows that write down what they are given: the environment of their container, their parameters."""

import hashlib
import json
import os
from pathlib import Path

from prefect import flow


@flow
def dump(file: str):
    Path(file).write_text(json.dumps(dict(os.environ)))


@flow
def weigh(text: str, file: str):
    Path(file).write_text(f"{len(text)} {hashlib.sha256(text.encode()).hexdigest()}")
