// ---- ranges: for each implementation a bar from its fastest process to its slowest, one for each size -----------------
const LANE = 7;
const rowHeight = (rows) => Math.max(...rows.map((r) => r.marks.length)) * LANE + 12;

function rangesChart(plot, panel, name, low, high) {
  const room = Math.max(...panel.rows.map((r) => textWidth(r.name))) + 10, step = rowHeight(panel.rows);
  return chart((width) => {
    const top = 30, bottom = top + panel.rows.length * step, height = bottom + 24, right = width - 8;
    const x = (v) => room + Math.log(v / low) / Math.log(high / low) * (right - room);
    let out = text(room, 11, plot.unit, 'class="title"'), labelled = [];
    for (const t of logTicks(low, high)) {
      out += `<line class="grid" x1="${x(t).toFixed(1)}" x2="${x(t).toFixed(1)}" y1="${top - 6}" y2="${bottom}"/>`;
      if (labelled.every((other) => Math.abs(other - x(t)) > 44) && x(t) < right - 10) {
        out += text(x(t), bottom + 16, whole(t), 'text-anchor="middle"');
        labelled.push(x(t));
      }
    }
    panel.rows.forEach((row, at) => {
      const from = top + at * step, c = lookOf(row.look)[0];
      out += hline(0, right, from, "grid") + text(room - 8, from + step / 2 + 4, row.name, `class="label" text-anchor="end" style="fill:${c}"`);
      row.marks.forEach((m, lane) => {
        const y = from + 9.5 + lane * LANE, [least, most] = [m.values[0], m.values.at(-1)];
        const title = `${row.name}, ${m.label}: ${figure(m.middle)}; processes ${m.values.map(figure).join(", ")}`;
        out += `<g><line x1="${x(least).toFixed(1)}" x2="${x(most).toFixed(1)}" y1="${y}" y2="${y}" stroke="${c}" stroke-opacity="0.55" stroke-width="3"/>` +
          m.values.map((v) => `<circle cx="${x(v).toFixed(1)}" cy="${y}" r="1.3" fill="${c}"/>`).join("") +
          `<line x1="${x(m.middle).toFixed(1)}" x2="${x(m.middle).toFixed(1)}" y1="${y - 3.2}" y2="${y + 3.2}" stroke="${c}" stroke-width="2"/><title>${esc(title)}</title></g>`;
      });
    });
    return svg(width, height, name, out + hline(room, right, bottom, "axis"));
  });
}

// The spread in percent: what luck may cost.
function rangesTable(plot) {
  const panels = plot.groups.flatMap((g) => g.panels.map((p) => [`${g.title}, ${p.title}`, p]));
  const labels = [...new Set(panels.flatMap(([, p]) => p.rows.flatMap((r) => r.marks.map((m) => m.label))))];
  const spread = (m) => m ? `+${(100 * (m.values.at(-1) / m.values[0] - 1)).toFixed(1)} %` : "–";
  return '<p class="soft">By how much the slowest process was slower than the fastest.</p>' + table(["", "", ...labels.map((l) => `#${l}`)],
    panels.flatMap(([name, p]) => p.rows.map((r) => [name, r.name, ...labels.map((l) => spread(r.marks.find((m) => m.label === l)))])));
}

const rangesPlot = {
  looks: () => "",
  panels: (plot, group) => {
    const all = plot.groups.flatMap((g) => g.panels).flatMap((p) => p.rows).flatMap((r) => r.marks).flatMap((m) => m.values);
    const low = Math.min(...all) * 0.95, high = Math.max(...all) * 1.05;
    return group.panels.map((p) => [p.title, rangesChart(plot, p, `${plot.title}: ${group.title}, ${p.title}`, low, high)]);
  },
  figures: rangesTable,
};
