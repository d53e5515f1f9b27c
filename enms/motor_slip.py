"""What a motor gives by its slip: LF = (Ns - N) / ((Ns - Nr) (Vr / V)^2).

Slip is small, so everything that moves it is seen in the load: the speed instrument, the grid's frequency, the voltage,
the rotor's temperature, and a nameplate whose rated slip may be off by 20 %.
"""

from __future__ import annotations

from enms.motor import Motor


def synchronous_rpm(motor: Motor) -> float | None:
    """Speed of the field at 50 Hz; None without poles."""
    return 6000.0 / motor.poles if motor.poles is not None else None


def rated_slip_rpm(motor: Motor) -> float | None:
    """Slip at rated load; None where the nameplate does not say, or says nonsense."""
    field = synchronous_rpm(motor)
    if field is None or motor.rated_rpm is None or not 0 < field - motor.rated_rpm < 0.2 * field:
        return None
    return field - motor.rated_rpm


def load_by_slip(motor: Motor, rpm: float, voltage_v: float | None = None) -> float | None:
    """Load factor from the speed; None where the nameplate does not allow it."""
    field, rated = synchronous_rpm(motor), rated_slip_rpm(motor)
    if field is None or rated is None:
        return None
    by_voltage = (voltage_v / motor.voltage_v) ** 2 if voltage_v is not None and motor.voltage_v is not None else 1.0
    return max(0.0, (field - rpm) / rated * by_voltage)
