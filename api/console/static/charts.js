// Charts of the pages: each `[data-chart]` names its kind and where its numbers are.
import { full, scaled, short, symbol } from "./format.js";
import { say } from "./live.js";

// The same colour for the same carrier everywhere; none of them is a colour of state.
const CARRIERS = {
  electricity: "#3f9fae", raw_coal: "#8a7f78", washed_coal: "#76706d", anthracite: "#6a6f78", coke: "#93867a",
  natural_gas: "#6d9fd0", blast_furnace_gas: "#8796b8", coke_oven_gas: "#6f86b5", converter_gas: "#9a8fc0",
  steam: "#b18fae", heat: "#bb8c6a", oxygen: "#74b3a6", nitrogen: "#8fb5b8", argon: "#a3b3a0", fresh_water: "#6ea8d8",
  compressed_air: "#9fb3bd", diesel: "#9b9a5e", fuel_oil: "#8f8560",
};
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const shown = new Map();

function hatch(color, ground) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 6;
  const pen = canvas.getContext("2d");
  pen.fillStyle = ground;
  pen.fillRect(0, 0, 6, 6);
  pen.strokeStyle = color;
  pen.lineWidth = 1.5;
  pen.beginPath();
  for (const x of [-6, 0, 6]) { pen.moveTo(x, 6); pen.lineTo(x + 6, 0); }
  pen.stroke();
  return { image: canvas, repeat: "repeat" };
}

function common(title, unit) {
  const text = { color: style("--soft"), fontFamily: getComputedStyle(document.body).fontFamily };
  return {
    animation: false,
    useUTC: true, // the server sends instants as the plant's clock shows them (api/console/drawing.py, wall_ms)
    textStyle: text,
    grid: { left: 16, right: 24, top: 72, bottom: 12, containLabel: true },
    legend: { top: 8, left: 16, right: 48, itemWidth: 16, itemHeight: 6, itemGap: 16, icon: "rect", textStyle: text, type: "scroll" },
    toolbox: {
      top: 4, right: 16, itemSize: 14, iconStyle: { borderColor: style("--soft") },
      feature: { saveAsImage: { title: say("png"), name: title, pixelRatio: 2, backgroundColor: style("--panel") } },
    },
    tooltip: {
      trigger: "axis", confine: true, backgroundColor: style("--panel"), borderColor: style("--line-strong"), padding: [8, 12],
      textStyle: { color: style("--ink"), fontFamily: text.fontFamily, fontSize: 12 },
      axisPointer: { type: "line", lineStyle: { color: style("--line-strong") } },
    },
    yAxis: {
      type: "value", name: unit, nameTextStyle: { ...text, align: "left" }, scale: false, axisLabel: { ...text },
      splitLine: { lineStyle: { color: style("--line") } }, axisLine: { show: false },
    },
  };
}

const time = (base, from, to) => ({
  type: "time", min: from, max: to, axisLabel: { color: style("--soft"), hideOverlap: true },
  axisLine: { lineStyle: { color: style("--line-strong") } }, splitLine: { show: false }, ...base,
});

const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const line = (name, value, unit, note = "") =>
  `<div style="display:flex;justify-content:space-between;gap:16px"><span>${escape(name)}</span><b>${value === null || value === undefined ? "—" : `${short(value)} ${symbol(unit)}`}${note ? ` · ${escape(note)}` : ""}</b></div>`;

// [start, end, value, low, high, limit, label] as a course of level pieces; a gap, and what is unknown, stays open.
function course(pieces, column) {
  const found = [];
  pieces.forEach((piece, n) => {
    const [start, end, , , , , label] = piece;
    if (n && pieces[n - 1][1] !== start) found.push([pieces[n - 1][1], null]);
    found.push([start, piece[column], label, n], [end, piece[column], label, n]);
  });
  return found;
}

