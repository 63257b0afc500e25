"""Leads a drill: the client writes, the failure is made, the runbook is followed, and what was lost is counted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.drill import runbook
from sandbox.drill.client import Client
from sandbox.drill.context import Context
from sandbox.drill.kinds.kind import Kind
from sandbox.drill.losses import compare, recovery_point_s
from sandbox.drill.report import Report, StepTaken
from sandbox.drill.runbook import Runbook, Step
from sandbox.drill.shell import Shell, StepError

WARM = 5
"""Writes that each channel must have had acknowledged before the failure, and again after the recovery."""
PATIENCE_S = 60.0
"""How long these may take: functions start cold, and names follow health checks after half a minute."""

Say = Callable[[str], None]


def conduct(kind: Kind, context: Context, say: Say, patience_s: float = PATIENCE_S) -> Report:
    """A drill from its beginning to its end; the journal was opened for it."""
    return resume(kind, context, say, patience_s)


def mend(kind: Kind, context: Context) -> list[str]:
    """Undoes what an interrupted drill did; gives what is still not in order."""
    left = kind.mend(context)
    if not left:
        context.journal.close()
    return left


def resume(kind: Kind, context: Context, say: Say, patience_s: float = PATIENCE_S) -> Report:
    """What is left of a drill: the same failure, the steps that are not done, the count of all writes.

    Args:
        kind: what fails; the journal's kind.
        context: the sandbox, with the journal of the open drill.
        say: takes the lines of progress.
        patience_s: how long the first writes may take, before the failure and after the recovery.
    """
    page = runbook.read(context.root / "docs" / "runbooks" / f"{kind.runbook}.md")
    report = Report(kind.name, f"docs/runbooks/{kind.runbook}.md", kind.target_s, notes=list(kind.notes))
    client = Client(kind.channels(context), context.journal.ledger, context.rate)
    client.start()
    try:
        _fail(kind, context, client, say, patience_s)
        report.failed_at = float(context.journal.content["failed"])
        recovered = _follow(page, kind, context, report, say)
        if recovered:
            client.acknowledged(WARM, patience_s)
    except (RuntimeError, BotoCoreError, ClientError) as error:
        report.inconsistencies.append(str(error))
        recovered = False
    finally:
        client.stop()
    ended = time.time() if context.journal.phase != "recovered" else float(context.journal.content["recovered"])
    served = max(ended, client.recovered_at(report.failed_at)) if recovered else float("inf")
    _count(kind, context, client, report, served)
    _close(kind, context, report)
    return report


def _fail(kind: Kind, context: Context, client: Client, say: Say, patience_s: float) -> None:
    """Makes the failure, once the client has written for a while; an interrupted drill may have made it already."""
    journal = context.journal
    if journal.phase == "begun":
        client.acknowledged(WARM, patience_s)
        client.lasting(kind.warm_s)
        kind.prepare(context, client)
        say(f"  the client writes {', '.join(client.channels)}; now the failure: {kind.name}")
        journal.enter("failing", failed=time.time())
    if journal.phase == "failing":
        kind.fail(context)
        journal.enter("failed")


def _follow(page: Runbook, kind: Kind, context: Context, report: Report, say: Say) -> bool:
    """The runbook's steps, in order; whether all of them ended well."""
    say(f"  {page.title} (docs/runbooks/{page.name}.md)")
    shell = Shell(
        context.state,
        context.outputs(),
        context.journal.directory,
        names=page.assigned(),
        given=kind.given(context),
        root=context.root,
    )
    done = int(context.journal.content["steps"])
    if not done:
        shell.begin()
        shell.do(page.variables, 60)
    for number, step in enumerate(page.steps, 1):
        if number <= done:
            report.steps.append(StepTaken(step.title, 0.0, "done before the interruption"))
            continue
        began = time.monotonic()
        try:
            result = _take(shell, step)
        except StepError as error:
            report.steps.append(StepTaken(step.title, time.monotonic() - began, str(error)))
            report.inconsistencies.append(f"step {number}, {step.title}: {error}")
            say(f"    {number}. {step.title}: failed")
            return False
        report.steps.append(StepTaken(step.title, time.monotonic() - began, result))
        say(f"    {f'{number}. {step.title} ':.<56}{time.monotonic() - began:6.1f} s")
        context.journal.step_done()
    context.journal.enter("recovered", recovered=time.time())
    return True


def _take(shell: Shell, step: Step) -> str:
    """One step: the command must end well, and its check must hold within the time that is left."""
    if step.by_hand:
        return "by hand"
    deadline = time.monotonic() + step.limit_s
    if step.command:
        shell.do(step.command, step.limit_s)
    if step.check:
        shell.until(step.check, max(1.0, deadline - time.monotonic()))
    return "done"


def _count(kind: Kind, context: Context, client: Client, report: Report, served: float) -> None:
    report.rto_s = served - report.failed_at
    report.acknowledged = dict(Counter(write.channel for write in client.writes))
    report.refused = dict(Counter(row.channel for row in client.refusals))
    try:
        report.lost = compare(client.writes, client.read)
        report.rpo_s = recovery_point_s(report.lost, report.failed_at)
        report.inconsistencies += kind.verify(context, client, report.lost, report.failed_at)
    except Exception as error:  # noqa: BLE001  # whatever cannot be counted is told: a report must come out
        report.inconsistencies.append(f"the writes could not be counted: {error}")


def _close(kind: Kind, context: Context, report: Report) -> None:
    """A drill that went well leaves nothing behind; one that did not can be looked into, resumed or mended."""
    if not report.passed:
        report.notes.append("the drill is still open: `python -m sandbox drill --resume` or `… --mend`")
        return
    left = kind.mend(context)
    report.inconsistencies += left
    if not left:
        context.journal.close()
