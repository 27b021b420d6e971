"use strict";
// What is computed of two or more answers of aditd: rates of counters, quantiles of histograms. An answer is {time, families}.

// Of the samples that fit `where`, the sum of `value(sample)` by the label `by` ("" if there is none to divide by).
function sumBy(answer, name, by, where, value) {
  const sums = new Map();
  for (const sample of answer.families.get(name)?.samples ?? []) {
    const labels = sample.labels ?? {};
    if (Object.entries(where ?? {}).every(([label, wanted]) => labels[label] === wanted)) {
      const key = by.map(label => labels[label] ?? "").join(" ");
      sums.set(key, (sums.get(key) ?? 0) + value(sample));
    }
  }
  return sums;
}

function gauge(answer, name, by = [], where = {}) {
  return sumBy(answer, name, by, where, sample => sample.value);
}

// A second, between two answers. A counter that went back began anew: aditd was restarted.
function rate(now, before, name, by = [], where = {}) {
  const seconds = now.time - before.time;
  const was = gauge(before, name, by, where);
  const rates = new Map();
  for (const [key, value] of gauge(now, name, by, where)) {
    const grown = value - (was.get(key) ?? 0);
    rates.set(key, seconds > 0 ? (grown < 0 ? value : grown) / seconds : 0);
  }
  return rates;
}

// How the buckets grew between two answers, by label: Map of key -> {bounds, counts (each bucket's own), count}.
function grownBuckets(now, before, name, by, where) {
  const total = answer => {
    const all = new Map();
    for (const sample of answer.families.get(name)?.samples ?? []) {
      const labels = sample.labels ?? {};
      if (!Object.entries(where ?? {}).every(([label, wanted]) => labels[label] === wanted)) {
        continue;
      }
      const key = by.map(label => labels[label] ?? "").join(" ");
      const at = all.get(key) ?? {bounds: sample.buckets.map(bucket => bucket[0]), below: sample.buckets.map(() => 0), count: 0};
      sample.buckets.forEach((bucket, i) => at.below[i] += bucket[1]);
      at.count += sample.count;
      all.set(key, at);
    }
    return all;
  };
  const was = total(before);
  const all = total(now);
  for (const [key, at] of all) {
    const old = was.get(key);
    if (old && old.count <= at.count) {
      at.below = at.below.map((count, i) => count - old.below[i]);
      at.count -= old.count;
    }
  }
  return all;
}

// As Prometheus' histogram_quantile(): within a bucket, evenly spread. Nothing for those of which there was none.
function quantile(now, before, q, name, by = [], where = {}) {
  const values = new Map();
  for (const [key, at] of grownBuckets(now, before, name, by, where)) {
    if (at.count <= 0) {
      continue;
    }
    const rank = q * at.count;
    const i = at.below.findIndex(count => count >= rank);
    if (i < 0) {
      values.set(key, at.bounds.at(-1));
      continue;
    }
    const low = i === 0 ? 0 : at.bounds[i - 1];
    const under = i === 0 ? 0 : at.below[i - 1];
    values.set(key, low + (at.bounds[i] - low) * (rank - under) / Math.max(1, at.below[i] - under));
  }
  return values;
}

function total(values) {
  let sum = 0;
  for (const value of values.values()) {
    sum += value;
  }
  return sum;
}

// The largest `count` of them, those that are 0 not among them.
function largest(values, count) {
  return new Map([...values].filter(([, value]) => value > 0).sort((a, b) => b[1] - a[1]).slice(0, count));
}

const PREFIXES = ["", "k", "M", "G", "T"];
function short(value) {
  if (value === undefined || !isFinite(value)) {
    return "–";
  }
  let size = Math.abs(value);
  let prefix = 0;
  while (size >= 999.5 && prefix + 1 < PREFIXES.length) {
    size /= 1000;
    ++prefix;
  }
  const digits = size >= 100 || (prefix === 0 && Number.isInteger(size)) ? 0 : size >= 10 ? 1 : 2;
  return (value < 0 ? "-" : "") + size.toFixed(digits) + (prefix ? " " + PREFIXES[prefix] : "");
}
const whole = value => Math.round(value).toLocaleString("en-US");
const perSecond = value => short(value) + "/s";
const bits = value => short(value) + (/[kMGT]$/.test(short(value)) ? "bit/s" : " bit/s");
const percent = value => value.toFixed(value < 10 ? 1 : 0) + " %";
function seconds(value) {
  return value < 0.001 ? (value * 1e6).toFixed(0) + " µs" : value < 1 ? (value * 1e3).toPrecision(3) + " ms" : value.toFixed(2) + " s";
}
function age(value) {
  const [days, hours, minutes] = [Math.floor(value / 86400), Math.floor(value / 3600) % 24, Math.floor(value / 60) % 60];
  return days ? `${days} d ${hours} h` : hours ? `${hours} h ${minutes} min` : minutes ? `${minutes} min` : `${Math.floor(value)} s`;
}
function octets(value) {
  return short(value) + (/[kMGT]$/.test(short(value)) ? "B" : " B");
}
