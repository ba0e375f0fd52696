# Answers with prefect-aws's own code: its templates, and the task definition and request it would send to ECS.
# Networks are looked up in EC2 by the original; here they are what the caller says, so that nothing leaves the machine.
import asyncio
import json
import os
import sys
import types
import uuid

os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"
os.environ["PREFECT_API_KEY"] = "the worker has one, else it fails on the secret's ARN"
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

from prefect.client.schemas.objects import FlowRun  # noqa: E402
from prefect.workers.process import ProcessWorker  # noqa: E402
from prefect_aws.workers.ecs_worker import ECSJobConfiguration, ECSWorker  # noqa: E402


class OfflineWorker(ECSWorker):
    def _load_network_configuration(self, vpc_id, configuration):
        return {"awsvpcConfiguration": {"subnets": ["of-the-vpc"]}}

    def _custom_network_configuration(self, vpc_id, network_configuration, configuration):
        return {"awsvpcConfiguration": network_configuration}


def templates():
    return {
        "ecs": ECSWorker.get_default_base_job_template(),
        "process": ProcessWorker.get_default_base_job_template(),
    }


async def task(case):
    configuration = await ECSJobConfiguration.from_template_and_values(
        base_job_template=case["template"], values=case["values"], client=types.SimpleNamespace()
    )
    flow_run = FlowRun(id=uuid.UUID(int=1), flow_id=uuid.UUID(int=2), name="run")
    configuration.prepare_for_flow_run(flow_run=flow_run)
    worker = OfflineWorker("pool")
    definition = None
    arn = configuration.task_run_request.get("taskDefinition")
    if not arn:
        definition = worker._prepare_task_definition(configuration, region="eu-west-1", flow_run=flow_run)
        worker._validate_task_definition(definition, configuration)
    known = definition or {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"]}
    request = worker._prepare_task_run_request(configuration, known, arn or "registered", False)
    return {"definition": definition, "request": request}


def answer(case):
    try:
        if case["ask"] == "templates":
            return {"ok": True, "answer": templates()}
        return {"ok": True, "answer": asyncio.run(task(case))}
    except Exception as error:  # whatever the worker raises is its refusal
        return {"ok": False, "problem": type(error).__name__ + ": " + str(error)[:300]}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line)), default=str), flush=True)
