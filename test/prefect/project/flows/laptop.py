"""A flow started by hand, with a subflow and tasks, as `python laptop.py` does it."""

from prefect import flow, task


@task
def add(one: int, other: int) -> int:
    return one + other


@flow
def inner(number: int) -> int:
    return add(number, 1)


@flow
def outer() -> int:
    return inner(add(1, 2))


if __name__ == "__main__":
    print("the result is", outer())
