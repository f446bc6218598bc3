import { KeyRound } from "lucide-react";
import { type ReactElement, useMemo, useState } from "react";
import type { BlockTable, Comparison, Output, PastResults } from "../../protocol";
import { useResource, useSession } from "../../session";
import {
  EmptyState,
  formatCount,
  LoadFailed,
  Menu,
  type MenuEntry,
  Select,
  Tabs,
  useNow,
} from "../../ui";
import { ChangedRows } from "./ChangedRows";
import { ColumnsView } from "./ColumnsView";
import { compareQuery } from "./query";
import { firstSide, type Side, sidesOf } from "./sides";
import { type RowKind, rowCounts, schemaLines, signed } from "./words";
import "./compare.css";

interface Props {
  block: BlockTable;
  output: Output;
}

const GROUPS = ["Earlier results", "Runs of a trigger", "Input", "Other blocks"] as const;

/** This output against another one: which, and how they differ. */
export function CompareView({ block, output }: Props): ReactElement {
  const pipeline = useSession((state) => state.name);
  const past = useResource(`${pipeline}/${block.name}/${output.address}`, (api, signal) =>
    api.get<PastResults>(`pipelines/${pipeline}/blocks/${block.name}/results`, { signal }),
  );
  const now = useNow("slow");
  const blocks = useSession((state) => state.blocks);
  const status = useSession((state) => state.status);
  const sides = useMemo(() => {
    const others = blocks.filter((one) => one.name !== block.name);
    const neighbours = others.map(({ name }) => ({
      name,
      output: status[name]?.output ?? null,
    }));
    return sidesOf({ output, past: past.data, neighbours, now: now === 0 ? Date.now() : now });
  }, [blocks, status, block.name, output, past.data, now]);
  const [chosen, setChosen] = useState<string | null>(null);
  if (past.error !== undefined && past.data === undefined) {
    return <LoadFailed error={past.error} onRetry={past.reload} />;
  }
  if (past.data === undefined) return <p className="frame-words muted">Looking…</p>;
  const side = sides.find(({ address }) => address === chosen) ?? firstSide(sides, output);
  return (
    <div className="compare">
      {sides.length > 0 && (
        <div className="compare-bar">
          <div className="compare-with">
            <span className="muted" aria-hidden="true">
              with
            </span>
            <Select
              aria-label="Compare with"
              value={side?.address ?? ""}
              onChange={(event) => setChosen(event.target.value)}
            >
              {side === undefined && <option value="">choose…</option>}
              {GROUPS.map((group) => (
                <SideGroup key={group} group={group} sides={sides} />
              ))}
            </Select>
          </div>
        </div>
      )}
      {side === undefined ? (
        <EmptyState title="Nothing to compare with yet">
          {sides.length > 0
            ? "Choose another block above."
            : `Run ${block.name} again after a change: its results are then compared here.`}
        </EmptyState>
      ) : (
        <Compared key={`${output.address}/${side.address}`} output={output} side={side} />
      )}
    </div>
  );
}

function SideGroup(props: { group: string; sides: readonly Side[] }): ReactElement | null {
  const sides = props.sides.filter(({ group }) => group === props.group);
  if (sides.length === 0) return null;
  return (
    <optgroup label={props.group}>
      {sides.map(({ address, label }) => (
        <option key={address} value={address}>
          {label}
        </option>
      ))}
    </optgroup>
  );
}

/** How one table differs from another one. */
export function Compared({ output, side }: { output: Output; side: Side }): ReactElement {
  // Null: as suggested. What was chosen for one pair need not be in the next.
  const [chosenKey, setKey] = useState<readonly string[] | null>(null);
  const plain = useResource(`${output.address}/${side.address}`, (api, signal) =>
    api.get<Comparison>(compareQuery(output.address, side.address, []), { signal }),
  );
  const key = chosenKey ?? plain.data?.suggested ?? [];
  const keyed = useResource(`${output.address}/${side.address}/${key.join("\0")}`, (api, signal) =>
    key.length === 0
      ? Promise.resolve(null)
      : api.get<Comparison>(compareQuery(output.address, side.address, key), { signal }),
  );
  if (plain.error !== undefined && plain.data === undefined) {
    return <LoadFailed error={plain.error} onRetry={plain.reload} />;
  }
  if (plain.data === undefined) return <p className="frame-words muted">Comparing…</p>;
  if (plain.data.identical) {
    return (
      <EmptyState title="Identical">
        {`All ${formatCount(plain.data.rows)} rows and ${formatCount(
          plain.data.columns.length,
        )} columns are the same as in ${side.words}, in the same order.`}
      </EmptyState>
    );
  }
  return (
    <Difference
      output={output}
      side={side}
      comparison={keyed.data ?? plain.data}
      chosen={key}
      isMatching={key.length > 0 && keyed.loading}
      problem={keyed.error}
      onKey={setKey}
      onRetry={keyed.reload}
    />
  );
}

type Part = "columns" | "rows";

