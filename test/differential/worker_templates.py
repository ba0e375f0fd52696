# Answers with the own code of Prefect's workers: their templates, and the job configuration that their classes make
# of a template and of job variables. No worker is started and nothing leaves the machine.
import asyncio
import json
import os
import sys
import types
import uuid

os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

from prefect.client.schemas.objects import FlowRun  # noqa: E402
from prefect.workers.process import ProcessWorker  # noqa: E402
from prefect_aws.workers.ecs_worker import ECSWorker  # noqa: E402
from prefect_docker.worker import DockerWorker  # noqa: E402
from prefect_kubernetes.worker import KubernetesWorker  # noqa: E402

workers = {worker.type: worker for worker in (ProcessWorker, ECSWorker, DockerWorker, KubernetesWorker)}


async def configured(case):
    worker = workers[case["type"]]
    configuration = await worker.job_configuration.from_template_and_values(
        base_job_template=case["template"], values=case["values"], client=types.SimpleNamespace()
    )
    flow_run = FlowRun(id=uuid.UUID(int=1), flow_id=uuid.UUID(int=2), name="run")
    configuration.prepare_for_flow_run(flow_run=flow_run)
    return configuration.model_dump(mode="json")


def answer(case):
    try:
        if case["ask"] == "templates":
            templates = {name: worker.get_default_base_job_template() for name, worker in workers.items()}
            return {"ok": True, "answer": templates}
        return {"ok": True, "answer": asyncio.run(configured(case))}
    except Exception as error:  # whatever the class raises is its refusal
        return {"ok": False, "problem": type(error).__name__ + ": " + str(error)[:300]}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line)), default=str), flush=True)
