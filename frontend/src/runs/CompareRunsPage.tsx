import { ArrowLeftRight, ChevronDown, ChevronRight } from "lucide-react";
import { type ComponentType, type ReactElement, useState } from "react";
import type { RunCode, RunRecord, RunSummary } from "../protocol";
import { useResource } from "../session";
import {
  Button,
  Chip,
  type CompareOutputsProps,
  Crumbs,
  type DifferenceProps,
  EmptyState,
  formatChange,
  formatDuration,
  formatShortMoment,
  KindChip,
  Link,
  LoadFailed,
  NameText,
  navigate,
  Page,
  Select,
  SIGNS,
  StateChip,
  StateIcon,
  signOfBlockRun,
  signOfState,
} from "../ui";
import {
  type Codes,
  changeOf,
  codeDifference,
  durationWords,
  factsThatDiffer,
  type Pair,
  pairsOf,
  resultWords,
  tablesThatDiffer,
  WORTH_SEEING,
} from "./compare";
import { useRun } from "./useRun";
import { compareAddress, originWords } from "./words";
import "./runs.css";
import "./compare-runs.css";

export interface CompareRunsPageProps {
  pipeline: string;
  run: string;
  /** The other run; empty: the last one before it that succeeded. */
  before: string;
  difference: ComponentType<DifferenceProps>;
  compare: ComponentType<CompareOutputsProps>;
}

/** Two runs of a pipeline: what they were started with, how long each block took, what it gave. */
export function CompareRunsPage(props: CompareRunsPageProps): ReactElement {
  const { pipeline, run: id } = props;
  const now = useRun(id);
  const found = useResource(`before ${id} ${props.before}`, async (api, signal) => {
    if (props.before !== "") return props.before;
    const query = { pipeline, state: "succeeded", before: id, limit: 1 };
    const { runs } = await api.get<{ runs: RunSummary[] }>("runs", { query, signal });
    return runs[0]?.id ?? "";
  });
  const before = found.data;
  const crumb = now.data === undefined ? id : `Run ${formatShortMoment(now.data.queued_at)}`;
  const error = now.error ?? found.error;
  return (
    <Page
      title={`Runs of ${pipeline} compared`}
      crumbs={
        <Crumbs
          crumbs={[
            { label: "Pipelines", to: "/" },
            { label: pipeline, to: `/p/${pipeline}` },
            { label: crumb, to: `/p/${pipeline}/runs/${id}` },
            { label: "Compared" },
          ]}
        />
      }
      actions={
        before ? (
          <Button
            icon={ArrowLeftRight}
            onClick={() => navigate(compareAddress({ pipeline, id: before }, id))}
          >
            Swap
          </Button>
        ) : null
      }
    >
      {error === undefined ? null : <LoadFailed error={error} onRetry={now.reload} />}
      {now.data === undefined || before === undefined ? null : before === "" ? (
        <>
          <Sides before={null} now={now.data} />
          <div className="card">
            <EmptyState title="No run before this one succeeded">
              Choose another run to compare it with.
            </EmptyState>
          </div>
        </>
      ) : (
        <Compared {...props} now={now.data} before={before} />
      )}
    </Page>
  );
}

function Compared(
  props: Omit<CompareRunsPageProps, "before"> & { now: RunRecord; before: string },
): ReactElement | null {
  const { now, difference, compare } = props;
  const { data: before, error, reload } = useRun(props.before);
  const codes = useCodes(now.id, props.before);
  if (before === undefined) {
    return error === undefined ? null : <LoadFailed error={error} onRetry={reload} />;
  }
  const pairs = pairsOf(before, now, codes);
  const longest = Math.max(
    0,
    ...pairs.flatMap((pair) => [pair.before?.seconds ?? 0, pair.now?.seconds ?? 0]),
  );
  const words = `the run of ${formatShortMoment(before.queued_at)}`;
  return (
    <>
      <Sides before={before} now={now} />
      <Facts before={before} now={now} />
      <section className="card two-runs-blocks" aria-label="Blocks">
        <ul>
          {pairs.map((pair) => (
            <PairRow key={pair.name} {...{ pair, longest, words, difference, compare }} />
          ))}
        </ul>
      </section>
    </>
  );
}

