// The page: what is asked, which plots there are, and the search.
const EVERY = 2;        // seconds
const KEEP = 900;       // seconds of plots
const WINDOW = 30;      // seconds that a quantile is of: of two seconds alone it would jump
const named = (name, values) => new Map([[name, total(values)]]);
const scaled = (values, by) => new Map([...values].map(([key, value]) => [key, value * by]));
const titled = (values, title) => new Map([...values].map(([key, value]) => [title(key), value]));
const merged = (...maps) => new Map(maps.flatMap(map => [...map]));

// `of(now, before, back)`: before is the answer before, back the one of WINDOW ago.
const PLOTS = [
  {title: "Sessions", note: "calls, by state", format: whole, of: now => gauge(now, "adit_sessions", ["state"])},
  {title: "Dials", note: "a second: calls that began, and calls that ended", format: perSecond,
   of: (now, before) => merged(named("begun", rate(now, before, "adit_calls")), named("ended", rate(now, before, "adit_calls_ended")))},
  {title: "Set-up time, by stage", note: `95 % of the dials of the last ${WINDOW} s were faster`, format: seconds,
   of: (now, before, back) => merged(quantile(now, back, 0.95, "adit_call_setup_stage_seconds", ["stage"]),
                                     titled(quantile(now, back, 0.95, "adit_call_setup_seconds"), () => "all"))},
  {title: "Ended calls, by reason", note: "a second, the six most frequent", format: perSecond,
   of: (now, before) => largest(rate(now, before, "adit_calls_ended", ["reason"]), 6)},
  {title: "Traffic", note: "inner IP, up from subscribers and down to them", format: bits,
   of: (now, before) => merged(named("up", scaled(rate(now, before, "adit_uplink_bytes"), 8)),
                               named("down", scaled(rate(now, before, "adit_downlink_bytes"), 8)))},
  {title: "Packets", note: "inner IP, up from subscribers and down to them", format: perSecond,
   of: (now, before) => merged(named("up", rate(now, before, "adit_uplink_packets")),
                               named("down", rate(now, before, "adit_downlink_packets")))},
  {title: "Drops, by reason", note: "packets a second, the six most frequent; adit show drops says what they mean", format: perSecond,
   of: (now, before) => largest(rate(now, before, "adit_drops", ["reason"]), 6)},
  {title: "Workers' load", note: "time in passes that found work", format: percent, top: 100,
   of: (now, before) => titled(scaled(rate(now, before, "adit_worker_busy_seconds", ["worker"]), 100), key => "worker " + key)},
  {title: "RADIUS, round trips", note: `99 % of those of the last ${WINDOW} s were faster, by server and kind`, format: seconds,
   of: (now, before, back) => quantile(now, back, 0.99, "adit_radius_round_trip_seconds", ["server", "kind"])},
  {title: "RADIUS, requests", note: "a second; lost are those without an answer", format: perSecond,
   of: (now, before) => merged(titled(rate(now, before, "adit_radius_requests", ["kind"]), key => key),
                               named("lost", rate(now, before, "adit_radius_timeouts")))},
  {title: "Logins", note: "verdicts a second", format: perSecond, of: (now, before) => rate(now, before, "adit_auth", ["result"])},
  {title: "Control thread", note: `turns of its loop: 99 % of the last ${WINDOW} s were shorter`, format: seconds,
   of: (now, before, back) => titled(quantile(now, back, 0.99, "adit_control_turn_seconds"), () => "turn")},
];

const TILES = [
  ["sessions", now => whole(total(gauge(now, "adit_sessions", [], {state: "active"})))],
  ["dials", (now, before) => perSecond(total(rate(now, before, "adit_calls")))],
  ["up", (now, before) => bits(8 * total(rate(now, before, "adit_uplink_bytes")))],
  ["down", (now, before) => bits(8 * total(rate(now, before, "adit_downlink_bytes")))],
  ["drops", (now, before) => perSecond(total(rate(now, before, "adit_drops")))],
  ["busiest worker", (now, before) => percent(100 * Math.max(0, ...rate(now, before, "adit_worker_busy_seconds", ["worker"]).values()))],
  ["RADIUS servers up", now => { const up = gauge(now, "adit_radius_up", ["server"]); return up.size ? `${total(up)} of ${up.size}` : "none"; }],
  ["running for", now => age(now.time - total(gauge(now, "adit_start_time_seconds")))],
];

const NAMES = [...new Set([...PLOTS, ...TILES.map(tile => ({of: tile[1]})), {of: drawPools}, {of: drawPorts}]
  .flatMap(({of}) => String(of).match(/\badit_\w+/g) ?? []).concat("adit_build"))];

const byId = id => document.getElementById(id);
const plots = PLOTS.map(panel => Object.assign(new Plot(panel), {of: panel.of}));
byId("plots").append(...plots.map(plot => plot.element));
const answers = [];  // of the last WINDOW seconds

function row(cells, tag = "td") {
  return make("tr", {}, ...cells.map(cell => cell instanceof Node ? cell
    : make(tag, {textContent: cell.text ?? cell, className: cell.look ?? ""})));
}
const number = text => ({text, look: "n"});

