/** A block with all that it needs, or all that needs it: the canvas can show these alone. */
import type { BlockTable } from "../protocol";

export interface Focus {
  block: string;
  side: "ancestors" | "descendants";
}

/** The blocks of a family, with edges among themselves only; all blocks when there is none. */
export function familyOf(
  blocks: readonly BlockTable[],
  focus: Focus | null,
): readonly BlockTable[] {
  if (focus === null || !blocks.some(({ name }) => name === focus.block)) return blocks;
  const next = focus.side === "ancestors" ? upstreamOf(blocks) : downstreamOf(blocks);
  const found = new Set([focus.block]);
  for (const name of found) for (const other of next.get(name) ?? []) found.add(other);
  return blocks
    .filter(({ name }) => found.has(name))
    .map((block) => ({ ...block, upstream: block.upstream.filter((name) => found.has(name)) }));
}

function upstreamOf(blocks: readonly BlockTable[]): Map<string, readonly string[]> {
  return new Map(blocks.map(({ name, upstream }) => [name, upstream]));
}

function downstreamOf(blocks: readonly BlockTable[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { name, upstream } of blocks) {
    for (const above of upstream) found.set(above, [...(found.get(above) ?? []), name]);
  }
  return found;
}
