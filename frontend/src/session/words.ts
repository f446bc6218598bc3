/** The state of a block in words, the same on every surface: `stale: code edited`, `cached 2 h ago`. */
import type { BlockStatus } from "../protocol";
import { signOf } from "./selectors";

/** `41 ms`, `3.1 s`, `4 min 10 s`, `1 h 20 min`. */
export function secondsWords(seconds: number): string {
  if (seconds < 0.9995) return `${Math.max(Math.round(seconds * 1000), 0)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** `now`, `12 s ago`, `5 min ago`, `2 h ago`, `3 d ago`; both in milliseconds since 1970. */
export function agoWords(then: number, now: number): string {
  const seconds = Math.max((now - then) / 1000, 0);
  if (seconds < 5) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** Seconds that a running block has taken so far. */
export function elapsedSeconds(status: BlockStatus, now: number): number {
  return status.started_at === null ? 0 : Math.max((now - Date.parse(status.started_at)) / 1000, 0);
}

/** One short phrase that begins with the state. `now` in milliseconds since 1970. */
export function stateWords(status: BlockStatus, now: number): string {
  const sign = signOf(status);
  switch (sign) {
    case "draft":
      return "not run";
    case "stale":
      return `stale: ${status.staleness.reasons.join(", ") || "something changed"}`;
    case "running":
      return `running ${secondsWords(elapsedSeconds(status, now))}`;
    case "ok":
      return status.seconds === null ? "ok" : `ok ${secondsWords(status.seconds)}`;
    case "cached":
      return status.finished_at === null
        ? "cached"
        : `cached ${agoWords(Date.parse(status.finished_at), now)}`;
    case "failed":
      return `failed: ${failureWords(status)}`;
    case "timeout":
      return "timed out";
    case "skipped":
      return status.because === null ? "skipped" : `skipped: ${status.because} failed`;
    default:
      return sign;
  }
}

function failureWords({ failure }: BlockStatus): string {
  if (failure === null) return "no reason known";
  const [line] = failure.message.split("\n");
  return line ? `${failure.type} ${line}` : failure.type;
}
