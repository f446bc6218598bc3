import type { ReactElement } from "react";
import { formatCount } from "../../ui";
import { type ColumnProfile, formatShare, type Histogram } from "../profile";

const HEIGHT = 16;
/** Bars beyond these cannot be told apart in a header. */
const MOST_BARS = 24;

/** How a column's values are spread, at a glance. */
export function MiniProfile(props: {
  profile: ColumnProfile | undefined;
  rows: number;
}): ReactElement {
  const { profile, rows } = props;
  if (profile === undefined) return <span className="mini" />;
  const { histogram, top, distinct, exact, nulls } = profile;
  if (histogram && histogram.counts.filter((count) => count > 0).length > 1) {
    return <Bars histogram={histogram} />;
  }
  const first = top?.[0] ?? lone(profile, rows);
  if (first !== undefined && first.count > 1) {
    return (
      <span className="mini mini-top">
        <span
          className="mini-share"
          style={{ width: `${(100 * first.count) / Math.max(1, rows)}%` }}
        />
        <span className="mini-value ellipsis">
          {first.value === "" ? '""' : (first.value ?? "∅")}
        </span>
        <span className="mini-percent">{formatShare(first.count, rows)}</span>
      </span>
    );
  }
  const words =
    nulls === rows && rows > 0
      ? "nothing but nulls"
      : typeof distinct === "number" && distinct > 0
        ? `${exact ? "" : "about "}${formatCount(distinct)} distinct`
        : "";
  return <span className="mini mini-words ellipsis">{words}</span>;
}

/** The only value of a column whose values are not counted one by one. */
function lone(
  { distinct, min, nulls }: ColumnProfile,
  rows: number,
): { value: string; count: number } | undefined {
  return distinct === 1 && typeof min === "string"
    ? { value: min, count: rows - nulls }
    : undefined;
}

/** "∅ 2.4 %" where there are nulls. */
export function nullWords(profile: ColumnProfile | undefined, rows: number): string {
  return profile === undefined || profile.nulls === 0
    ? ""
    : `∅ ${formatShare(profile.nulls, rows)}`;
}

function Bars({ histogram }: { histogram: Histogram }): ReactElement {
  const counts = joined(histogram.counts);
  const most = Math.max(...counts);
  const path = counts
    .map((count, at) => {
      if (count === 0) return "";
      const height = Math.max(1.2, (HEIGHT * count) / most);
      return `M${at + 0.06} ${HEIGHT}v${-height.toFixed(2)}h.88V${HEIGHT}z`;
    })
    .join("");
  return (
    <svg
      className="mini mini-bars"
      viewBox={`0 0 ${counts.length} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path d={path} />
    </svg>
  );
}

function joined(counts: readonly number[]): readonly number[] {
  if (counts.length <= MOST_BARS) return counts;
  const by = Math.ceil(counts.length / MOST_BARS);
  const found: number[] = [];
  for (let at = 0; at < counts.length; at += by) {
    found.push(counts.slice(at, at + by).reduce((sum, count) => sum + count, 0));
  }
  return found;
}

/** The statistics of a column in one line, for tooltips and for those who do not see the bars. */
export function profileWords(profile: ColumnProfile | undefined, rows: number): string {
  if (profile === undefined) return "";
  const { nulls, min, max, mean, distinct, exact, top } = profile;
  const parts = [`${formatShare(nulls, rows)} null`];
  if (typeof distinct === "number") {
    parts.push(`${exact ? "" : "about "}${formatCount(distinct)} distinct`);
  }
  if (typeof min === "string" && typeof max === "string")
    parts.push(`${short(min)} to ${short(max)}`);
  if (typeof mean === "number") parts.push(`mean ${Number(mean.toPrecision(6))}`);
  const tops = (top ?? []).slice(0, 3).filter(({ count }) => count > 1);
  if (tops.length > 0) {
    const words = tops.map(
      ({ value, count }) => `${short(value ?? "∅")} ${formatShare(count, rows)}`,
    );
    parts.push(words.join(", "));
  }
  return parts.join(" · ");
}

function short(text: string): string {
  return text.length > 24 ? `${text.slice(0, 24)}…` : text;
}
