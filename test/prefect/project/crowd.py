"""One process that serves twenty runs at once: none of them goes on before all of them have begun."""

import time
from pathlib import Path

from prefect import flow


@flow
def crowding(folder: str, number: int, others: int):
    Path(folder, str(number)).write_text("here")
    deadline = time.monotonic() + 150
    while len(list(Path(folder).iterdir())) < others:
        if time.monotonic() > deadline:
            raise TimeoutError("the others did not come")
        time.sleep(0.2)


if __name__ == "__main__":
    crowding.serve(name="here", limit=20)
