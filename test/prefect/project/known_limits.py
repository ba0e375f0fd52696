"""What a flow may ask for beyond running: prints what it gets, or the error. One line a feature."""

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.blocks.system import Secret
from prefect.concurrency.sync import concurrency
from prefect.events import emit_event
from prefect.variables import Variable


@task
def one() -> int:
    return 1


def hold(strict: bool) -> str:
    with concurrency("database", occupy=1, strict=strict):
        return "held"


features = {
    "task": lambda: one.submit().result(),
    "variable": lambda: Variable.set("colour", "green") and Variable.get("colour"),
    "concurrency": lambda: hold(strict=False),
    "event": lambda: emit_event("colour.changed", {"prefect.resource.id": "colour"}).event,
    "strict concurrency": lambda: hold(strict=True),
    "artifact": lambda: create_markdown_artifact("# green", key="colour"),
    "block": lambda: Secret(value="green").save("colour"),
    "background task": lambda: one.delay(),
}


@flow
def ask_for_everything():
    for name, ask in features.items():
        try:
            print(f"{name}: got {ask()}")
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {str(error).splitlines()[0]}")


if __name__ == "__main__":
    ask_for_everything()
