import type { ReactElement, ReactNode } from "react";
import type { Failure, Frame } from "../protocol";
import { plural } from "./format";
import { failureWords } from "./signs";

export interface FailureViewProps {
  failure: Failure;
  actions?: ReactNode;
}

/** Message first, then the user's own frame with its values; frames of libraries stay folded. */
export function FailureView({ failure, actions }: FailureViewProps): ReactElement {
  const { hint, frames, text } = failure;
  const mine = frames.filter((frame) => frame.mine);
  const theirs = frames.filter((frame) => !frame.mine);
  return (
    <section className="failure-view" aria-label="Failure">
      <h3>{failureWords(failure)}</h3>
      {hint === "" ? null : <p>{hint}</p>}
      {mine.map((frame) => (
        <FrameView key={`${frame.file}:${frame.line}:${frame.function}`} frame={frame} />
      ))}
      <div className="failure-view-more">
        {actions}
        {theirs.length === 0 ? null : (
          <details>
            <summary>{plural(theirs.length, "library frame")}</summary>
            {theirs.map((frame, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: recursion repeats a frame
              <FrameView key={index} frame={frame} />
            ))}
          </details>
        )}
        {text === "" ? null : (
          <details>
            <summary>Whole traceback</summary>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keys */}
            <pre className="failure-view-text" tabIndex={0}>
              {text}
            </pre>
          </details>
        )}
      </div>
    </section>
  );
}

/** From the project or the library on: what comes before is about the machine, not about the mistake. */
export function shortPath(file: string): string {
  const parts = file.split(/[\\/]/);
  const from = parts.findLastIndex((part) => ROOTS.has(part));
  return from < 0 ? file : parts.slice(ROOTS.get(parts[from] ?? "") ? from : from + 1).join("/");
}

/** Folders that a short path begins at: with their name, or after it. */
const ROOTS: ReadonlyMap<string, boolean> = new Map([
  ["pipelines", true],
  ["blocks", true],
  ["site-packages", false],
]);

function FrameView({ frame }: { frame: Frame }): ReactElement {
  const values = Object.entries(frame.values);
  return (
    <div className="failure-frame">
      <div className="muted">
        <span title={frame.file}>{shortPath(frame.file)}</span>, line {frame.line}
        {frame.function === "" ? "" : ` in ${frame.function}`}
      </div>
      {frame.code === "" ? null : <pre>{frame.code}</pre>}
      {values.length === 0 ? null : (
        <dl>
          {values.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
