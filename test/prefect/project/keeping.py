# Keeps blocks, artifacts and variables as a user's program does, and prints what it reads back as one line of JSON.
import json
from typing import Optional

from prefect import flow, task
from prefect.artifacts import Artifact, create_markdown_artifact, create_table_artifact, update_progress_artifact
from prefect.artifacts import create_progress_artifact
from prefect.blocks.core import Block
from prefect.blocks.notifications import SlackWebhook
from prefect.blocks.system import Secret
from prefect.filesystems import LocalFileSystem
from prefect.variables import Variable
from pydantic import Field, SecretStr


class Login(Block):
    """A user and his password."""

    user: str
    password: SecretStr
    retries: float = 2.0


class Service(Block):
    """Where to log in, and as whom."""

    url: str
    login: Login
    extra: Optional[dict] = Field(default=None)


def keep_blocks():
    Secret(value="hush").save("token")
    Secret(value={"user": "u", "password": "p"}).save("pair")
    Login(user="ada", password="lovelace").save("ada")
    login = Login.load("ada")
    Service(url="https://one", login=login).save("service")
    Service(url="https://inline", login=Login(user="eve", password="dropper")).save("inline")
    service = Service.load("service")
    service.url = "https://two"
    service.save("service", overwrite=True)
    SlackWebhook(url="https://hooks.slack.com/T/B/X").save("slack")
    LocalFileSystem(basepath="/tmp/kept").save("files")
    again = Service.load("service")
    return {
        "token": Secret.load("token").get(),
        "pair": Secret.load("pair").get(),
        "service": [again.url, again.login.user, again.login.password.get_secret_value()],
        "inline": Service.load("inline").login.password.get_secret_value(),
        "by_reference": Block.load("service/service").url,
        "slack": SlackWebhook.load("slack").url.get_secret_value(),
    }


@task
def leave_artifacts():
    create_markdown_artifact(markdown="# first", key="report")
    create_markdown_artifact(markdown="# second", key="report", description="the second")
    create_table_artifact(table=[{"a": 1}, {"a": 2}], key="rows")
    progress = create_progress_artifact(progress=10.0, key="progress")
    update_progress_artifact(artifact_id=progress, progress=90.0)


@flow
def keeping():
    leave_artifacts()
    return {"report": Artifact.get("report").data, "progress": Artifact.get("progress").data}


def keep_variables():
    Variable.set("limits", {"most": 3})
    Variable.set("limits", {"most": 4}, overwrite=True)
    Variable.set("short", "x", tags=["t"])
    Variable.unset("short")
    return {"limits": Variable.get("limits"), "short": Variable.get("short", default="none")}


print("KEPT " + json.dumps({"blocks": keep_blocks(), "artifacts": keeping(), "variables": keep_variables()}))
