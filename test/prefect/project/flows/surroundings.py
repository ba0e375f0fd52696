"""A flow that writes down the environment of the container it runs in."""

import json
import os
from pathlib import Path

from prefect import flow


@flow
def dump(file: str):
    Path(file).write_text(json.dumps(dict(os.environ)))
