"""Flows that wait for a person: with their process alive, and without it."""

from prefect import flow, get_run_logger
from prefect.flow_runs import pause_flow_run, suspend_flow_run
from prefect.input import RunInput


class Decision(RunInput):
    pieces: int


@flow
def asks():
    decision = pause_flow_run(wait_for_input=Decision, timeout=90, poll_interval=1)
    get_run_logger().info("decided: %s pieces", decision.pieces)
    return decision.pieces * 2


@flow
def sleeps():
    decision = suspend_flow_run(wait_for_input=Decision, timeout=90)
    get_run_logger().info("woke up to %s pieces", decision.pieces)


@flow
def outlived():
    """Its process goes while it waits."""
    pause_flow_run(timeout=90, poll_interval=1)


@flow
def inner():
    pause_flow_run(timeout=90, poll_interval=1)


@flow
def outer():
    inner()
