/** What an output can be compared with, in the order in which people ask for it. */
import type { Output, PastResult, PastResults } from "../../protocol";
import { formatCount, formatRelative, formatShape } from "../../ui";

export interface Side {
  address: string;
  group: "Input" | "Runs of a trigger" | "Earlier results" | "Other blocks";
  /** "previous result, 5 min ago". */
  label: string;
  /** Within a sentence: "the previous result". */
  words: string;
}

/** An output of another block of the pipeline that is shown now. */
export interface Neighbour {
  name: string;
  output: Output | null;
}

export interface Around {
  output: Output;
  past: PastResults | undefined;
  neighbours: readonly Neighbour[];
  now: number;
}

/** Inputs, the result of the last tick, earlier results, then all other blocks. Tables only. */
export function sidesOf({ output, past, neighbours, now }: Around): Side[] {
  const sides: Side[] = [];
  const earlier = (past?.results ?? []).filter(
    (result) => result.stored && isOther(result.output, output),
  );
  for (const [index, result] of earlier.entries()) {
    const words = index === 0 ? "previous result" : "result";
    sides.push({
      address: result.output.address,
      group: "Earlier results",
      label: `${words}, ${whenOf(result, now)} · ${shapeOf(result.output)}`,
      words: index === 0 ? "the previous result" : `the result of ${whenOf(result, now)}`,
    });
  }
  const scheduled = past?.scheduled;
  if (scheduled?.stored && scheduled.output.kind === "table") {
    const name = scheduled.trigger === null ? "" : ` of ${scheduled.trigger}`;
    sides.push({
      address: scheduled.output.address,
      group: "Runs of a trigger",
      label: `last run${name}, ${whenOf(scheduled, now)} · ${shapeOf(scheduled.output)}`,
      words: `the last run${name}`,
    });
  }
  for (const [name, input] of Object.entries(output.inputs)) {
    if (input.column_count === null) continue;
    sides.push({
      address: input.address,
      group: "Input",
      label: `${name} · ${formatShape(input.rows ?? 0, input.column_count)}`,
      words: `its input ${name}`,
    });
  }
  for (const { name, output: other } of neighbours) {
    if (other === null || !isOther(other, output) || name in output.inputs) continue;
    sides.push({
      address: other.address,
      group: "Other blocks",
      label: `${name} · ${shapeOf(other)}`,
      words: name,
    });
  }
  return sides;
}

/** What is compared with at first: the previous result, else the last tick's, else the input. */
export function firstSide(sides: readonly Side[], output: Output): Side | undefined {
  return (
    sides.find((side) => side.group === "Earlier results") ??
    sides.find((side) => side.group === "Runs of a trigger" && side.address !== output.address) ??
    sides.find((side) => side.group === "Input")
  );
}

function isOther(one: Output, other: Output): boolean {
  return one.kind === "table" && one.address !== other.address;
}

function whenOf(result: PastResult, now: number): string {
  return formatRelative(result.finished_at, now);
}

function shapeOf(output: Output): string {
  return output.column_count === null
    ? formatCount(output.rows ?? 0)
    : formatShape(output.rows ?? 0, output.column_count);
}
