import { Search, X } from "lucide-react";
import { type ReactElement, type Ref, useEffect, useRef, useState } from "react";
import { IconButton } from "../../ui";

export interface SearchFieldProps {
  value: string;
  ref: Ref<HTMLInputElement>;
  onChange(value: string): void;
  /** Back to the cells. */
  onLeave(): void;
}

/** After the last key, until rows are asked for. */
const PAUSE_MS = 300;

/** Looks for a text in all columns. */
export function SearchField({ value, ref, onChange, onLeave }: SearchFieldProps): ReactElement {
  const [draft, setDraft] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const apply = (text: string): void => {
    clearTimeout(timer.current);
    setDraft(null);
    if (text !== value) onChange(text);
  };
  const write = (text: string): void => {
    setDraft(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onChange(text), PAUSE_MS);
  };
  const text = draft ?? value;
  return (
    <search className="frame-search">
      <Search size={14} aria-hidden="true" />
      <input
        ref={ref}
        type="search"
        className="frame-search-input"
        aria-label="Search all columns"
        placeholder="Search all columns"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => write(event.target.value)}
        onBlur={() => apply(text)}
        onKeyDown={(event) => {
          if (event.key === "Enter" || event.key === "ArrowDown") apply(text);
          else if (event.key !== "Escape") return;
          else if (text !== "") {
            event.preventDefault();
            event.stopPropagation();
            apply("");
            return;
          }
          event.preventDefault();
          event.stopPropagation();
          onLeave();
        }}
      />
      {text !== "" && <IconButton label="End the search" icon={X} onClick={() => apply("")} />}
    </search>
  );
}
