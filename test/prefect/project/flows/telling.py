"""A flow whose event is larger than some platforms carry."""

from prefect import flow, task
from prefect.events import emit_event


@task
def before() -> int:
    return 1


@flow
def tells_much():
    before()
    emit_event(event="colour.listed", resource={"prefect.resource.id": "colours"}, payload={"names": "red " * 12_000})
