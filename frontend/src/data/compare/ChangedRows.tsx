import { type ReactElement, useEffect, useState } from "react";
import type { ColumnChange } from "../../protocol";
import { useApi } from "../../session";
import { Button, formatCount, LoadFailed } from "../../ui";
import { isNumeric, showCell, wholeText } from "../cells/format";
import { decimalsOf } from "../cells/numbers";
import type { Cell } from "../rows/frame-rows";
import { rowsQuery } from "./query";
import { type RowsWindow, readWindow } from "./window";
import type { RowKind } from "./words";

interface Props {
  address: string;
  other: string;
  rowKey: readonly string[];
  kind: RowKind;
  total: number;
  columns: readonly ColumnChange[];
}

const WINDOW = 100;
const MOST_COLUMNS = 60;

/** The rows of one kind, window by window; of changed rows what was and what is. */
export function ChangedRows(props: Props): ReactElement {
  const { address, other, rowKey, kind, total } = props;
  const api = useApi();
  const [parts, setParts] = useState<readonly RowsWindow[]>([]);
  const [wanted, setWanted] = useState(1);
  const [error, setError] = useState<unknown>(undefined);
  const place = { address, other, key: rowKey, kind };
  const next = parts.length < wanted ? rowsQuery(place, parts.length * WINDOW, WINDOW) : null;
  useEffect(() => {
    if (next === null || error !== undefined) return;
    const abort = new AbortController();
    api
      .bytes(next, { signal: abort.signal })
      .then((bytes) => setParts((before) => [...before, readWindow(bytes)]))
      .catch((thrown: unknown) => {
        if (!abort.signal.aborted) setError(thrown);
      });
    return () => abort.abort();
  }, [api, next, error]);
  if (error !== undefined && parts.length === 0) {
    return <LoadFailed error={error} onRetry={() => setError(undefined)} />;
  }
  const [first] = parts;
  if (first === undefined) return <p className="frame-words muted">Fetching rows…</p>;
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const layout = layoutOf(props, first);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls is reached by keys
    <section className="compare-rows" tabIndex={0} aria-label={`Rows: ${kind}`}>
      <table>
        <thead>
          <tr>
            {layout.shown.map(({ name, isKey, type }) => (
              <th key={name} scope="col" data-key={isKey || undefined} title={`${name} ${type}`}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {parts.flatMap((part, number) =>
            Array.from({ length: part.rows }, (_, row) => (
              <Row
                // biome-ignore lint/suspicious/noArrayIndexKey: windows and rows stay in their place
                key={`${number}/${row}`}
                part={part}
                row={row}
                layout={layout}
              />
            )),
          )}
        </tbody>
      </table>
      <p className="compare-more">
        <span className="muted">
          {formatCount(rows)} of {formatCount(total)} rows
          {layout.left > 0 && `, ${formatCount(layout.left)} more columns`}
        </span>
        {rows < total && parts[parts.length - 1]?.rows === WINDOW && (
          <Button
            size="small"
            onClick={() => {
              setError(undefined);
              setWanted(parts.length + 1);
            }}
          >
            Show more
          </Button>
        )}
      </p>
    </section>
  );
}

interface ShownColumn {
  name: string;
  type: string;
  isKey: boolean;
  /** Of floats: as many as the first window needs. */
  decimals: number;
}

interface Layout {
  shown: readonly ShownColumn[];
  left: number;
}

/** The key first, then columns that differ in some row, then all others. */
function layoutOf({ columns, kind, rowKey }: Props, first: RowsWindow): Layout {
  const { names } = first;
  const isOfBefore = kind === "removed" || kind === "repeated-before";
  const known = new Map(columns.map((column) => [column.name, column]));
  const rank = (name: string): number => {
    if (rowKey.includes(name)) return 0;
    return kind === "changed" && (known.get(name)?.changed ?? 0) > 0 ? 1 : 2;
  };
  const places = new Map(names.map((name, at) => [name, at]));
  const sorted = names.toSorted(
    (one, two) => rank(one) - rank(two) || (places.get(one) ?? 0) - (places.get(two) ?? 0),
  );
  const shown = sorted.slice(0, MOST_COLUMNS).map((name) => ({
    name,
    type: (isOfBefore ? known.get(name)?.type_before : known.get(name)?.type) ?? "",
    isKey: rowKey.includes(name),
    decimals: decimalsIn(first, name),
  }));
  return { shown, left: names.length - shown.length };
}

function decimalsIn(part: RowsWindow, name: string): number {
  const numbers: number[] = [];
  for (let row = 0; row < part.rows; row += 1) {
    for (const cell of [part.cell(name, row), part.before(name, row)]) {
      if (typeof cell?.value === "number") numbers.push(cell.value);
    }
  }
  return decimalsOf(numbers);
}

function Row(props: { part: RowsWindow; row: number; layout: Layout }): ReactElement {
  const { part, row, layout } = props;
  const changed = part.changed(row);
  return (
    <tr>
      {layout.shown.map(({ name, isKey, decimals }) => {
        const now = part.cell(name, row);
        const isChanged = changed.has(name);
        const before = isChanged ? part.before(name, row) : null;
        return (
          <td
            key={name}
            data-key={isKey || undefined}
            data-changed={isChanged || undefined}
            data-numeric={isNumeric(now.type) || undefined}
          >
            {before !== null && (
              <>
                <del title={wholeText(before)}>{showCell(before, decimals).text}</del>
                <span aria-hidden="true"> → </span>
              </>
            )}
            <CellText cell={now} decimals={decimals} isNew={before !== null} />
          </td>
        );
      })}
    </tr>
  );
}

function CellText(props: { cell: Cell; decimals: number; isNew: boolean }): ReactElement {
  const { cell, decimals, isNew } = props;
  const { text, look } = showCell(cell, decimals);
  const Tag = isNew ? "ins" : "span";
  return (
    <Tag data-look={look} title={wholeText(cell)}>
      {text}
    </Tag>
  );
}
