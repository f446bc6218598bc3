import type { ReactElement } from "react";
import type { ChartData } from "../../protocol";
import { formatCount } from "../../ui";
import { wordsOf } from "./marks";

const MOST_ROWS = 1_000;

/** The numbers of a chart as a table, for those who do not see it, and for all who ask. */
export function ChartTable(props: {
  data: ChartData;
  label: string;
  isShown: boolean;
}): ReactElement {
  const { data, label, isShown } = props;
  const rows = data.series.flatMap((series) =>
    series.x.map((_, row) => wordsOf(data, series, row)),
  );
  const names = rows[0]?.map(([name]) => name) ?? [];
  return (
    <div className={isShown ? "chart-table" : "visually-hidden"}>
      <table>
        <caption className="visually-hidden">{label}</caption>
        <thead>
          <tr>
            {names.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
            <tr key={at}>
              {row.map(([name, value]) => (
                <td key={name}>{value}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST_ROWS && (
        <p className="muted">
          The first {formatCount(MOST_ROWS)} of {formatCount(rows.length)}.
        </p>
      )}
    </div>
  );
}
