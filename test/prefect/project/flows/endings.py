"""Flows that end in every way there is. What happens inside is told through files in the folder that is given."""

import os
import signal
import time
from pathlib import Path

from prefect import flow, get_run_logger, task
from prefect.runtime import flow_run


@flow
def fails():
    raise ValueError("no such sensor")


@flow(retries=1, retry_delay_seconds=1)
def recovers():
    if flow_run.run_count < 2:
        raise RuntimeError("the first try is lost")


def tell_cancellation(flow, flow_run, state):
    Path(flow_run.parameters["folder"], "hook").write_text(state.name)


@flow(on_cancellation=[tell_cancellation])
def waits(folder: str):
    """Until it may go on or is stopped from outside, two minutes at most."""
    Path(folder, "started").write_text(str(os.getppid()))
    for _ in range(1200):
        if Path(folder, "go").exists():
            return
        time.sleep(0.1)
    raise TimeoutError("nobody said go")


@flow
def kills_itself():
    os.kill(os.getpid(), signal.SIGKILL)


@task
def three() -> int:
    return 3


@flow
def child(number: int) -> int:
    get_run_logger().info("doubling %d", number)
    return number * 2


@flow
def parent() -> int:
    doubled = child(three())
    get_run_logger().info("the child says %d", doubled)
    return doubled
