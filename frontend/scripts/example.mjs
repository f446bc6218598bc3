// A small project as the server would describe it, for looking at screens without a server.
const MINUTE = 60_000;

/** All answers of the example, made for this moment (milliseconds). */
export function exampleProject(now) {
  const at = (ms) => new Date(now + ms).toISOString();
  let number = 0;
  const run = (pipeline, minutesAgo, state, seconds, more = {}) => {
    number += 1;
    const queued = -minutesAgo * MINUTE;
    const ended = ["succeeded", "failed", "cancelled"].includes(state);
    return {
      id: `run${String(number).padStart(17, "0")}`,
      pipeline,
      state,
      origin: "trigger",
      trigger: "daily",
      logical_time: at(queued),
      queued_at: at(queued),
      started_at: state === "queued" ? null : at(queued + 20),
      finished_at: ended ? at(queued + seconds * 1000) : null,
      seconds: ended ? seconds : null,
      blocks_done: ended ? 6 : 2,
      blocks_total: 6,
      reason: null,
      ...more,
    };
  };
  const history = (pipeline, every, states, seconds) =>
    states.map((state, index) =>
      run(pipeline, 5 + index * every, state, seconds * (0.8 + ((index * 7) % 5) / 10), {
        reason: state === "failed" ? "KeyError: 'temp' in clean" : null,
      }),
    );
  const of = (count, state) => Array.from({ length: count }, () => state);
  const trigger = (pipeline, name, when, next, more = {}) => ({
    id: `${pipeline}.${name}`,
    pipeline,
    name,
    cron: null,
    every: null,
    timezone: "Europe/Berlin",
    catchup: "latest",
    overlap: "skip",
    parameters: {},
    active: true,
    next_at: next === null ? null : at(next * MINUTE),
    last_at: at(-5 * MINUTE),
    problem: null,
    ...when,
    ...more,
  });
  const pipeline = (name, title, runs, triggers, median) => ({
    name,
    title,
    blocks: 6,
    problem: null,
    runs,
    triggers,
    next_at: triggers[0]?.next_at ?? null,
    median_seconds: median,
  });
  const flights = history(
    "late_flights",
    1440,
    [...of(7, "succeeded"), "failed", ...of(22, "succeeded")],
    4.2,
  );
  const orders = history("orders", 15, ["running", ...of(29, "succeeded")], 38);
  const segments = history(
    "segments",
    10080,
    [...of(8, "succeeded"), "cancelled", ...of(9, "succeeded")],
    370,
  );
  const weather = history("weather", 60, [...of(12, "failed"), ...of(18, "succeeded")], 1.1);
  const pipelines = [
    pipeline(
      "late_flights",
      "Late flights",
      flights,
      [trigger("late_flights", "daily", { cron: "0 6 * * *" }, 540)],
      4.2,
    ),
    pipeline(
      "orders",
      "Orders to warehouse",
      orders,
      [trigger("orders", "regularly", { cron: "*/15 * * * *", timezone: "UTC" }, 6)],
      38,
    ),
    pipeline(
      "segments",
      "Customer segments",
      segments,
      [trigger("segments", "weekly", { cron: "30 7 * * 1", timezone: "America/New_York" }, 4300)],
      370,
    ),
    pipeline(
      "weather",
      "Weather archive",
      weather,
      [trigger("weather", "hourly", { every: "1h" }, 40)],
      1.1,
    ),
    pipeline(
      "churn",
      "Churn notebook (imported) with a rather long title that has to be cut somewhere",
      [],
      [],
      null,
    ),
  ];
  const runs = [...flights, ...orders, ...weather, ...segments]
    .sort((a, b) => (a.queued_at < b.queued_at ? 1 : -1))
    .slice(0, 50);
  return { pipelines, runs, record: failedRun(at), log: LOG };
}

function failedRun(at) {
  const start = -300_000;
  const output = (rows, columns) => ({
    address: "0".repeat(32),
    digest: "0".repeat(32),
    kind: "table",
    rows,
    column_count: columns,
    columns: [],
    size_bytes: rows * columns * 8,
    type_name: "pandas.DataFrame",
    text: "",
    notes: [],
  });
  const block = (name, kind, state, upstream, from, to, more = {}) => ({
    name,
    kind,
    language: "python",
    state,
    cache: null,
    seconds: to - from,
    rows: null,
    address: null,
    key: "a91f",
    upstream,
    started_at: from === null ? null : at(start + from * 1000),
    finished_at: to === null ? null : at(start + to * 1000),
    output: null,
    failure: null,
    because: null,
    attempts:
      from === null
        ? []
        : [
            {
              number: 1,
              state,
              started_at: at(start + from * 1000),
              finished_at: at(start + to * 1000),
              failure: null,
              timings: { start: 0.01, load: 0.02, call: to - from - 0.07, save: 0.04 },
            },
          ],
    checks: [],
    displays: [],
    ...more,
  });
  const failure = {
    kind: "exception",
    type: "KeyError",
    message: "column “arrdelay” is not in join_weather",
    line: 3,
    frames: [
      {
        file: "pipelines/late_flights/worst_days.py",
        line: 3,
        function: "worst_days",
        code: 'days = join_weather.groupby("day")["arrdelay"].mean()',
        mine: true,
        values: { join_weather: "DataFrame 336,776 × 28", top: "10" },
      },
      {
        file: "pandas/core/base.py",
        line: 244,
        function: "__getitem__",
        code: "raise KeyError",
        mine: false,
        values: {},
      },
    ],
    hint: "Did you mean arr_delay? Columns: day, origin, time_hour, dep_delay, arr_delay, temp, …",
    text: "Traceback (most recent call last):\n  …\nKeyError: 'arrdelay'",
  };
  return {
    id: "run00000000000000008",
    pipeline: "late_flights",
    state: "failed",
    seconds: 2.9,
    blocks: [
      block("flights", "loader", "cached", [], 0.02, 0.08, {
        cache: "known result of 2 h ago",
        output: output(336776, 19),
      }),
      block("weather", "loader", "succeeded", [], 0.12, 0.54, {
        output: output(26115, 15),
        checks: [{ name: "no_nulls", state: "passed", message: "", line: 4 }],
      }),
      block("late_by_carrier", "transformer", "succeeded", ["flights"], 0.55, 0.7, {
        output: output(16, 5),
      }),
      block("join_weather", "transformer", "succeeded", ["flights", "weather"], 0.56, 2.5, {
        output: output(336776, 28),
      }),
      block("worst_days", "transformer", "failed", ["join_weather"], 2.51, 2.9, { failure }),
      block("report", "exporter", "skipped", ["worst_days"], null, null, {
        because: "worst_days",
        seconds: null,
      }),
    ],
    origin: "trigger",
    trigger: "daily",
    logical_time: at(start),
    parameters: { month: 1 },
    version: "v12",
    queued_at: at(start),
    started_at: at(start + 15),
    finished_at: at(start + 2901),
    reason: "KeyError in worst_days",
    attempt: 1,
  };
}

const LOG = [
  "06:00:02.481 reading join_weather: 336,776 rows",
  "\u001b[33mwarning\u001b[0m: 8,255 rows have no arr_delay",
  "\u001b[31mKeyError\u001b[0m: 'arrdelay'",
].join("\n");
