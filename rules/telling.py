"""What people are told of an alert, in zh or en: a title and a few lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from db.alerts import AlertRow
from db.outbox import Saying
from enms.alerts import PERIOD_WITHHELD, Step

EVENTS = ("raised", "resolved", "period_over", "withdrawn", "escalated", "late", "assigned")


@dataclass(frozen=True, slots=True)
class Told:
    """A message's words."""

    title: str
    body: str


_WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "raised": "报警", "resolved": "恢复", "withdrawn": "撤回", "escalated": "升级", "late": "补记",
        "assigned": "派给您", "period_over": "统计期满仍超限", "period_withheld": "统计期满，结论保留",
        "critical": "严重", "warning": "警告", "notice": "提示",
        "operational": "运行类", "statutory": "法定类",
        "plant": "企业", "subject": "对象", "value": "数值", "limit": "限值", "began": "开始", "ended": "结束",
        "certainty": "结论", "confirmed": "确定", "possible": "可能", "withheld": "结论保留自",
        "source": "依据", "first": "先做什么", "evidence": "证据", "number": "编号",
        "unacknowledged": "逾时无人处理", "withheld_long": "结论保留过久",
        "digest": "能耗报警汇总：{n} 条", "and": "；",
    },
    "en": {
        "raised": "Alert", "resolved": "Resolved", "withdrawn": "Withdrawn", "escalated": "Escalated",
        "late": "Found late", "assigned": "Yours", "period_over": "Over when its period ended",
        "period_withheld": "Period ended, verdict withheld",
        "critical": "critical", "warning": "warning", "notice": "notice",
        "operational": "operational", "statutory": "statutory",
        "plant": "Plant", "subject": "Subject", "value": "Value", "limit": "limit", "began": "Began", "ended": "Ended",
        "certainty": "Verdict", "confirmed": "confirmed", "possible": "possible", "withheld": "verdict withheld since",
        "source": "Source", "first": "First", "evidence": "Evidence", "number": "Key",
        "unacknowledged": "nobody took it in time", "withheld_long": "its verdict was withheld for too long",
        "digest": "Energy alerts: {n} in this digest", "and": "; ",
    },
}  # fmt: skip


def tell(
    alert: AlertRow, says: Saying, event: str, language: str, *, link: str, key: str, why: str | None = None
) -> Told:
    """One alert's event.

    Args:
        alert: as it is now.
        says: what its rule says.
        event: raised, resolved, period_over, withdrawn, escalated, late, assigned.
        language: zh or en.
        link: to its evidence; "": none.
        key: told at the end, so that repetitions can be known.
        why: of an escalation.
    """
    words, zone = _WORDS[language], ZoneInfo(says.timezone)
    name = says.name_zh if language == "zh" else says.name_en
    runbook = says.runbook_zh if language == "zh" else says.runbook_en
    what = PERIOD_WITHHELD if event == Step.PERIOD_OVER and alert.outcome == PERIOD_WITHHELD else event
    title = f"[{words[what]} · {words[alert.severity]}] {name} {alert.subject}: {alert.title(language)}"
    lines = [
        f"{words['plant']}: {name} ({alert.enterprise}), {words[alert.purpose]}",
        f"{words['subject']}: {alert.subject}",
    ]
    if alert.value is not None:
        limit = "" if alert.limit_value is None else f", {words['limit']} {_number(alert.limit_value, alert.unit)}"
        lines.append(f"{words['value']}: {_number(alert.value, alert.unit)}{limit}")
    if alert.certainty is not None:
        lines.append(f"{words['certainty']}: {words[alert.certainty]}")
    lines.append(f"{words['began']}: {_clock(alert.started_at, zone)}")
    if alert.resolved_at is not None:
        lines.append(f"{words['ended']}: {_clock(alert.resolved_at, zone)}")
    if alert.withheld_since is not None:
        lines.append(f"{words['withheld']} {_clock(alert.withheld_since, zone)}")
    if why is not None:
        lines.append(words["withheld_long" if why == "withheld" else why])
    lines.append(f"{words['source']}: {alert.source}")
    if event in {"raised", "escalated", "assigned"} and runbook:
        lines.append(f"{words['first']}: {runbook}")
    if link:
        lines.append(f"{words['evidence']}: {link}")
    lines.append(f"{words['number']}: {key}")
    return Told(title, "\n".join(lines))


def gather(told: Sequence[tuple[str, str]], language: str, key: str) -> Told:
    """Several messages as one: (title, link) of each, in order."""
    words = _WORDS[language]
    lines = [f"{n}. {title}{f'  {link}' if link else ''}" for n, (title, link) in enumerate(told, 1)]
    return Told(words["digest"].format(n=len(told)), "\n".join([*lines, f"{words['number']}: {key}"]))


def _number(value: float, unit: str) -> str:
    return (
        f"{value * 100:.1f} %"
        if unit == "1"
        else f"{value:,.4g} {unit}"
        if abs(value) < 1e4
        else f"{value:,.0f} {unit}"
    )


def _clock(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"
