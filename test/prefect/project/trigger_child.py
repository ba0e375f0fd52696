"""Triggers a deployment through the SDK, waits for the run's end and prints what came back."""

from prefect.deployments import run_deployment

run = run_deployment(
    "child/child", parameters={"number": 4}, tags=["sdk"], flow_run_name="by-sdk", timeout=120, poll_interval=1
)
print("ended", run.id, run.name, run.state.name, ",".join(run.tags))
