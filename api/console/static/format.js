// Numbers as api/console/numbers.py writes them; a browser test holds the two together.
const STEPS = {
  W: ["kW", 1e3], kW: ["MW", 1e3], MW: ["GW", 1e3], kWh: ["MWh", 1e3], MWh: ["GWh", 1e3], kvar: ["Mvar", 1e3],
  kvarh: ["Mvarh", 1e3], kgce: ["tce", 1e3], kg: ["t", 1e3], MJ: ["GJ", 1e3],
  GJ: ["TJ", 1e3],
};
const KNOWN_AS = {
  Nm3: "Nm³", m3: "m³", degC: "°C", 1: "", "Nm3/h": "Nm³/h", "m3/h": "m³/h", "kNm3/h": "×10³ Nm³/h", "10^4Nm3": "×10⁴ Nm³",
  "MJ/Nm3": "MJ/Nm³", "kJ/Nm3": "kJ/Nm³", "MJ/m3": "MJ/m³", tCO2: "tCO₂",
};
const VOLUMES = new Set(["Nm3", "m3", "Nm3/h", "m3/h"]);

export function symbol(unit) {
  return KNOWN_AS[unit] ?? unit;
}

export function scaled(value, unit) {
  while (STEPS[unit] && Math.abs(value) >= 1e3) {
    const [next, step] = STEPS[unit];
    value /= step;
    unit = next;
  }
  if (VOLUMES.has(unit) && Math.abs(value) >= 1e4) {
    const [power, step] = Math.abs(value) >= 1e7 ? ["⁶", 1e6] : ["³", 1e3];
    return [value / step, `×10${power} ${symbol(unit)}`];
  }
  return [value, symbol(unit)];
}

const FIXED = [0, 1, 2, 3].map((digits) => new Intl.NumberFormat("en", {
  minimumFractionDigits: digits, maximumFractionDigits: digits, roundingMode: "halfEven",
}));
const FULL = new Intl.NumberFormat("en", { maximumFractionDigits: 6, roundingMode: "halfEven" });

export function short(value) {
  const size = Math.abs(value);
  if (size < 5e-4) return "0";
  const digits = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
  return FIXED[digits].format(value).replace("-", "\u2212");
}

export function full(value) {
  return FULL.format(value).replace("-", "\u2212");
}

// Fills an element made by `quantity`; null is unknown.
export function put(element, value, unit) {
  const number = element.querySelector("b");
  let mark = element.querySelector("i");
  if (value === null || value === undefined) {
    element.classList.add("unknown");
    number.textContent = "—";
    mark?.remove();
    return;
  }
  element.classList.remove("unknown");
  const exact = "exact" in element.dataset;
  const [shown, text] = exact ? [value, symbol(unit)] : scaled(value, unit);
  const was = number.textContent;
  number.textContent = exact ? full(shown) : short(shown);
  element.title = `${full(value)} ${symbol(unit)}`.trim();
  if (text && !mark) {
    element.append("\u202f");
    mark = element.appendChild(document.createElement("i"));
  }
  if (mark) mark.textContent = text;
  if (was !== number.textContent) {
    element.classList.remove("moved");
    void element.offsetWidth; // restarts the mark of a change
    element.classList.add("moved");
  }
}
