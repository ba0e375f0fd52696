"""Runs a flow, emits an event of its own, and reads all events back page by page."""

import asyncio
import json
import time

from prefect import flow, get_client, task
from prefect.events import emit_event
from prefect.events.filters import EventFilter, EventNameFilter


@task
def double(number: int) -> int:
    return 2 * number


@flow
def telling() -> int:
    return double(1) + double(2)


async def everything() -> list:
    wanted = EventFilter(event=EventNameFilter(prefix=["shop.", "prefect.flow-run.", "prefect.task-run."]))
    async with get_client() as client:
        page = await client.read_events(filter=wanted, limit=4)
        events = list(page.events)
        while page.next_page:
            page = await client.read_events_page(str(page.next_page))
            events += page.events
        return events


def count(events: list) -> dict:
    names = [event.event for event in events]
    return {name: names.count(name) for name in sorted(set(names)) if name != "prefect.flow-run.heartbeat"}


emit_event("shop.opened", resource={"prefect.resource.id": "shop.1"}, payload={"keys": 2})
telling()
deadline = time.monotonic() + 20
while sum(count(asyncio.run(everything())).values()) < 10 and time.monotonic() < deadline:
    time.sleep(0.1)
found = asyncio.run(everything())
print("COUNTED", json.dumps(count(found)))
print("DISTINCT", len({event.id for event in found}) == len(found))
print("PAYLOAD", [event.payload for event in found if event.event == "shop.opened"])
