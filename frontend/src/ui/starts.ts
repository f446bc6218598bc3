import type { TriggerTable } from "../protocol";
import { ordinal } from "./format";

type When = Pick<
  TriggerTable,
  "cron" | "every" | "at" | "webhook" | "files" | "after" | "changed" | "timezone"
>;

const DAYS = ["Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays"];
const UNITS: Record<string, string> = { s: "s", m: "min", h: "h", d: "d", w: "weeks" };

/** When a trigger starts, in few words: "daily 06:00 Berlin", "every 15 min", "Mondays 07:30 Paris". */
export function startsInWords(trigger: When): string {
  const { cron, every, at, timezone } = trigger;
  if (every !== null) return everyInWords(every);
  if (at !== null)
    return `once, ${at}${/(Z|[+-]\d\d:?\d\d)$/.test(at) ? "" : ` ${cityOf(timezone)}`}`;
  if (trigger.files !== null) return `new file ${trigger.files}`;
  if (trigger.after !== null) return `after ${trigger.after}`;
  if (trigger.changed !== null) return `new output of ${trigger.changed}`;
  if (trigger.webhook) return "web request";
  if (cron === null) return "";
  const words = cronInWords(cron.trim());
  return words.clock ? `${words.text} ${cityOf(timezone)}` : words.text;
}

/** "Europe/Berlin" → "Berlin", "America/New_York" → "New York". */
export function cityOf(zone: string): string {
  return (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");
}

function everyInWords(every: string): string {
  const match = /^(\d+)([smhdw])$/.exec(every);
  if (match === null) return `every ${every}`;
  const [, count = "1", unit = "m"] = match;
  if (count === "1")
    return (
      { s: "every second", m: "every minute", h: "hourly", d: "daily", w: "weekly" }[unit] ?? every
    );
  return `every ${count} ${UNITS[unit] ?? unit}`;
}

/** `clock` says that a wall clock, and so the time zone, matters. */
function cronInWords(cron: string): { text: string; clock: boolean } {
  const [minute = "", hour = "", day = "", month = "", weekday = "", ...more] = cron.split(/\s+/);
  const raw = { text: cron, clock: true };
  if (more.length > 0 || month !== "*") return raw;
  const step = /^\*(?:\/(\d+))?$/.exec(minute);
  if (step !== null && hour === "*" && day === "*" && weekday === "*") {
    const [, count] = step;
    return {
      text: count === undefined || count === "1" ? "every minute" : `every ${count} min`,
      clock: false,
    };
  }
  if (!/^\d+$/.test(minute)) return raw;
  if (hour === "*" && day === "*" && weekday === "*") {
    return { text: `hourly at :${minute.padStart(2, "0")}`, clock: false };
  }
  if (!/^\d+$/.test(hour)) return raw;
  const time = `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
  if (day === "*" && weekday === "*") return { text: `daily ${time}`, clock: true };
  if (day === "*" && weekday === "1-5") return { text: `weekdays ${time}`, clock: true };
  if (day === "*" && /^[0-7]$/.test(weekday)) {
    return { text: `${DAYS[Number(weekday) % 7] ?? ""} ${time}`, clock: true };
  }
  if (/^\d+$/.test(day) && weekday === "*")
    return { text: `monthly on the ${ordinal(Number(day))} ${time}`, clock: true };
  return raw;
}
