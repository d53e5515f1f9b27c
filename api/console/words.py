"""What codes are called on pages. `N_` marks a text for the catalogue."""

from __future__ import annotations

from api.console.i18n import Catalogue


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark, do not translate."""
    return text


_WORDS: dict[str, dict[str, str]] = {
    "severity": {"critical": N_("Critical"), "warning": N_("Warning"), "notice": N_("Notice")},
    "state": {"firing": N_("Open"), "resolved": N_("Resolved"), "pending": N_("Pending")},
    "closed": {
        "cleared": N_("cleared"),
        "merged": N_("merged into another"),
        "retracted": N_("retracted"),
        "ended": N_("ended with its rule"),
    },
    "purpose": {"operational": N_("Operational"), "statutory": N_("Statutory")},
    "certainty": {"possible": N_("possible"), "confirmed": N_("confirmed")},
    "step": {
        "pending": N_("Condition met"),
        "firing": N_("Raised"),
        "resolved": N_("Resolved"),
        "reopened": N_("Reopened by revised data"),
        "shifted": N_("Times shifted by revised data"),
        "merged": N_("Merged into another alert"),
        "split": N_("Split off by revised data"),
        "retracted": N_("Retracted by revised data"),
        "late": N_("Found after it was over"),
        "ended": N_("Ended with its rule or subject"),
        "revised": N_("Evidence revised"),
        "commented": N_("Comment"),
        "acknowledged": N_("Acknowledged"),
        "assigned": N_("Assigned"),
        "shelved": N_("Shelved"),
        "unshelved": N_("Taken off the shelf"),
        "withheld": N_("Verdict withheld"),
        "suppressed": N_("Messages held back"),
        "unsuppressed": N_("Messages no longer held back"),
        "escalated": N_("Escalated"),
    },
    "why": {
        "unacknowledged": N_("nobody took it in time"),
        "withheld": N_("its verdict was withheld for too long"),
        "time_over": N_("its time was over"),
        "rule_retired": N_("the rule is gone"),
        "subject_gone": N_("the subject is gone"),
    },
    "outage": {
        "planned": N_("planned"),
        "running": N_("running"),
        "over": N_("over"),
        "cancelled": N_("cancelled"),
    },
    "standard_kind": {
        "consumption_limit": N_("Limits of consumption"),
        "motor_grade": N_("Efficiency grades of motors"),
        "transformer_loss": N_("Losses of transformers"),
        "boiler_grade": N_("Efficiency grades of boilers"),
        "fan_grade": N_("Efficiency grades of fans"),
        "pump_grade": N_("Efficiency grades of pumps"),
        "bound": N_("Bounds"),
        "target": N_("Targets"),
        "elimination": N_("Elimination lists"),
        "coefficient": N_("Standard coal coefficients"),
        "carbon_factor": N_("Carbon factors"),
    },
    "in_force": {"current": N_("in force"), "coming": N_("not in force yet"), "past": N_("no longer in force")},
    "period": {"year": N_("year"), "month": N_("month"), "day": N_("day")},
    "shift": {"night": N_("Night shift"), "day": N_("Day shift"), "eve": N_("Evening shift")},
    "review": {"unreviewed": N_("not reviewed"), "reviewed": N_("reviewed")},
    "confidence": {"high": N_("high"), "medium": N_("medium"), "low": N_("low")},
    "resolution": {
        "hour": N_("an hour"),
        "shift": N_("a shift"),
        "day": N_("a day"),
        "rolling12m": N_("twelve months"),
        "rolling24h": N_("the last 24 hours"),
        "month": N_("a month"),
        "year": N_("a year"),
    },
    "part": {"energy": N_("energy"), "output": N_("output")},
    "sort": {
        "first": N_("what comes first"),
        "newest": N_("newest"),
        "oldest": N_("longest open"),
        "excess": N_("farthest over its limit"),
    },
    "delivery": {
        "sent": N_("sent"),
        "waiting": N_("waiting"),
        "failing": N_("tried again"),
        "gave_up": N_("given up"),
    },
    "basis": {
        "measured": N_("measured"),
        "apportioned": N_("apportioned"),
        "estimated": N_("estimated"),
        "missing": N_("missing"),
        "open": N_("not closed yet"),
    },
    "finding": {
        "register_dropped": N_("Register fell"),
        "register_jumped": N_("Register jumped"),
        "spike": N_("Spike"),
        "overlap": N_("Overlapping intervals"),
        "gap": N_("Gap"),
        "frozen": N_("Frozen"),
        "out_of_range": N_("Out of range"),
        "stale": N_("Silent"),
    },
    "quality": {"good": N_("good"), "suspect": N_("suspect"), "bad": N_("bad")},
    "origin": {"meter": N_("meter"), "backfill": N_("backfill"), "hand": N_("by hand")},
    "reading": {
        "register": N_("register"),
        "interval": N_("interval"),
        "gauge": N_("gauge"),
        "virtual": N_("virtual"),
    },
    "role": {
        "purchased": N_("purchased"),
        "sold": N_("sold"),
        "consumed": N_("consumed"),
        "produced": N_("produced"),
        "recovered": N_("recovered"),
        "flared": N_("flared"),
        "transferred": N_("transferred"),
        "stock": N_("stock"),
        "output": N_("output"),
        "property": N_("property"),
    },
    "industry": {
        "steel": N_("Iron and steel"),
        "rare_earth": N_("Rare earth"),
        "power": N_("Power generation"),
        "other": N_("Other industry"),
    },
    "meter": {
        "install": N_("Installed"),
        "change": N_("Nameplate changed"),
        "exchange": N_("Exchanged"),
        "reset": N_("Reset"),
    },
    "refusal": {
        "unknown_topic": N_("Unknown topic"),
        "too_large": N_("Too large"),
        "broken_json": N_("Broken JSON"),
        "broken_sparkplug": N_("No Sparkplug payload"),
        "unknown_alias": N_("Unknown Sparkplug alias"),
        "wrong_shape": N_("Wrong shape"),
        "wrong_type": N_("Wrong type"),
        "not_finite": N_("Not a finite number"),
        "missing_time": N_("No time"),
        "naive_time": N_("Time without offset"),
        "bad_time": N_("Unreadable time"),
        "bad_span": N_("Impossible span"),
        "unknown_enterprise": N_("Unknown enterprise"),
        "unknown_point": N_("Unknown point"),
        "virtual_point": N_("Virtual point"),
        "retired_point": N_("Retired point"),
        "future": N_("From the future"),
        "unset_clock": N_("Gateway clock not set"),
        "sealed": N_("Before the seal"),
        "rejected": N_("Rejected by the database"),
        "sequence_gap": N_("Gap in the gateway's count"),
        "session_lost": N_("Broker lost the session"),
    },
    "load": {
        "off": N_("off"),
        "idle": N_("energised, idle"),
        "underloaded": N_("under-loaded"),
        "normal": N_("normal"),
        "overloaded": N_("overloaded"),
        "cannot_tell": N_("cannot tell"),
    },
    "motor_why": {
        "power_not_metered": N_("input power is not metered"),
        "no_reading": N_("no reading in that quarter hour"),
        "nameplate_efficiency_missing": N_("the nameplate's efficiency is missing"),
        "nameplate_contradicts_itself": N_("the nameplate contradicts itself"),
        "method_is_for_induction_motors": N_("the method is for induction motors"),
        "variable_speed_drive": N_("it runs on a variable-speed drive"),
        "current_method_only_above_half_load": N_("the current method holds above half load only"),
        "input_power_alone_returns_the_nameplate_curve": N_("input power alone only returns the nameplate's curve"),
        "slip_needs_the_drives_frequency": N_("slip says nothing unless the drive's frequency is known"),
        "rated_speed_missing": N_("the nameplate's rated speed is missing"),
        "reference_not_complete_yet": N_("its first 72 hours of running are not complete yet"),
        "too_little_at_the_references_loads": N_("it hardly ran at the loads it had then"),
    },
    "motor_efficiency": {
        "as_expected": N_("as expected"),
        "below_expectation": N_("lower than expected"),
        "cannot_tell": N_("cannot tell"),
    },
    "efficiency_method": {
        "driven_output": N_("motor and machine together, by driven output"),
        "slip": N_("by slip"),
    },
    "instrument": {
        "power": N_("power meter"),
        "current": N_("current"),
        "voltage": N_("voltage"),
        "speed": N_("speed"),
        "power_factor": N_("power factor"),
        "driven_output": N_("driven output (flow × head)"),
        "drive_frequency": N_("the drive's frequency"),
        "efficiency_pct": N_("efficiency on the nameplate"),
        "no_load_loss_kw": N_("no-load loss on the nameplate"),
        "poles": N_("number of poles"),
        "model": N_("model with its frame"),
        "year": N_("year of manufacture"),
        "rated_rpm": N_("rated speed"),
        "voltage_v": N_("rated voltage"),
    },
    "grade_why": {
        "no_grade_table_covers_it": N_("no grade table in the catalogue covers it"),
        "poles_missing": N_("the number of poles is missing"),
        "outside_the_grade_table": N_("outside the grade table"),
        "nameplate_efficiency_missing": N_("the nameplate's efficiency is missing"),
    },
    "list_state": {
        "possible_match": N_("possible match: confirm nameplate and year"),
        "none_found": N_("no match found"),
        "cannot_tell": N_("cannot tell"),
    },
    "no_saving": {
        "no_grade_table_covers_it": N_("no grade table in the catalogue covers it"),
        "already_of_the_best_grade": N_("it is of the best grade already"),
        "variable_speed_drive": N_("it runs on a variable-speed drive"),
        "load_cannot_be_told": N_("its load cannot be told"),
        "observed_for_too_short": N_("observed for too short"),
        "did_not_run": N_("it did not run"),
        "no_smaller_motor_fits": N_("no smaller motor fits its load"),
        "not_too_large": N_("it is not too large for its load"),
    },
    "saving_kind": {
        "replace": N_("Replace by a better motor"),
        "resize": N_("Replace by a smaller motor"),
    },
    "saving_part": {
        "old_motor_tolerance": N_("the old motor may be worse than its nameplate"),
        "new_motor_tolerance": N_("the new motor may be worse than its nameplate"),
        "no_load_share": N_("no-load loss not on the nameplate"),
        "power_meter": N_("class of the power meter"),
        "less_slip": N_("the new motor turns faster"),
    },
    "uncertainty": {
        "scatter": N_("scatter of six-hour blocks"),
        "repeatability": N_("what is not metered"),
        "power_meter": N_("class of the power meter"),
        "output_meter": N_("class of the output's meter"),
        "speed_meter": N_("class of the speed's meter"),
        "grid_frequency": N_("grid frequency"),
        "voltage": N_("voltage"),
        "rotor_temperature": N_("rotor temperature"),
    },
    "measure": {
        "tco2": N_("carbon dioxide"),
        "tce": N_("standard coal"),
        "coal": N_("coal as bought or used"),
    },
    "duty": {
        "continuous": N_("continuous duty"),
        "intermittent": N_("intermittent duty"),
        "standby": N_("standby"),
    },
    "drives": {
        "fan": N_("fan"),
        "pump": N_("pump"),
        "blower": N_("blower"),
        "conveyor": N_("conveyor"),
        "compressor": N_("compressor"),
        "mixer": N_("mixer"),
        "mill": N_("mill"),
        "hydraulics": N_("hydraulics"),
    },
    "motor_type": {
        "cage": N_("cage induction"),
        "wound": N_("wound rotor"),
        "synchronous": N_("synchronous"),
        "permanent_magnet": N_("permanent magnet"),
        "dc": N_("direct current"),
    },
    "verdict": {
        "below": N_("within the limit"),
        "over": N_("over the limit"),
        "within": N_("within the limit"),
        "unknown": N_("cannot tell"),
        "idle": N_("idle"),
    },
}

WHYS = frozenset(_WORDS["why"])
"""Reasons of the rules; any other is a person's own words."""


def known_word(text: Catalogue, kind: str, code: str) -> str | None:
    """What a code is called; None where nobody has named it."""
    known = _WORDS.get(kind, {}).get(code)
    return text(known) if known is not None else None


def word(text: Catalogue, kind: str, code: str | None) -> str:
    """What a code is called; the code itself where nobody has named it."""
    if code is None:
        return ""
    known = _WORDS.get(kind, {}).get(code)
    return text(known) if known is not None else code.replace("_", " ")
