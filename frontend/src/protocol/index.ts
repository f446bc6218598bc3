/** The words of the wire: generated structs, and names for the unions inside of them. */
import type {
  AnyCommand,
  BlockRun,
  BlockStatus,
  BlockTable,
  CastColumn,
  Chart,
  Condition,
  Diagnostic,
  MakeBlock,
  Parameter,
  PastTick,
  RunBlocks,
  RunSummary,
  Staleness,
  TriggerTable,
} from "./generated";

export type * from "./generated";

export type Kind = BlockTable["kind"];
export type Language = BlockTable["language"];
export type BlockState = BlockRun["state"];
export type BlockStatusState = BlockStatus["state"];
export type RunState = RunSummary["state"];
export type Origin = RunSummary["origin"];
export type Scope = NonNullable<RunBlocks["scope"]>;
export type ParameterType = Parameter["type"];
export type Severity = Diagnostic["severity"];
export type StalenessState = Staleness["state"];
export type Catchup = TriggerTable["catchup"];
export type Overlap = TriggerTable["overlap"];
export type PastState = PastTick["state"];
export type CommandName = AnyCommand["op"];
export type Operator = Condition["op"];
export type Step = NonNullable<MakeBlock["steps"]>[number];
export type CodeLanguage = NonNullable<MakeBlock["language"]>;
export type ColumnType = CastColumn["type"];
export type ChartKind = Chart["kind"];
export type Aggregate = NonNullable<Chart["aggregate"]>;
export type TimeUnit = NonNullable<Chart["unit"]>;
export type ColumnReference = Condition["column"];

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** A command of one pipeline before the session adds which pipeline, and the client its number. */
export type PipelineCommand = DistributiveOmit<AnyCommand, "pipeline" | "req">;

export const KINDS: readonly Kind[] = ["loader", "transformer", "exporter", "sensor", "markdown"];

/** What a block, a pipeline or a trigger may be called. */
export const NAME_RULE: RegExp = /^[a-z][a-z0-9_]{0,63}$/;

const FINAL: ReadonlySet<string> = new Set(["succeeded", "failed", "cancelled"]);

/** Is a run in this state over for good. */
export function isFinal(state: RunState): boolean {
  return FINAL.has(state);
}

/** Makes the compiler prove that a switch knows every case; at run time an unknown one is a fault. */
export function assertNever(value: never): never {
  throw new Error(`Unknown case: ${JSON.stringify(value)}`);
}
