import type { BlockDifference } from "../../protocol";
import type { SessionState, Sign } from "../../session";
import { plural } from "../../ui";

export const SIGN_OF_CHANGE: Record<BlockDifference["change"], string> = {
  added: "+",
  removed: "−",
  changed: "~",
};

export const WORD_OF_CHANGE: Record<BlockDifference["change"], string> = {
  added: "added",
  removed: "removed",
  changed: "changed",
};

export interface Fact {
  sign: Sign;
  words: string;
}

/** How ready a draft is to be published: its diagnostics, its checks, and what was not run since an edit. */
export function readinessOf(
  parts: Pick<SessionState, "diagnostics" | "status" | "blocks">,
): Fact[] {
  const { diagnostics, status, blocks } = parts;
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  const warnings = diagnostics.filter(({ severity }) => severity === "warning").length;
  const runnable = blocks.filter(({ kind }) => kind !== "markdown");
  const states = runnable.map(({ name }) => status[name]);
  const checks = states.flatMap((state) => state?.checks ?? []);
  const count = (wanted: string): number => checks.filter(({ state }) => state === wanted).length;
  const stale = states.filter((state) => state?.staleness.state !== "fresh").length;
  const failed = states.filter((state) => state?.state === "failed").length;
  const facts: (Fact | false)[] = [
    errors > 0
      ? { sign: "failed", words: plural(errors, "error") }
      : { sign: "ok", words: "no errors" },
    warnings > 0 && { sign: "stale", words: plural(warnings, "warning") },
    count("failed") > 0 && { sign: "failed", words: `${plural(count("failed"), "check")} failed` },
    count("warned") > 0 && { sign: "stale", words: `${plural(count("warned"), "check")} warned` },
    count("passed") > 0 && { sign: "ok", words: `${plural(count("passed"), "check")} passed` },
    failed > 0 && { sign: "failed", words: `${plural(failed, "block")} failed last` },
    stale > 0
      ? { sign: "stale", words: `${plural(stale, "block")} not run as they are now` }
      : { sign: "ok", words: "all blocks run as they are now" },
  ];
  return facts.filter((fact) => fact !== false);
}
