import type { ReactElement } from "react";
import type { Output } from "../protocol";
import { useResource } from "../session";
import { formatCount, LoadFailed } from "../ui";
import { typeWords } from "./cells/format";
import { shortFloat } from "./cells/numbers";
import { ExpectMenu } from "./expect/ExpectMenu";
import { binWords, type ColumnProfile, formatShare, type Histogram, type Profile } from "./profile";

const MEAN_DIGITS = 8;

/** Statistics of every column. */
export function ProfileView({ output }: { output: Output }): ReactElement {
  const { data, error, reload } = useResource(output.address, (api, signal) =>
    api.get<Profile>(`outputs/${output.address}/profile`, { signal }),
  );
  if (error !== undefined && data === undefined) {
    return <LoadFailed error={error} onRetry={reload} />;
  }
  if (data === undefined) return <p className="frame-words muted">Counting…</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls is reached by keys
    <ul className="profile" tabIndex={0} aria-label="Columns">
      {data.columns.map((column) => (
        <ProfileItem key={column.name} column={column} rows={data.rows} output={output} />
      ))}
    </ul>
  );
}

interface ItemProps {
  column: ColumnProfile;
  rows: number;
  output: Output;
}

function ProfileItem({ column, rows, output }: ItemProps): ReactElement {
  const { name, type, nulls, histogram, top } = column;
  return (
    <li className="profile-column">
      <div className="profile-head">
        <strong className="ellipsis" title={name}>
          {name}
        </strong>
        <span className="muted">{typeWords(type)}</span>
        <span className="data-space" />
        <span className={nulls > 0 ? "profile-nulls" : "muted"}>
          null {formatShare(nulls, rows)}
        </span>
        <ExpectMenu output={output} name={name} profile={column} />
      </div>
      <dl className="profile-facts">
        {factsOf(column).map(([word, value]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd title={value}>{value}</dd>
          </div>
        ))}
      </dl>
      {histogram && isSpread(histogram) ? <Bars histogram={histogram} name={name} /> : null}
      {top !== null && (top[0]?.count ?? 0) > 1 ? <Tops top={top} rows={rows} /> : null}
    </li>
  );
}

/** One bar alone says nothing. */
function isSpread({ counts }: Histogram): boolean {
  return counts.filter((count) => count > 0).length > 1;
}

function factsOf(column: ColumnProfile): [word: string, value: string][] {
  const { distinct, exact, min, max, mean, nans, infinities, quantiles } = column;
  const facts: [string, string][] = [];
  if (typeof distinct === "number") {
    facts.push(["distinct", `${exact ? "" : "about "}${formatCount(distinct)}`]);
  }
  if (typeof min === "string") facts.push(["min", min]);
  if (typeof max === "string") facts.push(["max", max]);
  if (typeof mean === "number") facts.push(["mean", String(Number(mean.toPrecision(MEAN_DIGITS)))]);
  const median = quantiles?.[2];
  if (median !== undefined) facts.push(["median", `${exact ? "" : "about "}${shortFloat(median)}`]);
  if (nans) facts.push(["NaN", formatCount(nans)]);
  if (infinities) facts.push(["infinite", formatCount(infinities)]);
  return facts;
}

function Bars({ histogram, name }: { histogram: Histogram; name: string }): ReactElement {
  const { counts, low, high } = histogram;
  const most = Math.max(1, ...counts);
  return (
    <div
      className="profile-bars"
      role="img"
      aria-label={`Distribution of ${name} from ${shortFloat(low)} to ${shortFloat(high)}`}
    >
      {counts.map((count, at) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: a bin is its place
          key={at}
          className="profile-slot"
          data-tip={`${binWords(histogram, at)}: ${formatCount(count)}`}
        >
          <span
            className="profile-bar"
            style={{ height: count === 0 ? 0 : `${Math.max(3, (100 * count) / most)}%` }}
          />
        </span>
      ))}
    </div>
  );
}

function Tops(props: { top: NonNullable<ColumnProfile["top"]>; rows: number }): ReactElement {
  const { top, rows } = props;
  return (
    <ol className="profile-tops" aria-label="Most frequent values">
      {top.slice(0, 5).map(({ value, count }) => (
        <li key={value} data-tip={`${formatCount(count)} rows`}>
          <span className="ellipsis">{value === "" ? '""' : (value ?? "∅")}</span>
          <span className="profile-share">{formatShare(count, rows)}</span>
          <span
            className="profile-track"
            style={{ width: `${(100 * count) / Math.max(1, rows)}%` }}
          />
        </li>
      ))}
    </ol>
  );
}
