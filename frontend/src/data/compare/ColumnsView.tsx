import { type ReactElement, useState } from "react";
import type { ColumnChange, Comparison } from "../../protocol";
import { Button, Chip, formatCount } from "../../ui";
import { typeWords } from "../cells/format";
import { formatShare } from "../profile";
import { differs, driftWords, factLines, sameWords } from "./words";

/** Every column: those that differ at first, the others when asked for. */
export function ColumnsView({ comparison }: { comparison: Comparison }): ReactElement {
  const [all, setAll] = useState(false);
  const { columns, exact, notes } = comparison;
  const different = columns.filter(differs);
  const same = columns.length - different.length;
  return (
    <>
      {!exact && (
        <p className="compare-note">
          Above a million rows, distinct values, medians and distributions are estimates.
        </p>
      )}
      <ul className="compare-columns" aria-label="Columns">
        {(all ? columns : different).map((column) => (
          <ColumnItem key={column.name} column={column} comparison={comparison} />
        ))}
      </ul>
      {same > 0 && (
        <div className="compare-same">
          <span className="muted">{sameWords(same)}</span>
          <Button size="small" onClick={() => setAll(!all)}>
            {all ? "Fold them" : "Show them too"}
          </Button>
        </div>
      )}
      {notes.map((note) => (
        <p key={note} className="compare-note">
          {note}
        </p>
      ))}
    </>
  );
}

function ColumnItem(props: { column: ColumnChange; comparison: Comparison }): ReactElement {
  const { column, comparison } = props;
  const { name, change, type, type_before: typeBefore, changed } = column;
  const { changes, rows, rows_before: rowsBefore } = comparison;
  const matched = changes === null ? 0 : changes.changed + changes.same;
  return (
    <li className="compare-column">
      <div className="profile-head">
        <strong className="ellipsis" title={name}>
          {name}
        </strong>
        <span className="muted ellipsis">
          {change === "retyped" && `${typeWords(typeBefore ?? "")} → `}
          {typeWords(type ?? typeBefore ?? "")}
        </span>
        <span className="data-space" />
        {change !== "same" && (
          <Chip tone={change === "removed" ? "failed" : change === "added" ? "ok" : "stale"}>
            {change}
          </Chip>
        )}
        {changed !== null && changed > 0 && (
          <span
            className="compare-changed"
            data-tip={`${formatCount(changed)} of ${formatCount(matched)} matched rows`}
          >
            {formatShare(changed, matched)} of cells changed
          </span>
        )}
      </div>
      <div className="compare-body">
        <table className="compare-facts">
          <thead className="visually-hidden">
            <tr>
              <th>statistic</th>
              <th>before</th>
              <th>now</th>
            </tr>
          </thead>
          <tbody>
            {factLines(column, rows, rowsBefore).map(({ word, before, now }) => (
              <tr key={word} data-differs={before !== now || undefined}>
                <th scope="row">{word}</th>
                <td className="ellipsis" title={before}>
                  {before}
                </td>
                <td className="ellipsis" title={now}>
                  {now}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <Distribution column={column} />
      </div>
    </li>
  );
}

/** Both sides in the same bins: what was as an outline, what is as a bar. */
function Distribution({ column }: { column: ColumnChange }): ReactElement | null {
  const { bins, now, before, name } = column;
  const words = driftWords(column);
  if (bins.length < 2) {
    return words === "" ? null : <p className="compare-drift muted">{words}</p>;
  }
  const most = Math.max(...(now?.shares ?? []), ...(before?.shares ?? []), Number.MIN_VALUE);
  const percent = (share: number | undefined): string => formatShare(share ?? 0, 1);
  return (
    <figure className="compare-distribution">
      <div className="compare-bins" role="img" aria-label={`Distribution of ${name}: ${words}`}>
        {bins.map((bin, at) => (
          <span
            key={bin}
            className="compare-bin"
            data-tip={`${bin}\n${before === null ? "" : `before ${percent(before.shares[at])}`}${
              before === null || now === null ? "" : ", "
            }${now === null ? "" : `now ${percent(now.shares[at])}`}`}
          >
            <span
              className="compare-bar-now"
              style={{ height: `${(100 * (now?.shares[at] ?? 0)) / most}%` }}
            />
            <span
              className="compare-bar-before"
              style={{ height: `${(100 * (before?.shares[at] ?? 0)) / most}%` }}
            />
          </span>
        ))}
      </div>
      <figcaption className="compare-drift">{words}</figcaption>
    </figure>
  );
}
