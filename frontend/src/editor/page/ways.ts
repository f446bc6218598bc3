/** The ways to run a block or the pipeline, and what each of them would run. */
import {
  allBelow,
  blockNamed,
  failedBlocks,
  planOf,
  planWords,
  type SessionState,
  staleBlocks,
  statusOf,
  withAncestors,
} from "../../session";
import type { CommandId } from "../../ui";
import type { RunChoice } from "./operations";

export interface Way {
  command: CommandId;
  label: string;
  /** What it runs, before it is chosen. */
  detail: string;
  /** Why it cannot be done now. */
  impossible?: string | undefined;
  blocks: string[];
  choice: RunChoice;
}

export type BlockCommand = "run-block" | "run-only" | "run-until" | "run-from" | "run-forced";
export type PipelineCommandId = "run-all" | "retry-failed" | "run-everything";

/** Of one block, the usual one first. */
export function waysOfBlock(state: SessionState, name: string): Way[] {
  const above = withAncestors(state, [name]);
  const below = allBelow(state, [name]);
  const missing = (names: readonly string[]): string | undefined => {
    const inside = new Set(names);
    const inputs = names.flatMap((one) => blockNamed(state, one)?.upstream ?? []);
    const gap = inputs.find((up) => !inside.has(up) && statusOf(state, up).output === null);
    return gap === undefined ? undefined : `${gap} has no result yet.`;
  };
  return [
    {
      command: "run-block",
      label: "Run with what is stale above",
      detail: planWords(planOf(state, [name])),
      blocks: [name],
      choice: { scope: "until" },
    },
    {
      command: "run-only",
      label: "Run only this block",
      detail: "With its inputs as they are",
      impossible: missing([name]),
      blocks: [name],
      choice: { scope: "only" },
    },
    {
      command: "run-until",
      label: "Run until here",
      detail: `${planWords(above)}, what is fresh too`,
      blocks: above,
      choice: { scope: "only" },
    },
    {
      command: "run-from",
      label: "Run from here",
      detail: planWords(below),
      impossible: missing(below),
      blocks: [name],
      choice: { scope: "from" },
    },
    {
      command: "run-forced",
      label: "Run again",
      detail: "Takes nothing from the store",
      blocks: [name],
      choice: { scope: "until", force: true },
    },
  ];
}

/** Of the whole pipeline, the usual one first. */
export function waysOfPipeline(state: SessionState): Way[] {
  const stale = staleBlocks(state);
  const failed = failedBlocks(state);
  const all = state.blocks.filter(({ kind }) => kind !== "markdown").map(({ name }) => name);
  return [
    {
      command: "run-all",
      label: "Run everything that is stale",
      detail: planWords(stale),
      impossible: stale.length === 0 ? "Everything is fresh." : undefined,
      blocks: [],
      choice: {},
    },
    {
      command: "retry-failed",
      label: "Retry what failed",
      detail: planWords(planOf(state, failed)),
      impossible: failed.length === 0 ? "Nothing has failed." : undefined,
      blocks: failed,
      choice: { scope: "until" },
    },
    {
      command: "run-everything",
      label: "Run everything again",
      detail: "Takes nothing from the store",
      impossible: all.length === 0 ? "There is nothing to run." : undefined,
      blocks: all,
      choice: { scope: "only", force: true },
    },
  ];
}
