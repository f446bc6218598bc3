import { RotateCw } from "lucide-react";
import {
  type ComponentType,
  memo,
  type NamedExoticComponent,
  type ReactElement,
  useRef,
} from "react";
import { apiUrl } from "../client";
import type { BlockCode, BlockRun, Language, Output, RunRecord } from "../protocol";
import { checksOf } from "../session";
import {
  Button,
  CheckList,
  Chip,
  DisplayView,
  describeBlockRun,
  FailureView,
  failureLine,
  formatBytes,
  formatDuration,
  formatShape,
  KindChip,
  NameText,
  SIGNS,
  StateIcon,
  StateWords,
  signOfBlockRun,
  useNear,
  useNow,
} from "../ui";
import { attemptWords, cacheWords, waitsFor } from "./words";

/** Shows rows of an output; the app says which component can. */
export type PreviewSlot = ComponentType<{ output: Output; height?: number }>;

/** Shows code; comes from the editor. */
export type CodeSlot = ComponentType<{
  text: string;
  language: Language;
  label: string;
  failed?: { line: number; message: string } | null;
}>;

export interface RunBlockProps {
  run: RunRecord;
  block: BlockRun;
  /** Its code as the run pinned it. */
  source: BlockCode | undefined;
  isSelected: boolean;
  onSelect(block: string): void;
  /** Runs a block and all below it again; absent while the run goes on. */
  onRetry?: ((block: string) => void) | undefined;
  code: CodeSlot | undefined;
  preview: PreviewSlot | undefined;
}

/** One block of a run: its code, then its failure, or its checks, displays and value. */
export const RunBlock: NamedExoticComponent<RunBlockProps> = memo(function RunBlock(
  props: RunBlockProps,
): ReactElement {
  const { run, block, source, isSelected, onSelect, onRetry, preview } = props;
  const sign = signOfBlockRun(block);
  const now = useNow(sign === "running" ? "fast" : "still");
  const { output, failure, attempts } = block;
  const waits = waitsFor(run, block);
  const checks = checksOf(block);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: its name is a button for keys
    <section
      className="card run-block"
      data-tone={SIGNS[sign].tone}
      data-selected={isSelected || undefined}
      aria-label={block.name}
      onClick={() => onSelect(block.name)}
    >
      <header className="details-header">
        <StateIcon sign={sign} silent />
        <KindChip kind={block.kind} />
        <h2>
          <button type="button" className="run-block-name" aria-pressed={isSelected}>
            <NameText name={block.name} />
          </button>
        </h2>
        {block.upstream.length === 0 ? null : (
          <span className="muted ellipsis" title={block.upstream.join(", ")}>
            ← {block.upstream.join(", ")}
          </span>
        )}
        <span className="details-space" />
        {onRetry === undefined || !isSelected ? null : (
          <Button size="small" icon={RotateCw} onClick={() => onRetry(block.name)}>
            Retry from here
          </Button>
        )}
      </header>
      {source === undefined ? null : <Source {...props} source={source} />}
      {failure === null ? (
        <p className="details-words">
          <StateWords sign={sign}>{describeBlockRun(block, now || Date.now())}</StateWords>
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
      {checks.length === 0 ? null : <CheckList checks={checks} preview={preview} opened />}
      {block.displays.map((display, index) => (
        <figure
          // biome-ignore lint/suspicious/noArrayIndexKey: the same picture may be shown twice
          key={index}
          className="details-display"
        >
          <DisplayView display={display} block={block.name} />
        </figure>
      ))}
    </section>
  );
});

/** A code editor that only shows, near the screen; plain text far from it. */
function Source({
  block,
  source,
  code: Code,
}: RunBlockProps & { source: BlockCode }): ReactElement {
  const place = useRef<HTMLDivElement>(null);
  const near = useNear(place);
  const { failure } = block;
  const failed =
    failure === null || failure.line === null
      ? null
      : { line: failure.line, message: failureLine(failure) };
  return (
    <div ref={place} className="run-source" title={source.path}>
      {near && Code !== undefined ? (
        <Code
          text={source.text}
          language={source.language}
          label={`Code of ${block.name}`}
          failed={failed}
        />
      ) : (
        <pre>{`${source.text}\n`}</pre>
      )}
    </div>
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

export function sizeWords(output: Output): string {
  const shape =
    output.rows === null ? output.type_name : formatShape(output.rows, output.column_count);
  return `${shape} · ${formatBytes(output.size_bytes)}`;
}
