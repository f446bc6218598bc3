import { memo, type ReactElement, type RefObject, useMemo } from "react";
import { formatBytes, formatCount } from "./format";
import { type Chunk, type Line, linesOf, type Piece, textOf } from "./terminal";

/** Text of a terminal with its colours, as a few lines of it. */
export function LogText(props: { text: string; label: string }): ReactElement {
  const chunks = useMemo(() => linesOf(props.text), [props.text]);
  return <LogLines chunks={chunks} label={props.label} />;
}

interface LinesProps {
  chunks: readonly Chunk[];
  label: string;
  /** Lower-case text that is marked wherever it stands. */
  needle?: string;
  /** Number of the line that the search is at. */
  current?: number | null;
  isWrapped?: boolean;
  box?: RefObject<HTMLPreElement | null>;
  onScroll?: () => void;
}

/** Lines of a terminal; only chunks that have changed are drawn again. */
export function LogLines(props: LinesProps): ReactElement {
  const { chunks, label, needle = "", current = null, isWrapped = true, box, onScroll } = props;
  return (
    <pre
      ref={box}
      className="log-view"
      data-wrap={isWrapped || undefined}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keys
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-label={label}
      onScroll={onScroll}
    >
      {chunks.map((chunk) => (
        <Lines
          key={chunk.first}
          chunk={chunk}
          needle={needle}
          current={isWithin(chunk, current) ? current : null}
        />
      ))}
    </pre>
  );
}

function isWithin({ first, lines }: Chunk, line: number | null): boolean {
  return line !== null && line >= first && line < first + lines.length;
}

interface ChunkProps {
  chunk: Chunk;
  needle: string;
  current: number | null;
}

const Lines = memo(function Lines({ chunk, needle, current }: ChunkProps): ReactElement {
  return (
    <>
      {chunk.lines.map((line, index) => (
        <LogLine
          // biome-ignore lint/suspicious/noArrayIndexKey: the number of a line is its identity
          key={chunk.first + index}
          line={line}
          needle={needle}
          isCurrent={chunk.first + index === current}
        />
      ))}
    </>
  );
});

interface LineProps {
  line: Line;
  needle: string;
  isCurrent: boolean;
}

const LogLine = memo(function LogLine({ line, needle, isCurrent }: LineProps): ReactElement {
  if (line.gap > 0) {
    return (
      <div className="log-note">
        … {formatBytes(line.gap)} came too fast to be shown here; the full log has them …
      </div>
    );
  }
  return (
    <div className="log-line" data-current={isCurrent || undefined}>
      {line.pieces.map((piece, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other identity
        <LogPiece key={index} piece={piece} needle={needle} />
      ))}
      {line.hidden > 0 && (
        <span className="log-note"> … {formatCount(line.hidden)} more characters</span>
      )}
      {"\n"}
    </div>
  );
});

function LogPiece({ piece, needle }: { piece: Piece; needle: string }): ReactElement {
  return (
    <span data-ansi={piece.colour ?? undefined} data-bold={piece.bold || undefined}>
      {needle === "" ? piece.text : markedParts(piece.text, needle)}
    </span>
  );
}

function markedParts(text: string, needle: string): (string | ReactElement)[] {
  const found: (string | ReactElement)[] = [];
  const lower = text.toLowerCase();
  let from = 0;
  for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, from)) {
    found.push(text.slice(from, at));
    from = at + needle.length;
    found.push(<mark key={at}>{text.slice(at, from)}</mark>);
  }
  found.push(text.slice(from));
  return found;
}

/** Numbers of the lines that contain a lower-case text. */
export function linesWith(chunks: readonly Chunk[], needle: string): number[] {
  if (needle === "") return [];
  return chunks.flatMap(({ first, lines }) =>
    lines.flatMap((line, index) =>
      textOf(line).toLowerCase().includes(needle) ? [first + index] : [],
    ),
  );
}

export function plainText(chunks: readonly Chunk[]): string {
  return chunks.flatMap(({ lines }) => lines.map(textOf)).join("\n");
}
