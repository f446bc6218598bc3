import { type KeyboardEvent, memo, type ReactElement, useEffect, useMemo, useRef } from "react";
import type { RunRecord } from "../protocol";
import {
  describeBlockRun,
  formatDuration,
  formatShape,
  KindChip,
  NameText,
  SIGNS,
  StateIcon,
  signOfBlockRun,
  useNow,
} from "../ui";
import { type Bar, criticalPath, type Gantt, ganttOf } from "./gantt";
import { sizeWords } from "./RunBlock";

export interface GanttChartProps {
  run: RunRecord;
  selected: string | null;
  onSelect(block: string): void;
}

/** From this part of the width on, a mark's words stand left of it. */
const EDGE = 0.95;

/** One row a block: waiting, start-up, run and save in proportion, with state and words. */
export function GanttChart({ run, selected, onSelect }: GanttChartProps): ReactElement {
  const now = useNow(run.finished_at === null ? "fast" : "still");
  const gantt = useMemo(() => ganttOf(run, now), [run, now]);
  const critical = useMemo(() => criticalPath(run), [run]);
  const rows = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (selected === null) return;
    rows.current?.querySelector("[aria-pressed=true]")?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  const onKeyDown = (event: KeyboardEvent<HTMLUListElement>): void => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const all = [...event.currentTarget.querySelectorAll("button")];
    const next =
      step === undefined ? undefined : all[all.indexOf(event.target as HTMLButtonElement) + step];
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
    next.click();
  };
  return (
    <section className="card gantt" aria-label="Blocks of this run">
      <div className="gantt-body">
        <div className="gantt-grid" aria-hidden="true">
          {gantt.marks.map((mark) => (
            <span key={mark} style={{ left: percent(mark, gantt.span) }} />
          ))}
        </div>
        <ul ref={rows} className="gantt-rows" onKeyDown={onKeyDown}>
          {gantt.bars.map((bar) => (
            <GanttRow
              key={bar.block.name}
              bar={bar}
              gantt={gantt}
              now={now}
              critical={run.finished_at !== null && critical.has(bar.block.name)}
              selected={selected === bar.block.name}
              reachable={(selected ?? gantt.bars[0]?.block.name) === bar.block.name}
              onSelect={onSelect}
            />
          ))}
        </ul>
      </div>
      <div className="gantt-foot" aria-hidden="true">
        <div className="gantt-axis">
          {gantt.marks.map((mark) => (
            <span
              key={mark}
              data-edge={mark / gantt.span > EDGE || undefined}
              style={{ left: percent(mark, gantt.span) }}
            >
              {mark === 0 ? "0 s" : formatDuration(mark)}
            </span>
          ))}
        </div>
        <p className="gantt-legend">
          <span data-phase="queue">waiting</span>
          <span data-phase="start">start-up and inputs</span>
          <span data-phase="run">run</span>
          <span data-phase="save">save</span>
          <span data-phase="critical">decides the length of the run</span>
        </p>
      </div>
    </section>
  );
}

interface GanttRowProps {
  bar: Bar;
  gantt: Gantt;
  now: number;
  critical: boolean;
  selected: boolean;
  /** Tab leads to this row; arrow keys to the others. */
  reachable: boolean;
  onSelect(block: string): void;
}

const GanttRow = memo(function GanttRow(props: GanttRowProps): ReactElement {
  const { bar, gantt, now, critical, selected, reachable, onSelect } = props;
  const { block, segments, end } = bar;
  const sign = signOfBlockRun(block);
  const words = wordsOf(bar, now);
  return (
    <li>
      <button
        type="button"
        className="gantt-row"
        aria-pressed={selected}
        tabIndex={reachable ? 0 : -1}
        onClick={() => onSelect(block.name)}
      >
        <span className="gantt-name">
          <StateIcon sign={sign} silent />
          <KindChip kind={block.kind} />
          <NameText name={block.name} />
        </span>
        <span className="gantt-track" data-tone={SIGNS[sign].tone} data-tip={tipOf(bar)}>
          {segments.map((segment) => (
            <span
              key={`${segment.phase} ${segment.from}`}
              className="gantt-segment"
              data-phase={segment.phase}
              data-failed={segment.failed || undefined}
              data-critical={critical && segment.phase === "run" ? "" : undefined}
              style={{
                left: percent(segment.from, gantt.span),
                width: percent(segment.to - segment.from, gantt.span),
              }}
            />
          ))}
          <span className="gantt-words" {...wordsPlace(segments[0]?.from ?? end, end, gantt.span)}>
            {words}
          </span>
        </span>
      </button>
    </li>
  );
});

/** Part of the width that words need beside their bar. */
const ROOM = 0.15;

type WordsPlace = { "data-side": "right" | "left" | "inside"; style: React.CSSProperties };

/** Words stand where there is more room beside the bar, and on the bar where there is none. */
function wordsPlace(from: number, end: number, span: number): WordsPlace {
  const right = 1 - end / span;
  const left = from / span;
  if (Math.max(left, right) < ROOM) {
    return { "data-side": "inside", style: { right: percent(span - end, span) } };
  }
  return right >= left || right >= 0.4
    ? { "data-side": "right", style: { left: percent(end, span) } }
    : { "data-side": "left", style: { right: percent(span - from, span) } };
}

function wordsOf({ block }: Bar, now: number): string {
  const words = describeBlockRun(block, now || Date.now());
  const tries = block.attempts.length > 1 ? ` · ${block.attempts.length} attempts` : "";
  const short = words.length > 64 ? `${words.slice(0, 63)}…` : words;
  return `${short}${tries}`;
}

const PHASE_WORDS = { queue: "waiting", start: "start-up and inputs", run: "run", save: "save" };

/** How long each phase took, then how much data went in and came out. */
function tipOf({ block, segments }: Bar): string | undefined {
  if (segments.length === 0) return undefined;
  const several = segments.some(({ attempt }) => attempt > 1);
  const phases = segments.map(({ phase, from, to, attempt }) => {
    const words = `${PHASE_WORDS[phase]} ${formatDuration(to - from)}`;
    return several ? `attempt ${attempt}: ${words}` : words;
  });
  const { output } = block;
  if (output === null) return phases.join("\n");
  const inputs = Object.entries(output.inputs).map(
    ([name, { rows, column_count: columns }]) =>
      `in: ${name}${rows === null ? "" : ` ${formatShape(rows, columns)}`}`,
  );
  return [...phases, ...inputs, `out: ${sizeWords(output)}`].join("\n");
}

function percent(part: number, whole: number): string {
  return `${((part / whole) * 100).toFixed(3)}%`;
}
