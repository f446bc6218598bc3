import type { ReactElement } from "react";
import type { Failure, Frame } from "../../protocol";

interface Props {
  failure: Failure;
  /** The code has changed since. */
  outdated: boolean;
}

/** Message first, then the user's own frame with its values; libraries stay folded. */
export function FailureCard({ failure, outdated }: Props): ReactElement {
  const mine = failure.frames.filter((frame) => frame.mine);
  const theirs = failure.frames.filter((frame) => !frame.mine);
  return (
    <section className="failure" aria-label="Failure" data-old={outdated || undefined}>
      <p className="failure-message">
        <strong>{failure.type}</strong>
        {failure.message !== "" && <span>: {failure.message}</span>}
      </p>
      {failure.hint !== "" && <p className="failure-hint">{failure.hint}</p>}
      {mine.map((frame) => (
        <FrameView key={`${frame.file}:${frame.line}:${frame.function}`} frame={frame} />
      ))}
      {theirs.length > 0 && (
        <details>
          <summary>
            {theirs.length} {theirs.length === 1 ? "frame" : "frames"} of libraries
          </summary>
          {theirs.map((frame) => (
            <FrameView key={`${frame.file}:${frame.line}:${frame.function}`} frame={frame} />
          ))}
        </details>
      )}
      {failure.text !== "" && (
        <details>
          <summary>Traceback as text</summary>
          <pre className="failure-text">{failure.text}</pre>
        </details>
      )}
    </section>
  );
}

function FrameView({ frame }: { frame: Frame }): ReactElement {
  const values = Object.entries(frame.values);
  return (
    <div className="frame">
      <div className="frame-place">
        {frame.file}:{frame.line} <span className="muted">in {frame.function}</span>
      </div>
      {frame.code !== "" && <pre className="frame-code">{frame.code}</pre>}
      {values.length > 0 && (
        <dl className="frame-values">
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
