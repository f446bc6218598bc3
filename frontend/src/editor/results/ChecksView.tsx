import type { ReactElement } from "react";
import type { CheckResult } from "../../protocol";

const SIGNS: Record<CheckResult["state"], { mark: string; tone: string }> = {
  passed: { mark: "✓", tone: "ok" },
  warned: { mark: "!", tone: "stale" },
  failed: { mark: "✕", tone: "failed" },
};

export function ChecksView({ checks }: { checks: readonly CheckResult[] }): ReactElement {
  return (
    <ul className="checks">
      {checks.map((check) => {
        const { mark, tone } = SIGNS[check.state];
        return (
          <li key={check.name} data-tone={tone}>
            <span className="check-mark" aria-hidden="true">
              {mark}
            </span>
            <span className="check-name">{check.name.replaceAll("_", " ")}</span>
            <span className="state-words">{check.state}</span>
            {check.message !== "" && <span className="check-message">{check.message}</span>}
          </li>
        );
      })}
    </ul>
  );
}
