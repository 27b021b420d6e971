// One plot: lines over time, the newest at the right. A line keeps its colour as long as the page is open.
const COLOURS = 8;
const SVG = "http://www.w3.org/2000/svg";

function make(tag, attributes = {}, ...inner) {
  const element = document.createElement(tag);
  Object.assign(element, attributes);
  element.append(...inner);
  return element;
}

function shape(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  if (text !== undefined) {
    element.textContent = text;
  }
  return element;
}

// The next of 1, 2, 5, 10, ... so that the scale does not move with each value.
function niceTop(value) {
  if (!(value > 0)) {
    return 1;
  }
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 5, 10].find(step => step * power >= value);
}

class Plot {
  constructor({title, note, format, top}) {
    this.format = format;
    this.top = top;
    this.samples = [];  // [time, Map of name -> value]
    this.colours = new Map();
    this.svg = shape("svg", {role: "img", "aria-label": title});
    this.legend = make("ul", {className: "legend"});
    this.element = make("figure", {}, make("figcaption", {}, make("h2", {textContent: title}), make("small", {textContent: note})),
                        this.svg, this.legend);
    this.pointer = null;
    this.svg.addEventListener("pointermove", event => this.point(event.offsetX));
    this.svg.addEventListener("pointerleave", () => this.point(null));
  }

  point(x) {
    this.pointer = x;
    this.draw(this.span);
  }

  add(time, values, keep) {
    this.samples.push([time, values]);
    while (this.samples[0][0] < time - keep) {
      this.samples.shift();
    }
  }

  colour(name) {
    if (!this.colours.has(name)) {
      this.colours.set(name, this.colours.size % COLOURS);
    }
    return this.colours.get(name);
  }

  draw(span) {
    this.span = span;
    const last = this.samples.at(-1)?.[0] ?? 0;
    span = Math.min(span, Math.max(30, last - (this.samples[0]?.[0] ?? 0)));  // as long as there is little, it has all of the width
    const shown = this.samples.filter(([time]) => time >= last - span);
    const names = [...new Set(shown.flatMap(([, values]) => [...values.keys()]))];
    const [width, height, left, bottom] = [this.svg.clientWidth || 360, 150, 64, 18];
    const top = this.top ?? niceTop(Math.max(0, ...shown.flatMap(([, values]) => [...values.values()])));
    const x = time => left + (width - left - 4) * (1 - (last - time) / span);
    const y = value => 6 + (height - bottom - 6) * (1 - Math.min(value, top) / top);
    const parts = [];
    for (const part of [0, 0.5, 1]) {
      parts.push(shape("line", {class: "grid", x1: left, x2: width, y1: y(part * top), y2: y(part * top)}),
                 shape("text", {x: left - 5, y: y(part * top) + 4, "text-anchor": "end"}, this.format(part * top).replace(/\.0+(?=\D)/, "")));
    }
    parts.push(shape("text", {x: left, y: height - 3}, `-${age(span)}`), shape("text", {x: width - 2, y: height - 3, "text-anchor": "end"}, "now"));
    for (const name of names) {
      // A line is broken where there is no value.
      let line = "";
      let drawn = false;
      let points = 0;
      for (const [time, values] of shown) {
        const value = values.get(name);
        if (value === undefined) {
          drawn = false;
          continue;
        }
        line += `${drawn ? "L" : "M"}${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
        drawn = true;
        ++points;
      }
      parts.push(shape("path", {class: "s" + this.colour(name), d: line, "stroke-linecap": "round", "data-points": points}));
    }
    let at = shown.at(-1);
    if (this.pointer !== null && shown.length) {
      at = shown.reduce((best, sample) => Math.abs(x(sample[0]) - this.pointer) < Math.abs(x(best[0]) - this.pointer) ? sample : best);
      parts.push(shape("line", {class: "at", x1: x(at[0]), x2: x(at[0]), y1: 0, y2: height - bottom}));
    }
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.replaceChildren(...parts);
    this.legend.replaceChildren(...names.map(name => make("li", {className: "k" + this.colour(name)},
      make("span", {textContent: `${name} ${at?.[1].has(name) ? this.format(at[1].get(name)) : "–"}`}))));
  }
}
