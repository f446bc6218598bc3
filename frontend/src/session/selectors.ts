import type { BlockStatus, BlockTable, CheckResult } from "../protocol";
import { NEVER, type SessionState } from "./state";

/** Everything a block can be in, for people: the one source of icon, word and colour. */
export type Sign =
  | "draft"
  | "stale"
  | "queued"
  | "running"
  | "waiting"
  | "ok"
  | "cached"
  | "failed"
  | "skipped"
  | "cancelled"
  | "timeout"
  | "pinned"
  | "disabled";

export function blockNamed(state: SessionState, name: string): BlockTable | undefined {
  return state.blocks.find((block) => block.name === name);
}

/** What the checks said of what is shown: the last run, or the one that made a known result. */
export function checksOf(shown: Pick<BlockStatus, "state" | "checks" | "output">): CheckResult[] {
  if (shown.checks.length > 0 || shown.state === "failed") return shown.checks;
  return shown.output?.checks ?? shown.checks;
}

export function statusOf(state: SessionState, name: string): BlockStatus {
  return state.status[name] ?? NEVER;
}

/** What is to be said about a block. A run on its way comes first, then a failure, then staleness. */
export function signOf(status: BlockStatus): Sign {
  const { state, staleness } = status;
  if (state === "running" && status.pokes > 0) return "waiting";
  if (state === "queued" || state === "running" || state === "waiting") return state;
  const stale = staleness.state === "stale";
  if (state === "failed") {
    if (stale && staleness.reasons.some((reason) => !reason.includes("failed"))) return "stale";
    return status.failure?.kind === "timeout" ? "timeout" : "failed";
  }
  if (state === "skipped" || state === "cancelled") return state;
  if (stale) return "stale";
  if (state === "never" || staleness.state === "never") return "draft";
  return state === "cached" ? "cached" : "ok";
}

/** Is there a published version, and is the draft another one. */
export function draftDiffers({ published, version }: SessionState): boolean {
  return published !== null && published.hash !== version;
}

/** Is there nothing to run here: a fresh result, or text. */
export function isFresh(state: SessionState, name: string): boolean {
  return (
    blockNamed(state, name)?.kind === "markdown" ||
    statusOf(state, name).staleness.state === "fresh"
  );
}

/** What a run of these blocks does, in order: themselves, and their ancestors that are not fresh. */
export function planOf(state: SessionState, names: readonly string[]): string[] {
  const blocks = new Map(state.blocks.map((block) => [block.name, block]));
  const wanted = new Set(names);
  const seen = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    if (!isFresh(state, name)) wanted.add(name);
    open.push(...(blocks.get(name)?.upstream ?? []));
  }
  return inOrder(state, wanted).filter((name) => blocks.get(name)?.kind !== "markdown");
}

/** The blocks that "run all stale" runs. */
export function staleBlocks(state: SessionState): string[] {
  return planOf(
    state,
    state.blocks.filter((block) => !isFresh(state, block.name)).map((block) => block.name),
  );
}

/** A name in at most 25 letters: its middle is left out, since long names differ at their ends. */
export function shortName(name: string): string {
  return name.length <= 25 ? name : `${name.slice(0, 15)}…${name.slice(-9)}`;
}

/** "Run 3: clean → enrich → daily", with the middle of long chains left out. */
export function planWords(plan: readonly string[]): string {
  const [only] = plan;
  if (only === undefined) return "Everything is fresh";
  if (plan.length === 1) return `Run ${shortName(only)}`;
  const names = plan.map(shortName);
  const shown =
    plan.length <= 5 ? names : [...names.slice(0, 2), "…", ...names.slice(plan.length - 2)];
  return `Run ${plan.length}: ${shown.join(" → ")}`;
}

/** These blocks and all that they need at any distance, in order; text is left out. */
export function withAncestors(state: SessionState, names: readonly string[]): string[] {
  const blocks = new Map(state.blocks.map((block) => [block.name, block]));
  return reached(state, names, (name) => blocks.get(name)?.upstream ?? []);
}

/** These blocks and all that needs them at any distance, in order; text is left out. */
export function allBelow(state: SessionState, names: readonly string[]): string[] {
  const below = new Map<string, string[]>();
  for (const block of state.blocks) {
    for (const up of block.upstream) below.set(up, [...(below.get(up) ?? []), block.name]);
  }
  return reached(state, names, (name) => below.get(name) ?? []);
}

function reached(
  state: SessionState,
  names: readonly string[],
  next: (name: string) => readonly string[],
): string[] {
  const seen = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    open.push(...next(name));
  }
  return inOrder(state, seen).filter((name) => blockNamed(state, name)?.kind !== "markdown");
}

/** The blocks that failed, and those that were skipped because of them, in order. */
export function failedBlocks(state: SessionState): string[] {
  const failed = state.blocks.filter(({ name }) =>
    ["failed", "skipped"].includes(statusOf(state, name).state),
  );
  return inOrder(state, new Set(failed.map(({ name }) => name)));
}

export function downstreamOf(state: SessionState, name: string): string[] {
  return state.blocks.filter((block) => block.upstream.includes(name)).map((block) => block.name);
}

/** Topological order, ties as on the page; blocks of a cycle come last, as on the page. */
function inOrder(state: SessionState, wanted: ReadonlySet<string>): string[] {
  const known = new Set(state.blocks.map((block) => block.name));
  const waiting = new Map(
    state.blocks.map((block) => [block.name, block.upstream.filter((up) => known.has(up)).length]),
  );
  const downstream = new Map<string, string[]>();
  for (const block of state.blocks) {
    for (const up of block.upstream)
      downstream.set(up, [...(downstream.get(up) ?? []), block.name]);
  }
  const ready = state.blocks.filter((block) => waiting.get(block.name) === 0).map((b) => b.name);
  const order: string[] = [];
  for (let index = 0; index < ready.length; index += 1) {
    const name = ready[index] ?? "";
    order.push(name);
    for (const below of downstream.get(name) ?? []) {
      const left = (waiting.get(below) ?? 0) - 1;
      waiting.set(below, left);
      if (left === 0) ready.push(below);
    }
  }
  const placed = new Set(order);
  const rest = state.blocks.map((block) => block.name).filter((name) => !placed.has(name));
  return [...order, ...rest].filter((name) => wanted.has(name));
}
