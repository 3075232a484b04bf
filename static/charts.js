/* Draws the charts of a page: a line for what was observed, a band for what was expected, the
   effect as the area between the two, and a mark for every ship, which leads to its page. The
   table beneath each chart says the same without scripts. */
"use strict";

const drawn = new Map();
const NEAR = 6; // pixels around a ship's mark that belong to it
const ROW = 16; // the height of a line of labels above a chart

function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    line: read("--accent"), band: read("--slate"), grid: read("--line"), text: read("--ink-3"),
    quiet: read("--ink-3"), ground: read("--surface"), ink: read("--ink"), faint: `${read("--grey")}2e`,
    good: read("--good"), warm: read("--warm"), slate: read("--slate"), grey: read("--grey"),
  };
}

function font(weight, size) {
  return `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}`;
}

/* The ships' marks that are in sight, with their places, in pixels. */
function placed(chart, marks) {
  const { left, right } = chart.chartArea;
  return marks
    .map((mark) => ({ ...mark, x: chart.scales.x.getPixelForValue(mark.at) }))
    .filter((mark) => mark.x >= left && mark.x <= right);
}

/* This ship's label first, then those of the newest others, as far as there is room. */
function labelled(ctx, marks, area, c) {
  const taken = [];
  for (const mark of [...marks].sort((a, b) => b.main - a.main || b.at - a.at)) {
    ctx.font = font(mark.main ? 600 : 400, mark.main ? 12 : 11);
    ctx.fillStyle = mark.main ? c.ink : c.text;
    const text = mark.label.length > 18 ? `${mark.label.slice(0, 17)}…` : mark.label;
    const half = ctx.measureText(text).width / 2;
    const middle = Math.min(Math.max(mark.x, area.left + half), area.right - half);
    if (taken.some(([from, to]) => middle + half + 6 > from && middle - half - 6 < to)) continue;
    taken.push([middle - half, middle + half]);
    ctx.textAlign = "center";
    ctx.fillText(text, middle, area.top - 4);
  }
}

const shipMarks = {
  id: "shipMarks",
  beforeDatasetsDraw(chart, _args, options) {
    const { ctx, chartArea } = chart;
    const top = chartArea.top - (options.effect ? ROW : 0);
    const marks = placed(chart, options.marks);
    ctx.save();
    for (const mark of marks) {
      ctx.strokeStyle = mark.main ? options.colours.ink : options.colours.quiet;
      ctx.lineWidth = mark.main ? 1.75 : 1;
      ctx.setLineDash(mark.main ? [] : [2, 3]);
      ctx.beginPath();
      ctx.moveTo(mark.x, top);
      ctx.lineTo(mark.x, chartArea.bottom);
      ctx.stroke();
    }
    labelled(ctx, marks, { left: chartArea.left, right: chartArea.right, top }, options.colours);
    ctx.restore();
  },
};

/* A bar over the window of the estimate, with the effect in words; a tick where it was cut. */
const effectBar = {
  id: "effectBar",
  afterDatasetsDraw(chart, _args, { effect, colours: c }) {
    if (!effect) return;
    const { ctx, chartArea, scales } = chart;
    const from = Math.max(scales.x.getPixelForValue(effect.from), chartArea.left);
    const until = Math.min(scales.x.getPixelForValue(effect.until), chartArea.right);
    const y = chartArea.top;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = c[effect.tone];
    ctx.lineWidth = 2.5;
    ctx.beginPath();
    ctx.moveTo(from, y);
    ctx.lineTo(until, y);
    if (effect.cut) { ctx.moveTo(until, y - 5); ctx.lineTo(until, y + 5); }
    ctx.stroke();
    ctx.font = font(600, 12);
    const fits = from + 6 + ctx.measureText(effect.label).width < chartArea.right;
    ctx.textAlign = fits ? "left" : "right";
    ctx.fillText(effect.label, fits ? from + 6 : from - 6, y - 5);
    ctx.restore();
  },
};

function points(data, name) {
  return data.times.map((at, i) => ({ x: at, y: data[name][i] }));
}

function effectArea(data, c) {
  const { from, until, tone, up } = data.effect;
  const inside = (at, i) => at >= from && at < until && data.expected[i] !== null;
  const strong = `${c[tone]}5c`;
  return {
    label: "", order: 2, borderWidth: 0, pointRadius: 0, pointHitRadius: 0, spanGaps: false,
    data: data.times.map((at, i) => ({ x: at, y: inside(at, i) ? data.observed[i] : null })),
    fill: { target: 1, above: up ? strong : c.faint, below: up ? c.faint : strong },
  };
}

