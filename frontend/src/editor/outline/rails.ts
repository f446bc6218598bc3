/** Rails of the outline: the edges of the DAG beside the list, as lanes like a railway map. */
import type { BlockTable } from "../../protocol";

export interface Rail {
  /** Index of the block it leaves and of the last one it reaches. */
  from: number;
  to: number;
  /** All rows it reaches, in order. */
  stops: number[];
  /** 0 is the lane of the dots, larger ones are farther left. */
  lane: number;
}

/** One rail for each block that others read; neighbours in the list share the lane of the dots. */
export function rails(blocks: readonly Pick<BlockTable, "name" | "upstream">[]): Rail[] {
  const rowOf = new Map(blocks.map((block, row) => [block.name, row]));
  const stops = new Map<number, number[]>();
  blocks.forEach((block, row) => {
    for (const name of block.upstream) {
      const from = rowOf.get(name);
      if (from !== undefined && from !== row) stops.set(from, [...(stops.get(from) ?? []), row]);
    }
  });
  const spans = [...stops].map(([from, rows]) => ({
    from,
    to: Math.max(from, ...rows),
    top: Math.min(from, ...rows),
    stops: rows,
  }));
  const lanes: number[][] = [];
  return spans
    .sort((a, b) => a.top - b.top || a.to - b.to)
    .map(({ from, to, top, stops: rows }) => {
      const direct = to === from + 1 && top === from;
      return { from, to, stops: rows, lane: direct ? 0 : freeLane(lanes, top, to) };
    });
}

/** The first lane (from 1) with nothing between the rows `top` and `bottom`; it is then taken. */
function freeLane(lanes: number[][], top: number, bottom: number): number {
  let lane = 0;
  while ((lanes[lane]?.[0] ?? -1) > top) lane += 1;
  lanes[lane] = [bottom];
  return lane + 1;
}
