# Answers with Prefect's own code when a schedule fires: one JSON line in, one JSON line out.
import asyncio
import datetime
import json
import os
import sys

os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"

import dateutil.tz  # noqa: E402
import pendulum  # noqa: E402
import pytz  # noqa: E402
from pydantic import TypeAdapter  # noqa: E402
from prefect.server.schemas.schedules import SCHEDULE_TYPES  # noqa: E402

adapter = TypeAdapter(SCHEDULE_TYPES)


def moment(milliseconds):
    return datetime.datetime.fromtimestamp(milliseconds / 1000, tz=datetime.timezone.utc)


def offsets(question):
    """Seconds ahead of UTC at each moment, by each of the libraries that know the zone."""
    zone = question["zone"]
    sources = {"pendulum": pendulum.timezone(zone), "pytz": pytz.timezone(zone), "dateutil": dateutil.tz.gettz(zone)}
    return {name: [offset(source, at) for at in question["instants"]] for name, source in sources.items()}


def offset(zone, milliseconds):
    utc = moment(milliseconds).replace(tzinfo=None)
    wall = zone.fromutc(utc.replace(tzinfo=zone)).replace(tzinfo=None)
    return round((wall - utc).total_seconds())


def times(question):
    schedule = adapter.validate_python(question["schedule"])
    start, end = moment(question["start"]), moment(question["end"])
    found = []
    for date in schedule._get_dates_generator(n=question["most"], start=start, end=end):
        found.append(round(date.timestamp() * 1000))
    return found


def check(question):
    adapter.validate_python(question["schedule"])
    return True


answers = {"offsets": offsets, "times": times, "check": check}

for line in sys.stdin:
    question = json.loads(line)
    try:
        print(json.dumps({"ok": True, "answer": answers[question["ask"]](question)}), flush=True)
    except Exception as error:
        print(json.dumps({"ok": False, "problem": repr(error)[:300]}), flush=True)
