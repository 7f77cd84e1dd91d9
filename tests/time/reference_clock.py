"""A second, plain way to find the dates of a request: live through the days, one by one, and count.

It shares no code and no data with the engine: the numbers of law are written here, days are looked up in a plain
table, and nothing looks ahead except where the law itself judges afterwards. Slow and simple on purpose.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache

ONE_DAY = timedelta(days=1)
REPLY, NOTICE, OPINION, PAYMENT, LONGEST_EXTENSION = 20, 7, 15, 20, 20
CONSULTATIONS = {
    "third_party": ("third_party_sent", "third_party_received", "third_party_opinion"),
    "agency": ("agency_consult_sent", "agency_consult_received", "agency_opinion"),
}
HORIZON = 900


def nth_working_day(day, number, works):
    while number:
        day += ONE_DAY
        number -= works(day)
    return day


class Pause:
    """One consultation: taken out from the day after it began to the day it ends."""

    def __init__(self, began, received):
        self.began, self.received, self.opinion, self.answer = began, received, None, None

    @cache  # noqa: B019 (lives as long as a test)
    def last_day(self, works, late):
        """The last day taken out; None while nobody can know."""
        limit = nth_working_day(self.received, OPINION, works) if self.received else None
        if self.opinion and (limit is None or late == "opinion"):
            return self.opinion
        if self.opinion:
            return min(self.opinion, limit)
        return limit


class Request:
    """One request from day to day."""

    def __init__(self, events, works, settings, today):
        superseded = {e["supersedes"] for e in events if e.get("supersedes") is not None}
        self.events = sorted(
            (e for e in events if e.get("id") not in superseded), key=lambda e: e["date"]
        )
        self.works, self.settings, self.today = works, settings, today
        self.ignored = set()
        self.start = self.due = self.original = self.ended = None
        self.used = self.base = self.rounds = 0
        self.extensions, self.pauses, self.paused_for_fee = [], [], []
        self.waits, self.fell = {}, set()
        self.abandoned = None
        self.was_received = False

    def outcome(self):
        """Return (due, original, state, allowance)."""
        if not self.events:
            return None, None, "waiting", 0
        self.live()
        return self.verdict()

    def live(self, until=None):
        """Live through the days; ``until``: only up to this fact."""
        day = self.events[0]["date"]
        last = self.events[-1]["date"]
        position = 0
        for _ in range(HORIZON + (last - day).days):
            self.lapse(day)
            while position < len(self.events) and self.events[position]["date"] == day:
                if self.events[position] is until:
                    return
                self.happen(position, self.events[position])
                position += 1
            self.evening(day)
            if day >= last and (self.due or self.start is None or self.waits or self.is_open()):
                return
            day += ONE_DAY

    def evening(self, day):
        """At the end of a day it is counted, or it is not."""
        if self.start is None or day <= self.start or self.due is not None:
            return
        if not self.works(day) or self.is_out(day):
            return
        self.used += 1
        if self.used == self.allowance:
            self.due = day

    def is_out(self, day):
        if any(began < day for began, *_ in self.waits.values()):
            return True
        if any(began < day <= until for began, until in self.paused_for_fee):
            return True
        for _, pause in self.pauses:
            until = pause.last_day(self.works, self.settings["late_opinion"])
            if pause.began < day and (until is None or day <= until):
                return True
        return False

    def is_open(self):
        return any(
            pause.last_day(self.works, self.settings["late_opinion"]) is None
            for _, pause in self.pauses
        )

    @property
    def allowance(self):
        return self.base + sum(self.extensions)

    @property
    def expired(self):
        """Yesterday or earlier was the last day; while the office waits, no day is."""
        return self.due is not None and not self.waits

    def happen(self, position, event):  # noqa: C901 (one branch a kind of fact)
        kind, day = event["kind"], event["date"]
        if kind == "received" and not self.was_received:
            if self.ended and self.ended[1] < day:  # that ended something else
                self.ended = None
            self.forget()
            self.begin(day)
        elif self.ended or self.abandoned:
            return
        elif kind in ("reply_sent", "answered_on_spot", "withdrawn"):
            self.ended = ("exceeded" if self.expired else "stopped", day)
        elif kind == "correction_received":
            self.corrected(day)
        elif kind == "fee_paid":
            self.paid(day)
        elif self.start is None:
            return
        elif kind in ("correction_notice_sent", "correction_notice_received"):
            self.notice(position, event)
        elif kind == "fee_notice_received" and "fee" not in self.waits and "fee" not in self.fell:
            if self.expired:
                self.fell.add("fee")
            else:
                self.wait(
                    "fee", position, day, nth_working_day(day, PAYMENT, self.works), "fee_paid"
                )
        elif kind == "extension_approved":
            self.extend(position, event)
        elif kind == "delayed_period_set" and not self.expired:
            self.delay(day, event["working_days_total"])
        else:
            self.consult(position, event)

    def forget(self):
        """What came before the receipt was about something else: a payment or a correction begins nothing then."""
        self.was_received = True
        self.original = self.abandoned = None
        self.rounds, self.waits, self.fell = 0, {}, set()
        self.extensions, self.pauses = [], []

    def begin(self, day):
        self.start, self.used, self.base = day, 0, REPLY
        self.due = None
        if self.original is None:
            self.original = nth_working_day(day, REPLY, self.works)
        if self.settings["restart_extension"] == "falls":
            self.extensions = []
        if self.settings["restart_suspension"] == "falls":
            self.pauses = []
        self.paused_for_fee = []

    def corrected(self, day):
        if "correction" in self.fell:
            self.fell.discard("correction")
            return
        self.waits.pop("correction", None)
        self.begin(day)

    def paid(self, day):
        if self.settings["fee"] == "restart":
            if "fee" in self.fell:
                self.fell.discard("fee")
                return
            self.waits.pop("fee", None)
            self.begin(day)
        elif "fee" in self.waits:
            began, *_ = self.waits.pop("fee")
            self.paused_for_fee.append((began, day))

    def notice(self, position, event):
        if "correction" in self.waits or "correction" in self.fell:
            return
        late = False
        first = next((e for e in self.events[:position] if e["kind"] == "received"), None)
        if first and self.settings["late_correction_notice"] == "continue":
            late = event["date"] > nth_working_day(first["date"], NOTICE, self.works)
        if self.expired or self.rounds or late:
            self.fell.add("correction")
            return
        self.rounds += 1
        received = next(
            (e for e in self.events[position:] if e["kind"] == "correction_notice_received"), None
        )
        limit = None
        if received:
            limit = nth_working_day(
                received["date"], received.get("period_working_days", 10), self.works
            )
        self.wait("correction", position, event["date"], limit, "correction_received")

    def wait(self, name, position, day, limit, answer):
        """Begin to wait; it lapses on the day after its limit, unless answered in time or with a good reason."""
        lapses = None
        if limit:
            after = self.events[position:]
            if name == "correction":
                served = next(
                    i for i, e in enumerate(after) if e["kind"] == "correction_notice_received"
                )
                after = after[served:]
            end = next((e for e in after if e["kind"] in (answer, "withdrawn")), None)
            late = end is not None and end["date"] > limit
            excused = name == "correction" and end is not None and end.get("justified") is True
            silent = end is None and self.moment() > limit
            if silent or (late and not excused):
                lapses = limit + ONE_DAY
        self.waits[name] = (day, lapses)

    def lapse(self, day):
        if self.ended or self.abandoned:
            return
        if any(lapses and lapses <= day for _, lapses in self.waits.values()):
            self.abandoned = day

    def extend(self, position, event):
        if self.expired or self.extensions or position in self.ignored:
            return
        told = next((e for e in self.events[position:] if e["kind"] == "extension_notified"), None)
        if told and self.told_too_late(position, told):
            return
        self.extensions.append(min(event["working_days"], LONGEST_EXTENSION))

    def told_too_late(self, position, told):
        """Whether the applicant was told after the limit had run out, had it not been extended."""
        without = Request([], self.works, self.settings, self.today)
        without.events, without.ignored = self.events, self.ignored | {position}
        without.live(until=told)
        fell = without.start != self.start and self.settings["restart_extension"] == "falls"
        return not (without.ended or without.abandoned or fell) and without.expired

    def delay(self, day, total):
        """Count again from the start to a new total; what was taken out before is contained in it."""
        self.base, self.extensions, self.pauses, self.paused_for_fee = total, [], [], []
        self.used, self.due = 0, None
        passed = self.start + ONE_DAY
        while passed < day:
            self.evening(passed)
            passed += ONE_DAY

    def consult(self, position, event):
        kind, day = event["kind"], event["date"]
        for name, (sent, received, opinion) in CONSULTATIONS.items():
            if kind != (sent if self.settings["pause_from"] == "sent" else received):
                continue
            named = {
                e.get("party") for e in self.events if e["kind"] in (sent, received, opinion)
            } - {None}
            party = event.get("party") if len(named) > 1 else None
            key = (name, party)
            running = [
                p.last_day(self.works, self.settings["late_opinion"])
                for k, p in self.pauses
                if k == key and p.answer not in self.events[:position]
            ]
            if self.expired or any(until is None or until >= day for until in running):
                return
            mine = [e for e in self.events[position:] if party is None or e.get("party") == party]
            pause = Pause(day, next((e["date"] for e in mine if e["kind"] == received), None))
            pause.answer = next((e for e in mine if e["kind"] == opinion), None)
            pause.opinion = pause.answer and pause.answer["date"]
            self.pauses.append((key, pause))

    def moment(self):
        return self.today or self.events[-1]["date"]

    def verdict(self):
        self.lapse(self.moment())
        allowance = self.allowance if self.start else 0
        if self.abandoned:
            return None, self.original, "abandoned", allowance
        due = None if self.waits else self.due
        if self.ended:
            return due, self.original, self.ended[0], allowance
        if due is None:
            return None, self.original, "waiting", allowance
        return due, self.original, "exceeded" if self.moment() > due else "running", allowance