/** The code of both runs; one that is not kept any more is left out. */
function useCodes(now: string, before: string): [Codes, Codes] {
  const { data } = useResource(`codes ${now} ${before}`, (api, signal) =>
    Promise.all(
      [before, now].map((run) =>
        api.get<RunCode>(`runs/${run}/code`, { signal }).then(
          ({ blocks }) => blocks,
          () => undefined,
        ),
      ),
    ),
  );
  return [data?.[0], data?.[1]];
}

const OFFERED = 50;

/** The two runs; the other one can be chosen. */
function Sides({ before, now }: { before: RunRecord | null; now: RunRecord }): ReactElement {
  const { pipeline } = now;
  const { data } = useResource(`runs of ${pipeline}`, (api, signal) =>
    api.get<{ runs: RunSummary[] }>("runs", { query: { pipeline, limit: OFFERED }, signal }),
  );
  const offered = (data?.runs ?? []).filter(({ id }) => id !== now.id);
  const change = changeOf(before, now);
  return (
    <div className="two-runs-sides">
      <section className="card" aria-label="Before">
        <h2 className="muted">Before</h2>
        <Select
          aria-label="Compare with"
          value={before?.id ?? ""}
          onChange={({ target }) => {
            navigate(compareAddress(now, target.value), { replace: true });
          }}
        >
          {before === null ? <option value="">choose…</option> : null}
          {before === null || offered.some(({ id }) => id === before.id) ? null : (
            <option value={before.id}>{sideWords(before)}</option>
          )}
          {offered.map((run) => (
            <option key={run.id} value={run.id}>
              {sideWords(run)}
            </option>
          ))}
        </Select>
        {before === null ? null : <Side run={before} />}
      </section>
      <section className="card" aria-label="Now">
        <h2 className="muted">Now</h2>
        <p className="two-runs-side-words">{sideWords(now)}</p>
        <Side run={now}>{change === null ? null : <Change change={change} />}</Side>
      </section>
    </div>
  );
}

function Side({ run, children }: { run: RunRecord; children?: React.ReactNode }): ReactElement {
  const sign = signOfState(run.state);
  return (
    <p className="two-runs-side">
      <StateChip sign={sign}>
        {SIGNS[sign].word}
        {run.seconds === null ? "" : ` ${formatDuration(run.seconds)}`}
      </StateChip>
      {children}
      <Link to={`/p/${run.pipeline}/runs/${run.id}`}>open</Link>
    </p>
  );
}

type Sided = Pick<RunSummary, "queued_at" | "state" | "origin" | "trigger" | "seconds">;

function sideWords(run: Sided): string {
  return `${formatShortMoment(run.queued_at)} · ${run.state} · ${originWords(run)}`;
}

function Change({ change }: { change: number }): ReactElement {
  const tone = Math.abs(change) < WORTH_SEEING ? "neutral" : change > 0 ? "stale" : "ok";
  return <Chip tone={tone}>{formatChange(change)}</Chip>;
}