const kinds = {
  // What was judged against its limit; the episode is shaded, its limit a labelled line.
  breach(data, name) {
    const option = common(name, data.unit ? `${data.words.value}, ${symbol(data.unit)}` : data.words.value);
    const limits = course(data.pieces, 5);
    const lows = course(data.pieces, 3), highs = course(data.pieces, 4);
    const known = limits.findLast?.(([, value]) => value !== null);
    const label = known ? `${data.words.limit} ${short(known[1])} ${symbol(data.unit)}`.trim() : "";
    const unknown = data.pieces.filter((piece) => piece[2] === null);
    const joined = [];
    for (const [start, end] of unknown) {
      if (joined.length && joined.at(-1)[1] === start) joined.at(-1)[1] = end; else joined.push([start, end]);
    }
    const ranged = highs.some(([, value]) => value !== null && value !== undefined);
    return {
      ...option,
      xAxis: time({}, data.from, data.to),
      yAxis: { ...option.yAxis, scale: true },
      dataZoom: [{ type: "inside", filterMode: "none" }],
      legend: { ...option.legend, data: [data.words.value, ...(known ? [data.words.limit] : []), ...(ranged ? [data.words.range] : [])] },
      tooltip: {
        ...option.tooltip,
        formatter(rows) {
          const row = rows.find((r) => r.value?.[3] !== undefined);
          if (!row) return "";
          const [, , value, low, high, limit, text] = data.pieces[row.value[3]];
          const range = low === null || high === null ? "" : `<div>${escape(data.words.range)}: ${short(low)} – ${short(high)} ${symbol(data.unit)}</div>`;
          return `${escape(text)}${line(data.words.value, value, data.unit, value === null ? data.words.unknown : "")}${limit === null ? "" : line(data.words.limit, limit, data.unit)}${range}`;
        },
      },
      series: [
        { name: "low", type: "line", data: lows, stack: "range", stackStrategy: "all", symbol: "none", lineStyle: { opacity: 0 }, silent: true },
        { name: data.words.range, type: "line", stack: "range", stackStrategy: "all", symbol: "none", lineStyle: { opacity: 0 }, silent: true, areaStyle: { color: style("--band") }, itemStyle: { color: style("--band") },
          data: highs.map(([at, high], n) => [at, high === null || high === undefined ? null : high - lows[n][1]]) },
        { name: data.words.value, type: "line", data: course(data.pieces, 2), symbol: "none", connectNulls: false, lineStyle: { color: style("--curve"), width: 2 }, itemStyle: { color: style("--curve") },
          markArea: {
            silent: true,
            data: [
              [{ xAxis: data.episode[0], name: data.words.episode, itemStyle: { color: style("--warning-soft"), opacity: 0.6 }, label: { color: style("--warning"), position: "insideTop", fontSize: 11 } }, { xAxis: data.episode[1] }],
              ...joined.map(([from, to]) => [{ xAxis: from, name: (to - from) / (data.to - data.from) > 0.06 ? data.words.unknown : "", itemStyle: { color: "transparent", borderColor: style("--stale"), borderWidth: 1, borderType: "dashed" }, label: { color: style("--stale"), position: "insideBottom", fontSize: 11 } }, { xAxis: to }]),
            ],
          },
          markLine: { silent: true, symbol: "none", lineStyle: { color: style("--warning"), type: "dotted", width: 1 }, label: { formatter: data.words.raised, color: style("--warning"), position: "insideEndTop", fontSize: 11 }, data: data.fired >= data.from && data.fired <= data.to ? [{ xAxis: data.fired }] : [] } },
        ...(known ? [{ name: data.words.limit, type: "line", data: limits, symbol: "none", connectNulls: false, lineStyle: { color: style("--critical"), width: 1.5, type: "dashed" }, itemStyle: { color: style("--critical") },
          markPoint: { silent: true, symbol: "rect", symbolSize: 0.1, data: [{ coord: [known[0], known[1]], value: "" }], label: { show: true, formatter: label, color: style("--critical"), position: "left", distance: 4, fontSize: 11, offset: [0, -9] } } }] : []),
      ],
    };
  },

  // The day's power over the usual band, yesterday beside it.
  day(data, name) {
    const peak = Math.max(1, ...[...data.today, ...data.high, ...data.yesterday].filter((v) => v !== null));
    const [top, unit] = scaled(peak, "kW");
    const factor = top / peak;
    const scale = (values) => values.map((v) => (v === null ? null : v * factor));
    const [today, yesterday, low, high] = [data.today, data.yesterday, data.low, data.high].map(scale);
    const option = common(name, `${data.words.power}, ${unit}`);
    const weak = today.map((v, n) => (v !== null && (data.partial[n] || data.estimated[n]) ? v : null));
    const joined = weak.map((v, n) => v ?? (weak[n - 1] != null || weak[n + 1] != null ? today[n] : null));
    return {
      ...option,
      xAxis: {
        type: "category", data: data.labels, boundaryGap: false, axisTick: { show: false },
        axisLabel: { color: style("--soft"), interval: (n) => n % 12 === 0 }, axisLine: { lineStyle: { color: style("--line-strong") } },
      },
      legend: { ...option.legend, data: [data.words.today, data.words.yesterday, data.words.band].filter((n) => data.days > 2 || n !== data.words.band) },
      tooltip: {
        ...option.tooltip,
        formatter(rows) {
          const n = rows[0].dataIndex;
          const note = data.partial[n] ? data.words.partial : data.estimated[n] ? data.words.estimated : "";
          const range = low[n] === null ? "—" : `${short(low[n])} – ${short(high[n])} ${unit}`;
          return `${data.labels[n]}${line(data.words.today, today[n], unit, note)}${line(data.words.yesterday, yesterday[n], unit)}<div>${escape(data.words.band)}: ${range}</div>`;
        },
      },
      series: [
        { name: "low", type: "line", data: low, stack: "band", symbol: "none", lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false } },
        {
          name: data.words.band, type: "line", data: high.map((v, n) => (v === null ? null : v - low[n])), stack: "band", symbol: "none",
          lineStyle: { opacity: 0 }, areaStyle: { color: style("--band") }, itemStyle: { color: style("--band") }, silent: true,
        },
        { name: data.words.yesterday, type: "line", data: yesterday, symbol: "none", lineStyle: { color: style("--before"), width: 1, type: [4, 3] }, itemStyle: { color: style("--before") } },
        { name: data.words.today, type: "line", data: today.map((v, n) => (weak[n] === null ? v : null)), symbol: "none", connectNulls: false, lineStyle: { color: style("--curve"), width: 2 }, itemStyle: { color: style("--curve") } },
        { name: data.words.today, type: "line", data: joined, symbol: "none", lineStyle: { color: style("--curve"), width: 2, type: [2, 3] }, itemStyle: { color: style("--curve") } },
      ],
    };
  },

  // An EnPI: each span's value over its uncertainty, the limit's levels as labelled lines, alert episodes shaded.
  enpi(data, name) {
    const option = common(name, `${data.words.value}, ${symbol(data.unit)}`);
    const ink = style("--ink");
    const steps = data.rows.flatMap((row) => [[row[0], row[2], row], [row[1], row[2], row]]);
    const wide = ([from, to], api) => {
      const [x, y] = api.coord([from, api.value(2)]);
      const [right, low] = api.coord([to, api.value(3)]);
      return { x, y, width: Math.max(1, right - x), height: Math.max(1, low - y) };
    };
    // A span that is hardly metered has a band that would flatten all others: it runs out of the picture.
    const sure = data.rows.filter((row) => row[5] >= 0.9 && row[2] !== null);
    const seen = [...sure.flatMap((row) => [row[3] ?? row[2], row[4] ?? row[2]]), ...data.levels.map((level) => level[3])];
    const [least, most] = seen.length ? [Math.min(...seen), Math.max(...seen)] : [null, null];
    const room = least === null ? 0 : (most - least || Math.abs(most) || 1) * 0.15;
    const levels = [1, 2, 3].map((n) => data.levels.filter((level) => level[2] === n)).filter((found) => found.length);
    return {
      ...option,
      legend: { show: false },
      xAxis: time({}, data.from, data.to),
      yAxis: { ...option.yAxis, scale: true, ...(least === null ? {} : { min: least - room, max: most + room, axisLabel: { ...option.yAxis.axisLabel, formatter: short } }) },
      tooltip: {
        ...option.tooltip,
        formatter(found) {
          const row = found.find((one) => one.seriesId === "value")?.value[2];
          if (!row) return "";
          const range = row[3] === null ? "—" : `${short(row[3])} – ${short(row[4])} ${symbol(data.unit)}`;
          return `${escape(row[6])}${line(data.words.value, row[2], data.unit)}<div>${escape(data.words.band)}: ${range}</div><div>${escape(data.words.completeness)}: ${short(row[5] * 100)} %</div><div>${escape(row[7])}</div>`;
        },
      },
      series: [
        { type: "custom", silent: true, clip: true, encode: { x: [0, 1], y: [2, 3] }, itemStyle: { color: style("--band") },
          data: data.rows.filter((row) => row[3] !== null).map((row) => [row[0], row[1], row[4], row[3]]),
          renderItem: (params, api) => ({ type: "rect", shape: wide([api.value(0), api.value(1)], api), style: api.style() }) },
        { id: "value", name: data.words.value, type: "line", data: steps, symbol: "none", connectNulls: false, lineStyle: { color: style("--curve"), width: 2 }, itemStyle: { color: style("--curve") }, markArea: spans(data.spans) },
        ...levels.map((found) => ({
          name: `${data.words.level} ${found[0][2]}`, type: "line", symbol: "none", silent: true, tooltip: { show: false },
          data: found.flatMap(([from, to, , value]) => [[from, value], [to, value]]),
          lineStyle: { color: found[0][4] ? ink : style("--soft"), width: found[0][4] ? 1.5 : 1, type: found[0][4] ? "solid" : [4, 4] },
          endLabel: { show: true, color: found[0][4] ? ink : style("--soft"), offset: [-8 - (3 - found[0][2]) * 150, -10], align: "right",
            formatter: `${data.words.level} ${found[0][2]}: ${short(found.at(-1)[3])}${found[0][4] ? ` · ${data.words.binding}` : ""}` },
        })),
      ],
    };
  },

  // A budget over its year: what was used against the plan's line, and where it is heading within its band.
  budget(data, name) {
    const peak = Math.max(1, data.amount, ...data.used.map((row) => row[1] ?? 0), ...data.ahead.map((row) => row[3]));
    const [top, unit] = scaled(peak, data.unit);
    const factor = top / peak;
    const scale = (rows, column) => rows.map((row) => [row[0], row[column] === null ? null : row[column] * factor]);
    const option = common(name, `${data.words.unit}, ${unit}`);
    const low = scale(data.ahead, 1), high = scale(data.ahead, 3);
    const date = (at) => new Date(at).toISOString().slice(0, 10);
    return {
      ...option,
      xAxis: time({}, data.from, data.to),
      legend: { ...option.legend, data: [data.words.used, data.words.plan, ...(data.ahead.length ? [data.words.expected, data.words.band] : [])] },
      tooltip: {
        ...option.tooltip,
        formatter: (rows) => rows.length ? date(rows[0].value[0]) + rows.filter((row) => row.seriesId !== "low" && row.seriesId !== "band").map((row) => line(row.seriesName, row.value[1], unit)).join("") : "",
      },
      series: [
        { id: "low", name: "low", type: "line", data: low, stack: "band", symbol: "none", lineStyle: { opacity: 0 }, silent: true },
        { id: "band", name: data.words.band, type: "line", data: high.map(([at, value], n) => [at, value - low[n][1]]), stack: "band", symbol: "none", lineStyle: { opacity: 0 }, areaStyle: { color: style("--band") }, itemStyle: { color: style("--band") }, silent: true },
        { name: data.words.plan, type: "line", data: scale(data.plan, 1), symbol: "none", lineStyle: { color: style("--soft"), width: 1, type: [4, 4] }, itemStyle: { color: style("--soft") } },
        { name: data.words.expected, type: "line", data: scale(data.ahead, 2), symbol: "none", lineStyle: { color: style("--curve"), width: 1.5, type: [2, 3] }, itemStyle: { color: style("--curve") } },
        { name: data.words.used, type: "line", data: scale(data.used, 1), symbol: "none", connectNulls: false, lineStyle: { color: style("--curve"), width: 2 }, itemStyle: { color: style("--curve") },
          markLine: { silent: true, symbol: "none", lineStyle: { color: style("--critical"), width: 1.5, type: "dashed" }, label: { formatter: `${data.words.amount} ${short(data.amount * factor)} ${unit}`, color: style("--critical"), position: "insideStartTop" }, data: [{ yAxis: data.amount * factor }] } },
      ],
    };
  },

  // Readings as they came: gaps stay gaps, bad ones are marked.
  readings(data, name) {
    const option = common(name, `${data.words.value}, ${symbol(data.unit)}`);
    return {
      ...option,
      xAxis: time({}, data.from, data.to),
      yAxis: { ...option.yAxis, scale: true },
      dataZoom: [{ type: "inside", filterMode: "none" }],
      tooltip: { ...option.tooltip, formatter: (rows) => rows.filter((r) => r.value[1] !== null).map((r) => `${escape(r.value[2])}${line(r.seriesName, r.value[1], data.unit, r.value[3] ?? "")}<div>${full(r.value[1])} ${symbol(data.unit)}</div>`).join("") },
      series: [
        { name: data.words.reading, type: "line", data: data.line, symbol: data.line.length < 100 ? "circle" : "none", symbolSize: 4, step: data.step ? "end" : false, connectNulls: false, lineStyle: { color: style("--curve"), width: 1.5 }, itemStyle: { color: style("--curve") }, sampling: "minmax",
          markArea: spans(data.spans) },
        { name: data.words.bad, type: "scatter", data: data.bad, symbol: "rect", symbolSize: 7, itemStyle: { color: style("--warning") } },
      ],
    };
  },

  // Intervals by what they stand on: solid, pale, hatched; missing is an empty frame.
  intervals(data, name) {
    const option = common(name, `${data.words.amount}, ${symbol(data.unit)}`);
    const solid = style("--known");
    const looks = {
      measured: { color: solid },
      apportioned: { color: solid, opacity: 0.45 },
      estimated: { color: hatch(solid, style("--panel")), borderColor: solid, borderWidth: 0.5 },
    };
    const wide = data.width;
    const bars = Object.entries(looks).map(([look, itemStyle]) => ({
      name: data.words[look], type: "custom", itemStyle, encode: { x: [0, 1], y: 2 }, clip: true,
      data: data.rows.filter((row) => row[3] === look).map((row) => [row[0], row[0] + wide, row[1], row[2], look, row[4]]),
      renderItem(params, api) {
        const [x, y] = api.coord([api.value(0), api.value(2)]);
        const [right, zero] = api.coord([api.value(1), 0]);
        const width = Math.max(1, right - x - (right - x > 6 ? 1 : 0));
        return { type: "rect", shape: { x, y: Math.min(y, zero), width, height: Math.max(1, Math.abs(zero - y)) }, style: api.style() };
      },
    }));
    return {
      ...option,
      xAxis: time({}, data.from, data.to),
      dataZoom: [{ type: "inside", filterMode: "none" }],
      tooltip: { ...option.tooltip, trigger: "item", formatter: (p) => (p.value ? `${escape(p.value[3])}${line(p.seriesName, p.value[2], data.unit)}<div>${escape(p.value[5])}</div>` : "") },
      series: [
        ...bars,
        { name: data.words.missing, type: "line", data: [], itemStyle: { color: "transparent", borderColor: style("--stale"), borderWidth: 1 }, symbol: "rect",
          markArea: { silent: true, itemStyle: { color: "transparent", borderColor: style("--stale"), borderWidth: 1, borderType: "dashed" }, label: { color: style("--stale"), position: "insideTop" },
            data: data.missing.map(([from, to]) => [{ xAxis: from, name: (to - from) / (data.to - data.from) > 0.06 ? data.words.missing : "" }, { xAxis: to }]) } },
      ],
    };
  },

  // A motor's quarter hours on its efficiency curve; measured ones beside it.
  efficiency(data, name) {
    const option = common(name, `${data.words.efficiency}, %`);
    const values = [...data.curve, ...data.measured].map((row) => row[1]).filter((v) => v > 40);
    const floor = values.length ? Math.max(0, Math.floor(Math.min(...values.filter((v) => v > 60), 90) / 5) * 5) : 0;
    const says = (p) => `${escape(p.value[2] ?? "")}${line(data.words.load, p.value[0], "%")}${line(data.words.efficiency, p.value[1], "%")}${p.value[3] === undefined ? "" : line(data.words.input, p.value[3], "kW")}`;
    return {
      ...option,
      grid: { ...option.grid, bottom: 32 },
      xAxis: loads(data),
      yAxis: { ...option.yAxis, scale: true, min: floor, max: 100 },
      tooltip: { ...option.tooltip, trigger: "item", formatter: says },
      series: [
        { name: data.words.curve, type: "line", data: data.curve, symbol: "none", lineStyle: { color: style("--before"), width: 1.5 }, itemStyle: { color: style("--before") }, markLine: bounds(data) },
        { name: data.words.on_curve, type: "scatter", data: data.on_curve, symbolSize: 6, itemStyle: { color: style("--curve"), opacity: 0.5 } },
        { name: data.words.measured, type: "scatter", data: data.measured, symbol: "diamond", symbolSize: 7, itemStyle: { color: style("--known"), opacity: 0.7 } },
      ].filter((s) => s.data.length),
    };
  },

  // Hours by load factor.
  loads(data, name) {
    const option = common(name, `${data.words.hours}, h`);
    return {
      ...option,
      grid: { ...option.grid, bottom: 32 },
      xAxis: loads(data),
      tooltip: { ...option.tooltip, trigger: "item", formatter: (p) => `${p.value[0] - 5} – ${p.value[0] + 5} %${line(data.words.hours, p.value[1], "h")}` },
      series: [{ name: data.words.hours, type: "bar", data: data.bars.map((h, n) => [n * 10 + 5, h]), barWidth: 16, itemStyle: { color: style("--known") }, markLine: bounds(data) }],
    };
  },
};