function Difference(props: {
  output: Output;
  side: Side;
  comparison: Comparison;
  chosen: readonly string[];
  isMatching: boolean;
  problem: unknown;
  onKey(key: readonly string[]): void;
  onRetry(): void;
}): ReactElement {
  const { output, side, comparison, chosen, isMatching } = props;
  const [part, setPart] = useState<Part>("columns");
  const [kind, setKind] = useState<RowKind | null>(null);
  const { changes } = comparison;
  const counts = changes === null ? [] : rowCounts(changes);
  const shown = counts.find((one) => one.kind === kind) ?? counts[0];
  return (
    <>
      <Strip comparison={comparison} />
      <div className="compare-tools">
        <Tabs<Part>
          label="What is compared"
          value={part}
          choices={[
            { value: "columns", label: "Columns" },
            { value: "rows", label: "Rows" },
          ]}
          onChange={setPart}
        />
        <span className="data-space" />
        <KeyChooser comparison={comparison} chosen={chosen} onKey={props.onKey} />
      </div>
      <div className="compare-part" role="tabpanel" aria-label={part}>
        {part === "columns" ? (
          <>
            <SchemaLines comparison={comparison} />
            <ColumnsView comparison={comparison} />
          </>
        ) : (
          <>
            {props.problem !== undefined && (
              <LoadFailed error={props.problem} onRetry={props.onRetry} />
            )}
            {isMatching && <p className="frame-words muted">Matching rows…</p>}
            {chosen.length === 0 && <NoKey />}
            {changes !== null && (
              <>
                {changes.problem !== "" && <p className="compare-problem">{changes.problem}</p>}
                {counts.length > 0 && (
                  <fieldset className="compare-kinds" aria-label="Kinds of rows">
                    {counts.map(({ kind: one, count, label }) => (
                      <button
                        key={one}
                        type="button"
                        className="compare-kind"
                        data-kind={one}
                        aria-pressed={one === shown?.kind}
                        onClick={() => setKind(one)}
                      >
                        <strong>{formatCount(count)}</strong> {label}
                      </button>
                    ))}
                    <span className="muted">{formatCount(changes.same)} the same</span>
                  </fieldset>
                )}
                {shown === undefined ? (
                  <EmptyState title="The rows are the same">
                    {`All ${formatCount(changes.same)} rows have their equal in ${side.words}.`}
                  </EmptyState>
                ) : (
                  <ChangedRows
                    key={`${shown.kind}/${changes.key.join("\0")}`}
                    address={output.address}
                    other={side.address}
                    rowKey={changes.key}
                    kind={shown.kind}
                    total={shown.count}
                    columns={comparison.columns}
                  />
                )}
              </>
            )}
          </>
        )}
      </div>
    </>
  );
}

function NoKey(): ReactElement {
  return (
    <EmptyState title="Choose a key">
      Rows are matched by columns that tell them apart, such as an id. None was found that does on
      both sides: choose them above.
    </EmptyState>
  );
}

/** Rows and columns of both sides, and what became of the rows. */
function Strip({ comparison }: { comparison: Comparison }): ReactElement {
  const { rows, rows_before: rowsBefore, columns, changes } = comparison;
  const now = columns.filter(({ change }) => change !== "removed").length;
  const before = columns.filter(({ change }) => change !== "added").length;
  return (
    <dl className="compare-strip" aria-label="Summary">
      <Count word="rows" before={rowsBefore} now={rows} />
      <Count word="columns" before={before} now={now} />
      {changes !== null && (
        <div>
          <dt>matched rows</dt>
          <dd>
            {changes.changed + changes.added + changes.removed === 0
              ? "the same"
              : `${formatCount(changes.changed)} changed`}
          </dd>
        </div>
      )}
    </dl>
  );
}

function Count(props: { word: string; before: number; now: number }): ReactElement {
  const { word, before, now } = props;
  const by = signed(now - before);
  return (
    <div>
      <dt>{word}</dt>
      <dd>
        {before !== now && <span className="muted">{formatCount(before)} → </span>}
        {formatCount(now)}
        {by !== "" && <span className="compare-by">{by}</span>}
      </dd>
    </div>
  );
}

function SchemaLines({ comparison }: { comparison: Comparison }): ReactElement | null {
  const lines = schemaLines(comparison);
  if (lines.length === 0) return null;
  return (
    <ul className="compare-schema" aria-label="Changes of the schema">
      {lines.map(({ sign, text }) => (
        <li key={text} data-sign={sign}>
          <span aria-hidden="true">{sign}</span>
          {text}
        </li>
      ))}
    </ul>
  );
}

const OFFERED = 60;

/** Which columns tell rows apart: each can be taken or left. */
function KeyChooser(props: {
  comparison: Comparison;
  chosen: readonly string[];
  onKey(key: readonly string[]): void;
}): ReactElement {
  const { comparison, chosen, onKey } = props;
  const { suggested } = comparison;
  const entries = (): MenuEntry[] => {
    const common = comparison.columns.filter(({ now, before }) => now !== null && before !== null);
    const names = [...new Set([...chosen, ...suggested, ...common.map(({ name }) => name)])];
    const proposal: MenuEntry[] =
      suggested.length === 0 || suggested.join("\0") === chosen.join("\0")
        ? []
        : [
            {
              label: `Use ${suggested.join(", ")}`,
              detail: "tells all rows apart",
              onSelect: () => onKey(suggested),
            },
            "line",
          ];
    return [
      ...proposal,
      ...names.slice(0, OFFERED).map((name) => ({
        label: name,
        checked: chosen.includes(name),
        onSelect: () =>
          onKey(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]),
      })),
    ];
  };
  return (
    <Menu
      label="Columns of the key"
      purpose="compare-key"
      className="button button-quiet button-small"
      entries={entries}
    >
      <KeyRound size={14} aria-hidden="true" />
      <span className="ellipsis compare-key">
        {chosen.length === 0 ? "choose a key" : `key: ${chosen.join(", ")}`}
      </span>
    </Menu>
  );
}
