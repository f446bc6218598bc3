import type { Catchup, Overlap, TriggerTable } from "../protocol";

/** How a person chooses when: the presets, and the raw cron line. */
export type Preset = "every" | "hourly" | "daily" | "weekly" | "monthly" | "cron";

/** What the form holds: enough for every preset, so that switching forgets nothing. */
export interface Plan {
  preset: Preset;
  /** For `every`: how many of `unit`. */
  count: number;
  unit: "m" | "h";
  /** Minute of the hour, for `hourly`. */
  minute: number;
  /** "HH:MM" of the wall clock. */
  time: string;
  /** 0 Sunday to 6. */
  weekdays: readonly number[];
  /** 1 to 31. */
  day: number;
  cron: string;
}

export const CATCHUPS: readonly { value: Catchup; label: string; note: string }[] = [
  {
    value: "none",
    label: "Skip them",
    note: "Ticks missed while the server was off are left out.",
  },
  { value: "latest", label: "Run the latest only", note: "One run for the newest missed tick." },
  { value: "all", label: "Run all of them", note: "One run for each missed tick, oldest first." },
];

export const OVERLAPS: readonly { value: Overlap; label: string; note: string }[] = [
  { value: "skip", label: "Skip the new tick", note: "It is recorded as skipped." },
  { value: "queue_one", label: "Queue one", note: "It starts when the run before it has ended." },
  { value: "queue_all", label: "Queue all", note: "Every tick gets its run, one after the other." },
  {
    value: "cancel_previous",
    label: "Cancel the running one",
    note: "The new tick takes its place.",
  },
  { value: "allow", label: "Run both at once", note: "Runs of this trigger may overlap." },
];

const FRESH: Plan = {
  preset: "daily",
  count: 15,
  unit: "m",
  minute: 0,
  time: "06:00",
  weekdays: [1],
  day: 1,
  cron: "0 6 * * *",
};

type When = Pick<TriggerTable, "cron" | "every">;

/** The plan that a trigger's `cron` or `every` stands for. */
export function planOfTrigger({ cron, every }: When): Plan {
  const span = every === null ? null : /^(\d+)\s*(m|h)$/.exec(every.trim());
  if (span !== null) {
    return { ...FRESH, preset: "every", count: Number(span[1]), unit: span[2] as "m" | "h" };
  }
  if (cron === null) return every === null ? FRESH : { ...FRESH, preset: "cron", cron: every };
  return { ...FRESH, ...readCron(cron.trim()), cron: cron.trim() };
}

function readCron(cron: string): Partial<Plan> {
  const [minute = "", hour = "", day = "", month = "", weekday = "", ...more] = cron.split(/\s+/);
  const own: Partial<Plan> = { preset: "cron" };
  if (more.length > 0 || month !== "*") return own;
  const step = /^\*(?:\/(\d+))?$/.exec(minute);
  if (step !== null && hour === "*" && day === "*" && weekday === "*") {
    const count = Number(step[1] ?? 1);
    return 60 % count === 0 ? { preset: "every", count, unit: "m" } : own;
  }
  if (!isNumber(minute)) return own;
  if (hour === "*" && day === "*" && weekday === "*") {
    return { preset: "hourly", minute: Number(minute) };
  }
  if (!isNumber(hour)) return own;
  const time = `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
  if (day === "*" && weekday === "*") return { preset: "daily", time };
  if (day === "*") {
    const weekdays = readWeekdays(weekday);
    return weekdays === null ? own : { preset: "weekly", time, weekdays };
  }
  return isNumber(day) && weekday === "*" ? { preset: "monthly", time, day: Number(day) } : own;
}

function readWeekdays(text: string): number[] | null {
  const days = new Set<number>();
  for (const part of text.split(",")) {
    const range = /^([0-7])(?:-([0-7]))?$/.exec(part);
    if (range === null) return null;
    const from = Number(range[1]);
    for (let day = from; day <= Number(range[2] ?? from); day += 1) days.add(day % 7);
  }
  return days.size === 0 ? null : [...days].sort((a, b) => a - b);
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

/** `cron` or `every` for the server; spans that cron cannot say evenly become `every`. */
export function whenOfPlan(plan: Plan): When {
  const [hour = "0", minute = "0"] = plan.time.split(":").map((part) => String(Number(part)));
  switch (plan.preset) {
    case "every":
      return everyOf(plan);
    case "hourly":
      return { cron: `${plan.minute} * * * *`, every: null };
    case "daily":
      return { cron: `${minute} ${hour} * * *`, every: null };
    case "weekly":
      return { cron: `${minute} ${hour} * * ${[...plan.weekdays].join(",") || "1"}`, every: null };
    case "monthly":
      return { cron: `${minute} ${hour} ${plan.day} * *`, every: null };
    case "cron":
      return { cron: plan.cron.trim(), every: null };
  }
}

/** Even parts of an hour or day stand on the clock (:00, :15, …), as people expect. */
function everyOf({ count, unit }: Plan): When {
  if (unit === "m" && count < 60 && 60 % count === 0) {
    return { cron: count === 1 ? "* * * * *" : `*/${count} * * * *`, every: null };
  }
  return { cron: null, every: `${count}${unit}` };
}

/** Why a plan cannot be asked about yet, in words. */
export function planProblem(plan: Plan): string | undefined {
  if (plan.preset === "every" && !(Number.isInteger(plan.count) && plan.count >= 1)) {
    return "Write a whole number from 1.";
  }
  if (plan.preset === "hourly" && !(plan.minute >= 0 && plan.minute <= 59)) return "0 to 59.";
  if (plan.preset === "weekly" && plan.weekdays.length === 0) return "Choose a day.";
  if (plan.preset === "monthly" && !(plan.day >= 1 && plan.day <= 31)) return "1 to 31.";
  if (plan.preset === "cron" && plan.cron.trim().split(/\s+/).length !== 5) {
    return "Five parts: minute, hour, day of month, month, day of week.";
  }
  return undefined;
}

/** A name that says what it does and is not taken: "daily", "daily_2". */
export function freeName(preset: string, taken: readonly string[]): string {
  const wanted = preset === "cron" || preset === "every" ? "regularly" : preset;
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted}_${number}`;
    if (!taken.includes(name)) return name;
  }
}
