"""What time costs: the n-th working day, a whole reply clock with its explanation, loading a calendar.

    python -m bench.time_bench

Medians of seven rounds in one process; within a round the rivals take turns on the same days. The rival is a loop,
day by day, over the package chinesecalendar.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar

from engine.bpmn.clocks import read_clocks
from engine.bpmn.load import load_xml
from engine.business_calendar import BusinessCalendar
from engine.office.settings import OfficeSettings
from engine.statutory_clock import CaseEvent, answer

PROCESSES = Path(__file__).resolve().parents[1] / "processes"
ROUNDS = 7
ONE_DAY = timedelta(days=1)
STARTS = [date(2015, 1, 1) + timedelta(days=7 * n) for n in range(400)]
COUNTS = (7, 15, 20, 40)


def loop(day: date, count: int) -> date:
    """The n-th working day after a date, day by day over chinesecalendar."""
    while count:
        day += ONE_DAY
        if chinese_calendar.is_workday(day):
            count -= 1
    return day


def seconds_each(work: Callable[[], object], times: int) -> float:
    """Return the CPU seconds that one of ``times`` pieces of work took; others may use the machine."""
    begun = time.process_time()
    work()
    return (time.process_time() - begun) / times


def story() -> list[CaseEvent]:
    """A request that met almost everything: correction, two parties, an agency, extension."""

    def fact(kind: str, day: str, **fields: object) -> CaseEvent:
        return CaseEvent(kind, date.fromisoformat(day), fields)

    return [
        fact("received", "2026-03-02", article="第三十一条第一项", basis="当面提交，当日为收到日"),
        fact("correction_notice_sent", "2026-03-04"),
        fact("correction_notice_received", "2026-03-05", period_working_days=10),
        fact("correction_received", "2026-03-10"),
        fact("third_party_sent", "2026-03-13", party="甲", evidence="征求意见书第3号"),
        fact("third_party_received", "2026-03-16", party="甲"),
        fact("third_party_sent", "2026-03-17", party="乙", evidence="征求意见书第4号"),
        fact("third_party_received", "2026-03-18", party="乙"),
        fact("third_party_opinion", "2026-03-26", party="甲", evidence="回函扫描件"),
        fact("agency_consult_sent", "2026-04-15"),
        fact("agency_consult_received", "2026-04-16"),
        fact("agency_opinion", "2026-04-22"),
        fact("extension_approved", "2026-04-28", working_days=20, approved_by="张某"),
        fact("extension_notified", "2026-04-28"),
    ]


def main() -> None:
    """Measure and print."""
    folder = PROCESSES / "_office" / "calendar"
    calendar = BusinessCalendar.load(folder)
    settings = OfficeSettings.load(PROCESSES / "_office")
    diagram = PROCESSES / "on_request" / "on_request.bpmn"
    clocks = read_clocks(load_xml(diagram.read_bytes(), diagram.name))
    facts, today = story(), date(2026, 5, 8)
    pairs = [(start, count) for start in STARTS for count in COUNTS]
    assert all(calendar.add_working_days(*pair) == loop(*pair) for pair in pairs)

    def reply() -> object:
        return answer(clocks["reply"], facts, calendar, settings, definitions=clocks, today=today)

    ours, theirs, clock, load = [], [], [], []
    for _ in range(ROUNDS):
        ours.append(
            seconds_each(lambda: [calendar.add_working_days(*p) for p in pairs], len(pairs))
        )
        theirs.append(seconds_each(lambda: [loop(*p) for p in pairs], len(pairs)))
        clock.append(seconds_each(lambda: [reply() for _ in range(200)], 200))
        load.append(seconds_each(lambda: BusinessCalendar.load(folder), 1))
    ratio = statistics.median(a / b for a, b in zip(theirs, ours, strict=True))
    found = {
        "working_day_us": round(statistics.median(ours) * 1e6, 3),
        "loop_us": round(statistics.median(theirs) * 1e6, 3),
        "ratio": round(ratio, 1),
        "reply_clock_with_explanation_ms": round(statistics.median(clock) * 1e3, 3),
        "calendar_load_ms": round(statistics.median(load) * 1e3, 1),
    }
    print(json.dumps(found))
    print("wanted: ratio at least 20, reply clock at most 1 ms")


if __name__ == "__main__":
    main()
