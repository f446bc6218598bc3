import {
  Ban,
  Check,
  Circle,
  CircleDashed,
  Clock3,
  Hourglass,
  LoaderCircle,
  type LucideIcon,
  Pin,
  Slash,
  Square,
  TimerOff,
  X,
  Zap,
} from "lucide-react";
import type { BlockRun, BlockState, BlockStatus, Failure, RunState } from "../protocol";
import { type Sign, shortName, signOf } from "../session";
import { formatClock, formatDuration, formatRelative, ordinal } from "./format";

export type Tone = "neutral" | "running" | "ok" | "cached" | "stale" | "failed";

export interface SignLook {
  icon: LucideIcon;
  word: string;
  tone: Tone;
}

/** Icon, word and colour of every state; nothing else on the page may choose them. */
export const SIGNS: Readonly<Record<Sign, SignLook>> = {
  draft: { icon: Circle, word: "not run", tone: "neutral" },
  stale: { icon: CircleDashed, word: "stale", tone: "stale" },
  queued: { icon: Clock3, word: "queued", tone: "neutral" },
  running: { icon: LoaderCircle, word: "running", tone: "running" },
  waiting: { icon: Hourglass, word: "waiting", tone: "running" },
  ok: { icon: Check, word: "ok", tone: "ok" },
  cached: { icon: Zap, word: "cached", tone: "cached" },
  failed: { icon: X, word: "failed", tone: "failed" },
  skipped: { icon: Slash, word: "skipped", tone: "neutral" },
  cancelled: { icon: Square, word: "cancelled", tone: "neutral" },
  timeout: { icon: TimerOff, word: "timed out", tone: "failed" },
  pinned: { icon: Pin, word: "pinned", tone: "cached" },
  disabled: { icon: Ban, word: "disabled", tone: "neutral" },
};

/** The sign of a run or of a block run that is history: without staleness. */
export function signOfState(state: BlockState | RunState): Sign {
  return state === "succeeded" ? "ok" : state;
}

/**
 * What a block's state says in words: "ok 0.21 s", "stale: code edited", "failed: KeyError 'x'".
 *
 * `pool` is the one that the block needs a slot of.
 */
export function describeStatus(
  status: BlockStatus,
  now: number = Date.now(),
  pool: string | null = null,
): string {
  const sign = signOf(status);
  switch (sign) {
    case "stale":
      return withReason("stale", firstOf(status.staleness.reasons));
    case "running":
      return status.started_at === null
        ? "running"
        : `running ${formatDuration(Math.max(0, (now - Date.parse(status.started_at)) / 1000))}`;
    case "queued":
      return status.failure === null
        ? queuedWords(status.place, pool)
        : `attempt ${status.attempt} failed, will retry`;
    case "waiting":
      return waitingWords(status, now);
    default:
      return describeEnd(sign, { ...status, finishedAt: status.finished_at }, now);
  }
}

/** The same for a block of a recorded run. */
export function describeBlockRun(block: BlockRun, now: number = Date.now()): string {
  const sign = signOfBlockRun(block);
  if (sign === "running" && block.started_at !== null) {
    return `running ${formatDuration(Math.max(0, (now - Date.parse(block.started_at)) / 1000))}`;
  }
  if (sign === "queued") return queuedWords(block.place, null);
  if (sign === "waiting") return waitingWords(block, now);
  return describeEnd(sign, { ...block, finishedAt: null }, now);
}

type Wait = Pick<BlockRun, "pokes" | "poke_at" | "give_up_at">;

/** "waiting: poke at 12:03:10", of a sensor that was not ready. */
export function waitingWords(wait: Wait, now: number = Date.now()): string {
  return withReason("waiting", nextOfWait(wait, now));
}

/** What happens next with a sensor that waits. */
export function nextOfWait({ pokes, poke_at, give_up_at }: Wait, now: number): string {
  if (poke_at === null) return `asked for the ${ordinal(pokes + 1)} time`;
  const isLast = give_up_at !== null && Date.parse(give_up_at) <= Date.parse(poke_at);
  return isLast
    ? `gives up at ${formatClock(give_up_at, now)}`
    : `poke at ${formatClock(poke_at, now)}`;
}

/** "queued 2nd: waits for a slot of pool warehouse". */
function queuedWords(place: number | null, pool: string | null): string {
  if (place === null) return "queued";
  const reason = pool === null ? "" : `waits for a slot of pool ${pool}`;
  return withReason(`queued ${ordinal(place)}`, reason);
}

/** "code edited and 2 more", in short names: all of it is told where there is room. */
function firstOf([first = "", ...others]: readonly string[]): string {
  const short = first.replace(/\w{26,}/g, shortName);
  return others.length === 0 ? short : `${short} and ${others.length} more`;
}

export function signOfBlockRun(block: BlockRun): Sign {
  if (block.state === "failed" && block.failure?.kind === "timeout") return "timeout";
  if (block.state === "running" && block.pokes > 0) return "waiting";
  return signOfState(block.state);
}

interface End {
  seconds: number | null;
  failure: BlockStatus["failure"];
  because: string | null;
  finishedAt: string | null;
}

/** A block that failed is named alone; any other reason is said in full. */
export function whySkipped(because: string): string {
  return because.includes(" ") ? because : `${because} failed`;
}

function describeEnd(sign: Sign, end: End, now: number): string {
  const { word } = SIGNS[sign];
  switch (sign) {
    case "ok":
      return end.seconds === null ? word : `${word} ${formatDuration(end.seconds)}`;
    case "cached":
      return end.finishedAt === null ? word : `${word}, ${formatRelative(end.finishedAt, now)}`;
    case "failed":
      return withReason(word, failureLine(end.failure));
    case "timeout":
      return end.seconds === null ? word : `${word} after ${formatDuration(end.seconds)}`;
    case "skipped":
      return withReason(word, end.because === null ? "" : whySkipped(end.because));
    default:
      return word;
  }
}

/** "KeyError 'missing_col'": a failure in a few words. */
export function failureLine(failure: BlockStatus["failure"]): string {
  return failure === null ? "" : (failureWords(failure).split("\n", 1)[0] ?? "");
}

/** The type and its message; of a check that did not hold the message, which says it all. */
export function failureWords({ kind, type, message }: Failure): string {
  if (message !== "" && kind === "check" && type === "AssertionError") return message;
  return [type, message].filter(Boolean).join(": ");
}

function withReason(word: string, reason: string): string {
  return reason === "" ? word : `${word}: ${reason}`;
}
