import { ArrowDown, ArrowUp, EyeOff, Filter, Search, X } from "lucide-react";
import type { ReactElement, ReactNode } from "react";
import type { Column } from "../../protocol";
import { Button, plural } from "../../ui";
import {
  type Condition,
  changeView,
  clearView,
  type FramePlace,
  isWhole,
  placeOfColumn,
  sameReference,
  type View,
} from "../view";
import { formatFilter } from "../view/syntax";

export interface ViewLineProps {
  place: FramePlace;
  view: View;
  columns: readonly Column[];
  hidden: number;
  onShowColumns(): void;
  /** What others do with the view. */
  children?: ReactNode;
}

/** Says what is left out and how it is sorted; each part is taken back by a click. */
export function ViewLine(props: ViewLineProps): ReactElement | null {
  const { place, view, columns, hidden } = props;
  if (isWhole(view) && hidden === 0) return null;
  const nameOf = (reference: Condition["column"]): string =>
    columns[placeOfColumn(columns, reference)]?.name ?? "";
  const filtered = view.filter.filter(
    ({ column }, at) => view.filter.findIndex((one) => sameReference(one.column, column)) === at,
  );
  return (
    <ul className="view-line" aria-label="What is shown">
      {view.search !== null && view.search !== "" && (
        <Part
          icon={<Search size={12} aria-hidden="true" />}
          words={`“${view.search}”`}
          undo="End the search"
          onUndo={() => changeView(place, { search: null })}
        />
      )}
      {filtered.map(({ column: reference }) => {
        const at = placeOfColumn(columns, reference);
        const column = columns[at];
        const own = view.filter.filter((one) => sameReference(one.column, reference));
        if (column === undefined) return null;
        return (
          <Part
            key={at}
            icon={<Filter size={12} aria-hidden="true" />}
            words={inWords(column, own)}
            undo={`Remove the filter of ${column.name}`}
            onUndo={() =>
              changeView(place, {
                filter: view.filter.filter((one) => !sameReference(one.column, reference)),
              })
            }
          />
        );
      })}
      {view.sort.map(({ column, descending }) => (
        <Part
          key={`sort ${JSON.stringify(column)}`}
          icon={
            descending ? (
              <ArrowDown size={12} aria-hidden="true" />
            ) : (
              <ArrowUp size={12} aria-hidden="true" />
            )
          }
          words={nameOf(column)}
          undo={`Do not sort by ${nameOf(column)}`}
          detail={descending ? ", descending" : ", ascending"}
          onUndo={() =>
            changeView(place, {
              sort: view.sort.filter((key) => !sameReference(key.column, column)),
            })
          }
        />
      ))}
      {hidden > 0 && (
        <Part
          icon={<EyeOff size={12} aria-hidden="true" />}
          words={plural(hidden, "column")}
          detail=" hidden"
          undo="Show all columns"
          onUndo={props.onShowColumns}
        />
      )}
      {!isWhole(view) && (
        <li>
          <Button size="small" look="quiet" className="view-clear" onClick={() => clearView(place)}>
            Clear
          </Button>
        </li>
      )}
      {props.children && <li>{props.children}</li>}
    </ul>
  );
}

/** "dep_delay >60", "carrier in UA, B6", "name “smith”". */
function inWords(column: Column, conditions: readonly Condition[]): string {
  const [only, ...others] = conditions;
  if (others.length === 0 && only?.op === "contains") return `${column.name}: ${only.value}`;
  return `${column.name} ${formatFilter(conditions, column)}`;
}

function Part(props: {
  icon: ReactNode;
  words: string;
  detail?: string;
  undo: string;
  onUndo(): void;
}): ReactElement {
  return (
    <li className="view-part">
      {props.icon}
      <span className="ellipsis" title={props.words}>
        {props.words}
        {props.detail !== undefined && <span className="visually-hidden">{props.detail}</span>}
      </span>
      <button type="button" aria-label={props.undo} data-tip={props.undo} onClick={props.onUndo}>
        <X size={12} aria-hidden="true" />
      </button>
    </li>
  );
}
