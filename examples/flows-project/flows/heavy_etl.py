"""An extract, transform, load flow with a retry. Its runs become ECS tasks of the pool `production`."""

from statistics import fmean

from prefect import flow, get_run_logger, task


@task(retries=2, retry_delay_seconds=1)
def extract(rows: int) -> list[dict[str, float]]:
    """Makes up readings of a sensor, always the same for the same number of rows."""
    return [{"hour": float(row), "celsius": 15 + (row * 7 % 12) / 2} for row in range(rows)]


@task
def transform(readings: list[dict[str, float]]) -> dict[str, float]:
    temperatures = [reading["celsius"] for reading in readings]
    return {"rows": float(len(temperatures)), "mean": fmean(temperatures), "highest": max(temperatures)}


@task
def load(summary: dict[str, float]) -> None:
    get_run_logger().info(
        "%d rows, mean %.2f, highest %.2f", summary["rows"], summary["mean"], summary["highest"]
    )


@flow(name="heavy-etl-flow")
def heavy_etl_flow(rows: int = 1000) -> dict[str, float]:
    """Reads, condenses and stores, with a log line for each step."""
    logger = get_run_logger()
    logger.info("extracting %d rows", rows)
    summary = transform(extract(rows))
    load(summary)
    logger.info("done")
    return summary


if __name__ == "__main__":
    heavy_etl_flow()
