# Answers with Prefect's own code what a job template renders to: one JSON line in, one JSON line out.
# A stub client stands in for the API, so that nothing but the rendering is compared.
import asyncio
import json
import os
import sys
import types

os.environ["PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW"] = "ignore"
os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"

import httpx  # noqa: E402
from pydantic import PrivateAttr  # noqa: E402
from prefect.exceptions import ObjectNotFound  # noqa: E402
from prefect.utilities.schema_tools import is_valid_schema, validate  # noqa: E402
from prefect.workers.base import BaseJobConfiguration  # noqa: E402


class OpenJobConfiguration(BaseJobConfiguration):
    """Keeps what a worker of some type would read, instead of dropping unknown keys."""

    model_config = {"extra": "allow"}
    _rendered: dict = PrivateAttr(default_factory=dict)

    def prepare_for_flow_run(self, flow_run, *args, **kwargs):
        self._rendered = self.model_dump(mode="json")
        super().prepare_for_flow_run(flow_run, *args, **kwargs)


def not_found(what):
    request = httpx.Request("GET", "http://stub.invalid/" + what)
    response = httpx.Response(404, request=request)
    return ObjectNotFound(http_exc=httpx.HTTPStatusError("404", request=request, response=response))


class StubClient:
    """What the renderer asks an API for: variables by name, block documents by type and name or by id."""

    def __init__(self, facts):
        self.facts = facts

    async def read_variable_by_name(self, name):
        if name not in self.facts["variables"]:
            return None
        return types.SimpleNamespace(value=self.facts["variables"][name])

    async def read_block_document_by_name(self, name, block_type_slug, **_):
        key = block_type_slug + "." + name
        if key not in self.facts["blocks"]:
            raise not_found("block")
        return types.SimpleNamespace(data=self.facts["blocks"][key])

    async def read_block_document(self, block_document_id, **_):
        if block_document_id not in self.facts["blockIds"]:
            raise not_found("block")
        return types.SimpleNamespace(data=self.facts["blockIds"][block_document_id])


    async def read_flow(self, _):
        return Dumped(self.facts["flow"])


class Dumped(types.SimpleNamespace):
    """A flow or run as far as a worker looks at it; `ctx` is made from its dump."""

    def __init__(self, fields, **more):
        super().__init__(**{"updated": None, "deployment_id": None, **fields, **more})
        self.fields = fields

    def model_dump(self, mode):
        return self.fields


async def render(case):
    for key, value in case["environment"].items():
        os.environ[key] = value
    ctx = case["ctx"]
    configuration = await OpenJobConfiguration.resolve_for_flow_run(
        flow_run=Dumped(ctx["flow_run"], job_variables=case["run"], flow_id="f"),
        client=StubClient({**case["facts"], "flow": ctx["flow"]}),
        work_pool=types.SimpleNamespace(base_job_template=case["template"], id="p", name="pool"),
        worker_name="worker",
        deployment=types.SimpleNamespace(id="d", name="d", updated=None, job_variables=case["deployment"]),
    )
    return {**configuration._rendered, "name": configuration.name}


def check(case):
    """What the server makes of the job variables of a run: the defaults below them, block defaults left out."""
    schema = case["template"]["variables"]
    is_valid_schema(schema, preprocess=False)
    defaults, dropped = {}, False
    for name, attributes in schema.get("properties", {}).items():
        default = attributes.get("default")
        if "default" not in attributes or (isinstance(default, dict) and "$ref" in default):
            continue
        wrong = validate({name: default}, schema, preprocess=False, ignore_required=True)
        dropped = dropped or bool(wrong)
        if not wrong:
            defaults[name] = default
    validate(
        {**defaults, **case["values"]},
        schema,
        raise_on_error=True,
        preprocess=True,
        ignore_required=not case["required"] or dropped,
        allow_none_with_default=True,
    )
    return True


def answer(case):
    try:
        if case["ask"] == "check":
            return {"ok": True, "answer": check(case)}
        return {"ok": True, "answer": asyncio.run(render(case))}
    except Exception as error:  # whatever Prefect raises is its refusal
        return {"ok": False, "problem": type(error).__name__ + ": " + str(error)[:300]}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
