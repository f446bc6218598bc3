import { type KeyboardEvent, type ReactElement, useEffect, useId, useRef, useState } from "react";
import type { Column } from "../../protocol";
import type { Condition } from "../view";
import { formatFilter, parseFilter } from "../view/syntax";
import { typeGroup } from "../view/values";

export interface FilterFieldProps {
  column: Column;
  /** How the column is named in conditions. */
  reference: Condition["column"];
  conditions: readonly Condition[];
  /** What the server said of this filter. */
  refusal: string | undefined;
  onChange(conditions: readonly Condition[]): void;
  /** Back to the cells. */
  onLeave(): void;
}

/** After the last key, until rows are asked for. */
const PAUSE_MS = 250;
const TIP = "Filter:  >10   10..20   in a, b   ~regex   ^start   !not   is null";
const EXAMPLES: Readonly<Record<string, string>> = {
  number: ">10  1..5",
  text: "part  ^start",
  bool: "true",
  time: "2024-05",
  day: "2024-05",
  other: "part",
};

/** The filter of one column in its short form. What is wrong with it stands below it. */
export function FilterField(props: FilterFieldProps): ReactElement {
  const { column, reference, conditions, refusal, onChange, onLeave } = props;
  const id = useId();
  const said = formatFilter(conditions, column);
  const [draft, setDraft] = useState<string | null>(null);
  const [hasFocus, setFocus] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  // What others say of the filter replaces what was typed, unless it is what was typed.
  const last = useRef(said);
  useEffect(() => {
    if (last.current !== said) setDraft(null);
    last.current = said;
  }, [said]);

  const text = draft ?? said;
  const parsed = parseFilter(text, reference, column);
  const problem = "problem" in parsed ? parsed.problem : refusal;
  const isWrong = problem !== undefined;

  const apply = (written: string): void => {
    clearTimeout(timer.current);
    const next = parseFilter(written, reference, column);
    if ("problem" in next) return;
    const words = formatFilter(next.conditions, column);
    if (words === said) return;
    last.current = words;
    onChange(next.conditions);
  };
  const write = (written: string): void => {
    setDraft(written);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => apply(written), PAUSE_MS);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === "Enter" || event.key === "ArrowDown") {
      apply(text);
      if (!isWrong || event.key === "ArrowDown") onLeave();
    } else if (event.key === "Escape") {
      clearTimeout(timer.current);
      setDraft(null);
      onLeave();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <span className="grid-filter">
      <input
        className="grid-filter-input"
        tabIndex={-1}
        autoComplete="off"
        spellCheck={false}
        aria-label={`Filter of ${column.name}`}
        aria-invalid={isWrong}
        aria-describedby={isWrong ? `${id}-problem` : undefined}
        placeholder={EXAMPLES[typeGroup(column.type)]}
        data-tip={hasFocus || isWrong ? undefined : TIP}
        data-set={said !== "" || undefined}
        value={text}
        onChange={(event) => write(event.target.value)}
        onKeyDown={onKeyDown}
        onFocus={() => setFocus(true)}
        onBlur={() => {
          setFocus(false);
          apply(text);
          if (!isWrong) setDraft(null);
        }}
      />
      {isWrong && (
        <span
          id={`${id}-problem`}
          role="alert"
          className={hasFocus || refusal !== undefined ? "grid-filter-problem" : "visually-hidden"}
        >
          {problem}
        </span>
      )}
    </span>
  );
}
