"""Where power is bought."""

from __future__ import annotations

from pydantic import Field

from enms.names import Name
from enms.plant_types import Code, Positive, Strict


class Supply(Strict):
    """Where power is bought: the settlement meter (关口), its contract, its point of common coupling.

    Attributes:
        active_energy, reactive_energy: the registers that are billed, kWh and kvarh taken from the grid.
        power_factor_class: monthly target of this class of user (功率因数调整电费办法).
        contract_kw: contract maximum demand (合同最大需量).
        voltage: at the point of common coupling; line_voltages: all three between lines.
        unbalance: negative-sequence voltage unbalance, where an instrument says it.
    """

    code: Code
    name: Name | None = None
    process: Code | None = None
    active_energy: Code
    reactive_energy: Code | None = None
    power_factor_class: float = Field(default=0.9, gt=0, lt=1)
    contract_kw: Positive | None = None
    nominal_kv: Positive | None = None
    voltage: Code | None = None
    line_voltages: tuple[Code, Code, Code] | None = None
    unbalance: Code | None = None

    @property
    def points(self) -> dict[str, str]:
        """Codes of its points by what they are to it."""
        named = {
            "active_energy": self.active_energy,
            "reactive_energy": self.reactive_energy,
            "voltage": self.voltage,
            "unbalance": self.unbalance,
        } | {f"line_voltages[{i}]": code for i, code in enumerate(self.line_voltages or ())}
        return {key: code for key, code in named.items() if code is not None}
