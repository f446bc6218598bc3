import { RotateCw } from "lucide-react";
import type { ComponentType, ReactElement } from "react";
import { apiUrl } from "../client";
import type { BlockRun, Output, RunRecord } from "../protocol";
import { checksOf } from "../session";
import {
  Button,
  CheckList,
  Chip,
  DisplayView,
  describeBlockRun,
  FailureView,
  formatBytes,
  formatDuration,
  formatShape,
  KindChip,
  NameText,
  SIGNS,
  StateIcon,
  StateWords,
  signOfBlockRun,
  useNow,
} from "../ui";
import { attemptWords, cacheWords, waitsFor } from "./words";

/** Shows rows of an output; the app says which component can. */
export type PreviewSlot = ComponentType<{ output: Output }>;

export interface BlockDetailsProps {
  run: RunRecord;
  block: BlockRun;
  /** Runs this block and all below it again; absent while the run goes on. */
  onRetry?: (() => void) | undefined;
  preview: PreviewSlot | undefined;
}

/** What one block did in a run: failure first, then checks, displays and its output. */
export function BlockDetails(props: BlockDetailsProps): ReactElement {
  const { run, block, onRetry, preview: Preview } = props;
  const sign = signOfBlockRun(block);
  const now = useNow(sign === "running" ? "fast" : "still");
  const { output, failure, attempts } = block;
  const waits = waitsFor(run, block);
  const checks = checksOf(block);
  return (
    <section className="card block-details" data-tone={SIGNS[sign].tone} aria-label={block.name}>
      <header className="details-header">
        <StateIcon sign={sign} silent />
        <KindChip kind={block.kind} />
        <h2>
          <NameText name={block.name} />
        </h2>
        <span className="muted">{block.language}</span>
        {block.upstream.length === 0 ? null : (
          <span className="muted ellipsis" title={block.upstream.join(", ")}>
            ← {block.upstream.join(", ")}
          </span>
        )}
        <span className="details-space" />
        {onRetry === undefined ? null : (
          <Button size="small" icon={RotateCw} onClick={onRetry}>
            Retry from here
          </Button>
        )}
      </header>
      {failure === null ? (
        <p className="details-words">
          <StateWords sign={sign}>{describeBlockRun(block, now)}</StateWords>
          {waits.length === 0 ? null : (
            <span className="muted"> · waits for {waits.join(", ")}</span>
          )}
          {block.place === null ? null : <span className="muted"> · waits for a slot</span>}
          {output === null ? null : <span className="muted"> · {sizeWords(output)}</span>}
        </p>
      ) : (
        <FailureView failure={failure} />
      )}
      <CacheLine block={block} />
      {attempts.length > 1 ? <Attempts run={run} block={block} /> : null}
      {checks.length === 0 ? null : <CheckList checks={checks} preview={Preview} opened />}
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

/** Was the result taken from the store, and why or why not. */
function CacheLine({ block }: { block: BlockRun }): ReactElement | null {
  const cache = cacheWords(block.cache);
  if (cache === null) return null;
  return (
    <p className="details-words details-cache">
      <Chip tone={cache.found === "hit" ? "cached" : "neutral"}>{cache.found}</Chip>
      <span>{cache.reason}</span>
    </p>
  );
}

/** Every try with its time, why it failed, and what it wrote. */
function Attempts({ run, block }: { run: RunRecord; block: BlockRun }): ReactElement {
  return (
    <ol className="details-attempts" aria-label={`Attempts of ${block.name}`}>
      {block.attempts.map((attempt) => {
        const { sign, words, seconds } = attemptWords(attempt);
        const { number } = attempt;
        return (
          <li key={number}>
            <StateIcon sign={sign} silent />
            <span className="muted">attempt {number}</span>
            <span className="details-attempt-words">
              <StateWords sign={sign}>{words}</StateWords>
            </span>
            {seconds === null ? null : <span className="number">{formatDuration(seconds)}</span>}
            <a
              href={apiUrl(`runs/${run.id}/blocks/${block.name}/log`, { attempt: number })}
              target="_blank"
              rel="noreferrer"
              aria-label={`Log of attempt ${number} of ${block.name}`}
            >
              log
            </a>
          </li>
        );
      })}
    </ol>
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
