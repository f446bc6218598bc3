/** What the checks of a block said, each with the rows that are against it. */
import { type ComponentType, type ReactElement, useState } from "react";
import type { CheckResult } from "../protocol";
import { Button } from "./buttons";
import { formatCount, plural } from "./format";
import type { PreviewProps } from "./slots";

const SIGNS: Record<CheckResult["state"], { mark: string; tone: string }> = {
  passed: { mark: "✓", tone: "ok" },
  warned: { mark: "!", tone: "stale" },
  failed: { mark: "✕", tone: "failed" },
};
const ORDER: readonly CheckResult["state"][] = ["failed", "warned", "passed"];

export interface CheckListProps {
  checks: readonly CheckResult[];
  /** Shows rows; without it there are only their numbers. */
  preview?: ComponentType<PreviewProps> | undefined;
  /** The rows of the first check that did not pass are shown at once. */
  opened?: boolean;
}

/** Failed ones first, then warnings. */
export function CheckList({ checks, preview, opened = false }: CheckListProps): ReactElement {
  const sorted = checks.toSorted((one, two) => ORDER.indexOf(one.state) - ORDER.indexOf(two.state));
  const first = opened ? sorted.find(({ rows }) => rows !== null)?.name : undefined;
  const [chosen, setChosen] = useState<string | null | undefined>(undefined);
  const open = chosen === undefined ? first : chosen;
  return (
    <ul className="checks" aria-label="Checks">
      {sorted.map((check) => (
        <CheckItem
          key={check.name}
          check={check}
          preview={preview}
          isOpen={check.name === open}
          onOpen={(isOpen) => setChosen(isOpen ? check.name : null)}
        />
      ))}
    </ul>
  );
}

function CheckItem(props: {
  check: CheckResult;
  preview: CheckListProps["preview"];
  isOpen: boolean;
  onOpen(open: boolean): void;
}): ReactElement {
  const { check, preview: Preview, isOpen, onOpen } = props;
  const { mark, tone } = SIGNS[check.state];
  const { rows, count, refused } = check;
  const [isLooking, setLooking] = useState(false);
  return (
    <li data-tone={tone} data-state={check.state}>
      <div className="check-line">
        <span className="check-mark" aria-hidden="true">
          {mark}
        </span>
        <span className="check-name">{check.name.replaceAll("_", " ")}</span>
        <span className="state-words">{check.state}</span>
        <span className="check-space" />
        {refused !== null && Preview !== undefined && (
          <Button size="small" aria-expanded={isLooking} onClick={() => setLooking(!isLooking)}>
            {isLooking ? "Hide the output" : "Look at the output"}
          </Button>
        )}
        {rows !== null && Preview !== undefined && (
          <Button size="small" aria-expanded={isOpen} onClick={() => onOpen(!isOpen)}>
            {isOpen ? "Hide rows" : `Show ${plural(count ?? rows.rows ?? 0, "row")}`}
          </Button>
        )}
      </div>
      {check.message !== "" && <p className="check-message">{check.message}</p>}
      {isLooking && refused !== null && Preview !== undefined && (
        <div className="check-rows">
          <p className="muted">The output that was refused: no other block gets it.</p>
          <Preview key={refused.address} output={refused} />
        </div>
      )}
      {isOpen && rows !== null && Preview !== undefined && (
        <div className="check-rows">
          {(count ?? 0) > (rows.rows ?? 0) && (
            <p className="muted">The first {formatCount(rows.rows ?? 0)} of them.</p>
          )}
          <Preview key={rows.address} output={rows} />
        </div>
      )}
    </li>
  );
}
