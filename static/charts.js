/* Draws the charts of a page: a line for what was observed, a band for what was expected, and a
   mark for every ship. The table beneath each chart says the same without scripts. */
"use strict";

const drawn = new Map();

function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    line: read("--accent"), band: read("--slate"), grid: read("--line"), text: read("--ink-3"),
    mark: read("--warm"), quiet: read("--line-strong"), ground: read("--surface"), ink: read("--ink"),
  };
}

const shipMarks = {
  id: "shipMarks",
  beforeDatasetsDraw(chart, _args, options) {
    const { ctx, chartArea, scales } = chart;
    for (const mark of options.marks) {
      const x = scales.x.getPixelForValue(mark.at);
      if (x < chartArea.left || x > chartArea.right) continue;
      ctx.save();
      ctx.strokeStyle = mark.main ? options.colours.mark : options.colours.quiet;
      ctx.lineWidth = mark.main ? 1.5 : 1;
      ctx.setLineDash([4, 3]);
      ctx.beginPath();
      ctx.moveTo(x, chartArea.top);
      ctx.lineTo(x, chartArea.bottom);
      ctx.stroke();
      if (mark.main) {
        ctx.fillStyle = options.colours.mark;
        ctx.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
        const right = x > (chartArea.left + chartArea.right) / 2;
        ctx.textAlign = right ? "right" : "left";
        ctx.fillText(mark.label.slice(0, 24), x + (right ? -6 : 6), chartArea.top + 10);
      }
      ctx.restore();
    }
  },
};

function points(data, name) {
  return data.times.map((at, i) => ({ x: at, y: data[name][i] }));
}

function datasets(data, c) {
  const line = { pointRadius: 0, pointHitRadius: 8, borderWidth: 1.75, tension: 0, spanGaps: false };
  const sets = [{ ...line, label: "Observed", data: points(data, "observed"), borderColor: c.line, order: 0 }];
  if (data.expected) {
    sets.push(
      { ...line, label: "Expected", data: points(data, "expected"), borderColor: c.band, borderWidth: 1.25, borderDash: [5, 4], order: 1 },
      { ...line, label: "Expected at most", data: points(data, "high"), borderWidth: 0, backgroundColor: `${c.band}29`, fill: "+1", order: 2 },
      { ...line, label: "Expected at least", data: points(data, "low"), borderWidth: 0, order: 3 },
    );
  }
  return sets;
}

function options(data, c) {
  const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
  const labels = new Map(data.ticks.map((tick) => [tick.at, tick.label]));
  return {
    animation: false,
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false },
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
      shipMarks: { marks: data.marks, colours: c },
      tooltip: {
        backgroundColor: c.ink, titleColor: c.ground, bodyColor: c.ground, displayColors: false,
        callbacks: {
          title: (items) => data.told[items[0].dataIndex],
          label: (item) => item.parsed.y === null ? "" : `${item.dataset.label}: ${number.format(item.parsed.y)} ${data.unit}`.trim(),
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
      type: "line", data: { datasets: datasets(data, c) }, options: options(data, c), plugins: [shipMarks],
    }));
  }
}

draw(document);
document.addEventListener("htmx:load", (event) => { if (event.target !== document.body) draw(event.target); });
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(document));