function loads(data) {
  return {
    type: "value", min: 0, max: 130, name: `${data.words.load}, %`, nameLocation: "middle", nameGap: 28, nameTextStyle: { color: style("--soft") },
    axisLabel: { color: style("--soft") }, axisLine: { lineStyle: { color: style("--line-strong") } }, splitLine: { show: false },
  };
}

// What parts two verdicts on the load.
function bounds(data) {
  return {
    silent: true, symbol: "none", lineStyle: { color: style("--line-strong"), type: [4, 3] },
    label: { color: style("--soft"), fontSize: 11, formatter: (p) => p.name, rotate: 0 },
    data: Object.entries(data.limits).map(([text, x]) => ({ xAxis: x, name: text })),
  };
}

function spans(list) {
  return {
    silent: true, itemStyle: { color: style("--warning-soft"), opacity: 0.5 }, label: { color: style("--warning"), position: "insideTop", fontSize: 11 },
    data: (list ?? []).map(([from, to, text]) => [{ xAxis: from, name: text }, { xAxis: to }]),
  };
}

async function draw(element) {
  const { chart: kind, src, name } = element.dataset;
  let says = element.querySelector(".chart-says");
  try {
    const response = await fetch(src, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(String(response.status));
    const data = await response.json();
    shown.set(element, data);
    paint(element, kind, data, name);
  } catch {
    if (!says) {
      says = element.appendChild(document.createElement("p"));
      says.className = "chart-says";
    }
    says.textContent = say("failed");
    setTimeout(() => draw(element), 5000);
  }
}

function paint(element, kind, data, name) {
  let chart = echarts.getInstanceByDom(element);
  if (!chart) {
    element.replaceChildren();
    chart = echarts.init(element, null, { renderer: "canvas" });
    new ResizeObserver(() => chart.resize()).observe(element);
  }
  chart.setOption(kinds[kind](data, name), { notMerge: true });
  element.dataset.drawn = String((Number(element.dataset.drawn) || 0) + 1);
}

export function charts() {
  const dress = () => {
    for (const swatch of document.querySelectorAll(".swatch[data-carrier]")) {
      const color = CARRIERS[swatch.dataset.carrier];
      if (color) swatch.style.setProperty("--carrier", color);
    }
  };
  dress();
  document.body.addEventListener("htmx:afterSettle", dress);
  const all = [...document.querySelectorAll("[data-chart]")];
  if (!all.length || !window.echarts) return;
  for (const element of all) draw(element);
  let waiting = 0;
  document.body.addEventListener("enms:interval", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => all.forEach(draw), 1000);
  });
  const again = () => { for (const [element, data] of shown) paint(element, element.dataset.chart, data, element.dataset.name); };
  document.addEventListener("enms:theme", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
}
