// ---- lines: values over sizes or numbers of calls, with whiskers where a value has a range --------------------------
const topOf = (panels) => Math.max(1e-9, ...panels.flatMap((p) =>
  [p.reference?.value ?? 0, ...p.series.flatMap((s) => [...s.values, ...(s.ranges || []).map((r) => r?.[1])].map((v) => v ?? 0))]));

function linesChart(plot, panel, name, top) {
  const named = [...panel.series.filter((s) => !s.dashed), ...(panel.reference ? [panel.reference] : [])];
  const room = Math.max(...named.map((s) => textWidth(s.name))) + 18;
  return chart((width) => {
    const height = 250;
    const { box, y, out } = frame(width - room, height, linearTicks(top * 1.02, 4), (t) => whole(t) === String(t) || t >= 1000 ? whole(t) : trim(t.toFixed(2)), plot.unit);
    const ats = panel.x.map((p) => p.at), low = plot.x_from_zero ? 0 : Math.min(...ats), span = Math.max(...ats) - low || 1;
    const x = (at) => box.left + 12 + (at - low) / span * (box.right - box.left - 24);
    // A label that would touch the one before it goes a line lower.
    let front = "", edge = -Infinity;
    for (const p of panel.x) {
      const half = textWidth(p.label) / 2, lower = x(p.at) - half < edge + 3;
      front += text(x(p.at), box.bottom + (lower ? 30 : 17), p.label, 'text-anchor="middle"');
      edge = lower ? edge : x(p.at) + half;
    }
    front += text(width, box.bottom + 17, plot.x_title, 'class="title" text-anchor="end"');
    const ends = [];
    if (panel.reference) {
      const c = lookOf(panel.reference.look)[0], at = y(panel.reference.value);
      front += `<line x1="${box.left}" x2="${box.right}" y1="${at.toFixed(1)}" y2="${at.toFixed(1)}" stroke="${c}" stroke-width="1.6"/>`;
      ends.push({ y: at, name: panel.reference.name, look: panel.reference.look });
    }
    let marks = "";
    for (const s of panel.series) {
      const c = lookOf(s.look)[0];
      let path = "", pen = "M", last = null;
      panel.x.forEach((p, i) => {
        const value = s.values[i];
        if (value == null) { pen = "M"; return; }
        path += `${p.apart ? "M" : pen}${x(p.at).toFixed(1)} ${y(value).toFixed(1)}`;
        pen = p.apart ? "M" : "L";
        last = y(value);
        const range = s.ranges?.[i];
        if (range) marks += `<path d="M${x(p.at).toFixed(1)} ${y(range[0]).toFixed(1)}V${y(range[1]).toFixed(1)}${range.map((v) => `M${(x(p.at) - 3.5).toFixed(1)} ${y(v).toFixed(1)}h7`).join("")}" stroke="${c}" stroke-width="1.3" fill="none"/>`;
        const title = `${s.name}, ${p.label}: ${figure(value)}${s.which ? ` (${s.which})` : ""}${range ? `, processes ${figure(range[0])} to ${figure(range[1])}` : ""}`;
        marks += `<g>${mark(x(p.at), y(value), s.look, s.dashed)}<title>${esc(title)}</title></g>`;
      });
      front += `<path d="${path}" fill="none" stroke="${c}" stroke-width="1.7" stroke-linejoin="round"${s.dashed ? ' stroke-dasharray="4 3"' : ""}/>`;
      if (last !== null && !s.dashed) ends.push({ y: last, name: s.name, look: s.look });
    }
    return svg(width, height, name, out + front + marks + endLabels(ends, box.right - 2, box.top, box.bottom));
  });
}

function linesTable(plot) {
  const panels = plot.groups.flatMap((g) => g.panels.map((p) => [`${g.title}, ${p.title}`, p]));
  const x = panels[0][1].x.map((p) => `#${p.label}`);
  return table(["", "", ...x], panels.flatMap(([name, p]) => p.series.map((s) =>
    [name, s.name + (s.which ? `, ${s.which}` : ""), ...s.values.map(figure)])));
}

const linesPlot = {
  looks: (plot) => looks([...new Map(plot.groups.flatMap((g) => g.panels).flatMap((p) => [...p.series, ...(p.reference ? [p.reference] : [])])
    .map((s) => [s.name + s.which, s])).values()]),
  panels: (plot, group) => {
    const top = topOf(plot.scale === "group" ? group.panels : plot.groups.flatMap((g) => g.panels));
    return group.panels.map((p) => [p.title, linesChart(plot, p, `${plot.title}: ${group.title}, ${p.title}`, top)]);
  },
  figures: linesTable,
};
