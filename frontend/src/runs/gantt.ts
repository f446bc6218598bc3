import type { Attempt, BlockRun, RunRecord } from "../protocol";

export type Phase = "queue" | "start" | "run" | "save";

/** A stretch of time in seconds since the run was queued. */
export interface Segment {
  phase: Phase;
  from: number;
  to: number;
  /** Which try of the block it belongs to; waiting belongs to the try after it. */
  attempt: number;
  /** That try failed. */
  failed: boolean;
}

type Stretch = Pick<Segment, "phase" | "from" | "to">;

export interface Bar {
  block: BlockRun;
  segments: Segment[];
  /** End of the last segment; where the words go. */
  end: number;
}

export interface Gantt {
  bars: Bar[];
  /** Seconds that the whole width stands for. */
  span: number;
  /** Moments of the axis, in seconds. */
  marks: number[];
}

/** Bars of all blocks; what still runs reaches to `now` (milliseconds). */
export function ganttOf(run: RunRecord, now: number): Gantt {
  const origin = Date.parse(run.queued_at);
  const since = (moment: string | null): number | null =>
    moment === null ? null : (Date.parse(moment) - origin) / 1000;
  const ends = new Map(run.blocks.map((block) => [block.name, since(block.finished_at)]));
  const present = Math.max(0, (now - origin) / 1000);
  const begun = since(run.started_at) ?? 0;
  const bars = run.blocks.map((block) => {
    const ready = Math.max(begun, ...block.upstream.map((name) => ends.get(name) ?? 0));
    // Its end is where it would have begun: what is skipped below it stands there as well.
    if (block.state === "skipped") ends.set(block.name, ends.get(block.name) ?? ready);
    const segments = segmentsOf(block, ready, since, present);
    const end = segments.at(-1)?.to ?? Math.min(ready, since(run.finished_at) ?? ready);
    return { block, segments, end };
  });
  const last = Math.max(since(run.finished_at) ?? 0, ...bars.map((bar) => bar.end), 0.001);
  const step = niceStep(last / 6);
  const marks = Array.from({ length: Math.floor(last / step) + 1 }, (_, index) => index * step);
  return { bars, span: last, marks };
}

type Since = (moment: string | null) => number | null;

function segmentsOf(block: BlockRun, ready: number, since: Since, present: number): Segment[] {
  const segments: Segment[] = [];
  let free = ready;
  for (const [index, attempt] of attemptsOf(block).entries()) {
    const owner = { attempt: index + 1, failed: attempt.state === "failed" };
    const from = since(attempt.started_at);
    if (from === null) continue;
    const to = Math.max(from, since(attempt.finished_at) ?? present);
    if (from > free) segments.push({ phase: "queue", from: free, to: from, ...owner });
    segments.push(...phasesOf(attempt, from, to).map((phase) => ({ ...phase, ...owner })));
    free = to;
  }
  if (segments.length === 0 && block.state === "queued" && present > ready) {
    segments.push({ phase: "queue", from: ready, to: present, attempt: 1, failed: false });
  }
  return segments.filter(({ from, to }) => to > from);
}

type Try = Pick<Attempt, "started_at" | "finished_at" | "timings" | "state">;

/** Older records keep no attempts: the block's own times then stand for one. */
function attemptsOf(block: BlockRun): Try[] {
  return block.attempts.length > 0 ? block.attempts : [{ ...block, timings: null }];
}

/** Start-up with loading of inputs, the call, and saving; what was not measured counts as the call. */
function phasesOf({ timings, state }: Try, from: number, to: number): Stretch[] {
  if (timings === null) return [{ phase: state === "waiting" ? "queue" : "run", from, to }];
  const ready = Math.min(to, from + timings.wait);
  const called = Math.min(to, ready + timings.start + timings.load);
  const saving = Math.max(called, to - timings.save);
  return [
    { phase: "queue", from, to: ready },
    { phase: "start", from: ready, to: called },
    { phase: "run", from: called, to: saving },
    { phase: "save", from: saving, to },
  ];
}

/** The round number next above: 1, 2 or 5 times a power of ten; minutes and hours above a minute. */
export function niceStep(atLeast: number): number {
  if (atLeast > 1800) return Math.ceil(atLeast / 3600) * 3600;
  if (atLeast > 30) return [60, 120, 300, 600, 900, 1800].find((step) => step >= atLeast) ?? 1800;
  const power = 10 ** Math.floor(Math.log10(Math.max(atLeast, 0.001)));
  const factor = [1, 2, 5, 10].find((one) => one * power >= atLeast * 0.999) ?? 10;
  return factor * power;
}

/** The chain of blocks, ended last to first, on which the length of the run hangs. */
export function criticalPath(run: RunRecord): ReadonlySet<string> {
  const byName = new Map(run.blocks.map((block) => [block.name, block]));
  const end = (block: BlockRun): number => Date.parse(block.finished_at ?? "") || 0;
  const latest = (blocks: BlockRun[]): BlockRun | undefined =>
    blocks.filter((block) => end(block) > 0).sort((a, b) => end(b) - end(a))[0];
  const path = new Set<string>();
  let block = latest(run.blocks);
  while (block !== undefined && !path.has(block.name)) {
    path.add(block.name);
    block = latest(
      block.upstream.flatMap((name) => {
        const above = byName.get(name);
        return above === undefined ? [] : [above];
      }),
    );
  }
  return path;
}
