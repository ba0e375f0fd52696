"""A first flow: two tasks and a greeting. Its runs are taken by a worker of the pool `development`."""

from prefect import flow, get_run_logger, task


@task
def choose_words(name: str) -> list[str]:
    return ["hello", name, "from", "Slipway"]


@task
def join_words(words: list[str]) -> str:
    return " ".join(words)


@flow(name="my-flow")
def my_flow(name: str = "world") -> str:
    """Puts a sentence together and logs it."""
    logger = get_run_logger()
    sentence = join_words(choose_words(name))
    logger.info("%s", sentence)
    return sentence


if __name__ == "__main__":
    my_flow()
