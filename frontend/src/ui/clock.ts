import { useSyncExternalStore } from "react";

/** One timer for everything on the page that counts, running only while something looks. */
interface Clock {
  subscribe(listener: () => void): () => void;
  now(): number;
}

function createClock(periodMs: number): Clock {
  const listeners = new Set<() => void>();
  let now = Date.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  const tick = (): void => {
    now = Date.now();
    for (const listener of [...listeners]) listener();
  };
  return {
    now: () => now,
    subscribe(listener) {
      if (listeners.size === 0) {
        now = Date.now();
        timer = setInterval(tick, periodMs);
      }
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) clearInterval(timer);
      };
    },
  };
}

const fast = createClock(100);
const slow = createClock(10_000);
const still: Clock = { now: () => 0, subscribe: () => () => {} };

/** Milliseconds now: `fast` ten times a second for what runs, `slow` every ten seconds, `still` never. */
export function useNow(pace: "fast" | "slow" | "still"): number {
  const clock = pace === "fast" ? fast : pace === "slow" ? slow : still;
  return useSyncExternalStore(clock.subscribe, clock.now);
}
