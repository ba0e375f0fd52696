"""A flow that serves itself: no pool, no worker, one process that polls."""

from prefect import flow


@flow(log_prints=True)
def served(word: str = "nothing"):
    print("served says", word)


if __name__ == "__main__":
    served.serve(name="laptop", parameters={"word": "kept"}, tags=["served"])
