"""A flow that is tried again after its subflow has completed."""

from prefect import flow, task

tries = []


@task
def add(one: int, other: int) -> int:
    return one + other


@flow(persist_result=True)
def child() -> int:
    tries.append("child")
    return add(1, 2)


@flow(retries=1, persist_result=True)
def parent() -> int:
    result = add(child(), 0)
    tries.append("parent")
    if tries.count("parent") == 1:
        raise ValueError("once more")
    return result


if __name__ == "__main__":
    print("the result is", parent())
    print("tries:", *tries)
