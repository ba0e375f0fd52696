"""Background tasks: `background.py serve` works, `background.py delay COUNT` asks for work and waits for the results."""

import sys
import time

from prefect import task
from prefect.task_worker import serve


@task(log_prints=True)
def double(number: int) -> int:
    time.sleep(0.2)
    return number * 2


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(double, limit=1)
    else:
        futures = [double.delay(number) for number in range(int(sys.argv[2]))]
        print("asked for", *[future.task_run_id for future in futures], flush=True)
        print("the results are", [future.result(timeout=60) for future in futures])
