import {
  memo,
  type ReactElement,
  type RefObject,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Column, Output } from "../protocol";
import { formatCount, Input, LoadFailed, plural } from "../ui";
import { typeWords } from "./cells/format";
import { shortFloat } from "./cells/numbers";
import { ExpectMenu } from "./expect/ExpectMenu";
import { findColumns } from "./frame/ColumnFinder";
import { useColumnsOf } from "./frame/useColumnsOf";
import { binWords, type ColumnProfile, formatShare, type Histogram } from "./profile";
import { useProfiles, useProfilesVersion } from "./profiles";

const MEAN_DIGITS = 8;

/** Columns that are drawn and fetched together. */
const CHUNK = 16;
/** Pixels of a column's statistics, until they have been seen. */
const GUESS = 132;
/** Pixels beyond what is in sight that are drawn as well. */
const AHEAD = 600;
/** From so many columns on one of them can be looked for. */
const MANY = 12;

/** Statistics of every column, however many: those in sight are fetched and drawn. */
export function ProfileView({ output }: { output: Output }): ReactElement {
  const columns = useColumnsOf(output);
  const profiles = useProfiles(output, columns);
  useProfilesVersion(profiles);
  const [query, setQuery] = useState("");
  const places = useMemo(() => findColumns(columns, query), [columns, query]);
  const chunks = useMemo(
    () =>
      Array.from({ length: Math.ceil(places.length / CHUNK) }, (_, at) =>
        places.slice(at * CHUNK, (at + 1) * CHUNK),
      ),
    [places],
  );
  const { scroller, near, heights } = useNear(chunks);
  useEffect(() => {
    profiles.look(chunks.flatMap((chunk, at) => (near.has(at) ? chunk : [])));
  }, [chunks, near, profiles]);
  const { error } = profiles;
  if (error !== undefined) return <LoadFailed error={error} onRetry={() => profiles.retry()} />;
  if (columns.length === 0) return <p className="frame-words muted">It has no columns.</p>;
  return (
    <div className="profile">
      {columns.length > MANY && (
        <div className="profile-find">
          <Input
            type="search"
            aria-label="Find a column"
            placeholder={`Find one of ${plural(columns.length, "column")}…`}
            value={query}
            onChange={(event) => setQuery(event.target.value)}
          />
          {query.trim() !== "" && (
            <span className="muted" role="status">
              {formatCount(places.length)} found
            </span>
          )}
        </div>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls is reached by keys */}
      <section ref={scroller} className="profile-columns" tabIndex={0} aria-label="Columns">
        {chunks.map((chunk, at) => (
          <ul
            key={chunk[0]}
            data-chunk={at}
            style={near.has(at) ? undefined : { height: heights.get(at) ?? chunk.length * GUESS }}
          >
            {near.has(at) &&
              chunk.map((place) => (
                <ProfileItem
                  key={place}
                  column={columns[place]}
                  profile={profiles.of(place)}
                  rows={output.rows ?? 0}
                  output={output}
                />
              ))}
          </ul>
        ))}
        {places.length === 0 && <p className="frame-words muted">No column is called “{query}”.</p>}
      </section>
    </div>
  );
}

/** Which of the lists in a box that scrolls are in sight or nearly so, and how high those were. */
function useNear(chunks: readonly unknown[]): {
  scroller: RefObject<HTMLElement | null>;
  near: ReadonlySet<number>;
  heights: ReadonlyMap<number, number>;
} {
  const scroller = useRef<HTMLElement>(null);
  const [near, setNear] = useState<ReadonlySet<number>>(() => new Set([0]));
  const heights = useRef(new Map<number, number>());
  // biome-ignore lint/correctness/useExhaustiveDependencies: other chunks are other elements
  useEffect(() => {
    const root = scroller.current;
    if (root === null) return;
    heights.current.clear();
    setNear(new Set([0]));
    const observer = new IntersectionObserver(
      (entries) =>
        setNear((before) => {
          const next = new Set(before);
          for (const { target, isIntersecting, boundingClientRect } of entries) {
            const at = Number((target as HTMLElement).dataset["chunk"]);
            if (isIntersecting) next.add(at);
            else if (next.delete(at)) heights.current.set(at, boundingClientRect.height);
          }
          return next;
        }),
      { root, rootMargin: `${AHEAD}px 0px` },
    );
    for (const chunk of root.querySelectorAll("[data-chunk]")) observer.observe(chunk);
    return () => observer.disconnect();
  }, [chunks]);
  return { scroller, near, heights: heights.current };
}

interface ItemProps {
  column: Column | undefined;
  /** Undefined while it is on its way. */
  profile: ColumnProfile | undefined;
  rows: number;
  output: Output;
}

const ProfileItem = memo(function ProfileItem(props: ItemProps): ReactElement | null {
  const { column, profile, rows, output } = props;
  if (column === undefined) return null;
  const { name, type } = column;
  const { nulls = 0, histogram = null, top = null } = profile ?? {};
  return (
    <li className="profile-column" style={profile === undefined ? { height: GUESS } : undefined}>
      <div className="profile-head">
        <strong className="ellipsis" title={name}>
          {name === "" ? '""' : name}
        </strong>
        <span className="muted ellipsis">{typeWords(type)}</span>
        <span className="data-space" />
        {profile !== undefined && (
          <span className={nulls > 0 ? "profile-nulls" : "muted"}>
            null {formatShare(nulls, rows)}
          </span>
        )}
        <ExpectMenu output={output} name={name} profile={profile} />
      </div>
      {profile === undefined ? (
        <p className="muted profile-wait">Counting…</p>
      ) : (
        <dl className="profile-facts">
          {factsOf(profile).map(([word, value]) => (
            <div key={word}>
              <dt>{word}</dt>
              <dd title={value}>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {histogram && isSpread(histogram) ? <Bars histogram={histogram} name={name} /> : null}
      {top !== null && (top[0]?.count ?? 0) > 1 ? <Tops top={top} rows={rows} /> : null}
    </li>
  );
});

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