function datasets(data, c) {
  const line = { pointRadius: 0, pointHitRadius: 8, borderWidth: 1.75, tension: 0, spanGaps: false };
  const sets = [{ ...line, label: "Observed", data: points(data, "observed"), borderColor: c.line, order: 0 }];
  if (data.expected) {
    sets.push(
      { ...line, label: "Expected", data: points(data, "expected"), borderColor: c.band, borderWidth: 1.25, borderDash: [5, 4], order: 1 },
      { ...line, label: "Expected at most", data: points(data, "high"), borderWidth: 0, backgroundColor: `${c.band}29`, fill: "+1", order: 3 },
      { ...line, label: "Expected at least", data: points(data, "low"), borderWidth: 0, order: 4 },
    );
    if (data.effect) sets.push(effectArea(data, c));
  }
  return sets;
}

/* What went live nearest each point, for the words beside the pointer. */
function shipsByPoint(data) {
  const ships = new Map();
  for (const mark of data.marks) {
    let nearest = 0;
    data.times.forEach((at, i) => {
      if (Math.abs(at - mark.at) < Math.abs(data.times[nearest] - mark.at)) nearest = i;
    });
    ships.set(nearest, [...(ships.get(nearest) ?? []), `${mark.label} went live ${mark.told}`]);
  }
  return ships;
}

/* The link of the ship whose mark the pointer is at, from the table beneath the chart. */
function linkAt(chart, event, marks) {
  const near = placed(chart, marks).filter((mark) => Math.abs(mark.x - event.x) <= NEAR);
  near.sort((a, b) => Math.abs(a.x - event.x) - Math.abs(b.x - event.x));
  if (!near.length || near[0].main) return null;
  return chart.canvas.closest("figure").querySelector(`a[data-ship="${near[0].id}"]`);
}

function options(data, c) {
  const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
  const labels = new Map(data.ticks.map((tick) => [tick.at, tick.label]));
  const ships = shipsByPoint(data);
  return {
    animation: false,
    maintainAspectRatio: false,
    layout: { padding: { top: ROW * (data.effect ? 2 : 1) } },
    interaction: { mode: "index", intersect: false },
    onHover(event, _items, chart) { chart.canvas.style.cursor = linkAt(chart, event, data.marks) ? "pointer" : ""; },
    onClick(event, _items, chart) { linkAt(chart, event, data.marks)?.click(); },
    scales: {
      x: {
        type: "linear",
        min: data.times[0],
        max: data.times[data.times.length - 1],
        afterBuildTicks(axis) { axis.ticks = data.ticks.map((tick) => ({ value: tick.at })); },
        ticks: { callback: (at) => labels.get(at) ?? "", color: c.text, maxRotation: 0, autoSkipPadding: 12 },
        grid: { display: false },
        border: { color: c.grid },
      },
      y: {
        ticks: { color: c.text, maxTicksLimit: 5, callback: (value) => number.format(value) },
        grid: { color: c.grid },
        border: { display: false },
      },
    },
    plugins: {
      legend: { display: false },
      shipMarks: { marks: data.marks, effect: data.effect, colours: c },
      effectBar: { effect: data.expected ? data.effect : null, colours: c },
      tooltip: {
        backgroundColor: c.ink, titleColor: c.ground, bodyColor: c.ground, footerColor: c.ground, displayColors: false,
        filter: (item) => item.dataset.label !== "",
        callbacks: {
          title: (items) => items.length ? data.told[items[0].dataIndex] : "",
          label: (item) => item.parsed.y === null ? "" : `${item.dataset.label}: ${number.format(item.parsed.y)} ${data.unit}`.trim(),
          footer: (items) => items.length ? ships.get(items[0].dataIndex) ?? "" : "",
        },
      },
    },
  };
}

function draw(root) {
  for (const canvas of root.querySelectorAll("canvas[data-chart]")) {
    const source = document.getElementById(canvas.dataset.chart);
    if (!source || !window.Chart) continue;
    const data = JSON.parse(source.textContent);
    const c = colours();
    drawn.get(canvas)?.destroy();
    drawn.set(canvas, new Chart(canvas, {
      type: "line", data: { datasets: datasets(data, c) }, options: options(data, c), plugins: [shipMarks, effectBar],
    }));
  }
}

draw(document);
document.addEventListener("htmx:load", (event) => { if (event.target !== document.body) draw(event.target); });
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(document));
