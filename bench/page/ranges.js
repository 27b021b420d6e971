// ---- ranges: how far an implementation's processes lie apart, a bar for each size -------------------------------------
const LANE = 8;
const rowHeight = (rows) => Math.max(...rows.map((r) => r.marks.length)) * LANE + 12;

// Percent by which a process is slower than the fastest one of the same mark.
const slower = (m, value) => 100 * (value / m.values[0] - 1);

function rangesChart(plot, panel, name, top) {
  const room = Math.max(...panel.rows.map((r) => textWidth(r.name))) + 10, step = rowHeight(panel.rows);
  return chart((width) => {
    const upper = 30, bottom = upper + panel.rows.length * step, height = bottom + 24, right = width - 16;
    const ticks = linearTicks(top * 1.02, 4), x = (percents) => room + percents / ticks.at(-1) * (right - room);
    let out = text(room, 11, plot.unit, 'class="title"');
    for (const t of ticks)
      out += `<line class="grid" x1="${x(t).toFixed(1)}" x2="${x(t).toFixed(1)}" y1="${upper - 6}" y2="${bottom}"/>` +
        text(x(t), bottom + 16, `${trim(t.toFixed(1))} %`, 'text-anchor="middle"');
    panel.rows.forEach((row, at) => {
      const from = upper + at * step, c = lookOf(row.look)[0];
      out += hline(0, right, from, "grid") + text(room - 8, from + step / 2 + 4, row.name, `class="label" text-anchor="end" style="fill:${c}"`);
      row.marks.forEach((m, lane) => {
        const y = from + 9.5 + lane * LANE, middle = x(slower(m, m.middle)).toFixed(1);
        const title = `${row.name}, ${m.label}: ${figure(m.middle)} cycles; processes ${m.values.map(figure).join(", ")}`;
        out += `<g><line x1="${x(0).toFixed(1)}" x2="${x(slower(m, m.values.at(-1))).toFixed(1)}" y1="${y}" y2="${y}" stroke="${c}" stroke-opacity="0.45" stroke-width="3"/>` +
          m.values.map((v) => `<circle cx="${x(slower(m, v)).toFixed(1)}" cy="${y}" r="1.6" fill="${c}"/>`).join("") +
          `<line x1="${middle}" x2="${middle}" y1="${y - 3.4}" y2="${y + 3.4}" stroke="${c}" stroke-width="2"/><title>${esc(title)}</title></g>`;
      });
    });
    return svg(width, height, name, out + hline(room, right, bottom, "axis"));
  });
}

// The spread in percent: what luck may cost.
function rangesTable(plot) {
  const panels = plot.groups.flatMap((g) => g.panels.map((p) => [`${g.title}, ${p.title}`, p]));
  const labels = [...new Set(panels.flatMap(([, p]) => p.rows.flatMap((r) => r.marks.map((m) => m.label))))];
  const spread = (m) => m ? `+${slower(m, m.values.at(-1)).toFixed(1)} %` : "–";
  return '<p class="soft">By how much the slowest process was slower than the fastest.</p>' + table(["", "", ...labels.map((l) => `#${l}`)],
    panels.flatMap(([name, p]) => p.rows.map((r) => [name, r.name, ...labels.map((l) => spread(r.marks.find((m) => m.label === l)))])));
}

const rangesPlot = {
  looks: () => "",
  panels: (plot, group) => {
    const marks = plot.groups.flatMap((g) => g.panels).flatMap((p) => p.rows).flatMap((r) => r.marks);
    const top = Math.max(1, ...marks.map((m) => slower(m, m.values.at(-1))));
    return group.panels.map((p) => [p.title, rangesChart(plot, p, `${plot.title}: ${group.title}, ${p.title}`, top)]);
  },
  figures: rangesTable,
};
