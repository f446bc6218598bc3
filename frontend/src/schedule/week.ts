import type { Tick, TriggerTable } from "../protocol";

export interface DueTick {
  trigger: TriggerTable;
  tick: Tick;
}

export interface Day {
  /** Midnight of the reader's zone, in milliseconds. */
  start: number;
  ticks: DueTick[];
  /** Triggers that start too often to be listed one by one: how often on this day. */
  often: { trigger: TriggerTable; count: number; more: boolean }[];
}

const DAY_MS = 86_400_000;
const OFTEN = 6;

/** The coming seven days of the reader's calendar with what starts when; `asked` ticks were fetched of each. */
export function weekOf(
  coming: readonly { trigger: TriggerTable; ticks: readonly Tick[] }[],
  now: number,
  asked: number,
): Day[] {
  const first = new Date(now).setHours(0, 0, 0, 0);
  return Array.from({ length: 7 }, (_, index) => {
    const start = new Date(first + index * DAY_MS + DAY_MS / 2).setHours(0, 0, 0, 0);
    const end = new Date(start + 1.5 * DAY_MS).setHours(0, 0, 0, 0);
    const day: Day = { start, ticks: [], often: [] };
    for (const { trigger, ticks } of coming) {
      const here = ticks.filter(({ at }) => Date.parse(at) >= start && Date.parse(at) < end);
      const last = Date.parse(ticks.at(-1)?.at ?? "");
      const unknown = ticks.length >= asked && last < end;
      if (here.length > OFTEN || (unknown && last >= start)) {
        day.often.push({ trigger, count: here.length, more: unknown });
      } else if (unknown) day.often.push({ trigger, count: 0, more: true });
      else day.ticks.push(...here.map((tick) => ({ trigger, tick })));
    }
    day.ticks.sort((a, b) => Date.parse(a.tick.at) - Date.parse(b.tick.at));
    return day;
  });
}
