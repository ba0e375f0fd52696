"""Flows that one process serves: what is sent to it, what waits to be answered, what is cancelled, what is planned."""

import time
from pathlib import Path

from prefect import flow, serve, suspend_flow_run
from prefect.input import RunInput


class Answer(RunInput):
    approved: bool
    note: str = "nothing"


@flow(persist_result=True)
def doubling(number: int = 1) -> int:
    return number * 2


@flow(persist_result=True)
def suspending() -> str:
    return suspend_flow_run(wait_for_input=Answer, timeout=120).note


def tell_cancellation(flow, flow_run, state):
    Path(flow_run.parameters["folder"], "hook").write_text(state.name)


@flow(on_cancellation=[tell_cancellation])
def lingering(folder: str):
    Path(folder, "lingering").write_text("here")
    time.sleep(120)


if __name__ == "__main__":
    here = [one.to_deployment("here") for one in (doubling, suspending, lingering)]
    serve(*here, doubling.to_deployment("hourly", interval=3600), limit=5)
