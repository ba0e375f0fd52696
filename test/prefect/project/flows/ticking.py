"""A flow that serves itself every three seconds, and says a few things of different weight."""

from prefect import flow, get_run_logger


@flow
def ticking(word: str = "tick"):
    logger = get_run_logger()
    logger.info("info %s", word)
    logger.warning("warning %s", word)


if __name__ == "__main__":
    # One at a time: a machine that is busy with tests could start more than it can end.
    ticking.serve(name="often", interval=3, limit=1)
