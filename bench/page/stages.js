// ---- stages: a packet's cycles as one stacked bar, and its parts one below the other ----------------------------------
const stageColour = (at) => `var(--p${at % 6})`;

// `choice` is asked at each drawing: the reader may have taken another one.
function stagesChart(plot, at) {
  return chart((width) => {
    const panel = plot.choices[plot.chosen].panels[at];
    if (!panel) return "";
    const room = Math.max(...panel.stages.map((s) => textWidth(s.name))) + 8, end = 84;
    const sum = panel.stages.reduce((n, s) => n + s.cycles, 0), step = 18, bar = 22, upper = 38, top = upper + bar + 8, share = (cycles) => cycles < sum / 200 ? "<1 %" : `${Math.round(100 * cycles / sum)} %`;
    const x = (cycles) => room + cycles / sum * (width - room - end);
    let out = text(0, 12, panel.title, 'class="value"') +
      text(0, 29, `${figure(panel.total)} cycles a packet; the stages together ${figure(sum)}`);
    let before = 0;
    panel.stages.forEach((s, i) => {
      const left = x(before), wide = Math.max(0.8, x(before + s.cycles) - left), y = top + i * step;
      const title = `<title>${esc(`${panel.title}, ${s.name}: ${figure(s.cycles)} cycles, ${percent(s.cycles, sum)}`)}</title>`;
      const box = (from, tall) => `<rect x="${left.toFixed(1)}" y="${from}" width="${wide.toFixed(1)}" height="${tall}" fill="${stageColour(s.at)}" stroke="var(--card)" stroke-width="0.8">${title}</rect>`;
      out += box(upper, bar) + box(y + 3, step - 6) + text(room - 8, y + 13, s.name, 'text-anchor="end"') +
        text(left + wide + 5, y + 13, `${figure(s.cycles)}, ${share(s.cycles)}`, 'class="value"');
      before += s.cycles;
    });
    return svg(width, top + panel.stages.length * step + 4, `${plot.title}: ${plot.choices[plot.chosen].name}, ${panel.title}`, out);
  });
}

const chosen = [];  // the plots that have something to choose
document.addEventListener("change", (event) => {
  if (event.target.dataset?.plot === undefined) return;
  chosen[event.target.dataset.plot].chosen = event.target.selectedIndex;
  drawCharts();
});
function choiceOf(plot) {
  chosen.push(plot);
  return `<p><label>Row: <select data-plot="${chosen.length - 1}">` +
    plot.choices.map((c, i) => `<option${i === plot.chosen ? " selected" : ""}>${esc(c.name)}</option>`).join("") + "</select></label></p>";
}

const stagesPlot = {
  looks: choiceOf,
  groups: (plot) => [{ title: "", panels: Array(Math.max(...plot.choices.map((c) => c.panels.length))).fill(null) }],
  panels: (plot, group) => group.panels.map((_, at) => ["", stagesChart(plot, at)]),
  figures: () => "",
  columns: "pair",
};
