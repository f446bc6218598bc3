import { EyeOff } from "lucide-react";
import { type KeyboardEvent, type ReactElement, useId, useMemo, useState } from "react";
import type { Column } from "../../protocol";
import { Button, closeness, formatCount, Modal, plural } from "../../ui";
import { typeWords } from "../cells/format";
import { AS_STORED, type ColumnLayout, keysOfColumns, withHidden } from "../layout";

export interface ColumnFinderProps {
  columns: readonly Column[];
  columnLayout: ColumnLayout;
  /** By its place in the table. */
  onChoose(place: number): void;
  onClose(): void;
}

const SHOWN = 100;

/** Finds one of any number of columns by letters of its name; shows and hides them. */
export function ColumnFinder(props: ColumnFinderProps): ReactElement {
  const { columns, columnLayout, onChoose, onClose } = props;
  const id = useId();
  const [query, setQuery] = useState("");
  const [index, setIndex] = useState(0);
  const keys = keysOfColumns(columns);
  const hidden = new Set(columnLayout.choice.hidden);
  const found = useMemo(() => findColumns(columns, query), [columns, query]);
  const shown = found.slice(0, SHOWN);
  const chosen = Math.min(index, shown.length - 1);
  const hiddenCount = columns.length - columnLayout.arrangement.order.length;

  const toggle = (place: number): void => {
    const key = keys[place];
    if (key !== undefined) {
      columnLayout.change((choice) => withHidden(choice, key, !hidden.has(key)));
    }
  };
  const choose = (place: number | undefined): void => {
    if (place === undefined) return;
    onClose();
    // The dialog gives the focus back first; then it goes to the column.
    queueMicrotask(() => onChoose(place));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const place = shown[chosen];
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && shown.length > 0) {
      const next = (chosen + step + shown.length) % shown.length;
      setIndex(next);
      document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && event.shiftKey) {
      if (place !== undefined) toggle(place);
    } else if (event.key === "Enter") choose(place);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <Modal label="Columns" className="palette column-finder" onClose={onClose}>
      <input
        data-autofocus
        className="palette-input"
        role="combobox"
        aria-label="Find a column"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={shown.length === 0 ? undefined : `${id}-${chosen}`}
        aria-describedby={`${id}-keys`}
        placeholder={`Find one of ${plural(columns.length, "column")}…`}
        autoComplete="off"
        spellCheck={false}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setIndex(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div className="palette-list" role="listbox" id={`${id}-list`} aria-label="Columns">
        {shown.map((place, at) => {
          const isHidden = hidden.has(keys[place] ?? "");
          const { name = "", type = "" } = columns[place] ?? {};
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the input, which names the option
            <div
              key={place}
              id={`${id}-${at}`}
              role="option"
              tabIndex={-1}
              aria-selected={at === chosen}
              className="palette-item"
              data-hidden={isHidden || undefined}
              onPointerMove={() => setIndex(at)}
              onClick={(event) => (event.shiftKey ? toggle(place) : choose(place))}
            >
              <span className="column-number">{formatCount(place + 1)}</span>
              <span className="ellipsis">{name === "" ? '""' : name}</span>
              <span className="palette-detail ellipsis">
                {isHidden && (
                  <span className="column-hidden">
                    <EyeOff size={13} aria-hidden="true" /> hidden
                  </span>
                )}
                {typeWords(type)}
              </span>
            </div>
          );
        })}
        {found.length > shown.length && (
          <p className="palette-none">
            and {formatCount(found.length - shown.length)} more: type letters of the name
          </p>
        )}
        {found.length === 0 && <p className="palette-none">No column is called “{query}”.</p>}
      </div>
      <div className="column-foot">
        <span id={`${id}-keys`} className="muted">
          Enter goes to it, Shift+Enter hides or shows it
        </span>
        <span className="data-space" />
        {hiddenCount > 0 && (
          <Button
            size="small"
            onClick={() => columnLayout.change((choice) => ({ ...choice, hidden: [] }))}
          >
            Show {formatCount(hiddenCount)} hidden
          </Button>
        )}
        <Button size="small" look="quiet" onClick={() => columnLayout.change(() => AS_STORED)}>
          Reset columns
        </Button>
      </div>
    </Modal>
  );
}

/** Places of the columns whose names hold all letters in their order, the closest first. */
export function findColumns(columns: readonly Column[], query: string): number[] {
  const wanted = query.trim().toLowerCase();
  if (wanted === "") return columns.map((_, at) => at);
  const number = /^#?\d+$/.test(wanted) ? Number(wanted.replace("#", "")) - 1 : -1;
  const scored = columns
    .map(({ name }, at) => {
      const lower = name.toLowerCase();
      const score = lower === wanted ? 5 : closeness(lower, wanted);
      return { at, score: at === number ? Math.max(score, 0.5) : score };
    })
    .filter(({ score }) => score > 0);
  return scored
    .sort((one, other) => other.score - one.score || one.at - other.at)
    .map(({ at }) => at);
}