function drawPools(now) {
  const states = gauge(now, "adit_pool_addresses", ["pool", "state"]);
  const pools = [...gauge(now, "adit_pool_addresses", ["pool"]).keys()];
  const rows = pools.map(pool => {
    const of = state => states.get(`${pool} ${state}`) ?? 0;
    const all = of("used") + of("quarantined") + of("available");
    const share = all ? of("used") / all : 0;
    return row([pool || "(unnamed)", make("td", {}, make("meter", {max: 1, high: 0.9, optimum: 0, value: share, title: percent(100 * share)})),
                number(percent(100 * share)), number(whole(of("used"))), number(whole(of("quarantined"))), number(whole(of("available")))]);
  });
  byId("pools").querySelector("table").replaceChildren(
    row(["pool", "", number("taken"), number("used"), number("quarantined"), number("available")], "th"), ...rows);
}

function drawPorts(now, before) {
  const [speed, rx, tx, missed, errors] = [gauge(now, "adit_port_speed_bytes_per_second", ["port"]),
    rate(now, before, "adit_port_rx_bytes", ["port"]), rate(now, before, "adit_port_tx_bytes", ["port"]),
    rate(now, before, "adit_port_rx_missed", ["port"]), rate(now, before, "adit_port_rx_errors", ["port"])];
  const rows = [...gauge(now, "adit_port_up", ["port"])].map(([port, up]) => row([
    port, up ? {text: "up", look: "good"} : {text: "down", look: "bad"}, number(speed.get(port) ? bits(8 * speed.get(port)) : "–"),
    number(bits(8 * rx.get(port))), number(bits(8 * tx.get(port))),
    number(perSecond((missed.get(port) ?? 0) + (errors.get(port) ?? 0)))]));
  byId("ports").querySelector("table").replaceChildren(
    row(["port", "link", number("speed"), number("in"), number("out"), number("lost")], "th"), ...rows);
}

function draw() {
  const span = Number(byId("span").value);
  plots.forEach(plot => plot.draw(span));
}

function take(answer) {
  answer.families = new Map(answer.families.map(family => [family.name, family]));
  const before = answers.at(-1);
  if (before && before.time >= answer.time) {
    return;  // the same answer of aditd once more
  }
  answers.push(answer);
  while (answers.length > 2 && answers[1].time <= answer.time - WINDOW) {
    answers.shift();
  }
  if (!before) {
    return;
  }
  plots.forEach(plot => plot.add(answer.time, plot.of(answer, before, answers[0]), KEEP));
  byId("tiles").replaceChildren(...TILES.map(([name, of]) =>
    make("div", {className: "tile"}, make("b", {textContent: of(answer, before)}), make("span", {textContent: name}))));
  drawPools(answer);
  drawPorts(answer, before);
  draw();
}

function say(text, down) {
  byId("state").textContent = text;
  byId("state").className = down ? "down" : "";
}

async function ask() {
  if (document.hidden) {
    return;
  }
  try {
    const reply = await fetch("/api/metrics?names=" + NAMES.join(","));
    const answer = await reply.json();
    byId("search-off").hidden = answer.sessions;
    byId("search-form").hidden = !answer.sessions;
    if (answer.up) {
      take(answer);
      const build = answer.families.get("adit_build")?.samples[0]?.labels ?? {};
      say(`aditd ${build.version ?? ""} answers, ${new Date(answer.time * 1000).toLocaleTimeString([], {hour12: false})}`, false);
    } else {
      say(answer.why, true);
    }
  } catch (error) {
    say("adit-exporter does not answer", true);
  }
}

// aditd looks at a part of its calls for each request; the page goes on until it has enough.
async function search(text, column) {
  const found = [];
  let after = null;
  do {
    const words = new URLSearchParams({column, text, ...(after === null ? {} : {after: JSON.stringify(after)})});
    const reply = await (await fetch("/api/sessions?" + words)).json();
    if (reply.error) {
      throw new Error(reply.error);
    }
    found.push(...reply.sessions);
    after = reply.next ?? null;
    byId("found").textContent = `looking; ${found.length} so far`;
  } while (after !== null && found.length < 50);
  return {found: found.slice(0, 50), more: after !== null || found.length > 50};
}

function drawSessions(sessions) {
  const head = ["user", "address", "from", "state", number("up for"), number("sent"), number("received"), number("drops"), "session"];
  byId("sessions").replaceChildren(...(sessions.length ? [row(head, "th")] : []), ...sessions.map(call => row([
    call.username, call.ip, call.calling_sid, call.state, number(age(call.uptime_seconds ?? 0)), number(octets(call.rx_bytes)),
    number(octets(call.tx_bytes)), number(whole(call.drops)), call.sid])));
}

byId("search-form").addEventListener("submit", async event => {
  event.preventDefault();
  try {
    const {found, more} = await search(byId("text").value, byId("column").value);
    drawSessions(found);
    byId("found").textContent = found.length === 0 ? "no call has that" : more ? `the first ${found.length}` : `${found.length}`;
  } catch (error) {
    drawSessions([]);
    byId("found").textContent = error.message;
  }
});
byId("span").addEventListener("change", draw);
addEventListener("resize", draw);
document.addEventListener("visibilitychange", ask);
ask();
setInterval(ask, EVERY * 1000);
