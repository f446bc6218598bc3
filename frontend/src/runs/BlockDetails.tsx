import type { ComponentType, ReactElement } from "react";
import type { BlockRun, CheckResult, Output } from "../protocol";
import {
  Chip,
  DisplayView,
  describeBlockRun,
  FailureView,
  formatBytes,
  formatShape,
  KindChip,
  SIGNS,
  StateIcon,
  StateWords,
  signOfBlockRun,
  useNow,
} from "../ui";

/** Shows rows of an output; the app says which component can. */
export type PreviewSlot = ComponentType<{ output: Output }>;

export interface BlockDetailsProps {
  block: BlockRun;
  preview: PreviewSlot | undefined;
}

/** What one block did in a run: failure first, then checks, displays and its output. */
export function BlockDetails({ block, preview: Preview }: BlockDetailsProps): ReactElement {
  const sign = signOfBlockRun(block);
  const now = useNow(sign === "running" ? "fast" : "still");
  const { output, failure, attempts } = block;
  return (
    <section className="card block-details" data-tone={SIGNS[sign].tone} aria-label={block.name}>
      <header className="details-header">
        <StateIcon sign={sign} silent />
        <KindChip kind={block.kind} />
        <h2 className="ellipsis" title={block.name}>
          {block.name}
        </h2>
        <span className="muted">{block.language}</span>
        {block.upstream.length === 0 ? null : (
          <span className="muted ellipsis" title={block.upstream.join(", ")}>
            ← {block.upstream.join(", ")}
          </span>
        )}
        <span className="details-space" />
        {attempts.length > 1 ? <span className="muted">{attempts.length} attempts</span> : null}
      </header>
      {failure === null ? (
        <p className="details-words">
          <StateWords sign={sign}>{describeBlockRun(block, now)}</StateWords>
          {block.cache === null || block.cache === "" ? null : (
            <span className="muted"> · cache: {block.cache}</span>
          )}
          {output === null ? null : <span className="muted"> · {sizeWords(output)}</span>}
        </p>
      ) : (
        <FailureView failure={failure} />
      )}
      {block.checks.length === 0 ? null : <Checks checks={block.checks} />}
      {block.displays.map((display, index) => (
        <figure
          // biome-ignore lint/suspicious/noArrayIndexKey: the same picture may be shown twice
          key={index}
          className="details-display"
        >
          <DisplayView display={display} block={block.name} />
        </figure>
      ))}
      {output === null ? null : <OutputDetails output={output} preview={Preview} />}
    </section>
  );
}

function OutputDetails(props: {
  output: Output;
  preview: PreviewSlot | undefined;
}): ReactElement | null {
  const { output, preview: Preview } = props;
  if (output.kind === "nothing") return <p className="details-words muted">It returned nothing.</p>;
  if (output.kind !== "table" || Preview === undefined) {
    return <pre className="details-value">{output.text || output.type_name}</pre>;
  }
  return (
    <div className="details-preview">
      <Preview key={output.address} output={output} />
    </div>
  );
}

function sizeWords(output: Output): string {
  const shape =
    output.rows === null ? output.type_name : formatShape(output.rows, output.column_count);
  return `${shape} · ${formatBytes(output.size_bytes)}`;
}

const CHECK_TONES = { passed: "ok", warned: "stale", failed: "failed" } as const;

function Checks(props: { checks: readonly CheckResult[] }): ReactElement {
  return (
    <ul className="details-checks" aria-label="Checks">
      {props.checks.map((check) => (
        <li key={check.name}>
          <Chip tone={CHECK_TONES[check.state]}>{check.state}</Chip>
          <span>{check.name}</span>
          {check.message === "" ? null : <span className="muted">{check.message}</span>}
        </li>
      ))}
    </ul>
  );
}
