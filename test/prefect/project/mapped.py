"""Many tasks at once, some of which fail and are tried again: all of it is told over the socket of events."""

from prefect import flow, task

seen = set()


@task(retries=1)
def sometimes(number: int) -> int:
    if number % 10 == 0 and number not in seen:
        seen.add(number)
        raise ValueError(f"{number} is lost")
    return number


@flow
def mapped(count: int) -> int:
    return sum(sometimes.map(range(count)).result())


if __name__ == "__main__":
    print("the sum is", mapped(300))
