// ---- matrix: a number for each implementation, size and number of calls, shaded by how far it is from 1 --------------
const NARROWEST = 760;  // what fifteen columns need; a phone scrolls

function shade(value) {
  const strength = Math.min(1, Math.abs(Math.log(value)) / Math.log(4));
  return strength < 0.02 ? "none" : `rgba(var(${value > 1 ? "--slower" : "--faster"}), ${(0.08 + 0.5 * strength).toFixed(2)})`;
}

function matrixChart(panel, name) {
  const room = Math.max(...panel.rows.map((r) => textWidth(r.name))) + 10;
  const columns = panel.columns.flatMap((c) => c.names);
  return chart((available) => {
    const width = Math.max(available, NARROWEST), step = 22, top = 40, gap = 8;
    const cell = (width - room - gap * (panel.columns.length - 1)) / columns.length;
    const lefts = panel.columns.flatMap((c, group) => c.names.map((_, i) => [group, i, c.names.length]))
      .map(([group], at) => room + at * cell + group * gap);
    let out = "", at = 0;
    for (const c of panel.columns) {
      out += text((lefts[at] + lefts[at + c.names.length - 1] + cell) / 2, 12, c.title, 'class="label" text-anchor="middle"');
      c.names.forEach((n) => { out += text(lefts[at++] + cell / 2, 31, n, 'text-anchor="middle"'); });
    }
    panel.rows.forEach((row, r) => {
      const y = top + r * step;
      out += text(room - 8, y + 15, row.name, `class="label" text-anchor="end" style="fill:${lookOf(row.look)[0]}"`);
      row.values.forEach((value, i) => {
        if (value == null) return;
        out += `<g><rect x="${lefts[i].toFixed(1)}" y="${y}" width="${(cell - 2).toFixed(1)}" height="${step - 2}" rx="2" style="fill:${shade(value)}"/>` +
          text(lefts[i] + (cell - 2) / 2, y + 14, value.toFixed(2), 'class="cell" text-anchor="middle"') + `<title>${esc(`${row.name}, ${columns[i]}: ${value.toFixed(3)}`)}</title></g>`;
      });
    });
    const drawn = svg(width, top + panel.rows.length * step, name, out);
    return width > available ? `<div class="scroll">${drawn.replace("<svg ", `<svg style="width:${width}px" `)}</div>` : drawn;
  });
}

const matrixPlot = {
  looks: () => "",
  panels: (plot, group) => group.panels.map((p) => ["", matrixChart(p, `${plot.title}: ${group.title}`)]),
  figures: () => "",  // they are in it
  columns: "one",
};
