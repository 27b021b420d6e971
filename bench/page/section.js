// ---- a file of Google Benchmark: its plots, and all of its rows --------------------------------------------------------
const PLOTS = { lines: linesPlot, ranges: rangesPlot, matrix: matrixPlot, stages: stagesPlot };

function plotCard(plot) {
  const how = PLOTS[plot.kind], figures = how.figures(plot);
  const groups = (how.groups?.(plot) || plot.groups).map((group) => (group.title ? `<h4>${esc(group.title)}</h4>` : "") +
    `<div class="panels ${how.columns || (group.panels.length === 2 ? "pair" : "")}">${how.panels(plot, group).map(([title, drawing]) =>
      `<div class="panel">${title ? `<h5>${esc(title)}</h5>` : ""}${drawing}</div>`).join("")}</div>`).join("");
  return `<div class="card plot"><h3>${esc(plot.title)}</h3>${how.looks(plot)}${groups}` +
    `<p class="how"><b>How to read this:</b> ${esc(plot.how_to_read)}</p>` +
    (figures ? `<details><summary>The figures</summary>${figures}</details>` : "") + "</div>";
}

// BM_<Subject>_<Operation>/<implementation>/<octets>/<calls>
function benchmarkCards(file) {
  const rows = file.benchmarks.filter((b) => !b.run_type || b.run_type === "iteration" || b.aggregate_name === "median");
  const groups = new Map();
  for (const b of rows) {
    const [subject, ...rest] = b.name.split("/").filter((part) => part !== "manual_time" && !/^(min_time|iterations|repeats)/.test(part));
    const [who, ...shape] = rest.length ? rest : [subject];
    const key = [subject, ...shape].join("/");
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push({ who, b });
  }
  return [...groups].map(([key, members]) => benchmarkCard(key, members, Number(file.context.core_per_tsc) || 0)).join("");
}
const implementations = [];  // one colour each, on the whole page
function colourOf(who) {
  if (!implementations.includes(who)) implementations.push(who);
  return colour(implementations.indexOf(who));
}
function benchmarkCard(key, members, core) {
  const has = members.some(({ b }) => b.cycles_per_packet > 0);
  const value = (b) => b.error_occurred ? 0 : has ? (b.cycles_per_packet || 0) * (core || 1) : b.real_time || 0;
  const top = Math.max(1e-9, ...members.map(({ b }) => value(b)));
  const unit = has ? `${core ? "core" : "TSC"} cycles` : members[0].b.time_unit || "ns";
  const body = members.map(({ who, b }) => `<tr><td>${esc(who)}</td><td class="graph"><span class="bar" style="width:${(100 * value(b) / top).toFixed(1)}%;background:${colourOf(who)}"></span></td>` +
    `<td class="n${b.error_occurred ? " bad" : ""}">${b.error_occurred ? esc(b.error_message) : decimal(value(b))}</td>` +
    `<td class="n">${b.bytes_per_second ? decimal(b.bytes_per_second * 8 / 1e9) : "–"}</td></tr>`).join("");
  return card(key, "The median; shorter is faster", `<div class="scroll"><table><thead><tr><th>implementation</th><th></th><th class="n">${esc(unit)}</th><th class="n">Gbit/s</th></tr></thead><tbody>${body}</tbody></table></div>`);
}

function machineOf(context) {
  const core = Number(context.core_per_tsc);
  return [context.date, context.cpu_model || "CPU not named", `${context.num_cpus ?? "?"} CPUs`,
    context.tsc_mhz ? `TSC ${whole(context.tsc_mhz)} MHz` : "", core ? `${core.toFixed(3)} core cycles for one of the TSC` : "",
    `load ${context.load_avg ? context.load_avg[0].toFixed(2) : "?"}`, context.processes > 1 ? `${context.processes} processes` : "",
    context.mppe_implementation ? `MPPE in use: ${context.mppe_implementation}` : "",
    context.data_plane_octets_per_call ? `state of one call: ${whole(context.data_plane_octets_per_call)} octets on the data plane, ${whole(context.control_octets_per_call)} on the control side` : "",
  ].filter(Boolean).join("; ");
}

function benchmarkSection(file, index) {
  const rows = benchmarkCards(file);
  return `<section class="run" id="bench-${index}"><h1>Benchmarks: ${esc(file.name)}</h1><p class="meta">${esc(machineOf(file.context))}</p>` +
    file.plots.map(plotCard).join("") +
    (rows ? `<details${file.plots.length ? "" : " open"}><summary>All rows, by case</summary><div class="cards">${rows}</div></details>` : card("Benchmarks", "", none("The file holds no benchmark."), true)) + "</section>";
}
sections.push(...data.benchmarks.map((file, i) => ({ id: `bench-${i}`, name: `Benchmarks: ${file.name}`, html: benchmarkSection(file, i) })));
