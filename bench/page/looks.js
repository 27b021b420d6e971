// ---- plots of benchmarks: who has which colour and which mark, so that neither has to be seen alone -----------------
const LOOKS = {
  adit: ["var(--p0)", "disc"], kernel_style: ["var(--p1)", "square"], openssl_lowlevel: ["var(--p2)", "triangle"],
  openssl_evp: ["var(--p3)", "diamond"], forced: ["var(--p5)", "disc"],
  size0: ["var(--p0)", "disc"], size1: ["var(--p1)", "square"], size2: ["var(--p2)", "triangle"],
};
const lookOf = (look) => LOOKS[look] || LOOKS.forced;
function mark(x, y, look, hollow = false, r = 3.6) {
  const [c, shape] = lookOf(look);
  const paint = `fill="${hollow ? "var(--card)" : c}" stroke="${c}" stroke-width="1.4"`;
  const at = (dx, dy) => `${(x + dx * r).toFixed(1)},${(y + dy * r).toFixed(1)}`;
  if (shape === "disc") return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${r}" ${paint}/>`;
  const corners = shape === "square" ? [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]]
    : shape === "triangle" ? [[0, -1.2], [1.15, 0.85], [-1.15, 0.85]] : [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]];
  return `<polygon points="${corners.map(([dx, dy]) => at(dx, dy)).join(" ")}" ${paint}/>`;
}
function looks(series) {
  const shown = new Map(series.map((s) => [`${s.name}/${s.which}`, s]));
  return `<div class="looks">${[...shown.values()].map((s) => `<span><svg height="12" viewBox="0 0 26 12" aria-hidden="true">` +
    `<line x1="1" x2="25" y1="6" y2="6" stroke="${lookOf(s.look)[0]}" stroke-width="1.8"${s.dashed ? ' stroke-dasharray="4 3"' : ""}/>` +
    `${mark(13, 6, s.look, s.dashed)}</svg>${esc(s.name)}${s.which ? `, ${esc(s.which)}` : ""}</span>`).join("")}</div>`;
}
const textWidth = (text) => Math.ceil(String(text).length * 6.7);
const svg = (width, height, name, body) =>
  `<svg height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${esc(name)}">${body}</svg>`;
// Cycles and ratios in as many digits as they deserve.
const figure = (n) => n == null ? "–" : n < 100 ? decimal(n) : whole(n);

// Labels at the right end of what they name, moved apart where they would lie on each other: [{ y, name, look }].
function endLabels(labels, x, top, bottom) {
  const sorted = labels.map((l) => ({ ...l, at: l.y })).sort((a, b) => a.y - b.y), step = 13;
  sorted.forEach((l, i) => { l.at = Math.max(l.at, i ? sorted[i - 1].at + step : top); });
  for (let i = sorted.length - 1, limit = bottom; i >= 0; limit = sorted[i].at - step, --i) sorted[i].at = Math.min(sorted[i].at, limit);
  return sorted.map((l) => `<path d="M${x.toFixed(1)} ${l.y.toFixed(1)}L${(x + 9).toFixed(1)} ${l.at.toFixed(1)}" fill="none" stroke="${lookOf(l.look)[0]}" stroke-opacity="0.6"/>` +
    text(x + 12, l.at + 4, l.name, `class="label" style="fill:${lookOf(l.look)[0]}"`)).join("");
}
