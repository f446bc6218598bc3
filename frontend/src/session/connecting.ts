/** Which edges may be drawn, and why the others may not: the same answer for list, dialog and canvas. */
import type { BlockTable } from "../protocol";

export interface Target {
  name: string;
  kind: BlockTable["kind"];
  /** Why there can be no edge to it, or null when it is free to be drawn. */
  reason: string | null;
}

/** A way along the edges from `from` down to `to`, both included, or null. */
export function pathBetween(
  blocks: readonly BlockTable[],
  from: string,
  to: string,
): string[] | null {
  const below = new Map<string, string[]>();
  for (const block of blocks) {
    for (const up of block.upstream) {
      const list = below.get(up);
      if (list === undefined) below.set(up, [block.name]);
      else list.push(block.name);
    }
  }
  const cameFrom = new Map<string, string>([[from, from]]);
  const open = [from];
  for (let index = 0; index < open.length; index += 1) {
    const name = open[index] ?? "";
    if (name === to) return trace(cameFrom, from, to);
    for (const next of below.get(name) ?? []) {
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, name);
      open.push(next);
    }
  }
  return null;
}

/** Why `upstream` cannot feed `downstream`, in words, or null when it can. */
export function whyNot(
  blocks: readonly BlockTable[],
  upstream: string,
  downstream: string,
): string | null {
  const from = blocks.find((block) => block.name === upstream);
  const to = blocks.find((block) => block.name === downstream);
  if (from === undefined || to === undefined) return "There is no such block.";
  if (upstream === downstream) return "A block cannot read its own output.";
  if (from.kind === "markdown" || to.kind === "markdown") return "Text has no data.";
  if (to.kind === "loader") return "A loader takes no input.";
  if (from.kind === "exporter") return "An exporter has no output to read.";
  if (to.upstream.includes(upstream)) return "Already connected.";
  const cycle = pathBetween(blocks, downstream, upstream);
  return cycle === null ? null : `It would close a cycle: ${[...cycle, downstream].join(" → ")}`;
}

/** All other blocks as targets of an edge from `upstream`: the possible ones first. */
export function connectTargets(blocks: readonly BlockTable[], upstream: string): Target[] {
  const targets = blocks
    .filter((block) => block.name !== upstream)
    .map(({ name, kind }) => ({ name, kind, reason: whyNot(blocks, upstream, name) }));
  return [
    ...targets.filter((target) => target.reason === null),
    ...targets.filter((target) => target.reason !== null),
  ];
}

function trace(cameFrom: ReadonlyMap<string, string>, from: string, to: string): string[] {
  const path = [to];
  for (let name = to; name !== from; ) {
    name = cameFrom.get(name) ?? from;
    path.unshift(name);
  }
  return path;
}
