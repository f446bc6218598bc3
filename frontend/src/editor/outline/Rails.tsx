import { type ReactElement, useMemo } from "react";
import { useSession } from "../../session";
import { type Rail, rails } from "./rails";

export const ROW_HEIGHT = 30;
const LANE = 6;
const DOTS = 26;
const SHOWN_LANES = 3;

/** The edges beside the outline; what they say is also in the headers of the blocks. */
export function Rails(): ReactElement {
  const blocks = useSession((state) => state.blocks);
  const lines = useMemo(() => rails(blocks), [blocks]);
  const y = (row: number): number => row * ROW_HEIGHT + ROW_HEIGHT / 2;
  return (
    <svg className="rails" width={DOTS + 6} height={blocks.length * ROW_HEIGHT} aria-hidden="true">
      {lines.map((rail) => (
        <path key={rail.from} d={pathOf(rail, y)} />
      ))}
      {blocks.map((block, row) => (
        <circle key={block.name} cx={DOTS} cy={y(row)} r={4} data-kind={block.kind} />
      ))}
    </svg>
  );
}

function pathOf(rail: Rail, y: (row: number) => number): string {
  if (rail.lane === 0) return `M${DOTS} ${y(rail.from)}V${y(rail.to)}`;
  const x = DOTS - Math.min(rail.lane, SHOWN_LANES) * LANE - 1;
  const rows = [rail.from, ...rail.stops];
  const top = Math.min(...rows);
  const bottom = Math.max(...rows);
  const branches = rows.map((row) => {
    const end = row === bottom ? -LANE : LANE;
    return `M${DOTS} ${y(row)}Q${x} ${y(row)} ${x} ${y(row) + end}`;
  });
  return `M${x} ${y(top) + LANE}V${y(bottom) - LANE}${branches.join("")}`;
}
