"""Motors that are energised with little to do: `motor_underload` and `motor_idle`.

A mean says little of a motor that was switched within the quarter hour: ten minutes off and five at full load look like
a third of the load. So the readings are looked at, too: the condition is met where the motor was energised, and under
the limit, throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar

from db.motors import first_readings
from db.plants import EnterpriseRow
from enms.alerts import Observation, Truth
from enms.enpi_verdict import Certainty
from enms.metering import INTERVAL_S
from enms.motor import Motor
from enms.motor_assumptions import assumption, provenance
from enms.motors import LoadState, energised_kw
from rules.conditions import Judged, Span, Subject, under
from rules.definition import MotorLoadRule, MotorOverloadRule
from rules.facts import Facts
from rules.metered import class_unknown
from rules.motor_loads import QuarterHourLoad, Watched, quarter_hour_loads, watched_motors

Limits = TypeVar("Limits", bound=MotorLoadRule | MotorOverloadRule)


class LoadCondition(Generic[Limits]):
    """A condition on the load factor from input power, quarter hour by quarter hour."""

    lasting = True
    revises = True

    def __init__(self, rule: Limits, enterprise: EnterpriseRow) -> None:
        self._rule = rule
        self._e = enterprise.e

    @property
    def limit(self) -> float:
        """The load factor that is compared with."""
        raise NotImplementedError

    def limits(self, motor: Motor) -> dict[str, float]:
        """What evidence says was compared with."""
        raise NotImplementedError

    def loaded(self, motor: Motor, load: QuarterHourLoad, factor: float) -> tuple[Truth, bool, str]:
        """The condition on a quarter hour in which the motor was energised on average."""
        raise NotImplementedError

    async def subjects(self, facts: Facts) -> list[Subject[Watched]]:
        return await watched_motors(facts, self._e, self._rule.watches.duty)

    async def judge(self, facts: Facts, spans: Sequence[Span[Watched]]) -> dict[str, list[Judged[QuarterHourLoad]]]:
        loads = await quarter_hour_loads(facts, self._e, spans)
        return {code: [self._judged(*step, load) for step, load in told] for code, told in loads.items()}

    async def earliest(self, facts: Facts, subjects: Sequence[Subject[Watched]]) -> dict[str, datetime]:
        """Over readings that are gone nothing is judged again."""
        gauges = {s.code: {g.p for g in s.watched.gauges} for s in subjects}
        first = await first_readings(facts.connection, self._e, sorted(set().union(*gauges.values())))
        # readings go by time, those of all gauges: where one has some, nothing later is gone
        held = {code: [first[p] for p in points if p in first] for code, points in gauges.items()}
        return {code: min(found) for code, found in held.items() if found}

    def _judged(self, start: datetime, end: datetime, load: QuarterHourLoad) -> Judged[QuarterHourLoad]:
        truth, in_band, reason = self.answer(load)
        found = load.verdict.load if load.verdict is not None else None
        # nobody knows how far off a load without a range is
        sure = Certainty.POSSIBLE.value if truth is Truth.MET and found is not None and found.low is None else None
        observation = Observation(start, end, truth, in_band, reason)
        return Judged(observation, found.factor if found is not None else None, self.limit, sure, load)

    def answer(self, load: QuarterHourLoad) -> tuple[Truth, bool, str]:
        """The condition on one quarter hour."""
        if (reason := self._withheld(load)) is not None:
            return Truth.UNKNOWN, False, reason
        assert load.motor is not None
        assert load.verdict is not None
        if load.verdict.load is None:
            return Truth.CLEAR, False, LoadState.OFF.value
        return self.loaded(load.motor, load, load.verdict.load.factor)

    def _withheld(self, load: QuarterHourLoad) -> str | None:
        """Why there is no answer."""
        if load.motor is None or load.verdict is None:
            return "not_in_service"
        if load.completeness < self._rule.condition.min_completeness:
            return "incomplete"
        if load.verdict.state is LoadState.OFF:
            return None
        if load.verdict.load is None:
            return load.verdict.why.value if load.verdict.why is not None else ""
        return "readings_gone" if load.unsampled else None

    def evidence(self, subject: Subject[Watched], judged: Judged[QuarterHourLoad]) -> dict[str, object]:
        step, basis = judged.observation, judged.basis
        motor = basis.motor
        assert motor is not None
        assert basis.verdict is not None
        load = basis.verdict.load
        assert load is not None
        edition, source, review = provenance()
        point = subject.watched.points[motor.points.power or motor.points.current or ""].during(step.start, step.end)
        used = (*load.assumptions, assumption("energised_share"), assumption("no_load_floor"))
        return {
            "window": {"start": step.start, "end": step.end},
            "nameplate": motor.model_dump(mode="json", exclude={"name"}),
            "inputs": [
                {
                    "point": point.code,
                    "mean_kw": basis.input_kw,
                    "low_kw": basis.sampled.low if basis.sampled is not None else None,
                    "high_kw": basis.sampled.high if basis.sampled is not None else None,
                    "covered_s": basis.completeness * INTERVAL_S,
                    "completeness": basis.completeness,
                    "accuracy_class": point.accuracy_class,
                    "calibrated": point.calibrated,
                }
            ],
            "method": {"edition": edition, "source": source, "review": review, "by": load.method},
            "assumptions": [
                {
                    "key": a.key,
                    "value": a.value,
                    "low": a.low,
                    "high": a.high,
                    "text": {"zh": a.text.zh, "en": a.text.en},
                    "confidence": a.confidence,
                }
                for a in used
            ],
            "arithmetic": _arithmetic(motor, basis),
            "limit": self.limits(motor),
            "result": {
                "value": load.factor,
                "least": basis.least,
                "greatest": basis.greatest,
                "low": load.low,
                "high": load.high,
                "unit": "1",
                "limit": judged.limit,
                **({"certainty": judged.certainty} if judged.certainty is not None else {}),
                **class_unknown(load.unclassed),
            },
        }


class MotorLoad(LoadCondition[MotorLoadRule]):
    """`motor_underload` and `motor_idle`: energised, and under the limit, throughout."""

    @property
    def limit(self) -> float:
        return self._rule.condition.load_factor_below

    def limits(self, motor: Motor) -> dict[str, float]:
        not_below = self._rule.condition.and_not_below
        return {"load_factor_below": self.limit, "and_not_below": not_below, "energised_kw": energised_kw(motor)}

    def loaded(self, motor: Motor, load: QuarterHourLoad, factor: float) -> tuple[Truth, bool, str]:
        deadband = self._rule.deadband
        truth, in_band = under(factor, self.limit, deadband)
        reason = ""
        if factor < self._rule.condition.and_not_below:
            truth, in_band = Truth.CLEAR, False
        elif truth is Truth.MET and load.sampled is not None and load.sampled.low < energised_kw(motor):
            truth, reason = Truth.CLEAR, "partly_off"
        elif truth is Truth.MET and (load.greatest or factor) >= self.limit + deadband:
            # no reason to begin an alert, nor to end one
            truth, in_band, reason = Truth.CLEAR, True, "not_throughout"
        return truth, in_band, reason


def _arithmetic(motor: Motor, basis: QuarterHourLoad) -> list[dict[str, object]]:
    load = basis.verdict.load if basis.verdict is not None else None
    assert load is not None
    if load.method != "power":
        return [{"what": "load_factor", "formula": "I / Ir x V / Vr", "result": load.factor, "unit": "1"}]
    assert load.rated_loss_kw is not None
    return [
        {"what": "rated_loss", "formula": "dPN = (1 / etaN - 1) x PN", "result": load.rated_loss_kw, "unit": "kW"},
        {
            "what": "no_load_loss",
            "formula": "dP0, nameplate" if motor.no_load_loss_kw is not None else "dP0 = share x dPN, assumed",
            "result": load.no_load_loss_kw,
            "unit": "kW",
        },
        {
            "what": "load_factor",
            "formula": "beta = (-PN/2 + sqrt(PN^2/4 + (dPN - dP0) x (P1 - dP0))) / (dPN - dP0)",
            "result": load.factor,
            "unit": "1",
        },
    ]
