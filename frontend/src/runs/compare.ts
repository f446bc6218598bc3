/** What is different between two runs of a pipeline: how they were started, and block by block. */
import type { BlockCode, BlockRun, Output, RunRecord } from "../protocol";
import { formatDuration, formatMoment, formatShape, formatValue } from "../ui";
import { originWords, versionWords } from "./words";

export interface Fact {
  name: string;
  before: string;
  now: string;
}

/** Only what differs; "–" where one side has nothing. */
export function factsThatDiffer(before: RunRecord, now: RunRecord): Fact[] {
  const names = [...new Set([...Object.keys(before.parameters), ...Object.keys(now.parameters)])];
  const parameter = ({ parameters }: RunRecord, name: string): string =>
    name in parameters ? formatValue(parameters[name], 60) : NOTHING;
  const facts: Fact[] = [
    { name: "state", before: before.state, now: now.state },
    { name: "started by", before: originWords(before), now: originWords(now) },
    { name: "tick", before: tickOf(before), now: tickOf(now) },
    { name: "code", before: versionWords(before), now: versionWords(now) },
    ...names.map((name) => ({
      name: `parameter ${name}`,
      before: parameter(before, name),
      now: parameter(now, name),
    })),
  ];
  return facts.filter((fact) => fact.before !== fact.now);
}

const NOTHING = "–";

function tickOf({ logical_time: tick }: RunRecord): string {
  return tick === null ? NOTHING : formatMoment(tick);
}

export interface Pair {
  name: string;
  /** Null where a run was without the block. */
  before: BlockRun | null;
  now: BlockRun | null;
  codeBefore: BlockCode | null;
  codeNow: BlockCode | null;
  /** What its result depends on and is not the same: "code", "input flights", "parameter day". */
  differs: string[];
}

export type Codes = readonly BlockCode[] | undefined;

/** All blocks of both runs, in the order of the newer one, then those that only the other has. */
export function pairsOf(before: RunRecord, now: RunRecord, codes: [Codes, Codes]): Pair[] {
  const names = new Set([...now.blocks, ...before.blocks].map(({ name }) => name));
  return [...names].map((name) => {
    const [one, other] = [blockOf(before, name), blockOf(now, name)];
    return {
      name,
      before: one,
      now: other,
      codeBefore: codeOf(codes[0], name),
      codeNow: codeOf(codes[1], name),
      differs: one === null || other === null ? [] : partsThatDiffer(one.parts, other.parts),
    };
  });
}

function blockOf({ blocks }: RunRecord, name: string): BlockRun | null {
  return blocks.find((block) => block.name === name) ?? null;
}

function codeOf(codes: Codes, name: string): BlockCode | null {
  return codes?.find((code) => code.name === name) ?? null;
}

/** Names of the parts of two keys that are not the same; of a block that was not begun nothing is known. */
export function partsThatDiffer(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string[] {
  if (Object.keys(before).length === 0 || Object.keys(now).length === 0) return [];
  const names = [...new Set([...Object.keys(now), ...Object.keys(before)])];
  return names.filter((name) => before[name] !== now[name]);
}

/** Both texts, when they differ. */
export function codeDifference({ codeBefore, codeNow }: Pair): [string, string] | null {
  if (codeBefore === null || codeNow === null || codeBefore.text === codeNow.text) return null;
  return [codeBefore.text, codeNow.text];
}

/** Both tables, when they differ. */
export function tablesThatDiffer({ before, now }: Pair): [Output, Output] | null {
  const [one, other] = [before?.output ?? null, now?.output ?? null];
  if (one?.kind !== "table" || other?.kind !== "table") return null;
  return one.digest === other.digest ? null : [one, other];
}

/** "26,483 × 24, the same", "26,483 × 24 → 26,104 × 24", "nothing → 16 rows". */
export function resultWords({ before, now }: Pair): string {
  const [one, other] = [before?.output ?? null, now?.output ?? null];
  if (one === null && other === null) return "";
  if (one?.kind === "nothing" && other?.kind === "nothing") return "nothing";
  if (one !== null && one.digest === other?.digest) return `${shapeOf(other)}, the same`;
  const [was, is] = [shapeOf(one), shapeOf(other)];
  return was === is ? `${is}, other values` : `${was} → ${is}`;
}

function shapeOf(output: Output | null): string {
  if (output === null || output.kind === "nothing") return "nothing";
  if (output.rows === null) return shortened(output.text) || output.type_name;
  return formatShape(output.rows, output.column_count);
}

const LONGEST_TEXT = 18;

function shortened(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1).trimEnd()}…` : text;
}

type Timed = Pick<BlockRun | RunRecord, "state" | "seconds">;

/** 0.37 for 37 % longer; null where it says nothing: not both succeeded, or they are too short. */
export function changeOf(before: Timed | null, now: Timed | null): number | null {
  if (before?.state !== "succeeded" || now?.state !== "succeeded") return null;
  const [was, is] = [before.seconds ?? 0, now.seconds ?? 0];
  return was <= 0 || Math.max(was, is) < NOISE_S ? null : is / was - 1;
}

/** Seconds below which a difference is chance. */
const NOISE_S = 0.05;

/** Below this share a change is not worth a colour. */
export const WORTH_SEEING = 0.1;

/** "0.38 s → 0.52 s", "0.38 s" for both, "cached → 0.52 s", "– → 0.52 s". */
export function durationWords(before: Timed | null, now: Timed | null): string {
  const words = (timed: Timed | null): string => {
    if (timed?.state === "cached") return "cached";
    return timed?.seconds == null ? NOTHING : formatDuration(timed.seconds);
  };
  const [was, is] = [words(before), words(now)];
  return was === is ? is : `${was} → ${is}`;
}
