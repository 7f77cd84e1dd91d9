"""Two steps of the executor that are written as one: starting a case and completing its first task."""

from __future__ import annotations

from engine.bpmn.step import Step


def joined(first: Step, second: Step) -> Step:
    """Return the step that leaves a case where ``second`` leaves it, with everything that both did.

    A task that the first opened and the second closed stands in both lists, so that it has its row;
    a timer or wait that came and went leaves none.
    """
    gone_timers, gone_waits = set(second.timers_gone), set(second.waits_gone)
    return Step(
        state=second.state,
        opened=[*first.opened, *second.opened],
        closed=[*first.closed, *second.closed],
        timers_armed=[
            *(timer for timer in first.timers_armed if timer.id not in gone_timers),
            *second.timers_armed,
        ],
        timers_gone=[*first.timers_gone, *second.timers_gone],
        waits_added=[
            *(wait for wait in first.waits_added if wait.id not in gone_waits),
            *second.waits_added,
        ],
        waits_gone=[*first.waits_gone, *second.waits_gone],
        history=[*first.history, *second.history],
        signals=[*first.signals, *second.signals],
        messages=[*first.messages, *second.messages],
        ended=second.ended,
        how=second.how,
    )
