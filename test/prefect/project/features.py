"""One flow for each thing that users build into their flows; each prints one line of JSON that tells what came of it.

Every client runs this same file, so it asks for nothing that Prefect 3.1 did not have. It wants `offered.py` to be
served at the same time.
"""

import asyncio
import json
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from prefect import flow, get_client, get_run_logger, pause_flow_run, tags, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.blocks.system import Secret
from prefect.cache_policies import INPUTS
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId, FlowFilter, FlowFilterName
from prefect.concurrency.sync import concurrency, rate_limit
from prefect.deployments import run_deployment
from prefect.events import emit_event
from prefect.exceptions import ObjectNotFound
from prefect.filesystems import LocalFileSystem
from prefect.input import RunInput, receive_input, send_input
from prefect.runtime import flow_run
from prefect.states import Cancelling
from prefect.transactions import transaction
from prefect.variables import Variable

folder = Path(sys.argv[1])
tries = Counter()
kept = []


def wait_until(what, look, seconds=60):
    """The first thing that `look` finds; an error that names it when there is none for too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise TimeoutError(f"no {what} within {seconds} s")


# Tasks


@task(task_run_name="double-{number}")
def double(number):
    return number * 2


@task
def add_up(numbers):
    return sum(numbers)


@flow
def mapping():
    return add_up(double.map(range(5)))


@task(retries=2, retry_delay_seconds=[0, 1])
def recovers():
    tries["task"] += 1
    if tries["task"] < 3:
        raise ValueError("not yet")
    return tries["task"]


@flow
def retrying():
    return recovers()


@flow(retries=1)
def trying_again():
    tries["flow"] += 1
    double(tries["flow"])
    if tries["flow"] < 2:
        raise ValueError("once more")
    return tries["flow"]


@task(timeout_seconds=0.3)
def dawdles():
    time.sleep(20)


@flow
def hurrying():
    return dawdles(return_state=True).name


@flow(timeout_seconds=1)
def dawdling():
    time.sleep(20)


@task(cache_policy=INPUTS, persist_result=True)
def costly(number):
    tries["costly"] += 1
    return number


@flow
def caching():
    states = [costly(number, return_state=True).name for number in (1, 1, 2)]
    return {"states": states, "calls": tries["costly"]}


@task
def writes():
    kept.append("written")


@writes.on_rollback
def undo(_):
    kept.append("undone")


@task
def breaks():
    raise ValueError("broken")


@flow
def transacting():
    with transaction():
        writes()
        breaks()


@task
def follows(_):
    return "followed"


@flow
def breaking():
    first = breaks.submit()
    second = follows.submit(first)
    second.wait()
    return second.state.name


# Flows


@flow
def inmost(number):
    return double(number)


@flow
def inner(number):
    return inmost(number) + 1


@flow
def nesting():
    return inner(double(1))


@task
async def soon(number):
    await asyncio.sleep(0.1)
    return number


@flow
async def later(number):
    return await soon(number)


@flow
async def gathering():
    return sum(await asyncio.gather(*[soon(number) for number in range(4)])) + await later(10)


def noting(name):
    def note(_, __, state):
        kept.append(f"{name} {state.name}")

    return note


@task(on_completion=[noting("task")])
def hooked():
    return 1


@flow(on_running=[noting("flow")], on_completion=[noting("flow")])
def hooking():
    return hooked()


@flow(on_failure=[noting("flow")])
def failing():
    raise ValueError("no such sensor")


@flow(flow_run_name="named-{number}", log_prints=True)
def telling(number):
    print("printed by the flow")
    says()
    get_run_logger().warning("a warning of the flow")
    return flow_run.name


@task(tags=["loud"], log_prints=True)
def says():
    print("printed by the task")


def tagging():
    with tags("red"):
        return telling(3)


@flow
def emitting():
    event = emit_event("colour.mixed", {"prefect.resource.id": "colour.green"}, payload={"of": ["blue", "yellow"]})
    return str(event.id)


# What waits for somebody


class Answer(RunInput):
    approved: bool
    note: str = "nothing"


@flow
def pausing():
    answer = pause_flow_run(wait_for_input=Answer, timeout=60, poll_interval=1)
    return answer.note


def resume(client, run_id, given):
    """A run is paused before it has said what it wants to hear, and takes no answer until then."""

    def ask():
        status = client.resume_flow_run(run_id, run_input=given).status.value
        return status if status == "ACCEPT" else None

    return wait_until("accepted answer", ask)


def pausing_and_answered():
    answers = []
    answering = threading.Thread(target=lambda: answers.extend(answer_paused("pausing")))
    answering.start()
    note = pausing()
    answering.join()
    return {"note": note, "answers": answers}


def answer_paused(name):
    with get_client(sync_client=True) as client:

        def paused():
            runs = client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=[name])))
            return next((run.id for run in runs if run.state.is_paused()), None)

        found = wait_until("paused run", paused)
        yield client.resume_flow_run(found, run_input={"approved": "perhaps"}).status.value
        yield resume(client, found, {"approved": True, "note": "go on"})


@flow
def receiving():
    mine = flow_run.id
    send_input(20, flow_run_id=mine)
    send_input(22, flow_run_id=mine)
    got = []
    for number in receive_input(int, timeout=20, poll_interval=0.2):
        got.append(number)
        if len(got) == 2:
            break
    return sorted(got)


# What is kept


def storing():
    storage = LocalFileSystem(basepath=str(folder / "results"))
    storage.save("results", overwrite=True)

    @flow(name="storing", persist_result=True, result_storage=storage)
    def stores():
        return {"answer": costly(42)}

    run_id = stores(return_state=True).state_details.flow_run_id
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(run_id).state
    return {"result": state.result(), "files": len(list((folder / "results").iterdir())) > 0}


@task
def leaves_table():
    create_table_artifact(table=[{"a": 1}, {"a": 2}], key="rows")


@flow
def keeping():
    Secret(value="hush").save("whispered", overwrite=True)
    Variable.set("colour", {"name": "green"}, overwrite=True)
    create_markdown_artifact(markdown="# green", key="report")
    leaves_table()
    return {"secret": Secret.load("whispered").get(), "variable": Variable.get("colour")}


# What is limited


class Crowd:
    def __init__(self):
        self.lock = threading.Lock()
        self.inside = 0
        self.most = 0

    def __enter__(self):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(0.2)

    def __exit__(self, *_):
        with self.lock:
            self.inside -= 1


tagged = Crowd()
named = Crowd()


@task(tags=["narrow"])
def squeezes(number):
    with tagged:
        return number


def enters(number):
    with concurrency("door", occupy=1, strict=True):
        with named:
            return number


@flow
def limiting():
    with get_client(sync_client=True) as client:
        client.create_concurrency_limit(tag="narrow", concurrency_limit=1)
        client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name="door", limit=1))
        rated = GlobalConcurrencyLimitCreate(name="rate", limit=1, slot_decay_per_second=5.0)
        client.create_global_concurrency_limit(rated)
    through = squeezes.map(range(2)).result()
    with ThreadPoolExecutor(3) as pool:
        through += list(pool.map(enters, range(3)))
    started = time.monotonic()
    for _ in range(3):
        rate_limit("rate", strict=True)
    seconds = time.monotonic() - started
    return {"through": sorted(through), "most": [tagged.most, named.most], "rated": seconds >= 0.3}


# What runs elsewhere


@flow
def delegating():
    run = run_deployment("doubling/here", parameters={"number": 21}, tags=["sent"], timeout=90, poll_interval=0.5)
    return {"state": run.state.name, "result": run.state.result()}


def until_state(client, run_id, name):
    wait_until(f"state {name}", lambda: client.read_flow_run(run_id).state.name == name, 90)


def suspending():
    run = run_deployment("suspending/here", timeout=0, as_subflow=False)
    with get_client(sync_client=True) as client:
        until_state(client, run.id, "Suspended")
        resume(client, run.id, {"approved": True, "note": "awake"})
        until_state(client, run.id, "Completed")
        return client.read_flow_run(run.id).state.result()


def cancelling():
    run = run_deployment("lingering/here", parameters={"folder": str(folder)}, timeout=0, as_subflow=False)
    wait_until("sign of the flow", (folder / "lingering").exists, 90)
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run.id, Cancelling())
        until_state(client, run.id, "Cancelled")
    return wait_until("hook", lambda: (folder / "hook").exists() and (folder / "hook").read_text(), 10)


def planning():
    """Runs that a schedule has planned for what is served."""
    with get_client(sync_client=True) as client:
        hourly = is_served("doubling/hourly")
        planned = DeploymentFilter(id=DeploymentFilterId(any_=[hourly.id]))
        runs = wait_until("planned runs", lambda: client.read_flow_runs(deployment_filter=planned))
    return sorted({(run.state.name, run.auto_scheduled) for run in runs})


def of_async(scenario):
    return lambda: asyncio.run(scenario())


def state_of(scenario):
    return lambda: scenario(return_state=True).name


def with_notes(scenario):
    def run():
        kept.clear()
        return {"value": scenario(), "kept": list(kept)}

    return run


def is_served(name):
    with get_client(sync_client=True) as client:
        try:
            return client.read_deployment_by_name(name)
        except ObjectNotFound:
            return None


def elsewhere():
    """These wait for other processes most of the time, so they wait together."""
    for name in ("doubling/here", "suspending/here", "lingering/here", "doubling/hourly"):
        wait_until(f"deployment {name}", lambda: is_served(name))
    with ThreadPoolExecutor(3) as pool:
        for one in [pool.submit(tell, name, scenario) for name, scenario in remote.items()]:
            one.result()


local = {
    "mapping": mapping,
    "retrying": retrying,
    "trying_again": trying_again,
    "hurrying": hurrying,
    "dawdling": state_of(dawdling),
    "caching": caching,
    "transacting": with_notes(state_of(transacting)),
    "breaking": breaking,
    "nesting": nesting,
    "gathering": of_async(gathering),
    "hooking": with_notes(hooking),
    "failing": with_notes(state_of(failing)),
    "telling": tagging,
    "emitting": emitting,
    "pausing": pausing_and_answered,
    "receiving": receiving,
    "storing": storing,
    "keeping": keeping,
    "limiting": limiting,
}
remote = {"delegating": delegating, "suspending": suspending, "cancelling": cancelling, "planning": planning}


def tell(name, scenario):
    started = time.monotonic()
    try:
        told = {"came": scenario()}
    except Exception as error:
        told = {"error": f"{type(error).__name__}: {error}"}
    line = {"name": name, "seconds": round(time.monotonic() - started, 1), **told}
    # In one piece: features end in threads of their own, and print() writes its line end apart.
    sys.stdout.write("TOLD " + json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    background = threading.Thread(target=elsewhere)
    background.start()
    for name, scenario in local.items():
        tell(name, scenario)
    background.join()