function Facts({ before, now }: { before: RunRecord; now: RunRecord }): ReactElement {
  const facts = factsThatDiffer(before, now);
  if (facts.length === 0) {
    return (
      <p className="two-runs-same muted">Both were started with the same code and parameters.</p>
    );
  }
  return (
    <div className="card table-card two-runs-facts">
      <table className="table">
        <caption className="visually-hidden">What differs between the runs</caption>
        <thead>
          <tr>
            <th scope="col">Differs</th>
            <th scope="col">Before</th>
            <th scope="col">Now</th>
          </tr>
        </thead>
        <tbody>
          {facts.map(({ name, before: was, now: is }) => (
            <tr key={name}>
              <th scope="row" className="ellipsis">
                {name}
              </th>
              <td className="ellipsis" title={was}>
                {was}
              </td>
              <td className="ellipsis" title={is}>
                {is}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface PairRowProps {
  pair: Pair;
  /** Seconds that the whole width of a bar stands for. */
  longest: number;
  /** What the other run is, within a sentence. */
  words: string;
  difference: ComponentType<DifferenceProps>;
  compare: ComponentType<CompareOutputsProps>;
}

/** One block: both durations as bars, what it gave; its code and data side by side open below. */
function PairRow(props: PairRowProps): ReactElement {
  const { pair, longest } = props;
  const [isOpen, setOpen] = useState(false);
  const code = codeDifference(pair);
  const tables = tablesThatDiffer(pair);
  const block = pair.now ?? pair.before;
  const [was, is] = [pair.before?.seconds ?? null, pair.now?.seconds ?? null];
  const change = changeOf(pair.before, pair.now);
  const width = (seconds: number | null): string =>
    `${longest > 0 && seconds !== null ? Math.max(0.5, (seconds / longest) * 100) : 0}%`;
  const Arrow = isOpen ? ChevronDown : ChevronRight;
  const canOpen = code !== null || tables !== null;
  const tone = pair.now === null ? "neutral" : SIGNS[signOfBlockRun(pair.now)].tone;
  const line = (
    <>
      <span className="two-runs-block-name">
        {canOpen ? <Arrow size={14} aria-hidden="true" /> : <span className="two-runs-no-arrow" />}
        {pair.now === null ? null : <StateIcon sign={signOfBlockRun(pair.now)} />}
        {block === null ? null : <KindChip kind={block.kind} />}
        <NameText name={pair.name} />
      </span>
      <span className="two-runs-bars" data-tone={tone} aria-hidden="true">
        <span data-side="before" style={{ width: width(was) }} />
        <span data-side="now" style={{ width: width(is) }} />
      </span>
      <span className="two-runs-duration number">
        {durationWords(pair.before, pair.now)}
        {change === null ? null : <Change change={change} />}
      </span>
      <span className="two-runs-result muted ellipsis" title={resultWords(pair)}>
        {presenceWords(pair) ?? resultWords(pair)}
      </span>
      <span className="two-runs-differs">
        {pair.differs.slice(0, SHOWN).map((part) => (
          <Chip key={part} tone="stale">
            {part}
          </Chip>
        ))}
        {pair.differs.length > SHOWN ? (
          <span className="muted" title={pair.differs.join("\n")}>
            +{pair.differs.length - SHOWN}
          </span>
        ) : null}
      </span>
    </>
  );
  return (
    <li>
      {canOpen ? (
        <button
          type="button"
          className="two-runs-line"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          {line}
        </button>
      ) : (
        <div className="two-runs-line">{line}</div>
      )}
      {isOpen ? <Opened {...props} code={code} tables={tables} /> : null}
    </li>
  );
}

const SHOWN = 3;

function presenceWords({ before, now }: Pair): string | null {
  if (before === null) return "not in the run before";
  return now === null ? "not in this run" : null;
}

function Opened(
  props: PairRowProps & {
    code: ReturnType<typeof codeDifference>;
    tables: ReturnType<typeof tablesThatDiffer>;
  },
): ReactElement {
  const { pair, words, code, tables, difference: Difference, compare: Compare } = props;
  return (
    <div className="two-runs-opened">
      {code === null ? null : (
        <Difference
          mine={code[0]}
          theirs={code[1]}
          titles={["Before", "Now"]}
          language={pair.codeNow?.language ?? "python"}
        />
      )}
      {tables === null ? null : (
        <section className="two-runs-data" aria-label={`Data of ${pair.name}`}>
          <Compare before={tables[0]} output={tables[1]} words={words} />
        </section>
      )}
    </div>
  );
}
