import { type KeyboardEvent, type ReactElement, useEffect, useRef, useState } from "react";
import type { AnyEvent, RunMatrix as Matrix, MatrixCell, RunSummary } from "../protocol";
import { useResource } from "../session";
import {
  EmptyState,
  formatDuration,
  KindChip,
  Link,
  LoadFailed,
  runWords,
  SIGNS,
  signOfState,
} from "../ui";
import { addressOf, type Filter, queryOf } from "./filter";
import { type At, cellWords, daysOf, shareOf, stepOf } from "./matrix";
import "./matrix.css";

const RUNS = 50;
const DAY_LABEL_CELLS = 3;

/** The newest runs of one pipeline side by side: what fails when, and what got slower. */
export function RunMatrix({ filter }: { filter: Filter }): ReactElement | null {
  const { pipeline } = filter;
  const { data, error, reload } = useResource(
    addressOf(filter, "matrix"),
    (api, signal) => {
      const { pipeline: _, ...query } = queryOf(filter, Date.now());
      return api.get<Matrix>(`pipelines/${pipeline}/runs/matrix`, {
        query: { ...query, limit: RUNS },
        signal,
      });
    },
    (event: AnyEvent) => event.op === "run-changed" && event.run.pipeline === pipeline,
  );
  if (data === undefined) {
    return error === undefined ? null : <LoadFailed error={error} onRetry={reload} />;
  }
  if (data.runs.length === 0) {
    return (
      <div className="card">
        <EmptyState title="No such runs">
          Choose another pipeline, state, starter or time.
        </EmptyState>
      </div>
    );
  }
  return <Table {...data} />;
}

/** One cell can be reached by Tab; arrow keys go on from there. Row 0 are the runs themselves. */
function Table({ runs, blocks }: Matrix): ReactElement {
  const frame = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<At>({ row: 0, column: runs.length - 1 });
  const longest = Math.max(0, ...runs.map(({ seconds }) => seconds ?? 0));
  const days = daysOf(runs, DAY_LABEL_CELLS);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new run brings a new right edge
  useEffect(() => {
    frame.current?.scrollTo({ left: frame.current.scrollWidth });
  }, [runs.length]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const next = stepOf(event.key, at, blocks.length + 1, runs.length);
    if (next === null) return;
    event.preventDefault();
    setAt(next);
    const wanted = `[data-at="${next.row}-${next.column}"]`;
    frame.current?.querySelector<HTMLElement>(wanted)?.focus();
  };
  const placeOf = (row: number, column: number) => ({
    "data-at": `${row}-${column}`,
    tabIndex: row === at.row && column === at.column ? 0 : -1,
    onFocus: () => setAt({ row, column }),
  });
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys move among the links inside
    <div className="card matrix-card" ref={frame} onKeyDown={onKeyDown}>
      <table className="matrix">
        <caption className="visually-hidden">
          How each block fared in the last {runs.length} runs, the newest on the right
        </caption>
        <thead>
          <tr>
            <th scope="col" className="matrix-name">
              <span className="muted">
                {runs.length} runs, the longest {formatDuration(longest)}
              </span>
            </th>
            {runs.map((run, column) => (
              <th key={run.id} scope="col" data-day={days.get(column)}>
                <Link
                  to={`/p/${run.pipeline}/runs/${run.id}`}
                  className="matrix-run"
                  data-tone={SIGNS[signOfState(run.state)].tone}
                  aria-label={runWords(run)}
                  data-tip={runWords(run)}
                  {...placeOf(0, column)}
                >
                  <span style={{ height: `${shareOf(run.seconds, longest) * 100}%` }} />
                </Link>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {blocks.map((block, index) => (
            <tr key={block.name}>
              <th scope="row" className="matrix-name">
                <KindChip kind={block.kind} /> <span className="ellipsis">{block.name}</span>
              </th>
              {runs.map((run, column) => (
                <td key={run.id}>
                  <Cell
                    block={block.name}
                    run={run}
                    cell={block.cells[column] ?? null}
                    place={placeOf(index + 1, column)}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface CellProps {
  block: string;
  run: RunSummary;
  cell: MatrixCell | null;
  place: { "data-at": string; tabIndex: number; onFocus(): void };
}

function Cell({ block, run, cell, place }: CellProps): ReactElement {
  if (cell === null) {
    return <span className="matrix-cell" {...place} role="img" aria-label={`${block}: no part`} />;
  }
  const { icon: Icon, tone } = SIGNS[signOfState(cell.state)];
  const words = cellWords(block, run, cell);
  return (
    <Link
      to={`/p/${run.pipeline}/runs/${run.id}?block=${encodeURIComponent(block)}`}
      className="matrix-cell"
      data-tone={tone}
      data-state={cell.state}
      aria-label={words}
      data-tip={words}
      {...place}
    >
      <Icon aria-hidden size={11} />
    </Link>
  );
}
