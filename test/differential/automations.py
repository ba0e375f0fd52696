"""Answers JSON lines about automations with the code of Prefect's server: triggers over a history, and templates.

The server's buckets live in its database; here a mapping stands in for the table, everything else is the server's own.
"""

import asyncio
import json
import logging
import sys
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from uuid import UUID

from prefect.server.events import triggers
from prefect.server.events.jinja_filters import all_filters
from prefect.server.events.schemas.automations import Automation, EventTrigger, Posture
from prefect.server.events.schemas.events import ReceivedEvent
from prefect.server.utilities import user_templates

logging.disable(logging.CRITICAL)
user_templates.register_user_template_filters(all_filters)

buckets = {}
fired = []


def key_of(trigger_id, bucketing_key):
    return (str(trigger_id), tuple(bucketing_key))


def stored(trigger, bucketing_key, **fields):
    bucket = SimpleNamespace(
        automation_id=trigger.automation.id,
        trigger_id=trigger.id,
        bucketing_key=tuple(bucketing_key),
        last_operation="",
        **fields,
    )
    buckets[key_of(trigger.id, bucketing_key)] = bucket
    return bucket


async def ensure_bucket(session, trigger, bucketing_key, start, end, last_event, initial_count=0):
    known = buckets.get(key_of(trigger.id, bucketing_key))
    if known is None:
        return stored(trigger, bucketing_key, start=start, end=end, count=initial_count, last_event=last_event)
    if last_event:
        known.last_event = last_event
    return known


async def increment_bucket(session, bucket, count, last_event):
    known = buckets[key_of(bucket.trigger_id, bucket.bucketing_key)]
    known.count += count
    if last_event:
        known.last_event = last_event
    return known


async def start_new_bucket(session, trigger, bucketing_key, start, end, count, triggered_at=None, last_event=None):
    return stored(trigger, bucketing_key, start=start, end=end, count=count, last_event=last_event)


async def read_bucket(session, trigger, bucketing_key):
    return buckets.get(key_of(trigger.id, bucketing_key))


async def remove_bucket(session, bucket):
    buckets.pop(key_of(bucket.trigger_id, bucket.bucketing_key), None)


async def act(firing):
    event = firing.triggering_event
    fired.append([str(event.id) if event else None, dict(firing.triggering_labels)])


@asynccontextmanager
async def session(begin_transaction=False):
    async def commit():
        pass

    yield SimpleNamespace(commit=commit)


class Ordering:
    @asynccontextmanager
    async def preceding_event_confirmed(self, handler, event, depth=0):
        yield


for name, stand_in in {
    "ensure_bucket": ensure_bucket,
    "increment_bucket": increment_bucket,
    "start_new_bucket": start_new_bucket,
    "read_bucket": read_bucket,
    "remove_bucket": remove_bucket,
    "act": act,
    "automations_session": session,
    "get_triggers_causal_ordering": Ordering,
}.items():
    setattr(triggers, name, stand_in)

epoch = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


def at(milliseconds):
    return epoch + timedelta(milliseconds=milliseconds)


def milliseconds(moment):
    return round((moment - epoch).total_seconds() * 1000)


async def history(question):
    buckets.clear()
    fired.clear()
    triggers.clear_loaded_automations()
    automation = Automation.model_validate(
        {"id": UUID(int=1), "name": "a", "trigger": question["trigger"], "actions": [{"type": "do-nothing"}]}
    )
    triggers.load_automation(automation)
    [trigger] = automation.triggers_of_type(EventTrigger)
    steps = []
    for step in question["steps"]:
        before = len(fired)
        if "event" in step:
            sent = {**step["event"], "occurred": at(step["at"]), "received": at(step["at"])}
            await triggers.reactive_evaluation(ReceivedEvent.model_validate(sent))
        elif trigger.posture == Posture.Proactive:
            for bucket in sorted(list(buckets.values()), key=lambda bucket: bucket.bucketing_key):
                if bucket.end <= at(step["at"]) and trigger.meets_threshold(bucket.count):
                    await triggers.evaluate(None, trigger, bucket, at(step["at"]), triggering_event=None)
        steps.append(
            {
                "fired": fired[before:],
                "buckets": sorted(
                    [list(key), milliseconds(bucket.start), milliseconds(bucket.end), bucket.count]
                    for (_, key), bucket in buckets.items()
                ),
            }
        )
    return steps


def template(question):
    problem = None
    try:
        user_templates.validate_user_template(question["template"])
    except Exception as error:
        problem = [getattr(error, "lineno", 0), str(error.message)]
    text = None
    if problem is None:
        try:
            text = user_templates.render_user_template_sync(question["template"], question["context"])
        except user_templates.TemplateRenderError:
            text = None
    return {"problem": problem, "text": text}


for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = asyncio.run(history(asked)) if asked["ask"] == "history" else template(asked)
        print(json.dumps({"ok": True, "answer": answer}), flush=True)
    except Exception as error:
        print(json.dumps({"ok": False, "problem": f"{type(error).__name__}: {error}"}), flush=True)
