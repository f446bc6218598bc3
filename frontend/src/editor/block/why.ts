/** Why a block is as it is: stale, waiting, taken from the store or executed. */
import type { BlockStatus, BlockTable } from "../../protocol";
import { type SessionState, signOf, statusOf } from "../../session";
import { formatClock, formatRelative, nextOfWait, ordinal, plural, whySkipped } from "../../ui";

export interface Why {
  title: string;
  reasons: string[];
}

type Waiting = Pick<BlockTable, "pool" | "priority">;

/** Null where the words of the state say it all. `before` are the blocks that it waits for. */
export function whyOf(
  status: BlockStatus,
  block: Waiting,
  before: readonly string[],
  now: number = Date.now(),
): Why | null {
  switch (signOf(status)) {
    case "stale":
      return { title: "Stale, because of", reasons: status.staleness.reasons };
    case "queued":
      return { title: "Queued", reasons: queueReasons(status, block, before) };
    case "waiting":
      return { title: "Waiting", reasons: waitReasons(status, now) };
    case "cached":
      return { title: "Taken from the store", reasons: cacheReasons(status, now, "hit") };
    case "ok":
      return { title: "Executed", reasons: cacheReasons(status, now, "miss") };
    case "skipped":
      return status.because === null
        ? null
        : { title: "Skipped", reasons: [whySkipped(status.because)] };
    default:
      return null;
  }
}

function queueReasons(
  { place, failure, attempt }: BlockStatus,
  { pool, priority }: Waiting,
  before: readonly string[],
): string[] {
  if (failure !== null) return [`attempt ${attempt} failed, the next one is near`];
  if (place === null) {
    return [before.length === 0 ? "waits for a worker" : `waits for ${before.join(", ")}`];
  }
  return [
    `${ordinal(place)} of all that wait`,
    pool === null ? "waits for a slot" : `waits for a slot of pool ${pool}`,
    ...(priority === 0 ? [] : [`priority ${priority}`]),
  ];
}

function waitReasons(status: BlockStatus, now: number): string[] {
  const { pokes, give_up_at } = status;
  return [
    pokes === 1 ? "asked once, not ready" : `asked ${plural(pokes, "time")}, not ready`,
    nextOfWait(status, now),
    ...(give_up_at === null ? [] : [`waits until ${formatClock(give_up_at, now)} at most`]),
  ];
}

/** "hit: same code" → "same code", and how old the result is. */
function cacheReasons(
  { cache, finished_at }: BlockStatus,
  now: number,
  wanted: "hit" | "miss",
): string[] {
  const [, found, reason = ""] = /^(hit|miss): (.*)$/s.exec(cache ?? "") ?? [];
  // A block that shows what another run made was not executed here, though that run did it.
  const isOther = wanted === "hit" && found === "miss";
  return [
    isOther ? "another run made this result" : reason,
    finished_at === null ? "" : `finished ${formatRelative(finished_at, now)}`,
  ].filter(Boolean);
}

/** The blocks right above that are not over yet in the run that this block waits in. */
export function waitsFor(
  state: SessionState,
  block: Pick<BlockTable, "upstream" | "name">,
): string[] {
  const { run } = statusOf(state, block.name);
  return block.upstream.filter((up) => {
    const above = statusOf(state, up);
    return above.run === run && ["queued", "running", "waiting"].includes(above.state);
  });
}
