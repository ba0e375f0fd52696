# Answers with Prefect's own code when a schedule fires: one JSON line in, one JSON line out.
import asyncio
import datetime
import json
import os
import sys

os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"

from pydantic import TypeAdapter  # noqa: E402
from prefect.server.schemas.schedules import SCHEDULE_TYPES  # noqa: E402

adapter = TypeAdapter(SCHEDULE_TYPES)


def moment(milliseconds):
    return datetime.datetime.fromtimestamp(milliseconds / 1000, tz=datetime.timezone.utc)


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


for line in sys.stdin:
    question = json.loads(line)
    try:
        answer = times(question) if question["ask"] == "times" else check(question)
        print(json.dumps({"ok": True, "answer": answer}), flush=True)
    except Exception as error:
        print(json.dumps({"ok": False, "problem": repr(error)[:300]}), flush=True)
