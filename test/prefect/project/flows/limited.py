"""Tasks and threads that want the slots of limits, and how many of them were inside at once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from prefect import flow, task
from prefect.concurrency.sync import concurrency, rate_limit


class Crowd:
    """Counts who is inside a block at the same time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside = 0
        self.most = 0

    def __enter__(self) -> None:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(0.3)

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.inside -= 1


tagged = Crowd()
named = Crowd()


@task(tags=["heavy"])
def heavy(number: int) -> int:
    with tagged:
        return number


def enter(number: int) -> int:
    with concurrency("database", occupy=1, strict=True):
        with named:
            return number


@flow
def limited() -> None:
    numbers = heavy.map(range(4)).result()
    with ThreadPoolExecutor(3) as pool:
        entered = list(pool.map(enter, range(3)))
    started = time.monotonic()
    for _ in range(3):
        rate_limit("calls", strict=True)
    seconds = time.monotonic() - started
    print("tasks", sorted(numbers), "at once", tagged.most)
    print("threads", sorted(entered), "at once", named.most)
    print("rate", "kept" if seconds >= 0.9 else f"broken: {seconds:.2f} s")


if __name__ == "__main__":
    limited()
