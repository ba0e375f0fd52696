"""What workers of other infrastructures are given to run."""

from prefect import flow, get_run_logger


@flow
def elsewhere(name: str = "nobody"):
    get_run_logger().info("%s was here", name)
