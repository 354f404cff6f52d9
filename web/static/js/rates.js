// Messages a second, made of the counters of two looks at a process; the last minutes are kept.

const LOOK_S = 1;
const KEPT = 60;
const seen = new Map();

// Returns {in, out, past}: rates now, and the sum of both at each look, oldest first.
export function ratesOf(node) {
  const now = performance.now() / 1000;
  const before = seen.get(node.id);
  const start = {at: now, sent: node.messages_out, taken: node.messages_in, pid: node.pid};
  // A new process counts from zero: its first look has no rate.
  if (!before || before.pid !== node.pid) {
    const first = {...start, in: 0, out: 0, past: before?.past ?? []};
    seen.set(node.id, first);
    return first;
  }
  const passed = now - before.at;
  if (passed < LOOK_S) return before;
  const rates = {
    ...start,
    in: Math.max(0, node.messages_in - before.taken) / passed,
    out: Math.max(0, node.messages_out - before.sent) / passed,
  };
  rates.past = [...before.past, rates.in + rates.out].slice(-KEPT);
  seen.set(node.id, rates);
  return rates;
}

// A line through the values in a box of `width` x `height`; the highest touches the top.
export function sparkline(values, width, height) {
  if (values.length < 2) return "";
  const most = Math.max(1, ...values);
  const step = width / (KEPT - 1);
  const from = (KEPT - values.length) * step;
  return values
    .map(
      (value, at) =>
        `${at ? "L" : "M"}${(from + at * step).toFixed(1)} ` +
        `${(height - 1 - (value / most) * (height - 2)).toFixed(1)}`,
    )
    .join("");
}
